"""A process that makes random edits with a journal and says after each that it is finished; to be killed.

    python kill_child.py FOLDER SEED

Also what the parent needs to know which states there were: `states`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.slab import Area
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

SHAPE = (40, 36, 30)
STUDY = "0123456789" * 4
EDITS = 200


def states(seed: int) -> Iterator[Annotation]:
    """The annotation after 0, 1, 2, ... finished actions."""
    random = np.random.default_rng(seed)
    start = random.integers(0, 2, SHAPE, dtype=np.uint8)
    annotation = Annotation(LabelMap(start, Grid(SHAPE, np.eye(4)), scheme_named("brats2020")))
    yield annotation
    for _ in range(EDITS):
        _act(annotation, random)
        yield annotation


def _act(annotation: Annotation, random: np.random.Generator) -> None:
    kind = random.random()
    if kind < 0.1:
        annotation.undo()
    elif kind < 0.15:
        annotation.redo()
    elif kind < 0.18:
        annotation.jump(int(random.integers(0, len(annotation.history) + 1)))
    else:
        low, size = random.integers(0, 25, 3), random.integers(1, 15, 3)
        i, j, k = (slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))
        area = Area((i, j, k), random.random(annotation.values[i, j, k].shape) < 0.7)
        annotation.edit(area.becomes(int(random.integers(0, 5))), "Brush", "brush")


def main(folder: Path, seed: int) -> None:
    """Edit until killed."""
    journals = JournalFolder(folder)
    header = JournalHeader(STUDY, SHAPE, scheme_named("brats2020"), "annotation")
    # a small limit, so that the journal is also written anew while it may be killed
    path, lock = journals.path / "killed.journal", journals.lock(STUDY)
    journal = Journal(path, header, lock, limit_bytes=60_000)
    for count, annotation in enumerate(states(seed)):
        journal.follow(annotation.history, annotation.settled)
        print(count, flush=True)
    sys.stdin.read()  # to be killed here at the latest


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
