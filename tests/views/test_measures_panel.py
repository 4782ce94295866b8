"""What is written in the panel of measures, and not entered yet, stays with whom it was written about."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.followup.moments import Moment
from brainseg_gui.followup.visits import TimeLine, Visit
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow


def _line(patient: str) -> TimeLine:
    names = [f"{patient}_{number}" for number in (1, 2)]
    return TimeLine(patient, tuple(Visit(name, CaseSource(name, Path("/x"), {}), Moment()) for name in names))


def test_a_remark_that_is_not_entered_yet_is_of_no_other_visit_or_lesion(window: MainWindow, session: Session) -> None:
    panel, choice = window.panels.named("Measures")(), session.following.choice
    session.following.open(_line("A"))
    choice.visit = 0
    panel.remark.setText("of the first visit")
    choice.visit = 1
    assert panel.remark.text() == ""
    choice.lesion = 3
    panel.remark.setText("of lesion 3")
    choice.lesion = 2
    assert panel.remark.text() == ""
    choice.lesion = 3
    assert panel.remark.text() == "of lesion 3"
    choice.lesion = 0
    choice.visit = 0
    assert panel.remark.text() == "of the first visit"


def test_what_is_written_of_a_patient_is_not_of_the_next(window: MainWindow, session: Session) -> None:
    panel, following = window.panels.named("Measures")(), session.following
    following.open(_line("A"))
    for visit in (0, 1):
        following.choice.visit = visit
        panel.remark.setText("of patient A")
    panel.treatment.setText("radiotherapy")
    following.open(_line("A"))  # the same, read again
    following.choice.visit = 1
    assert (panel.remark.text(), panel.treatment.text()) == ("of patient A", "radiotherapy")
    following.open(_line("B"))
    for visit in (0, 1):
        following.choice.visit = visit
        assert panel.remark.text() == ""
    assert panel.treatment.text() == ""
