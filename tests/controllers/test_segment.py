"""The Segment button with an engine that only pretends: what it says, what it makes, what it leaves alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QFileDialog, QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models.dice_line import ExpectedDice
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session
from tests.shipped import needs_all_modalities


@pytest.fixture
def controller(parts: Any, engine: Any) -> Iterator[SegmentController]:
    controller = core_controllers.segment(parts, engine)
    yield controller
    engine.gate.open(10)
    controller.close()


@pytest.fixture
def ready(controller: SegmentController, session: Session, case: Case) -> SegmentController:
    """The controller with models found and the toy case open."""
    controller.find_models()
    controller.findChild(QTimer).stop()  # no warm start during the test
    session.open(case)
    assert session.segmenting.unavailable == ""
    return controller


@pytest.fixture
def ended(qtbot: QtBot, session: Session, engine: Any) -> Callable[[], None]:
    """Let the engine finish and wait for it."""

    def wait() -> None:
        engine.gate.open(3)
        qtbot.waitUntil(lambda: not session.segmenting.running)

    return wait


class Snapshot:
    """The masks of the open case, down to their voxels, and how it is looked at."""

    def __init__(self, session: Session) -> None:
        self.case = session.case
        self.layers = [(layer.name, id(layer.labels), layer.labels.values.tobytes()) for layer in session.layers]
        self.compared = (session.layers.reference, session.layers.prediction)
        self.crosshair = session.viewing.crosshair

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


def _panel(parts: Any) -> Any:
    return parts.window.panels.named("Segment")()


def _button(parts: Any, text: str) -> QPushButton:
    return next(button for button in _panel(parts).findChildren(QPushButton) if button.text() == text)


# --- whether it can be clicked ----------------------------------------------------------------------------------


def test_at_first_a_case_is_wanted(controller: SegmentController, session: Session, parts: Any, engine: Any) -> None:
    controller.find_models()
    assert session.segmenting.unavailable == "Open a case first"
    assert not _button(parts, "Segment").isEnabled()
    assert _button(parts, "Segment").toolTip() == "Open a case first"
    controller.segment()
    assert session.notice.what == "Segment is not available: Open a case first"
    assert not session.notice.problem
    assert engine.cases == []


def test_without_a_model_one_is_wanted(controller: SegmentController, session: Session, case: Case) -> None:
    session.open(case)
    assert session.segmenting.unavailable == "Choose a model folder first"


def test_a_missing_modality_is_named(
    qtbot: QtBot,
    controller: SegmentController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    read: Callable[[Path], Case],
    parts: Any,
    engine: Any,
) -> None:
    model = needs_all_modalities()
    controller.find_models()
    controller.models.use(model.path)
    qtbot.waitUntil(lambda: session.segmenting.model is not None and session.segmenting.model.folder == model.path)
    session.open(read(toy_case(tmp_path, case_id="Toy_002", modalities=("t1", "t2"))))
    title = model.title
    assert session.segmenting.unavailable == f"{title} needs FLAIR and T1ce, which this case does not have"
    labels = [label.text() for label in _panel(parts).findChildren(QLabel)]
    assert session.segmenting.unavailable in labels
    controller.segment()
    assert "FLAIR and T1ce" in session.notice.what
    assert engine.cases == []


def test_what_a_missing_modality_costs_is_said_before_the_click(
    qtbot: QtBot,
    controller: SegmentController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    read: Callable[[Path], Case],
    parts: Any,
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(default_model().path, folder)
    passport = json.loads((folder / "model.json").read_text())
    passport["input"]["may_be_missing"] = {"t2": "WT about .02 lower"}
    del passport["estimated"]
    (folder / "model.json").write_text(json.dumps(passport))
    controller.find_models()
    controller.models.use(folder)
    qtbot.waitUntil(lambda: session.segmenting.model is not None and session.segmenting.model.folder == folder)
    session.open(read(toy_case(tmp_path, case_id="Toy_003", modalities=("t1", "t1ce", "flair"))))
    assert session.segmenting.unavailable == ""
    assert session.segmenting.caution == "T2 is missing: WT about .02 lower"
    assert session.segmenting.caution in [label.text() for label in _panel(parts).findChildren(QLabel)]
    whole = read(toy_case(tmp_path, case_id="Toy_004"))
    session.open(whole)
    assert session.segmenting.caution == ""
    session.open(replace(whole, not_registered=(Modality.T2,)))
    assert session.segmenting.caution.startswith(
        "T2 could not be registered and is left out as if it were missing: WT a"
    )
    assert session.segmenting.caution in [label.text() for label in _panel(parts).findChildren(QLabel)]


def test_a_case_that_is_being_read_cannot_be_segmented(ready: SegmentController, session: Session, case: Case) -> None:
    session.preview(case)
    assert session.segmenting.unavailable == "The case is still being read"
    session.end_preview()
    assert session.segmenting.unavailable == ""


# --- a segmentation ---------------------------------------------------------------------------------------------


def test_how_the_case_before_was_segmented_is_not_said_of_the_next(
    ready: SegmentController, session: Session, case: Case
) -> None:
    session.segmenting.end("CPU, float32: 43.0 s")
    session.preview(case)
    assert session.segmenting.outcome == ""


def test_progress_is_shown_in_the_panel(
    qtbot: QtBot, ready: SegmentController, session: Session, parts: Any, engine: Any, ended: Callable[[], None]
) -> None:
    parts.window.show()
    ready.segment()
    state, bar = session.segmenting, _panel(parts).findChild(QProgressBar)
    assert state.running
    assert not _button(parts, "Segment").isEnabled()
    assert _button(parts, "Cancel").isEnabled()
    engine.gate.open()
    qtbot.waitUntil(lambda: state.stage == "inferring")
    assert bar.isVisible()
    assert bar.value() == 333
    qtbot.waitUntil(
        lambda: any(label.text().startswith("Inferring, part 1 · ") for label in _panel(parts).findChildren(QLabel))
    )
    ended()
    assert not bar.isVisible()
    assert state.outcome.startswith("CPU (test), float32: ")
    assert "Expected Dice" not in state.outcome
    assert _button(parts, "Segment").isEnabled()
    assert not _button(parts, "Cancel").isEnabled()


def test_what_is_probably_poor_is_said_where_the_work_was_asked_for(
    parts: Any, session: Session, engine: Any, ready: SegmentController, ended: Callable[[], None]
) -> None:
    engine.expected = {"WT": ExpectedDice(0.9, 0.04), "ET": ExpectedDice(0.4, 0.08)}
    engine.gate.open()
    ready.segment()
    ended()
    words = "Expected Dice WT\u00a0.90\u00a0±\u00a0.04, ET\u00a0.40\u00a0±\u00a0.08: ET is probably poor, look there"
    assert session.segmenting.outcome.splitlines()[1] == words
    assert words in [line for label in _panel(parts).findChildren(QLabel) for line in label.text().splitlines()]


def test_the_result_is_a_new_layer_in_the_study_s_scheme(
    ready: SegmentController, session: Session, case: Case, ended: Callable[[], None]
) -> None:
    before = [(layer, layer.labels, layer.labels.values.copy()) for layer in session.layers]
    ready.segment()
    ended()
    layer = session.layers.prediction
    assert layer is not None
    assert layer.name == f"{default_model().title}, {layer.created:%H:%M}"
    assert (layer.role, layer.author) == (LayerRole.PREDICTION, default_model().title)
    assert layer.style is OverlayStyle.FILL
    assert layer.saved_as is None
    assert layer.labels.scheme == case.scheme == scheme_named("brats2020")
    expected = np.zeros(case.grid.shape, np.uint8)
    expected[2:6, 3:7, 4:8] = 4  # class 3 is ET, which this study calls 4
    np.testing.assert_array_equal(layer.labels.values, expected)
    for other, labels, values in before:
        assert other.labels is labels
        np.testing.assert_array_equal(labels.values, values)


def test_the_result_has_the_numbers_of_a_reference_that_people_read_otherwise(
    ready: SegmentController, session: Session, ended: Callable[[], None]
) -> None:
    reference = session.layers.reference
    reference.labels = reference.labels.with_scheme(scheme_named("ed-et-ncr"))
    ready.segment()
    ended()
    labels = session.layers.prediction.labels
    assert labels.scheme == scheme_named("ed-et-ncr")
    assert set(np.unique(labels.values)) == {0, 2}  # class 3 is ET, which is 2 there


def test_every_click_makes_another_layer(ready: SegmentController, session: Session, ended: Callable[[], None]) -> None:
    ready.segment()
    ended()
    first = session.layers.prediction
    annotation = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, first.labels))
    ready.segment()
    ended()
    reference, _, second, _ = session.layers  # a person's work lies over what networks make
    assert list(session.layers) == [reference, first, second, annotation]
    assert [layer.name.partition(",")[0] for layer in (first, second)] == [first.author] * 2
    assert first.name != second.name
    assert second.labels is not first.labels
    assert (first.visible, second.visible) == (False, True)
    assert session.layers.prediction is annotation  # what was compared stays so
    assert annotation.labels is first.labels


def test_the_button_asks_the_controller(
    qtbot: QtBot, ready: SegmentController, session: Session, parts: Any, ended: Callable[[], None]
) -> None:
    _button(parts, "Segment").click()
    assert session.segmenting.running
    ended()
    assert session.layers.prediction is not None


def test_a_second_click_while_it_runs_is_ignored(
    ready: SegmentController, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    ready.segment()
    ready.segment()
    ended()
    assert len(engine.cases) == 1


def test_the_time_it_took_is_expected_the_next_time(
    ready: SegmentController, session: Session, ended: Callable[[], None]
) -> None:
    ready.segment()
    assert session.segmenting.expected_s == 0
    ended()
    ready.segment()
    assert session.segmenting.expected_s > 0
    ended()


def test_what_had_to_be_done_differently_is_said(
    ready: SegmentController, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    engine.notes = ("The GPU ran out of memory", "The CPU was used")
    ready.segment()
    ended()
    assert session.notice.what == "The GPU ran out of memory. The CPU was used"
    assert not session.notice.problem


def test_an_empty_result_is_said(
    ready: SegmentController, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    engine.empty = True
    ready.segment()
    ended()
    assert session.notice.what == "The network found no tumour in this case"
    assert session.layers.prediction is not None


def test_a_result_for_a_case_that_is_gone_is_dropped(
    qtbot: QtBot,
    ready: SegmentController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    read: Callable[[Path], Case],
    engine: Any,
    ended: Callable[[], None],
) -> None:
    ready.segment()
    qtbot.waitUntil(lambda: engine.gate.reached == 1)
    session.open(read(toy_case(tmp_path, case_id="Toy_002", shape=(9, 8, 7))))
    before = Snapshot(session)
    ended()
    assert Snapshot(session) == before
    assert [layer.name for layer in session.layers] == ["reference"]
    assert "another case" in session.segmenting.outcome


# --- how it fails -----------------------------------------------------------------------------------------------


def test_a_dead_engine_is_a_sentence_and_the_next_click_works(
    ready: SegmentController, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    before = Snapshot(session)
    engine.error = EngineError("the network's process was ended by SIGKILL", "Segment again")
    ready.segment()
    ended()
    assert Snapshot(session) == before
    assert session.notice.what == "the network's process was ended by SIGKILL"
    assert session.notice.problem
    assert ("Segment again", "segment.run") in session.notice.actions
    assert session.segmenting.outcome == "Not segmented; the case and its masks are as they were"
    engine.error = None
    ready.segment()
    assert session.notice is None
    ended()
    assert session.layers.prediction is not None


def test_a_bug_is_a_sentence_with_its_traceback_folded(
    ready: SegmentController,
    session: Session,
    engine: Any,
    ended: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine.error = ZeroDivisionError("oh")
    ready.segment()
    ended()
    assert session.notice.what == "Something went wrong inside the program (ZeroDivisionError)"
    assert "Traceback" in session.notice.details
    assert len(caplog.records) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_cancelling_at_any_yield_leaves_everything_as_it_was(
    qtbot: QtBot, ready: SegmentController, session: Session, engine: Any, parts: Any, place: int
) -> None:
    before = Snapshot(session)
    ready.segment()
    engine.gate.open(place)
    qtbot.waitUntil(lambda: engine.gate.reached == place + 1)
    _button(parts, "Cancel").click()
    assert session.segmenting.stage == "cancelling"
    engine.gate.open(3)
    qtbot.waitUntil(lambda: not session.segmenting.running)
    assert Snapshot(session) == before
    assert session.segmenting.outcome == "Cancelled; nothing was changed"
    assert session.notice is None
    assert engine.generators_closed == (1 if place < 2 else 0)
    ready.findChild(QTimer).stop()


def test_after_a_cancel_the_next_click_works(
    qtbot: QtBot, ready: SegmentController, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    ready.segment()
    ready.cancel()
    ended()
    ready.segment()
    engine.gate.open(3)
    ended()
    assert session.layers.prediction is not None


def test_cancelling_nothing_is_nothing(ready: SegmentController, session: Session) -> None:
    ready.cancel()
    assert not session.segmenting.running
    assert session.segmenting.stage == ""


def test_closing_while_it_runs_ends_the_work_and_the_engine(
    qtbot: QtBot, ready: SegmentController, session: Session, engine: Any
) -> None:
    ready.segment()
    qtbot.waitUntil(lambda: engine.gate.reached == 1)
    engine.gate.open(3)
    ready.close()
    assert engine.closed
    assert not [thread for thread in ready.findChildren(QThread) if thread.isRunning()]
    with qtbot.assertNotEmitted(ready.findChild(QTimer).timeout, wait=50):
        pass  # nothing that comes late starts the engine again
    assert not ready.findChild(QTimer).isActive()


# --- models, devices, and the warm start ------------------------------------------------------------------------


def _model_folder(folder: Path, **changes: Any) -> Path:
    shutil.copytree(default_model().path, folder)
    passport = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(passport | changes))
    return folder


def test_the_shipped_model_is_listed_and_chosen(controller: SegmentController, session: Session) -> None:
    controller.find_models()
    state = session.segmenting
    assert state.model is not None
    assert state.model.title == default_model().title
    assert state.model in state.models
    assert "Trained on: " in state.model.description


def test_the_engine_warms_up_when_idle(
    qtbot: QtBot, controller: SegmentController, session: Session, engine: Any
) -> None:
    timer = controller.findChild(QTimer)
    timer.setInterval(0)
    controller.find_models()
    qtbot.waitUntil(lambda: len(engine.started) == 1)
    model, options = engine.started[0]
    assert model.title == default_model().title
    assert options == SegmentOptions("auto", "auto")
    session.segmenting.precision = "float32"
    qtbot.waitUntil(lambda: len(engine.started) == 2)
    assert engine.started[1][1] == SegmentOptions("auto", "float32")


def test_an_engine_that_does_not_start_is_no_reason_to_bother(
    qtbot: QtBot, controller: SegmentController, session: Session, engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine.start_error = EngineError("the network's process ended by itself (exit code 1)")
    controller.findChild(QTimer).setInterval(0)
    controller.find_models()
    qtbot.waitUntil(lambda: len(caplog.records) == 1)
    assert "exit code 1" in caplog.text
    assert session.notice is None


def test_a_model_folder_of_one_s_own_is_added_chosen_and_remembered(
    qtbot: QtBot,
    ready: SegmentController,
    session: Session,
    parts: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = _model_folder(tmp_path / "mine", name="mine", version="3")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    before = session.segmenting.models
    ready.choose_model_folder()
    qtbot.waitUntil(lambda: session.segmenting.model.title == "mine 3")
    assert session.segmenting.models == (*before, session.segmenting.model)
    assert parts.preferences.models == [folder]
    assert parts.preferences.get("model", "") == str(folder)
    ready.find_models()  # as the next start does
    qtbot.waitUntil(lambda: session.segmenting.model.title == "mine 3")


def test_a_bad_model_folder_is_a_sentence_and_the_old_one_stays(
    qtbot: QtBot, ready: SegmentController, session: Session, tmp_path: Path
) -> None:
    before = session.segmenting.model
    ready.models.use(tmp_path)
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice.what == f"{tmp_path.name}: there is no model.json"
    assert session.notice.remedy
    assert session.segmenting.model is before


def test_a_remembered_model_that_is_gone_is_said_and_another_is_taken(
    qtbot: QtBot, controller: SegmentController, session: Session, parts: Any, tmp_path: Path
) -> None:
    parts.preferences.add_model(tmp_path / "gone")
    parts.preferences.set("model", str(tmp_path / "gone"))
    controller.find_models()
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice.what == "gone: there is no model.json"
    assert session.segmenting.model.title == default_model().title


def test_the_choice_of_device_and_precision_comes_back(
    ready: SegmentController, session: Session, parts: Any, engine: Any
) -> None:
    session.segmenting.device, session.segmenting.precision = "cpu", "float32"
    again = Session()
    controller = core_controllers.segment(replace(parts, session=again), engine)
    assert (again.segmenting.device, again.segmenting.precision) == ("cpu", "float32")
    controller.close()


def test_weights_that_are_not_those_of_the_passport_are_said_at_once(
    qtbot: QtBot, ready: SegmentController, session: Session, tmp_path: Path
) -> None:
    folder = _model_folder(tmp_path / "other", name="other", version="1")
    weights = next(path for path in folder.iterdir() if path.suffix == ".keras")
    weights.write_bytes(weights.read_bytes() + b"more")
    before = session.segmenting.model
    ready.models.use(folder)
    qtbot.waitUntil(lambda: session.notice is not None)
    assert "SHA-256 is " in session.notice.what
    assert session.segmenting.model is before
