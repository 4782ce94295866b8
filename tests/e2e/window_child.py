"""The real window in a process of its own, edited by a script that says what it finished; to be killed.

python window_child.py CASE SEED        edit until killed
python window_child.py CASE             hold an annotation until a line is read
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import NoReturn

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.slab import Area
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import ANNOTATING
from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation

EDITS = 200


class NoEngine(Engine):
    """An engine that is never started."""

    def start(self, *_arguments: object) -> None:
        """Stay cold."""

    def features(self, *_arguments: object) -> NoReturn:
        """Let the images alone answer clicks."""
        raise EngineError("there is no engine", "This is a test without one")


class Script:
    """Random strokes, undos, redos and jumps, one per turn of the event loop."""

    def __init__(self, application: Application, seed: int | None) -> None:
        self._application = application
        self._random = np.random.default_rng(seed)
        self._done = 0
        self._seed = seed
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._timer.start(0)

    def _turn(self) -> None:
        session = self._application.session
        if session.case is None or session.previewing:
            return
        if session.annotating.annotation is None:
            self._application.controllers[ANNOTATING].start(session.layers.reference)
            say(f"started {session.annotating.read_only}")
            return
        if self._seed is None:
            self._timer.stop()
            sys.stdin.readline()
            self._application.leave()
            return
        act(session.annotating, session.annotating.annotation.history, self._random)
        self._done += 1
        say(f"{self._done} {digest(session.annotating.annotation.settled)}")
        if self._done == EDITS:
            self._timer.stop()


def act(editor: Annotation | ActiveAnnotation, history: History, random: np.random.Generator) -> None:
    """One finished action; the same in the window and in the test that knows what must come out."""
    kind = random.random()
    if kind < 0.1:
        editor.undo()
    elif kind < 0.15:
        editor.redo()
    elif kind < 0.18:
        editor.jump(int(random.integers(0, len(history) + 1)))
    else:
        low, size = random.integers(0, 10, 3), random.integers(1, 9, 3)
        i, j, k = (slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))
        area = Area((i, j, k), random.random([int(n) for n in size]) < 0.7)
        editor.edit(area.becomes(int(random.choice([0, 1, 2, 4]))), "Brush", "brush")


def states(start: LabelMap, seed: int) -> list[str]:
    """Digests of the states after 0, 1, 2, ... actions."""
    annotation, random = Annotation(start), np.random.default_rng(seed)
    annotation.rules = PaintRules()
    found = [digest(annotation.settled)]
    for _ in range(EDITS):
        act(annotation, annotation.history, random)
        found.append(digest(annotation.settled))
    return found


def digest(values: np.ndarray) -> str:
    """Of the voxels, whatever their order in memory."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def say(words: str) -> None:
    """One line to the parent."""
    print(words, flush=True)


def main(case: Path, seed: int | None) -> None:
    """Open the case and run the script."""
    qt = QApplication([])
    application = Application(qt, engine=NoEngine())
    application.start([case])
    script = Script(application, seed)
    qt.exec()
    del script


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
