"""A fault of the program, as a value: what happened, where, and its traceback, veiled."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from brainseg_gui.faults.redactor import Redactor

_FRAMES = 40


@dataclass(frozen=True)
class Fault:
    """An exception that nothing caught.

    Parameters
    ----------
    kind
        Class of the exception.
    place
        Where it was raised: module and line of the program, or thread.
    details
        Its traceback, veiled.
    """

    kind: str
    place: str
    details: str

    @property
    def key(self) -> tuple[str, str]:
        """What two occurrences of the same fault have in common."""
        return self.kind, self.place


def place_of(error: BaseException, thread: str = "") -> str:
    """Where an exception was raised; quick, for a fault may occur at every repaint."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace is not None else "unknown"
    return f"{where}{f' in thread {thread}' if thread else ''}"


def fault_of(error: BaseException, redactor: Redactor, thread: str = "") -> Fault:
    """The fault that an exception is."""
    redactor.hide_paths_of(error)
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES)
    return Fault(type(error).__name__, place_of(error, thread), redactor("".join(lines)).strip())
