"""The list of cases in the layout of another program, from the window."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.controllers.layers.cohort_export import CohortExportController
from brainseg_gui.exchange.case_export import MaskChoice
from brainseg_gui.exchange.cohort_layouts import COHORT_LAYOUTS
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.state.layers.cohort_export import CaseFate, ExportedCases
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.cohort_export_window import CohortExportWindow


@pytest.fixture
def export(qtbot: QtBot, parts: Any) -> Iterator[CohortExportController]:
    controller = CohortExportController(*parts, lambda: None)
    yield controller
    controller.close()


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Any, session: Session) -> Path:
    for name in "AB":
        toy_case(tmp_path / "cohort", case_id=name)
    toy_case(tmp_path / "cohort", case_id="C", mask=False)
    toy_case(tmp_path / "cohort", case_id="D", modalities=("t1", "t2"))
    session.set_cohort(find_cohort(tmp_path / "cohort"))
    return tmp_path / "cohort"


def window_of(export: CohortExportController) -> CohortExportWindow:
    export.show()
    window = export._side.window
    assert window is not None
    return window


def ended(export: CohortExportController, qtbot: QtBot) -> str:
    qtbot.waitUntil(lambda: not export.state.work.running, timeout=60_000)
    return export.state.work.outcome


def test_a_raw_data_set_of_nnunet_is_written_and_what_is_left_out_is_named(
    export: CohortExportController,
    cohort: Path,
    session: Session,
    qtbot: QtBot,
    tmp_path: Path,
    chosen: Callable[[Path], list[str]],
) -> None:
    window, out = window_of(export), tmp_path / "Dataset501_Cohort"
    proposals = chosen(out)
    assert "4 cases. A raw data set of nnU-Net" in window._what.text()
    window.export.click()
    assert ended(export, qtbot) == f"Exported 2 with a mask, 1 without a mask, 1 left out: {out}"
    assert Path(proposals[0]).name == "Dataset501_Cohort"
    assert json.loads((out / "dataset.json").read_text())["numTraining"] == 2
    assert len(list((out / "imagesTr").iterdir())) == 8
    assert [(one.case_id, one.fate) for one in export.state.told][2:] == [
        ("C", CaseFate.WITHOUT_MASK),
        ("D", CaseFate.LEFT_OUT),
    ]
    assert window.list.topLevelItemCount() == 4
    assert "it has no T1ce, FLAIR" in window.list.topLevelItem(3).text(2)
    assert session.notice is not None
    assert session.notice.problem


@pytest.mark.parametrize("layout", [key for key in COHORT_LAYOUTS if key != "nnunet"])
def test_every_other_layout_can_be_chosen(
    export: CohortExportController, cohort: Path, qtbot: QtBot, tmp_path: Path, chosen: Any, layout: str
) -> None:
    window = window_of(export)
    chosen(tmp_path / "out")
    window.layout_box.setCurrentIndex(window.layout_box.findData(layout))
    window.layout_box.activated.emit(window.layout_box.currentIndex())
    assert not window.deface.isVisible(), "masks show no face"
    window.export.click()
    assert ended(export, qtbot).startswith("Exported 3 with a mask, 1 without a mask: ")
    assert sum("A" in path.name and path.is_file() for path in (tmp_path / "out").rglob("*")) >= 1


def test_only_cases_that_are_done_go_out_where_that_is_asked_for(
    export: CohortExportController, cohort: Path, session: Session, qtbot: QtBot, tmp_path: Path, chosen: Any
) -> None:
    window = window_of(export)
    export.state.wishes.cases = ExportedCases.DONE
    assert not window.export.isEnabled()
    assert "marked done" in window.export.toolTip()
    session.case_states.show(cohort / "list", {"B": CaseEntry("B", CaseState.DONE)})
    assert window.export.isEnabled()
    chosen(tmp_path / "Dataset502_Done")
    window.export.click()
    assert ended(export, qtbot).startswith("Exported 1 with a mask: ")


def test_a_name_that_nnunet_would_not_find_is_refused_and_nothing_is_made(
    export: CohortExportController, cohort: Path, session: Session, qtbot: QtBot, tmp_path: Path, chosen: Any
) -> None:
    window = window_of(export)
    chosen(tmp_path / "mine")
    window.export.click()
    assert "Name the folder like Dataset501_Gliomas" in ended(export, qtbot)
    assert session.notice is not None
    assert not (tmp_path / "mine").exists()


def test_annotations_go_out_where_they_are_asked_for_and_none_leaves_nothing(
    export: CohortExportController, cohort: Path, qtbot: QtBot, tmp_path: Path, chosen: Any
) -> None:
    window = window_of(export)
    chosen(tmp_path / "masks")
    export.state.wishes.layout, export.state.wishes.masks = "bids", MaskChoice.ANNOTATION
    window.export.click()
    assert "none of the cases has its annotation to export" in ended(export, qtbot)
    assert not (tmp_path / "masks").exists()


def test_cancel_leaves_nothing(
    export: CohortExportController, cohort: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "Dataset503_Never"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    export.state.told_changed.connect(lambda: export.cancel() if export.state.told else None)
    window_of(export).export.click()
    assert ended(export, qtbot) == "Cancelled; nothing was left behind"
    assert not out.exists()


def test_without_a_list_the_button_says_why(export: CohortExportController) -> None:
    window = window_of(export)
    assert not window.export.isEnabled()
    assert window.export.toolTip() == "Open a folder of cases first"
