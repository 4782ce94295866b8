"""Memory that is no longer used goes back to the system, so that a long day takes no more of it than a short one."""

from __future__ import annotations

import ctypes
from collections.abc import Generator
from functools import cache

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

_AT_REST_MS = 1500  # what is worked out for the new case comes first
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
_LARGE_BYTES = 2 * 2**20  # a volume; the slice of a volume is far below
_KEPT_BYTES = 64 * 2**20
_ARENAS = 4  # separate heaps: by default a thread may get one of its own, up to eight for each core


class MemoryController(QObject):
    """Keeps volumes apart from small things, and tidies up some time after another case is open.

    glibc learns to take blocks of up to 32 MB from between the small ones, in a heap of its own for nearly every
    thread, where what is freed cannot be given back while any neighbour lives. Cases of different sizes, one after the
    other, made the program grow by 150 MB in ten minutes although nothing held them. Elsewhere this does nothing.
    """

    def __init__(self, session: Session, window: MainWindow, _preferences: Preferences) -> None:
        super().__init__(window)
        self._session = session
        self._work = LatestJob(session, self, _AT_REST_MS)
        library = _glibc()
        if library is not None:
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            # Without this, every slice that is drawn would be given back and asked for again.
            library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
            library.mallopt(_M_ARENA_MAX, _ARENAS)
            session.case_changed.connect(self._on_case_changed)

    def _on_case_changed(self) -> None:
        if not self._session.previewing:
            self._work.start(_give_back(), lambda _answer: None)

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()


def _give_back() -> Generator[Progress, None, None]:
    yield Progress("giving memory back", 0.0)
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is one that can be told all this."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
