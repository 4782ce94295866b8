"""What is counted at the end of every round, with the window at rest and always the same case open."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from tests.soak.caches import empty_caches

_KINDS_FROM = 100  # kinds of objects of which there are fewer are not written down
_REAPED_WITHIN_S = 3.0


@dataclass(frozen=True)
class Sample:
    """One moment at rest.

    Parameters
    ----------
    minute, visits
        Since the start of the day; cases that were opened until then.
    window_mb, heap_mb, caches_mb, engine_mb
        Resident memory of the window's process, what the C library has given out of it (0 where it does not say), what
        caches with a bound held of that besides, and the resident memory of the engine (0: none runs).
    handles, threads, children
        What the open file descriptors are, how many threads there are, and child processes but for the engine.
    zombies
        Children that ended and that nobody waited for.
    widgets, qobjects, objects
        Widgets of the program; Qt objects below the window; Python objects that the collector knows.
    references
        ``sys.getrefcount`` of True, False and None.
    kinds
        Python objects of each type.
    left
        Files in shared memory and in the folder for temporary files.
    scroll_ms, scroll_cpu_ms
        95th percentile of one slice, from the notch to the painted view: on the clock, and of this thread's own time.
    """

    minute: float
    visits: int
    window_mb: float
    heap_mb: float
    caches_mb: float
    engine_mb: float
    handles: tuple[str, ...]
    threads: int
    children: tuple[str, ...]
    zombies: int
    widgets: int
    qobjects: int
    objects: int
    references: dict[str, int]
    kinds: dict[str, int]
    left: tuple[str, ...]
    scroll_ms: float
    scroll_cpu_ms: float

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


def take(
    window: QObject,
    engine_pid: int | None,
    folders: tuple[Path, ...],
    *,
    minute: float,
    visits: int,
    scroll: tuple[float, float],
) -> Sample:
    """Count everything. `folders` are those where nothing may be left; `scroll` was measured before."""
    for _ in range(3):
        gc.collect()
    in_use_mb = heap_mb()
    empty_caches()
    bare_mb = heap_mb()
    process = psutil.Process()
    others, zombies = _children(process, engine_pid)
    objects = gc.get_objects()
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects)
    count = len(objects)
    del objects
    return Sample(
        minute=round(minute, 2),
        visits=visits,
        window_mb=round(process.memory_info().rss / 2**20, 1),
        heap_mb=round(bare_mb, 1),
        caches_mb=round(in_use_mb - bare_mb, 1),
        engine_mb=round(_resident_mb(engine_pid), 1),
        handles=_open_handles(),
        threads=process.num_threads(),
        children=others,
        zombies=zombies,
        widgets=len(QApplication.allWidgets()),
        qobjects=len(window.findChildren(QObject)),
        objects=count,
        references={str(one): sys.getrefcount(one) for one in (True, False, None)},
        kinds={name: number for name, number in kinds.most_common() if number >= _KINDS_FROM},
        left=tuple(sorted(str(path) for folder in folders for path in folder.rglob("*") if path.is_file())),
        scroll_ms=round(scroll[0], 3),
        scroll_cpu_ms=round(scroll[1], 3),
    )


def _open_handles() -> tuple[str, ...]:
    """What the open file descriptors are; the numbers of sockets and pipes differ from time to time."""
    names = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            names.append(handle.readlink().as_posix().partition(":[")[0])
        except OSError:
            continue  # that of this very listing
    return tuple(sorted(names))


def _children(process: psutil.Process, engine_pid: int | None) -> tuple[tuple[str, ...], int]:
    """Names of the children but for the engine, and how many are zombies; a child that just ended gets a moment."""
    end = time.monotonic() + _REAPED_WITHIN_S
    while True:
        names, zombies = [], 0
        for child in process.children(recursive=True):
            try:
                dead = child.status() == psutil.STATUS_ZOMBIE
                zombies += dead
                if child.pid != engine_pid and not dead:
                    names.append(" ".join(child.cmdline())[-80:])
            except psutil.NoSuchProcess:
                continue
        if not (names or zombies) or time.monotonic() > end:
            return tuple(sorted(names)), zombies
        time.sleep(0.05)


_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Heap(ctypes.Structure):
    """``struct mallinfo2`` of glibc, bytes."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


def heap_mb() -> float:
    """What the C library has given out and is in use, in MB; 0 where it does not say.

    Free pieces that only lie between used ones do not count.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return 0.0
    library.mallinfo2.restype = _Heap
    heap = library.mallinfo2()
    return float(heap.uordblks + heap.hblkhd) / 2**20


def _resident_mb(pid: int | None) -> float:
    try:
        return psutil.Process(pid).memory_info().rss / 2**20 if pid is not None else 0.0
    except psutil.NoSuchProcess:
        return 0.0
