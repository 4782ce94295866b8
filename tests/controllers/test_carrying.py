"""Carrying the mask of another visit over: a layer of the open visit that is looked through, and what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.following.carrying import CarryingController, doubt_of
from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.visits import TimeLine, time_line_among
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.session import Session
from tests.conftest import ToyCase
from tests.controllers.conftest import Parts

_MOVED = Placement(np.diag([1.0, 1.0, 1.0, 1.0]), "It was registered")
_FAILED = Placement(np.eye(4), "It could not be registered", failed=True)
_UNSURE = Placement(np.eye(4), "It fits little better than another head would", doubtful=True)


@pytest.fixture
def visits(toy_case: ToyCase, tmp_path: Path) -> list[Path]:
    """Two visits of a toy case, the second one without a mask."""
    return [toy_case(tmp_path, case_id=f"P1_{day}", mask=day == "20210101") for day in ("20210101", "20210401")]


@pytest.fixture
def line(visits: list[Path]) -> TimeLine:
    found = [source for folder in visits for source in find_cohort(folder)]
    return time_line_among(found, visits[0].parent)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def carrying(
    parts: Parts, session: Session, line: TimeLine, visits: list[Path], told: list[str]
) -> Iterator[CarryingController]:
    """The second visit is open, and lies on the first one."""
    session.open(run_to_end(read_case(find_case(visits[1]))))
    session.following.open(line)
    session.following.placed((Placement(np.eye(4)), _MOVED))
    controller = CarryingController(session, parts.window, lambda: 0, lambda: lambda source: [source.folder])
    controller.annotate = lambda: told.append("annotate")
    controller.propose = told.append
    yield controller
    controller.close()


def test_the_mask_lands_as_a_layer_that_is_looked_through(
    carrying: CarryingController, session: Session, line: TimeLine, told: list[str], qtbot: QtBot
) -> None:
    carrying.carry_nearest()
    qtbot.waitUntil(lambda: len(session.layers) == 1)
    (layer,) = session.layers
    source = line.visits[0].source
    assert (layer.name, layer.role) == (f"mask of {line.visits[0].name}", LayerRole.PREDICTION)
    first = run_to_end(read_case(source)).reference
    assert first is not None
    np.testing.assert_array_equal(layer.labels.values, first.values)  # these lie on each other, voxel by voxel
    assert told == ["annotate", layer.name]  # the annotation begins first: it must not begin as a copy of the proposal
    assert session.notice is None  # nothing is in doubt
    carrying.carry(0)
    qtbot.waitUntil(lambda: len(told) == 4)
    assert [layer.name for layer in session.layers] == [f"mask of {line.visits[0].name}"]  # once, not twice


def test_what_is_in_doubt_is_said(carrying: CarryingController, session: Session, qtbot: QtBot) -> None:
    session.following.placed((Placement(np.eye(4)), _UNSURE))
    carrying.carry(0)
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice is not None
    assert session.notice.problem
    assert "another head" in session.notice.remedy


def test_doubts_name_the_visit_and_why(line: TimeLine) -> None:
    name = line.visits[1].name
    assert doubt_of(line, (Placement(np.eye(4)), _MOVED), (0, 1)) == ""
    assert doubt_of(line, (Placement(np.eye(4)), _FAILED), (1, 0)) == f"{name}: It could not be registered"
    assert "not registered" in doubt_of(line, (), (0, 1))


def test_nothing_is_carried_while_visits_are_registered_or_to_a_case_that_is_no_visit(
    carrying: CarryingController, session: Session, folder: Path, case: Case
) -> None:
    session.following.placed(())
    session.following.work.begin("registering")
    carrying.carry(0)
    assert session.notice is not None
    assert "still being registered" in session.notice.what
    session.open(case)
    carrying.carry_nearest()
    assert session.notice is not None
    assert "from one visit to another" in session.notice.what
    assert not [layer for layer in session.layers if layer.role is LayerRole.PREDICTION]


def test_an_answer_for_a_visit_that_is_left_is_dropped(
    carrying: CarryingController, session: Session, case: Case, told: list[str], qtbot: QtBot
) -> None:
    carrying.carry(0)
    session.open(case)
    qtbot.waitUntil(lambda: not carrying.running)
    assert told == []
    assert [layer.role for layer in session.layers] == [LayerRole.REFERENCE]
