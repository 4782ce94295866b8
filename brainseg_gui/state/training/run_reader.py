"""What is new in a run folder since the last look, condensed for the state; reads files, so not for the GUI thread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import ConfigError
from brainseg_gui.runs.events import Event, EventTail
from brainseg_gui.runs.force_stop import can_stop_now
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus, marks_of, status_of
from brainseg_gui.state.training.curve import Numbers

_LOG_LINES = 200
_LOG_LINE = 2000
_PARTS_AT_ONCE = 8
_MOST_COLUMNS = 50
_LARGEST_WHOLE = 2**53
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, eq=False)
class StepBlock:
    """Consecutive ``step`` events.

    Parameters
    ----------
    steps
        (N,), growing.
    columns
        Whatever number each event holds, by name, (N,) each; NaN where one has none.
    epoch
        Epoch of the last one.
    first_time, last_time
        When the first and the last were written, in seconds since 1970.
    """

    steps: Numbers
    columns: dict[str, Numbers]
    epoch: int
    first_time: float
    last_time: float


@dataclass(frozen=True, eq=False)
class RunNews:
    """What happened in a run since the last look.

    Parameters
    ----------
    parts
        Events and blocks of steps, in order.
    log
        The last lines of the log, when it changed.
    status
        How the run is doing now.
    stop_asked_at
        When a polite end was asked for, or None.
    can_stop_now
        Whether its trainer can be ended at once from here.
    has_model
        Whether there is a usable model.
    config
        The run's configuration, with the first news only.
    problem
        Why the configuration cannot be read.
    """

    parts: tuple[Event | StepBlock, ...] = ()
    log: tuple[str, ...] | None = None
    status: RunStatus = RunStatus.PREPARED
    stop_asked_at: float | None = None
    can_stop_now: bool = False
    has_model: bool = False
    config: TrainingConfig | None = None
    problem: str = ""


@dataclass(eq=False)
class RunReader:
    """Follows one run folder.

    Parameters
    ----------
    folder
        The run.
    """

    folder: RunFolder
    _tail: EventTail = field(init=False)
    _marks: list[Event] = field(default_factory=list, init=False)
    _log_end: int = field(default=0, init=False)
    _log: list[str] = field(default_factory=list, init=False)
    _config_read: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._tail = EventTail(self.folder.events_file)

    def read(self) -> RunNews:
        """Everything since the last look. No error leaves it: what cannot be read is news too."""
        parts: list[Event | StepBlock] = []
        # what is more than that is read at the next look, so that no look takes long
        for events in islice(self._tail.parts(), _PARTS_AT_ONCE):
            self._marks = marks_of((self._marks, events))
            parts += condensed(events)
        config, problem = self._first_config()
        marks = self._marks
        status = status_of(marks)
        return RunNews(
            tuple(parts),
            self._new_log(),
            status,
            self.folder.stop_asked_at,
            status is RunStatus.RUNNING and can_stop_now(marks),
            self.folder.has_model,
            config,
            problem,
        )

    def _first_config(self) -> tuple[TrainingConfig | None, str]:
        if self._config_read:
            return None, ""
        self._config_read = True
        try:
            return self.folder.config(), ""
        except ConfigError as error:
            return None, f"config.toml: {error.what}"

    def _new_log(self) -> tuple[str, ...] | None:
        added = self._added_log()
        if not added:
            return None
        # A progress bar rewrites its line: only what stood last is of interest.
        lines = [line.rsplit(b"\r", 1)[-1] for line in _ESCAPES.sub(b"", added).replace(b"\r\n", b"\n").split(b"\n")]
        self._log += [line[:_LOG_LINE].decode("utf-8", "replace").rstrip() for line in lines if line.strip()]
        self._log = self._log[-_LOG_LINES:]
        return tuple(self._log)

    def _added_log(self) -> bytes:
        try:
            added, self._log_end = self.folder.log_since(self._log_end)
        except OSError:
            return b""
        return added


def condensed(events: Sequence[Event]) -> Iterator[Event | StepBlock]:
    """The events with runs of ``step`` events made into blocks; a step that comes again replaces what it was."""
    pending: list[Event] = []
    for event in events:
        if event.kind != "step":
            if pending:
                yield _block(pending)
            pending = []
            yield event
        elif (step := whole(event.values.get("step"))) is not None:
            while pending and _step_of(pending[-1]) >= step:
                pending.pop()
            pending.append(event)
    if pending:
        yield _block(pending)


def _step_of(event: Event) -> float:
    return number(event.values.get("step"))


def _block(events: Sequence[Event]) -> StepBlock:
    names = {name for event in (events[0], events[-1]) for name in event.values} - {"step", "epoch"}
    names = set(sorted(names)[:_MOST_COLUMNS])
    columns = {name: np.array([number(event.values.get(name)) for event in events]) for name in sorted(names)}
    columns = {name: values for name, values in columns.items() if np.isfinite(values).any() or name == "loss"}
    steps = np.array([number(event.values.get("step")) for event in events])
    epoch = whole(events[-1].values.get("epoch")) or 0
    return StepBlock(steps, columns, epoch, events[0].time, events[-1].time)


def number(value: Any) -> float:
    """A number of an event, or NaN for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return float("nan")


def whole(value: Any) -> int | None:
    """A count of an event, such as its step, or None for anything else."""
    counted = number(value)
    return int(counted) if 0 <= counted <= _LARGEST_WHOLE else None
