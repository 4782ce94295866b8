"""The window that learns from corrected cases: each step by its button, with a trainer that only pretends."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.case_list import NAME, CaseState, read_entries
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.controllers.training.learning import LearningController, NetworkInUse
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.learning.comparing import comparison_folder, trained_model
from brainseg_gui.learning.stage import LearningStage
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.session import Session
from brainseg_gui.views.segmenting.segment_panel import SegmentPanel
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.training.learn_window import LearnWindow
from tests.learning.conftest import StandInEngine, end_training

Until = Callable[[LearningStage], None]


@pytest.fixture
def learning(
    qtbot: QtBot, undressed: None, corrected: Path, parent: ModelFolder, tmp_path: Path
) -> Iterator[LearningController]:
    session, preferences = Session(), Preferences()
    window = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    preferences.set("runs folder", str(tmp_path / "runs"))
    segment = SegmentController(session, window, preferences, StandInEngine(), SegmentPanel(session))  # type: ignore[arg-type]
    segment._warm.setInterval(10**6)
    chosen: list[object] = []
    segment.models.use(parent.path, chosen.append)
    qtbot.waitUntil(lambda: bool(chosen))
    session.set_cohort(find_cohort(corrected))
    session.case_states.show(corrected / NAME, read_entries(corrected / NAME))
    engine = StandInEngine({"parent": 0.5, "better": 0.2})
    network = NetworkInUse(lambda: segment.network[1:] if segment.network is not None else None, segment.models.use)
    controller = LearningController(session, window, preferences, network, lambda: None, launch, lambda: engine)  # type: ignore[arg-type, return-value]
    yield controller
    controller.close()
    segment.close()


def launch(folder: RunFolder) -> int:
    """Train in no time."""
    end_training(folder, "better")
    return 0


@pytest.fixture
def window(learning: LearningController) -> LearnWindow:
    learning.show()
    assert learning.window is not None
    return learning.window


@pytest.fixture
def until(learning: LearningController, qtbot: QtBot) -> Until:
    """Wait for a stage of the run that is shown, with nothing under way."""

    def wait(stage: LearningStage) -> None:
        def is_there() -> bool:
            run = learning.learning.run
            learning.look()
            return run is not None and run.stage is stage and not learning.learning.work.running

        qtbot.waitUntil(is_there, timeout=30_000)

    return wait


def click(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]


def test_a_run_is_begun_of_the_cases_that_are_done(
    learning: LearningController, window: LearnWindow, until: Until, qtbot: QtBot
) -> None:
    assert "10 of 11 cases of the list are done" in learning.learning.corrected
    assert not window.step.isVisible()
    assert window.begin.objectName() == "primary"
    click(qtbot, window.begin)
    until(LearningStage.TO_COMPARE)
    assert window.step.text() == "Compare"
    assert window.step.objectName() == "primary"


def test_a_compared_run_is_found_after_a_restart_promoted_and_taken_back(
    learning: LearningController,
    window: LearnWindow,
    until: Until,
    qtbot: QtBot,
    compared_once: RunFolder,
    parent: ModelFolder,
) -> None:
    folder = RunFolder(Path(shutil.copytree(compared_once.path, learning.runs / "corrected-1")))
    (comparison_folder(folder, trained_model(folder)) / "comparison.json").unlink()  # cut off at its very end
    until(LearningStage.TO_COMPARE)
    click(qtbot, window.step)
    until(LearningStage.JUDGED)
    assert window.table.topLevelItemCount() == 9
    worst = window.cases.topLevelItem(0)
    window.cases.setCurrentItem(worst)
    qtbot.waitUntil(lambda: not window._picture.pixmap().isNull())
    assert window.step.text() == "Promote"
    click(qtbot, window.step)
    until(LearningStage.PROMOTED)
    state = learning._session.segmenting
    qtbot.waitUntil(lambda: state.model is not None and state.model.folder.parent == learning.models)
    assert not window.step.isVisible()
    click(qtbot, window.take_back)
    until(LearningStage.JUDGED)
    qtbot.waitUntil(lambda: state.model is not None and state.model.folder == parent.path)
    qtbot.waitUntil(lambda: not window.take_back.isVisible())


def test_a_worse_network_has_no_button_and_the_reason(
    learning: LearningController, window: LearnWindow, until: Until, compared_once: RunFolder
) -> None:
    folder = RunFolder(Path(shutil.copytree(compared_once.path, learning.runs / "corrected-1")))
    path = comparison_folder(folder, trained_model(folder)) / "comparison.json"
    swapped = path.read_text().replace('"before"', '"?"').replace('"after"', '"before"').replace('"?"', '"after"')
    path.write_text(swapped)
    until(LearningStage.JUDGED)
    assert not window.step.isVisible()
    assert window._texts["verdict"].text().startswith("The new network is not offered: it is worse than the one before")


def test_too_few_cases_bar_the_beginning_and_say_how_many(learning: LearningController, window: LearnWindow) -> None:
    states = learning._session.case_states
    few = {case: entry for case, entry in states.entries.items() if entry.state is CaseState.DONE}
    states.show(states.path, dict(list(few.items())[:4]))
    assert learning.learning.barred == "Learning takes cases of 9 patients that are done; 4 are"
    assert not window.begin.isEnabled()
    assert window.begin.toolTip() == learning.learning.barred
    assert window._texts["barred"].text() == f"{learning.learning.barred}."
    assert window._texts["barred"].geometry().top() - window.begin.geometry().bottom() < 40  # no void between them
