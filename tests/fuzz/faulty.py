"""Trials of every outcome, to test the measuring itself."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError
from tests.fuzz.measure import Trial, WrongAnswer


def trials(seed: int) -> Sequence[Trial]:
    """A good input, then one of each fault."""
    readers = (_good, _refused, _raises, _wrong, _poor, _dies, _blocks, _large, _too_large, _good, _starved, _spins)
    return [Trial("faulty", reader.__name__, _write, reader) for reader in readers]


def _write(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def _good(path: Path) -> None:
    pass


def _refused(path: Path) -> None:
    raise BrainsegError("it is bad", "Take another one", path)


def _raises(path: Path) -> None:
    raise KeyError("surprise")


def _wrong(path: Path) -> None:
    raise WrongAnswer("it was opened, but must not be")


def _poor(path: Path) -> None:
    raise BrainsegError("it is bad", path=path)


def _dies(path: Path) -> None:
    os.abort()


def _blocks(path: Path) -> None:
    path.read_bytes()


def _starved(path: Path) -> None:
    """Computes for half a second in a thread, and waits for it, as networks do."""
    _compute(0.5)


def _spins(path: Path) -> None:
    _compute(math.inf)


def _compute(seconds: float) -> None:
    def spin() -> None:
        while time.thread_time() < seconds:
            pass

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    thread.join()


def _large(path: Path) -> None:
    np.ones(2**26, np.uint8)  # 64 MiB, touched
    time.monotonic()


def _too_large(path: Path) -> None:
    try:
        np.empty(2**40, np.uint8)
    except MemoryError as error:
        raise BrainsegError("it does not fit", "Crop it", path) from error
