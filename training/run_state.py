"""A run while it runs: where it is, where it writes, and whether it has to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from brainseg_gui.errors import Cancelled
from brainseg_gui.runs.run_folder import RunFolder
from training.checkpoint import Position
from training.errors import TrainingError
from training.processes.group import ALONE, ProcessGroup

GONE_AFTER_S = 10.0


class Events(Protocol):
    """Where events go; see `brainseg_gui.runs.events.KINDS`."""

    def write(self, kind: str, **values: Any) -> None:
        """Append one event."""


@dataclass
class Run:
    """A run while it runs; shared by its callbacks.

    Parameters
    ----------
    folder, events
        Where it writes.
    position
        Where it is.
    total_steps
        Steps of the whole run; 0 without a limit.
    hours
        Limit of the whole run; 0 without one.
    signalled
        Tells whether a signal asked for the end.
    group
        The processes that train it; one of them decides and writes.
    end
        ``stopped`` or ``finished`` once the end is decided.
    """

    folder: RunFolder
    events: Events
    position: Position
    total_steps: int = 0
    hours: float = 0.0
    signalled: Callable[[], bool] = bool
    group: ProcessGroup = ALONE
    end: str = ""
    epoch_logs: dict[str, float] = field(default_factory=dict)
    epoch_seen: int = 0
    saved_step: int = -1
    gone_since: float | None = None
    started: float = field(default_factory=time.perf_counter)

    @property
    def is_writer(self) -> bool:
        """Whether this process writes into the run folder."""
        return self.group.rank == 0

    @property
    def epoch(self) -> int:
        """The present epoch, counted from 1."""
        return max(self.position.step - 1, 0) // self.position.steps_per_epoch + 1

    @property
    def elapsed_s(self) -> float:
        """Seconds of training over all sessions."""
        return self.position.elapsed_s + time.perf_counter() - self.started

    @property
    def must_stop(self) -> bool:
        """Whether a polite end was asked for, by file or signal."""
        return self.is_writer and (self.signalled() or self.folder.stop_asked)

    def check_stop(self) -> None:
        """End here if a stop is asked for before training began.

        Raises
        ------
        Cancelled
            If it is.
        """
        if self.must_stop:
            raise Cancelled

    def warn(self, message: str) -> None:
        """Tell of something that was passed over."""
        self.events.write("warning", message=message)

    def decide_end(self) -> None:
        """Set `end` when the run has to end after this step."""
        if self.is_writer:
            self._check_folder()
        last = bool(self.total_steps) and self.position.step >= self.total_steps
        late = bool(self.hours) and self.elapsed_s >= self.hours * 3600
        self.end = self.group.agree("finished" if last else "stopped" if self.must_stop else "finished" if late else "")

    def _check_folder(self) -> None:
        """End when the run folder is gone, and stays so: a network disk may be away for some seconds."""
        if self.folder.is_there:
            self.gone_since = None
            return
        now = time.perf_counter()
        self.gone_since = self.gone_since or now
        if now - self.gone_since >= GONE_AFTER_S:
            sentence = "the run folder was removed while the run was training"
            raise TrainingError(sentence, "Start a new run; nothing can be kept of this one", self.folder.path)

    def merged_metrics(self) -> dict[str, float]:
        """Means over the whole present epoch, its part before a resume included."""
        before, now = self.position.epoch_steps, self.epoch_seen
        earlier = self.position.epoch_metrics
        return {
            name: (earlier.get(name, value) * before + value * now) / max(before + now, 1)
            for name, value in self.epoch_logs.items()
        }
