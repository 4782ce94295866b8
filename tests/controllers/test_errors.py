"""Finding errors in the background, and going from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.comparing import errors as module
from brainseg_gui.controllers.comparing.errors import ErrorsController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.evaluation.metrics import disagreements
from brainseg_gui.evaluation.metrics.disagreements import find_disagreements
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import regions
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session

WT, TC, ET = regions()


@pytest.fixture
def controller(parts: Any) -> Iterator[ErrorsController]:
    controller = core_controllers.errors(parts)
    yield controller
    controller.close()


@pytest.fixture
def opened(controller: ErrorsController, session: Session, case: Case) -> ErrorsController:
    session.open(case)
    return controller


@pytest.fixture
def found(qtbot: QtBot, session: Session) -> Callable[[], None]:
    """Wait until the list is of the two compared layers as they are."""
    return lambda: qtbot.waitUntil(lambda: bool(session.errors.found) and not session.errors.searching)


def _wanted(session: Session) -> list[int]:
    pair = session.layers.reference.labels, session.layers.prediction.labels
    return [piece.voxels for region in regions() for piece in find_disagreements(*pair, region)]


def _listed(session: Session) -> list[int]:
    return [piece.voxels for found in session.errors.found for piece in found]


def test_two_layers_are_searched(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    assert session.errors.entries == ()
    assert not session.errors.searching
    predict(3)
    assert session.errors.searching
    found()
    assert _listed(session) == _wanted(session)
    assert set(session.errors.healthy) == set(session.case.volumes)
    assert session.errors.slices.profile(WT, 2).reference.sum() == (session.layers.reference.labels.values > 0).sum()


def test_the_list_follows_layers_schemes_and_the_reference(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    first, second = predict(1), predict(3)
    found()
    session.layers.remove(second)
    assert session.errors.entries == ()
    found()
    assert _listed(session) == _wanted(session)
    before = _listed(session)
    first.labels = first.labels.with_scheme(scheme_named("msd"))
    assert session.errors.searching
    assert session.errors.entries != ()
    found()
    assert _listed(session) == _wanted(session) != before
    session.layers.compare(first, session.layers.reference)
    found()
    assert _listed(session) == _wanted(session)
    session.layers.remove(first)
    assert session.errors.entries == ()
    assert session.errors.slices is None


def test_what_a_layer_looks_like_starts_no_search(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    layer = predict(3)
    found()
    before = session.errors.found
    layer.visible = False
    session.layers.changed.emit()
    assert not session.errors.searching
    assert session.errors.found is before


def test_a_stale_answer_is_dropped(
    qtbot: QtBot,
    opened: ErrorsController,
    session: Session,
    predict: Callable[..., Layer],
    found: Callable[[], None],
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[int] = []
    session.errors.changed.connect(lambda: shown.append(len(session.errors.found)))

    def slowly(*arguments: Any) -> Any:
        gate.wait()
        return find_disagreements(*arguments)

    monkeypatch.setattr(disagreements, "find_disagreements", slowly)
    layer = predict(1)
    qtbot.waitUntil(lambda: gate.reached == 1)
    session.layers.remove(layer)
    assert not session.errors.searching
    gate.open(10)
    predict(5)
    found()
    assert _listed(session) == _wanted(session)
    assert [count for count in shown if count] == [3]


def test_a_stroke_goes_before_the_search(
    opened: ErrorsController,
    session: Session,
    predict: Callable[..., Layer],
    found: Callable[[], None],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running: list[str] = []

    def endless(*_: object) -> Generator[Progress, None, None]:
        running.append("begun")
        try:
            while True:
                yield Progress("looking", 0.0)
        finally:
            running.append("given up")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_find", endless)
        predict(3)
        qtbot.waitUntil(lambda: "begun" in running)
        session.annotating.voxels_changed.emit((slice(0, 1),) * 3)
        qtbot.waitUntil(lambda: running == ["begun", "given up"])
    assert session.errors.searching
    found()  # once the hand rests
    assert _listed(session) == _wanted(session)


def test_a_step_moves_the_crosshair_and_shows_the_agreement_once(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    predict(3)
    found()
    opened.commands["layers.next_error"]()
    first = session.errors.entries[0].piece
    assert session.viewing.crosshair == first.centre
    assert session.viewing.agreement == first.region
    assert first.inside[tuple(np.subtract(first.centre, [part.start for part in first.box]))]
    session.viewing.agreement = None  # the person switched it off
    opened.commands["layers.next_error"]()
    assert session.errors.position == 1
    assert session.viewing.agreement is None
    opened.commands["layers.previous_error"]()
    assert session.viewing.crosshair == first.centre


def test_without_errors_a_step_says_why(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    opened.commands["layers.next_error"]()
    assert session.notice.what == "There are no two masks to compare"
    assert not session.notice.problem
    predict(0)
    session.say(None)
    opened.commands["layers.next_error"]()
    assert session.notice is None
    found()
    assert (session.notice.what, session.notice.remedy) == ("The two masks agree in every voxel", "")
    session.errors.choose(regions()[0])
    opened.commands["layers.next_error"]()
    assert session.notice.what == "The two masks agree here in every voxel"


@pytest.mark.parametrize("works_on", [False, True])
def test_steps_wait_for_the_list_of_what_was_edited(
    opened: ErrorsController,
    session: Session,
    predict: Callable[..., Layer],
    found: Callable[[], None],
    works_on: bool,
) -> None:
    layer = predict(3)
    found()
    session.errors.go(0)
    before = session.viewing.crosshair
    layer.labels = layer.labels.with_scheme(scheme_named("msd"))
    assert session.errors.entries
    opened.commands["layers.next_error"]()
    opened.commands["layers.next_error"]()
    assert session.viewing.crosshair == before
    if works_on:
        session.annotating.voxels_changed.emit((slice(0, 1),) * 3)
    found()
    assert (session.viewing.crosshair == before) == works_on
    if not works_on:
        assert session.errors.current is not None
        assert session.errors.current.piece.centre == session.viewing.crosshair


@pytest.mark.parametrize("goes_elsewhere", [False, True])
def test_a_step_before_the_errors_are_known_waits_for_them(
    opened: ErrorsController,
    session: Session,
    predict: Callable[..., Layer],
    found: Callable[[], None],
    goes_elsewhere: bool,
) -> None:
    """“Try again in a moment” stayed for the rest of the day."""
    predict(3)
    opened.commands["layers.next_error"]()
    if goes_elsewhere:
        session.viewing.crosshair = (1, 1, 1)
    found()
    first = session.errors.entries[0].piece
    assert session.viewing.crosshair == ((1, 1, 1) if goes_elsewhere else first.centre)
    assert session.notice is None


def test_a_list_of_one_region_follows_the_agreement_that_is_shown(
    opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    predict(3)
    found()
    session.viewing.agreement = TC
    assert session.errors.region is None  # a list of all stays
    opened.parent().panels.named("Errors")().region_chosen.emit(ET)
    assert session.errors.region == session.viewing.agreement == ET
    session.viewing.agreement = WT
    assert session.errors.region == WT
    session.viewing.agreement = None
    assert session.errors.region == WT


def test_masks_that_lie_differently_are_said_and_the_window_lives(
    qtbot: QtBot, opened: ErrorsController, session: Session, case: Case
) -> None:
    other = replace(case.reference, grid=replace(case.grid, affine=np.diag([2.0, 2.0, 2.0, 1.0])))
    session.layers.add(Layer("elsewhere", LayerRole.PREDICTION, other))
    qtbot.waitUntil(lambda: session.notice is not None)
    assert "grid" in session.notice.what
    assert not session.errors.searching
    assert session.errors.entries == ()


def test_arrow_keys_and_clicks_in_the_table_go_there(
    qtbot: QtBot, opened: ErrorsController, session: Session, predict: Callable[..., Layer], found: Callable[[], None]
) -> None:
    window = opened.parent()
    window.resize(1280, 860)
    window.show()
    qtbot.waitExposed(window)
    predict(3)
    found()
    window.comparison().show_page("Errors")
    table = window.panels.named("Errors")().table
    place = table.visualRect(table.model().index(2, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.errors.position == 2
    assert session.viewing.crosshair == session.errors.entries[2].piece.centre
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert session.errors.position == 3
    assert session.viewing.crosshair == session.errors.entries[3].piece.centre
    window.close()
