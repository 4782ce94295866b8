"""Every exception that nothing caught, in whatever thread: to the log, and to whoever shows it."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from brainseg_gui.faults.fault import Fault, fault_of, place_of
from brainseg_gui.faults.redactor import Redactor

_LOG = logging.getLogger(__name__)
_TOLD = {10**power for power in range(1, 10)}  # a fault at every repaint must not push all else out of the log


@contextmanager
def watching(tell: Callable[[Fault], None], interrupted: Callable[[], None], redactor: Redactor) -> Iterator[None]:
    """Watch for uncaught exceptions; afterwards all is as it was.

    Parameters
    ----------
    tell
        Gets each fault, in the thread that it happened in.
    interrupted
        Ctrl+C in the terminal.
    """
    counts: Counter[tuple[str, str]] = Counter()
    known: dict[tuple[str, str], Fault] = {}
    before = sys.excepthook, threading.excepthook, sys.unraisablehook

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            interrupted()
        elif isinstance(error, SystemExit):
            before[0](kind, error, trace)
        else:
            report("", error.with_traceback(trace))

    def on_thread_exception(what: Any) -> None:
        if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
            report(what.thread.name if what.thread is not None else "unknown", what.exc_value)

    def on_unraisable(what: Any) -> None:
        """Python itself could not raise it, while it threw something away: nothing that a person did fails."""
        if isinstance(what.exc_value, BaseException):
            _LOG.error("ignored: %s", what.err_msg or "an exception in a destructor", exc_info=what.exc_value)

    def report(thread: str, error: BaseException) -> None:
        key = type(error).__name__, place_of(error, thread)
        counts[key] += 1
        if key not in known:
            known[key] = fault_of(error, redactor, thread)
            _LOG.critical("uncaught in %s", thread or "the window", exc_info=error)
        elif counts[key] in _TOLD:
            _LOG.critical("uncaught again: %s in %s, %s times", *key, counts[key])
        tell(known[key])

    sys.excepthook, threading.excepthook, sys.unraisablehook = on_exception, on_thread_exception, on_unraisable
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = before
