"""How much memory may still be taken, and how many processors."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")  # a container sees its own limits here
_FILES = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))
"""The limit and what is used of it, by version 2 and version 1."""
SHARE = "BRAINSEG_MEMORY_BYTES"
"""Of the environment: how much memory a process may take at most, where several share a computer."""
_USABLE = 0.8  # of what is free


def free_memory_bytes() -> float:
    """What this process may still take: free memory of the computer, or of its container if that is less."""
    import psutil

    return min([float(psutil.virtual_memory().available), *_left_in_container(), *_left_of_share()])


def usable_bytes() -> float:
    """What one piece of work may plan to take: the rest is for everything else."""
    return _USABLE * free_memory_bytes()


def described_bytes(count: float) -> str:
    """A size for a sentence."""
    return f"{count / 2**30:,.1f} GiB" if count >= 2**29 else f"{count / 2**20:,.0f} MiB"


def _left_of_share() -> Iterator[float]:
    """What is left to this process of the share that a worker of a cluster has of its computer."""
    import psutil

    with contextlib.suppress(KeyError, ValueError):
        yield max(0.0, float(os.environ[SHARE]) - psutil.Process().memory_info().rss)


def _left_in_container() -> Iterator[float]:
    for limit, used in _FILES:
        with contextlib.suppress(OSError, ValueError):  # no such limit, or the word "max"
            left = int((_CGROUP / limit).read_text()) - int((_CGROUP / used).read_text())
            statistics = (_CGROUP / limit).with_name("memory.stat").read_text().splitlines()
            kept = dict(line.split() for line in statistics)
            yield float(left + int(kept.get("inactive_file", kept.get("total_inactive_file", 0))))


def usable_cores() -> int:
    """Processors that this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
