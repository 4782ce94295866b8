"""Surfaces as they are made: the masks first, as they stand when their turn comes, and nothing of another case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.surfaces.making import SurfaceMaking
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, region_named
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.state.surfaces.seen_surfaces import SeenSurfaces, SurfaceColouring


@pytest.fixture
def session(qtbot: QtBot, case: Case) -> Session:
    """The toy case open, with its reference."""
    session = Session()
    session.open(case)
    return session


@pytest.fixture
def making(session: Session) -> Iterator[SurfaceMaking]:
    parent = QObject()
    made = SurfaceMaking(session, parent)
    yield made
    made.close()


def _moved(case: Case, steps: int, name: str = "prediction") -> Layer:
    assert case.reference is not None
    labels = LabelMap(np.roll(case.reference.values, steps, axis=0), case.grid, case.scheme)
    return Layer(name, LayerRole.PREDICTION, labels)


def _names(state: SeenSurfaces) -> list[str]:
    return [surface.name for surface in state.surfaces]


def _settle(qtbot: QtBot, making: SurfaceMaking) -> SeenSurfaces:
    qtbot.waitUntil(lambda: not making.running)
    return making._state


def test_the_masks_come_first_and_what_is_awaited_is_said(
    qtbot: QtBot, session: Session, making: SurfaceMaking
) -> None:
    state = session.solid
    told: list[str] = []
    came: list[str] = []
    state.events.note.connect(told.append)
    state.events.surfaces.connect(lambda *_: came.append("masks"))
    state.events.shell.connect(lambda *_: came.append("brain"))
    state.shown = True
    before = state.camera
    _settle(qtbot, making)
    assert came == ["masks", "brain"]
    assert told == ["Making the surfaces…", "Making the brain's surface…", ""]
    assert _names(state) == ["NCR", "ED", "ET"]
    assert state.shell is not None
    seen = state.camera.project(state.shell.mesh.points_mm, (100, 100))[:, :2]
    assert state.camera != before
    assert seen.min() > 0
    assert seen.max() < 100
    assert np.ptp(seen, axis=0).max() > 40, "all of it, and large"


def test_nothing_is_made_until_it_is_shown(qtbot: QtBot, session: Session, making: SurfaceMaking) -> None:
    session.layers.reference.visible = False  # type: ignore[union-attr]
    assert not making.running


@pytest.mark.parametrize(
    ("hide", "note"), [("layer", "No mask is shown"), ("labels", "all of their labels are hidden")]
)
def test_the_brain_is_seen_without_masks_and_the_reason_is_said(
    qtbot: QtBot, session: Session, making: SurfaceMaking, hide: str, note: str
) -> None:
    if hide == "layer":
        session.viewing.masks_visible = False
    else:
        session.viewing.hidden = frozenset({"NCR", "ED", "ET"})
    session.solid.shown = True
    state = _settle(qtbot, making)
    assert _names(state) == []
    assert state.shell is not None
    assert note in state.note
    session.viewing.masks_visible, session.viewing.hidden = True, frozenset()
    state = _settle(qtbot, making)
    assert _names(state) == ["NCR", "ED", "ET"]
    assert state.note == ""


def test_several_masks_are_named_and_outlined_ones_are_glass(
    qtbot: QtBot, session: Session, case: Case, making: SurfaceMaking
) -> None:
    session.add_layer(_moved(case, 2))
    session.solid.shown = True
    state = _settle(qtbot, making)
    assert _names(state)[:4] == ["reference NCR", "reference ED", "reference ET", "prediction NCR"]
    assert [surface.glass for surface in state.surfaces] == [True, True, True, False, True, False]
    session.layers.prediction.style = OverlayStyle.OUTLINE  # type: ignore[union-attr]
    assert all(surface.glass for surface in _settle(qtbot, making).surfaces)


def test_errors_follow_the_comparison_and_its_region(
    qtbot: QtBot, session: Session, case: Case, making: SurfaceMaking
) -> None:
    state = session.solid
    state.colouring = SurfaceColouring.ERRORS
    state.shown = True
    assert "need two masks" in _settle(qtbot, making).note
    far, same = _moved(case, 2, "far"), _moved(case, 0, "same")
    session.add_layer(far)
    _settle(qtbot, making)
    assert (_names(state), state.note) == (["WT in both", "WT missed", "WT false"], "")
    session.add_layer(same)
    _settle(qtbot, making)
    assert _names(state) == ["WT in both"]
    session.layers.compare(session.layers.reference, far)
    _settle(qtbot, making)
    assert _names(state) == ["WT in both", "WT missed", "WT false"]
    session.errors.choose(region_named("ET"))
    _settle(qtbot, making)
    assert _names(state)[-1] == "ET false"
    session.viewing.agreement = region_named("TC")
    _settle(qtbot, making)
    assert _names(state)[-1] == "TC false"


def test_lesions_are_those_of_the_mask_that_is_worked_on(
    qtbot: QtBot, session: Session, case: Case, making: SurfaceMaking
) -> None:
    values = np.zeros(case.grid.shape, np.uint8)
    values[5:8, 5:8, 5:8] = values[15:17, 15:17, 12:14] = 4
    session.add_layer(Layer("two", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme)))
    state = session.solid
    state.colouring, state.shown = SurfaceColouring.LESIONS, True
    _settle(qtbot, making)
    assert [name.split(",")[0] for name in _names(state)] == ["lesion 1", "lesion 2"]
    session.layers.prediction.visible = False  # type: ignore[union-attr]
    _settle(qtbot, making)
    assert [name.split(",")[0] for name in _names(state)] == ["lesion 1", "around them"]


def test_nothing_of_another_case_is_left(qtbot: QtBot, session: Session, case: Case, making: SurfaceMaking) -> None:
    state = session.solid
    state.shown = True
    _settle(qtbot, making)
    state.shown = False
    session.preview(case)
    assert (state.surfaces, state.shell) == ((), None)
    state.shown = True
    assert "being read" in _settle(qtbot, making).note
    session.open(case)
    assert _names(_settle(qtbot, making)) == ["NCR", "ED", "ET"]
