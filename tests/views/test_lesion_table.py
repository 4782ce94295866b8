"""The table of lesions over visits: what is in sight is whole, and it says where each lesion lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.anatomy.location import Location
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.edits import TargetsChosen
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.progress import run_to_end
from brainseg_gui.views.following.lesion_table import LesionTable
from brainseg_gui.views.following.visit_card import VisitCard, VisitFacts
from tests.patients import write_patient

FRONTAL = Location(0.99, {"frontal": 0.7}, {"left putamen": 0.3}, 0.0, {"left putamen": 0.0})
BASAL = Location(0.99, {"frontal": 0.3}, {"left putamen": 0.7}, 0.0, {"left putamen": 0.0})


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> FollowUp:
    """Lesion 1 lies in the frontal lobe at first, and in the putamen at last; of lesion 2 nothing is known."""
    line = time_line_of(write_patient(tmp_path_factory.mktemp("table") / "P1"))
    found = run_to_end(measure_patient(line, FollowUpRequest(criteria_named("rano2"), locate=False)))
    visits = list(found.visits)
    for index, place in ((0, FRONTAL), (3, BASAL)):
        lesions = {**visits[index].lesions, 1: replace(visits[index].lesions[1], location=place)}
        visits[index] = replace(visits[index], lesions=lesions)
    return replace(found, visits=tuple(visits))


@pytest.mark.parametrize("visit", range(4))
def test_the_open_visits_column_is_whole(qtbot: QtBot, record: FollowUp, visit: int) -> None:
    table = LesionTable()
    qtbot.addWidget(table)
    table.resize(330, 200)
    table.show_record(record, visit)
    table.show()
    room, column = table.viewport().width(), 1 + visit

    def is_whole() -> bool:
        left = table.columnViewportPosition(column)
        return left >= 0 and left + table.columnWidth(column) <= room

    qtbot.waitUntil(is_whole)
    assert table.columnViewportPosition(table.columnAt(0)) == 0  # nothing is cut off under the numbers
    table.resize(280, 200)  # a scroll bar beside it came
    room = table.viewport().width()
    qtbot.waitUntil(is_whole)


@pytest.mark.parametrize(("visit", "words"), [(0, "left frontal"), (1, "left putamen"), (3, "left putamen")])
def test_it_says_where_lesions_lie(qtbot: QtBot, record: FollowUp, visit: int, words: str) -> None:
    table = LesionTable()
    qtbot.addWidget(table)
    table.show_record(record, visit)
    assert [table.horizontalHeaderItem(n).text() for n in (0, 5)] == ["Σ", "Where"]
    assert [table.item(row, 5).text() for row in (0, 1)] == [words, "–"]
    assert "Touches: left putamen" in table.item(0, 5).toolTip()
    with qtbot.assertNotEmitted(table.lesion_chosen):
        table.cellClicked.emit(0, 5)


def test_what_is_summed_up_is_told_where_its_boxes_are_scrolled_away(qtbot: QtBot, record: FollowUp) -> None:
    table = LesionTable()
    qtbot.addWidget(table)
    for targets, heads in (((1,), ["Σ 1", "2"]), ((), ["1", "2"])):
        table.show_record(record.with_edit(TargetsChosen(targets)), 3)
        assert [table.verticalHeaderItem(row).text() for row in (0, 1)] == heads


def test_a_column_that_would_be_empty_is_not_there(qtbot: QtBot, record: FollowUp) -> None:
    table = LesionTable()
    qtbot.addWidget(table)
    nowhere = [
        replace(visit, lesions={number: replace(one, location=None) for number, one in visit.lesions.items()})
        for visit in record.visits
    ]
    table.show_record(replace(record, visits=tuple(nowhere)), 0)
    assert table.columnCount() == 5


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_visit_is_opened_by_keys(qtbot: QtBot, key: Qt.Key) -> None:
    card = VisitCard(VisitFacts("baseline", "first visit"))
    qtbot.addWidget(card)
    with qtbot.waitSignal(card.clicked):
        qtbot.keyClick(card, key)
