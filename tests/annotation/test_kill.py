"""A process is killed in the middle of 200 random edits, ten times: what is restored is what was finished."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal_folder import JournalFolder

CHILD = Path(__file__).with_name("kill_child.py")


@pytest.fixture(scope="module")
def child() -> Any:
    spec = importlib.util.spec_from_file_location("kill_child", CHILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("run", range(10))
def test_what_was_finished_before_the_kill_is_restored(tmp_path: Path, run: int, child: Any) -> None:
    finished = _killed_after(tmp_path, run, int(np.random.default_rng(run).integers(1, 195)))
    folder = JournalFolder(tmp_path)
    (note,) = folder.restorable(child.STUDY)  # its lock is stale
    restored = folder.restore(note.path, child.STUDY, child.SHAPE)
    # the last finished action, or the one after it if it was on the disk and the word of it was not out yet
    later = list(_after(child.states, run, finished))
    assert any(np.array_equal(restored.values, values) for values in later)
    lock = folder.lock(child.STUDY)
    assert folder.restorable(child.STUDY, lock)
    lock.release()


def _killed_after(folder: Path, seed: int, count: int) -> int:
    """Start a child, kill it when it has said `count`; returns the last number that it said."""
    command = [sys.executable, str(CHILD), str(folder), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= count:
                break
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        said = [int(word) for word in rest[:-1]]  # the last line may be half a word
    assert process.returncode == -signal.SIGKILL
    return said[-1] if said else count


def _after(states: Callable[[int], Iterator[Annotation]], seed: int, finished: int) -> Iterator[np.ndarray]:
    for number, annotation in enumerate(states(seed)):
        if number in (finished, finished + 1):
            yield annotation.values.copy()
        if number > finished:
            return
