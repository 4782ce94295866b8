"""``events.jsonl``: one whole line per event, readable while it is being written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.writing import open_derived

_PART_BYTES = 2**21
_LONGEST_LINE = 2**20
_LONGEST_KIND = 40
_LATEST = 1e11  # seconds since 1970, some thousand years ahead

KINDS = (
    # versions, backend, host, computer (its marks, whatever it is called), pid, pid_since (tells its process from later
    # ones with the same id), git, resumed_from (step; 0 for a new run), config (preset, name), processes (that train
    # together; pid is the writer's)
    "started",
    "device",  # device, precision, devices (how many): known some seconds after the start
    "checked",  # cases, split, problems: what the data-set check found
    "preparing",  # done, total: cases that are preprocessed into the cache
    "network",  # parameters, layers, receptive_field (voxels), input (channels last)
    "estimated",  # seconds_per_step, seconds_per_epoch, memory_bytes, available_bytes (None: unknown), fits, message
    "step",  # step, epoch, loss, learning_rate, seconds, waiting (share spent waiting for data), memory_bytes
    "epoch",  # epoch, step, metrics: name -> number, train and val_
    "validated",  # epoch, case, dice: region -> number, digest (of the mask), picture (file in the run folder, or None)
    "checkpoint",  # step, file, elapsed_s (of training, over all sessions)
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
    """Appends events; every line is written whole and flushed. A link in their place is refused by an `OSError`.

    Parameters
    ----------
    path
        ``events.jsonl``; a half line left by a crash is ended first, so that the next event stands on its own.
    """

    def __init__(self, path: Path) -> None:
        self._stream = open_derived(path, "ab")
        if os.fstat(self._stream.fileno()).st_size:
            with open_derived(path, "rb") as reader:
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

    Half lines wait for their end; lines that are no event, or longer than any event is, are counted and passed over; a
    file that became shorter is read again from its start. The file may come from anywhere: nothing in it is believed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self._too_long = False
        self.unreadable = 0

    def read(self) -> list[Event]:
        """The events that were added; empty while there is no file."""
        return [event for part in self.parts() for event in part]

    def parts(self) -> Iterator[list[Event]]:
        """The events that were added, some thousands at a time: of a long run, few people need them all at once."""
        try:
            with open_derived(self._path, "rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if size < self._offset:
                    self._offset, self._rest, self._too_long = 0, b"", False
                stream.seek(self._offset)
                while self._offset < size and (added := stream.read(min(_PART_BYTES, size - self._offset))):
                    self._offset += len(added)
                    yield self._events_of(added)
        except OSError:
            return

    def _events_of(self, added: bytes) -> list[Event]:
        *lines, self._rest = (self._rest + added).split(b"\n")
        if lines and self._too_long:
            lines[0], self._too_long = b"", False  # the end of a line that was given up
        if len(self._rest) > _LONGEST_LINE:
            self.unreadable += not self._too_long
            self._rest, self._too_long = b"", True
        return [event for line in lines if line.strip() and (event := self._parse(line)) is not None]

    def _parse(self, line: bytes) -> Event | None:
        try:
            content = json_of(line)
            kind, moment = str(content.pop("event")), float(content.pop("time"))
            if not 0 <= moment <= _LATEST or len(line) > _LONGEST_LINE:
                raise ValueError("it is no time of a run")
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
            self.unreadable += 1
            return None
        return Event(kind[:_LONGEST_KIND], moment, content)
