"""Waiting for what the network's process says, and what is shown while it says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from brainseg_gui.errors import BrainsegError, EngineError
from brainseg_gui.inference.engine.engine_process import EngineProcess
from brainseg_gui.inference.engine.messages import Failed, Reply
from brainseg_gui.progress import Progress

_POLL_S = 0.05
SILENT_AFTER_S = 30.0  # then the person is told; importing and a slow window can take half of that
IDLE_AFTER_S = 5.0  # without using the processor: it is stopped, or waits for what does not come


def replies_of(process: EngineProcess) -> Iterator[Reply | None]:
    """Replies as they come, and None whenever none came for a moment."""
    while True:
        yield process.receive(_POLL_S)


def with_silence(shown: Progress, process: EngineProcess) -> Progress:
    """Progress as it is shown: of a process that has said nothing for long, that is told."""
    if process.silent_s < SILENT_AFTER_S and process.idle_s < IDLE_AFTER_S:
        return shown
    words = f"no word from the network for {process.silent_s:.0f} s"
    process.warn_once(words)
    return replace(shown, detail=f"{words}; Cancel starts it anew")


def failure_of(reply: Failed) -> BrainsegError:
    """The error that a failed piece of work raises in the program."""
    if reply.error is not None:
        return reply.error
    last = reply.traceback.strip().splitlines()[-1]
    error = EngineError(f"the network failed ({last})", "Nothing of the case is lost; try another model or device")
    error.add_note(reply.traceback)
    return error
