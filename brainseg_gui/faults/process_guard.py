"""What every process of the program does first: say where it crashed, and leave no image of its memory behind."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_ENDS = ("SIGTERM", "SIGHUP")


def hold_standard_streams() -> None:
    """Let nothing stand where standard input, output or error are closed: the next file would take their number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(opened, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  as long as the process lives


def guard_process() -> None:
    """Write crashes to standard error, and no core files: they hold patients' images, and gigabytes."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    with contextlib.suppress(AttributeError, OSError, ValueError):  # no standard error at all
        if not faulthandler.is_enabled():
            faulthandler.enable(sys.stderr, all_threads=True)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Let a request to end, such as `kill` or a closed terminal, run what tidies up: temporary files go with it."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        names = [number for name in _ENDS if (number := getattr(signal, name, None)) is not None]
        # what is ignored stays so: nohup means it
        before = {number: signal.signal(number, _end) for number in names if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _end:  # else the end has begun, and what tidies up at exit is to come
                signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    for name in _ENDS:
        if (other := getattr(signal, name, None)) is not None:
            signal.signal(other, signal.SIG_IGN)  # once is enough: a second one must not cut the tidying short
    raise SystemExit(128 + number)
