"""The report of the open case, from the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.comparing.case_report import CaseReportController
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from tests.patients import write_patient

WAIT_MS = 60_000


@pytest.fixture
def report(qtbot: QtBot, parts: Any) -> Iterator[CaseReportController]:
    controller = CaseReportController(*parts)
    yield controller
    controller.close()


@pytest.fixture
def case(session: Session, folder: Path, read: Callable[[Path], Case]) -> Case:
    opened = read(folder)
    session.open(opened)
    return opened


@pytest.fixture
def predicted(case: Case, session: Session) -> Layer:
    assert case.reference is not None
    values = np.where(np.indices(case.grid.shape)[2] < case.grid.shape[2] // 2, case.reference.values, np.uint8(0))
    layer = Layer("My <network>", LayerRole.PREDICTION, replace(case.reference, values=values))
    session.add_layer(layer)
    return layer


def test_without_a_case_there_is_a_sentence(report: CaseReportController, session: Session) -> None:
    report.choose()
    assert session.notice is not None
    assert session.notice.what == "A report is about an open case"


def test_the_compared_masks_are_in_it_though_nothing_was_saved(
    report: CaseReportController, session: Session, predicted: Layer, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "case.html"
    report.save_as(path)
    assert session.reporting.running
    predicted.labels = replace(predicted.labels, values=np.zeros_like(predicted.labels.values))  # too late: 0 would be
    qtbot.waitUntil(lambda: not session.reporting.running, timeout=WAIT_MS)
    assert session.reporting.outcome == "Saved case.html"
    page = path.read_text("utf-8")
    assert "My &lt;network&gt;, not saved" in page
    shown = re.search(r"whole tumour: Dice</div>\s*<div class=\"value\">(0\.\d+)", page)
    assert shown is not None
    assert 0.3 < float(shown[1]) < 0.9


def test_masks_without_a_reference_are_called_what_they_are(
    report: CaseReportController, session: Session, predicted: Layer, qtbot: QtBot, tmp_path: Path
) -> None:
    reference = session.layers.reference
    assert reference is not None
    own = Layer("annotation by me", LayerRole.ANNOTATION, reference.labels)
    session.add_layer(own)
    session.layers.remove(reference)
    session.layers.compare(None, own)
    report.save_as(tmp_path / "case.html")
    qtbot.waitUntil(lambda: not session.reporting.running, timeout=WAIT_MS)
    page = (tmp_path / "case.html").read_text("utf-8")
    assert "There is no reference: the volumes of all masks are given" in page
    assert "Annotation: annotation by me, not saved" in page
    assert "Annotation, ml" in page
    assert "My &lt;network&gt;, ml" in page
    assert "The annotation is drawn as fill. The patient" in page
    assert "Prediction" not in re.sub(r'<section[^>]*id="methods".*', "", page, flags=re.DOTALL)


def test_a_pdf_is_written_under_the_chosen_name(
    report: CaseReportController, case: Case, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def choose(_parent: object, _title: str, proposal: str, _filters: str) -> tuple[str, str]:
        asked.append(Path(proposal).name)
        return str(tmp_path / "mine"), "PDF (*.pdf)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    report.choose()
    qtbot.waitUntil(lambda: (tmp_path / "mine.pdf").exists(), timeout=WAIT_MS)
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    assert asked == [f"{case.case_id}_report.html"]
    assert report._preferences.get("last report folder", "") == str(tmp_path)


@pytest.mark.parametrize(
    ("typed", "kind", "written"),
    [
        ("{case}_report.html", "PDF (*.pdf)", "{case}_report.pdf"),  # the proposal, another kind chosen
        ("patient 1.2", "PDF (*.pdf)", "patient 1.2.pdf"),
        ("mine.html", "PDF (*.pdf)", "mine.html"),
        ("mine", "Page of HTML (*.html)", "mine.html"),
    ],
)
def test_names_get_the_ending_of_the_chosen_kind(
    report: CaseReportController, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, kind: str,
    written: str,
) -> None:  # fmt: skip
    report._preferences.set("last report folder", str(tmp_path))
    name = str(tmp_path / typed.format(case=case.case_id))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, kind))
    paths: list[Path] = []
    monkeypatch.setattr(report, "save_as", paths.append)
    report.choose()
    assert [path.name for path in paths] == [written.format(case=case.case_id)]


def test_a_file_that_the_dialog_did_not_know_of_is_asked_about(
    report: CaseReportController, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.pdf").write_text("precious")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), "PDF (*.pdf)"))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    report.choose()
    assert report._job is None
    assert (tmp_path / "mine.pdf").read_text() == "precious"


def test_a_mask_that_is_read_in_another_way_is_told_once(
    report: CaseReportController, session: Session, case: Case, qtbot: QtBot, tmp_path: Path
) -> None:
    (layer,) = session.layers
    layer.labels = layer.labels.with_scheme(scheme_named("brats-ped"))
    assert case.mask_note in case.notes
    report.save_as(tmp_path / "case.html")
    qtbot.waitUntil(lambda: not session.reporting.running, timeout=WAIT_MS)
    page = (tmp_path / "case.html").read_text("utf-8")
    assert case.mask_note not in page
    assert f"read as {scheme_named('brats-ped').title}" in page


def test_a_place_that_cannot_be_written_is_told_and_another_offered(
    report: CaseReportController, session: Session, case: Case, qtbot: QtBot, tmp_path: Path
) -> None:
    report.save_as(tmp_path / "nowhere" / "case.html")
    qtbot.waitUntil(lambda: session.notice is not None, timeout=WAIT_MS)
    assert session.notice is not None
    assert "nowhere" in f"{session.notice.what} {session.notice.details}"
    assert [key for _, key in session.notice.actions] == ["file.report"]
    assert session.reporting.outcome == "Not saved"
    report.save_as(tmp_path / "case.docx")
    qtbot.waitUntil(lambda: "HTML or PDF" in str(session.notice), timeout=WAIT_MS)
    assert not (tmp_path / "case.docx").exists()
    assert session.case is case


@pytest.fixture
def visit(session: Session, tmp_path: Path, read: Callable[[Path], Case]) -> Case:
    """The second of four visits, opened alone; its mask is the layer `reference`."""
    opened = read(write_patient(tmp_path / "P1") / "visit2_2021-03-15")
    session.open(opened)
    return opened


def _written(report: CaseReportController, session: Session, qtbot: QtBot, path: Path) -> str:
    report.save_as(path)
    qtbot.waitUntil(lambda: not session.reporting.running, timeout=WAIT_MS)
    return path.read_text("utf-8")


def test_a_visit_is_told_beside_the_earlier_ones_though_it_was_opened_alone(
    report: CaseReportController, session: Session, visit: Case, qtbot: QtBot, tmp_path: Path
) -> None:
    page = _written(report, session, qtbot, tmp_path / "case.html")
    assert "Visit 2 of 4 of P1: visit2_2021-03-15" in page
    assert "visit1_2021-01-10</td>" in page
    assert "visit3_2021-06-01</td>" not in page  # a later one


def test_the_open_time_line_says_whose_visit_it_is_and_annotations_come_first(
    report: CaseReportController, session: Session, visit: Case, qtbot: QtBot, tmp_path: Path
) -> None:
    line = time_line_of(tmp_path / "P1")
    session.following.open(replace(line, patient="Somebody", visits=line.visits[:2]))
    assert visit.reference is not None
    empty = replace(visit.reference, values=np.zeros_like(visit.reference.values))
    session.add_layer(Layer("annotation by me", LayerRole.ANNOTATION, empty))
    page = _written(report, session, qtbot, tmp_path / "case.html")
    assert "Visit 2 of 2 of Somebody" in page
    assert "of this visit its annotation by me" in page
    assert "(−100.0 %)" in page
