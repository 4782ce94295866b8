"""A short day of the real program: open, segment, score, export, look at training, train, and go home.

python day.py CASE FOLDER

Whatever this process, the network's process, scoring processes or the trainer try on the network is written to the
file that BRAINSEG_TEST_NETWORK names, by `sitecustomize.py` beside this file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from brainseg_gui.app import Application
from brainseg_gui.cli import main
from brainseg_gui.controllers.shell.features.all_features import TRAINING
from brainseg_gui.runs.config_file import read_preset, with_changes
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.layers.layers import LayerRole


class Day(QObject):
    """Runs a generator: what it yields is waited for."""

    def __init__(self, application: Application, folder: Path) -> None:
        super().__init__()
        self._application, self._folder = application, folder
        self.done: list[str] = []
        self._steps = self._hours()
        self._ready: Callable[[], bool] = lambda: True
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        self._timer.start(20)

    def _turn(self) -> None:
        try:
            while self._ready():
                self._ready = next(self._steps)
        except StopIteration:
            self._timer.stop()
            print(json.dumps({"done": self.done}), flush=True)
            self._application.leave()

    def _hours(self) -> Iterator[Callable[[], bool]]:
        app, session = self._application, self._application.session
        yield lambda: session.case is not None and not session.opening.running
        self.done.append("opened")
        session.segmenting.device = "cpu"
        yield lambda: not session.segmenting.unavailable
        app.run_action("segment.run")
        yield lambda: not session.segmenting.running
        assert any(layer.role is LayerRole.PREDICTION for layer in session.layers)
        self.done.append("segmented")
        yield lambda: session.comparison is not None
        self.done.append("compared")
        app.run_action("file.figure")
        app.run_action("train.open")
        app.run_action("help.report")
        yield lambda: app.controllers[TRAINING].window is not None and app.controllers[TRAINING].window.isVisible()
        self.done.append("training window")
        run = self._start_trainer()
        yield lambda: run.status() in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.DIED)
        self.done.append(f"training {run.status().value}")
        reference = str(session.case.source.reference)
        arguments = ["--reference", reference, "--prediction", reference, "-o", str(self._folder / "out")]
        main(["evaluate", *arguments])
        self.done.append("evaluated")
        main(["render", str(session.case.source.folder), "-o", str(self._folder / "figure.png")])
        self.done.append("rendered")

    def _start_trainer(self) -> RunFolder:
        session: Any = self._application.session
        changes = {
            "data.train": f'["{session.case.source.folder.parent}"]',
            "data.cache": str(self._folder / "cache"),
            "network.levels": "2",
            "network.filters": "4",
            "sampling.patch": "[16, 16, 16]",
            "length.epochs": "1",
            "length.steps_per_epoch": "2",
            "compute.precision": "float32",
            "compute.device": "cpu",
        }
        run = RunFolder.create(self._folder / "run", with_changes(read_preset("default"), changes))
        run.launch()
        return run


def spend(case: str, folder: Path) -> int:
    """The program as its command starts it, with a day beside it."""
    start = Application.start

    def start_day(self: Application, given: Any) -> None:
        start(self, given)
        self._day = Day(self, folder)

    Application.start = start_day  # type: ignore[method-assign]
    return main([case])


if __name__ == "__main__":
    sys.exit(spend(sys.argv[1], Path(sys.argv[2])))
