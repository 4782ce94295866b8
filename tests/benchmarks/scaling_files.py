"""Growth with what lies in files: cases of a cohort, events of a run, strokes of a journal."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from unittest import mock

import numpy as np

from brainseg_gui.annotation.edits import Edit, edit_between
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.training.run_reader import RunReader
from tests.benchmarks.cases import Cases
from tests.benchmarks.scaling_work import Growth, Work

_SHAPE = (240, 240, 155)
_NAMES = ("t1n", "t1c", "t2w", "t2f", "seg")
_ONE_STROKE_TIMES = 20


def growths(cases: Cases) -> Sequence[Growth]:
    """Tables of files."""
    return (
        Growth("list a cohort", "cases", lambda: _cohorts(cases)),
        Growth("read a run's log", "events", lambda: _logs(cases)),
        Growth("one more stroke in a journal", "strokes", lambda: _strokes(cases, last_only=True)),
        Growth("restore a journal", "strokes", lambda: _strokes(cases, last_only=False)),
    )


def _cohorts(cases: Cases) -> Iterator[tuple[int, Work]]:
    for count in (10, 100, 1000, 10_000):
        folder = cases.folder / f"listed-{count}"
        for number in range(count):
            name = f"Case_{number:05}"
            (folder / name).mkdir(parents=True)
            for kind in _NAMES:
                (folder / name / f"{name}-{kind}.nii.gz").touch()
        yield count, Work(lambda folder=folder: find_cohort(folder))
        shutil.rmtree(folder)


def _logs(cases: Cases) -> Iterator[tuple[int, Work]]:
    for count in (1000, 10_000, 100_000, 1_000_000):
        folder = cases.folder / f"run-{count}"
        folder.mkdir()
        with (folder / "events.jsonl").open("w", encoding="utf-8") as lines:
            lines.writelines(_event(step) for step in range(count))
        yield count, Work(lambda folder=folder: RunReader(RunFolder(folder)).read())
        shutil.rmtree(folder)


def _event(step: int) -> str:
    values = {"step": step, "epoch": step // 250, "loss": 1 / (1 + step), "learning_rate": 1e-3, "seconds": 1.2}
    return json.dumps({"event": "step", "time": 1.7e9 + step, **values}) + "\n"


def _strokes(cases: Cases, *, last_only: bool) -> Iterator[tuple[int, Work]]:
    """One more stroke after so many, or reading all of them; the disk's own time is left out."""
    values = np.zeros(_SHAPE, np.uint8, order="F")
    study = "ab" * 20
    header = JournalHeader(study, _SHAPE, scheme_named("brats2020"), "annotation", "", "", 1e9, "0")
    edits = _edits(100_000)
    for count in (100, 1000, 10_000, 100_000):
        folder = JournalFolder(cases.folder / f"journal-{count}-{last_only}")
        history = History(edits[:count])
        with mock.patch.object(os, "fsync"):
            lock = folder.lock(study)
            journal = Journal(folder.path / f"{study}.journal", header, lock, limit_bytes=2**29)
            journal.follow(history, values)
            work = (
                (lambda j=journal, h=history: _add(j, h, values))
                if last_only
                else (lambda f=folder, j=journal: f.restore(j.path, study, _SHAPE))
            )
            yield count, Work(work)
            lock.release()
        shutil.rmtree(folder.path)


def _add(journal: Journal, history: History, values: np.ndarray) -> None:
    for number in range(_ONE_STROKE_TIMES):
        history.push(_edits(1, number)[0])
        journal.follow(history, values)


def _edits(count: int, seed: int = 0) -> list[Edit]:
    """Strokes of a few hundred voxels."""
    random = np.random.default_rng(seed)
    before, after = np.zeros((9, 9, 1), np.uint8), (random.random((9, 9, 1)) < 0.8).astype(np.uint8)
    edits = []
    for corner in random.integers(0, 140, (count, 3)).tolist():
        i, j, k = corner
        edit = edit_between("Brush ET", (slice(i, i + 9), slice(j, j + 9), slice(k, k + 1)), before, after)
        if edit is not None:
            edits.append(edit)
    return edits
