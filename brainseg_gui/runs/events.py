"""``events.jsonl``: one whole line per event, readable while it is being written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = (
    # versions, backend, host, pid, pid_since (tells its process from later ones with the same id), git,
    # resumed_from (step; 0 for a new run), config (preset, name)
    "started",
    "device",  # device, precision, devices (how many): known some seconds after the start
    "checked",  # cases, split, problems: what the data-set check found
    "preparing",  # done, total: cases that are preprocessed into the cache
    "network",  # parameters, layers, receptive_field (voxels), input (channels last)
    "estimated",  # seconds_per_step, seconds_per_epoch, memory_bytes, available_bytes (None: unknown), fits, message
    "step",  # step, epoch, loss, learning_rate, seconds, waiting (share spent waiting for data), memory_bytes
    "epoch",  # epoch, step, metrics: name -> number, train and val_
    "validated",  # epoch, case, dice: region -> number, digest (of the mask), picture (file in the run folder, or None)
    "checkpoint",  # step, file
    "model",  # folder, metrics, epoch, step, judged_by (name of the metric): a usable model, the best so far
    "warning",  # message
    "stopped",  # step, message: an end that was asked for; checkpoint (step): it was forced, what came later is lost
    "finished",  # step, message
    "failed",  # message: the reason, as a sentence; details
)


@dataclass(frozen=True)
class Event:
    """One thing that happened in a run.

    Parameters
    ----------
    kind
        One of `KINDS`.
    time
        Seconds since the epoch.
    values
        What belongs to it.
    """

    kind: str
    time: float
    values: Mapping[str, Any] = field(default_factory=dict)


class EventWriter:
    """Appends events; every line is written whole and flushed.

    Parameters
    ----------
    path
        ``events.jsonl``; a half line left by a crash is ended first, so that the next event stands on its own.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("ab")
        if path.stat().st_size:
            with path.open("rb") as reader:
                reader.seek(-1, os.SEEK_END)
                if reader.read(1) != b"\n":
                    self._stream.write(b"\n")

    def write(self, kind: str, **values: Any) -> None:
        """Append one event.

        Raises
        ------
        OSError
            If the disk is full or gone.
        """
        line = json.dumps({"event": kind, "time": time.time(), **values}, allow_nan=True, default=str)
        self._stream.write(line.encode() + b"\n")
        self._stream.flush()

    def close(self) -> None:
        """Make sure that everything is on the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()


class EventTail:
    """Reads what is new in an event file since the last look.

    Half lines wait for their end; lines that are no event are counted and passed over; a file that became shorter
    is read again from its start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self.unreadable = 0

    def read(self) -> list[Event]:
        """The events that were added; empty while there is no file."""
        try:
            with self._path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size < self._offset:
                    self._offset, self._rest = 0, b""
                stream.seek(self._offset)
                added = stream.read()
        except OSError:
            return []
        self._offset += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        return [event for line in lines if line.strip() and (event := self._parse(line)) is not None]

    def _parse(self, line: bytes) -> Event | None:
        try:
            content = json.loads(line)
            kind, moment = str(content.pop("event")), float(content.pop("time"))
        except (ValueError, KeyError, AttributeError, TypeError):
            self.unreadable += 1
            return None
        return Event(kind, moment, content)
