"""A process that follows process 0: the same steps with its part of each batch; it decides and writes nothing."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import ENDS
from training.errors import describe
from training.processes.backend import check_backend, choose_backend, join_backend
from training.processes.group import Follower
from training.processes.leading import run_key
from training.processes.meeting import join
from training.processes.place import Place

_LOG = logging.getLogger("training")
FAILED = 1
LOSS_SEEN_WITHIN_S = 5.0
RESUME = "Resume the run: it goes on from its newest checkpoint, on any number of processes"


class Unwritten:
    """The events of a process that writes none; what it warns of is in its log."""

    def write(self, kind: str, **values: Any) -> None:
        """Log a warning, pass over the rest."""
        if kind == "warning":
            _LOG.warning("%s", values.get("message"))


def follow(folder: RunFolder, place: Place, train_along: Callable[[Follower], object]) -> int:
    """Train along; the exit code. Whether the run stops is for process 0 to say: signals are not heard."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    choose_backend()
    check_backend()
    leader = join(place, run_key(folder))
    group = Follower(place, leader, _leave, lambda sentence: _tell_loss(folder, place, sentence))
    try:
        join_backend(group, place.host)
        train_along(group)
    except Exception as error:  # noqa: BLE001  process 0 has to say it
        _LOG.error("%s", describe(error), exc_info=None if isinstance(error, BrainsegError) else error)
        group.fail(describe(error))
        return FAILED
    group.close("ended")
    return 0


def _leave(end: str) -> None:
    """End with process 0, whatever this process is waiting for."""
    logging.shutdown()
    os._exit(FAILED if end == "failed" else 0)


def _tell_loss(folder: RunFolder, place: Place, sentence: str) -> None:
    """Nobody writes any more: the next process notes why, at once, for JAX ends it too. A forced stop says so."""
    try:
        if place.rank == 1 and not folder.stop_asked and folder.status() not in ENDS.values():
            events = EventWriter(folder.events_file)
            events.write("failed", message=f"{sentence}. {RESUME}.", details="")
            events.close()
    finally:
        _LOG.error("%s. %s.", sentence, RESUME)
        _leave("failed")
