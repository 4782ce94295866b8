"""Closing the window: predictions that no file holds, and a run on the cohort, are asked about once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FILES, QUITTING
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.segmenting.cohort_run import CaseRun, CaseStage
from brainseg_gui.views.widgets.question import Question
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain

PLACES = {"A": (3, 4, 5), "B": (6, 7, 8), "C": (9, 9, 9)}


@pytest.fixture
def cohort(toy_case: Any, tmp_path: Path) -> Path:
    for seed, case_id in enumerate(PLACES):
        toy_case(tmp_path / "cohort", case_id=case_id, mask=False, seed=seed)
    return tmp_path / "cohort"


@pytest.fixture
def predicted(application: Application, cohort: Path, open_paths: Callable[..., None], qtbot: QtBot) -> Application:
    """A and B were segmented, C is open and was segmented, too."""
    open_paths(application, cohort)
    for case_id in PLACES:
        if case_id != "A":
            application.controllers[FILES].step(1)
        qtbot.waitUntil(lambda case_id=case_id: _is_open(application, case_id), timeout=30_000)
        predict(application, case_id)
    return application


def _is_open(application: Application, case_id: str) -> bool:
    session = application.session
    return session.case is not None and session.case.case_id == case_id and not session.opening.running


def predict(application: Application, case_id: str) -> None:
    case = application.session.case
    assert case is not None
    values = np.zeros(case.grid.shape, np.uint8, order="F")
    values[PLACES[case_id]] = 4
    labels = LabelMap(values, case.grid, case.scheme)
    application.session.add_prediction(Layer("net, 10:00", LayerRole.PREDICTION, labels, "net", model_sha256="ab"))


def question_of(application: Application) -> Question:
    application.window.close()
    question = application.controllers[QUITTING].question
    assert application.window.isVisible()
    assert question is not None
    return question


def masks(cohort: Path) -> dict[str, Path]:
    return {path.parent.name: path for path in cohort.glob("*/*pred*.nii.gz")}


def test_save_all_writes_each_prediction_beside_its_images(predicted: Application, cohort: Path, qtbot: QtBot) -> None:
    question = question_of(predicted)
    assert question.text() == "Save 3 predictions that are in no file?"
    assert question.informativeText().startswith("C, A, B.")
    question.answer("save")
    qtbot.waitUntil(lambda: not predicted.window.isVisible(), timeout=30_000)
    assert set(masks(cohort)) == set(PLACES)
    case = predicted.session.case
    assert case is not None
    for case_id, path in masks(cohort).items():
        stored = np.asarray(nib.load(path).dataobj)
        assert np.argwhere(stored).tolist() == [list(case.stored_grid.index_of(PLACES[case_id]))]


def test_cancel_stays_and_discard_leaves_no_file(predicted: Application, cohort: Path) -> None:
    question_of(predicted).answer("cancel")
    assert predicted.window.isVisible()
    assert predicted.controllers[QUITTING].question is None
    question_of(predicted).answer("discard")
    assert not predicted.window.isVisible()
    assert masks(cohort) == {}


def test_images_that_were_exchanged_get_no_prediction(predicted: Application, cohort: Path, qtbot: QtBot) -> None:
    image = next((cohort / "A").glob("*t1.nii.gz"))
    image.write_bytes(next((cohort / "B").glob("*t1.nii.gz")).read_bytes())
    question_of(predicted).answer("save")
    qtbot.waitUntil(lambda: "written anew" in predicted.window.notice.text, timeout=30_000)
    assert predicted.window.isVisible()
    assert "A" not in masks(cohort)


def test_a_prediction_that_an_annotation_took_the_place_of_is_not_missed(
    application: Application, cohort: Path, open_paths: Callable[..., None], qtbot: QtBot
) -> None:
    open_paths(application, cohort)
    predict(application, "A")
    hand = Hand(application)
    hand.trigger("annotate.start")
    hand.trigger("file.save")
    qtbot.waitUntil(lambda: not application.session.layers.unsaved, timeout=30_000)
    application.controllers[FILES].step(1)
    qtbot.waitUntil(lambda: _is_open(application, "B"), timeout=30_000)
    application.window.close()
    assert not application.window.isVisible()


def test_a_copy_that_nobody_edited_takes_no_ones_place(
    application: Application, cohort: Path, open_paths: Callable[..., None], qtbot: QtBot
) -> None:
    open_paths(application, cohort)
    predict(application, "A")
    hand, quitting = Hand(application), application.controllers[QUITTING]
    hand.trigger("annotate.start")
    assert not quitting.free
    application.session.viewing.crosshair = PLACES["B"]
    hand.annotating.options.brush_mm = 0.5
    hand.click(PLACES["B"])
    assert application.session.layers.at_risk == (hand.annotating.layer,)
    hand.trigger("annotate.undo")
    assert not quitting.free
    application.controllers[FILES].step(1)
    qtbot.waitUntil(lambda: _is_open(application, "B"), timeout=30_000)
    question = question_of(application)
    assert question.text() == "Save the prediction that is in no file?"
    question.answer("discard")


def test_quitting_while_the_list_is_segmented_asks(
    application: Application, cohort: Path, open_paths: Callable[..., None]
) -> None:
    open_paths(application, cohort)
    state = application.session.cohort_run
    state.put(application.session.cohort)
    state.show(CaseRun(application.session.cohort[0], CaseStage.SEGMENTED))
    state.show(CaseRun(application.session.cohort[1], CaseStage.AT_WORK))
    state.work.begin("segmenting B")
    question = question_of(application)
    assert question.text() == "Stop the run on the cohort? 1 of 3 cases are done."
    question.answer("cancel")
    assert application.window.isVisible()
    question_of(application).answer("stop")
    assert not application.window.isVisible()


def test_the_end_of_the_desktop_session_asks_about_predictions_and_running_work(
    application: Application, cohort: Path, open_paths: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Question, "exec", lambda question: asked.append(question.text()))
    manager = Mock(**{"allowsInteraction.return_value": True})
    open_paths(application, cohort)
    application.controllers[QUITTING].answer_session_end(manager)
    assert asked == []  # nothing would be lost
    predict(application, "A")
    session = application.session
    session.segmenting.begin("inferring")
    session.cohort_run.put(session.cohort)
    session.cohort_run.work.begin("segmenting A")
    for answer, stays in (("cancel", True), ("end", False)):
        manager.reset_mock()
        monkeypatch.setattr(Question, "chosen", lambda _, answer=answer: answer)
        application.controllers[QUITTING].answer_session_end(manager)
        assert manager.cancel.called == stays
    session.segmenting.end("")
    session.cohort_run.work.end("")
    words = "a prediction is in no file, a segmentation is running and the run on the cohort is at 0 of 3 cases"
    assert asked == [f"End the session? A{words[1:]}."] * 2
