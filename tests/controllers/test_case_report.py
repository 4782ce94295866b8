"""The report of the open case, from the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.case_report import CaseReportController
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.layers import Layer, Role
from brainseg_gui.state.session import Session

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
    layer = Layer("My <network>", Role.PREDICTION, replace(case.reference, values=values))
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
