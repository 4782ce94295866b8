"""Reading in a fork of this process, which may die of it."""

from __future__ import annotations

import json
import os
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from brainseg_gui.errors import BrainsegError

_CPU_S = 2


def survive(read: Callable[[], object], unreadable: Callable[[], BrainsegError], most_bytes: int) -> None:
    """Call `read` in a fork that may take so much memory more; what it raises is raised here.

    Raises
    ------
    BrainsegError
        That of `read`, or `unreadable()` if the fork crashed or used more than two seconds.
    MemoryError
        If it took more than `most_bytes`.
    """
    ends = os.pipe()
    before = _resident_bytes()
    pid = os.fork()
    if pid == 0:
        _answer(read, unreadable, ends[1])
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as stream:
        answer = stream.read()
    _, status, used = os.wait4(pid, 0)
    if os.WIFSIGNALED(status):
        raise unreadable()
    if used.ru_maxrss * 1024 - before > most_bytes:
        raise MemoryError(f"{(used.ru_maxrss * 1024 - before) / 2**20:.0f} MiB more")
    told = json.loads(answer)
    if "what" in told:
        raise BrainsegError(told["what"], told["remedy"], Path(told["path"]) if told["path"] else None)
    if told:
        raise RuntimeError(told["traceback"])


def _answer(read: Callable[[], object], unreadable: Callable[[], BrainsegError], end: int) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime) + _CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told: dict[str, str | None] = {}
    try:
        read()
    except BrainsegError as known:
        error = known
        told = {"what": error.what, "remedy": error.remedy, "path": str(error.path) if error.path else None}
    except MemoryError:
        error = unreadable()
        told = {"what": error.what, "remedy": error.remedy, "path": str(error.path)}
    except BaseException:  # noqa: BLE001  whatever it is, it is told
        told = {"traceback": traceback.format_exc()}
    os.write(end, json.dumps(told).encode()[:60_000])
    os._exit(0)


def _resident_bytes() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
