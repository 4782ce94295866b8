"""The window of cohort results: scoring, stopping, earlier results, and opening a case where it is worst."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.saving.mask_paths import OutputTree
from brainseg_gui.controllers.comparing.cohort import CohortController
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.evaluation.records.report import CohortReport
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.state.comparing.cohort_results import GUESSED, summaries_of
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.cohort_table import _CASE, CohortTable
from brainseg_gui.views.shell.main_window import MainWindow
from tests.controllers.conftest import Parts


@pytest.fixture(scope="module")
def cohort(toy_case: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three toy cases, predictions of two models; one prediction is no file that can be read, one is missing."""
    tmp_path = tmp_path_factory.mktemp("cohort")
    for number in range(3):
        case = toy_case(tmp_path / "r", case_id=f"Toy{number}", seed=number)
        image = nib.load(case / f"Toy{number}_seg.nii.gz")
        for place, model in enumerate(("one", "two")):
            (tmp_path / model).mkdir(exist_ok=True)
            moved = np.roll(np.asarray(image.dataobj), 1 + number + place, axis=0)
            nib.save(nib.Nifti1Image(moved, image.affine), tmp_path / model / f"Toy{number}_pred.nii.gz")
    (tmp_path / "two" / "Toy0_pred.nii.gz").write_text("no mask")
    (tmp_path / "two" / "Toy1_pred.nii.gz").unlink()
    return tmp_path


@pytest.fixture
def controller(qtbot: QtBot, undressed: None) -> Iterator[CohortController]:
    session, preferences = Session(), Preferences()
    window = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    parts = Parts(session, window, preferences)
    files, masks = core_controllers.files(parts), core_controllers.masks(parts)
    controller = CohortController(session, window, preferences, files, masks)
    yield controller
    for part in (controller, files, masks):
        part.close()
    window.close()


@pytest.fixture(scope="module")
def earlier() -> list[CohortReport]:
    """The scores, once the first test has waited for them."""
    return []


@pytest.fixture
def scored(controller: CohortController, cohort: Path, earlier: list[CohortReport], qtbot: QtBot) -> CohortController:
    """The window with the scored cohort."""
    controller.show()
    controller.results.ask(reference=cohort / "r")
    controller.results.add_prediction(cohort / "one")
    controller.results.add_prediction(cohort / "two")
    if earlier:
        controller.results.show(earlier[0], summaries_of(earlier[0]))
        return controller
    controller.start()
    qtbot.waitUntil(lambda: controller.results.report is not None, timeout=60_000)
    assert controller.results.report is not None
    earlier.append(controller.results.report)
    return controller


def _lines(table: CohortTable, column: int) -> list[str]:
    model = table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_nothing_can_be_scored_before_folders_are_chosen(controller: CohortController, tmp_path: Path) -> None:
    controller.show()
    assert controller.window is not None
    form = controller.window.form
    assert not form.start.isEnabled()
    assert form.start.toolTip() == "Choose the folder of the references"
    controller.results.ask(reference=tmp_path)
    assert form.start.toolTip() == "Add a folder of predictions"
    controller.results.add_prediction(tmp_path)
    assert form.start.isEnabled()
    controller.results.remove_prediction(tmp_path.name)
    assert not form.start.isEnabled()


def test_folders_of_one_name_are_two_models(controller: CohortController, tmp_path: Path) -> None:
    for folder in (tmp_path / "a" / "out", tmp_path / "b" / "out", tmp_path / "a" / "out"):
        controller.results.add_prediction(folder)
    assert list(controller.results.predictions) == ["out", "out 2"]


def test_a_cohort_is_scored_and_shown_with_its_bad_cases(scored: CohortController) -> None:
    assert scored.window is not None
    table = scored.window.table
    assert sorted(zip(_lines(table, 0), _lines(table, 2), strict=True)) == [
        ("Toy0", "one"),
        ("Toy0", "two"),
        ("Toy1", "one"),
        ("Toy1", "two"),
        ("Toy2", "one"),
        ("Toy2", "two"),
    ]
    dice = _lines(table, 3)
    assert dice[:4] == sorted(dice[:4])  # the worst first
    assert all(words.startswith("Not scored: ") for words in dice[4:])  # that comes last, over all columns of numbers
    assert [table.columnSpan(row, 3) for row in range(6)] == [1, 1, 1, 1, 12, 12]
    assert "_pred.nii.gz against " in scored.window._count.text()  # which masks were scored
    assert not scored.results.work.running


def test_patients_have_a_column_where_ids_do_not_tell_whose_a_visit_is(scored: CohortController) -> None:
    report = scored.results.report
    assert report is not None
    assert scored.window is not None
    table = scored.window.table
    for patient, hidden in (("Toy", True), ("Somebody\u202e", False)):
        cases = tuple(replace(case, patient=patient) for case in report.cases)
        scored.results.show(replace(report, cases=cases), scored.results.summaries)
        assert table.isColumnHidden(1) is hidden
    assert set(_lines(table, 1)) == {"Somebody(U+202E)", ""}  # the lines of what was not scored say nothing of it
    assert "of 1 patient " in scored.window._count.text()


def test_what_was_not_scored_stays_last_in_both_orders(scored: CohortController) -> None:
    assert scored.window is not None
    table = scored.window.table
    for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
        table.sortByColumn(6, order)
        distances = _lines(table, 6)
        assert distances[4:] == ["", ""]
        numbers = [float(text) for text in distances[:4]]
        assert numbers == sorted(numbers, reverse=order == Qt.SortOrder.DescendingOrder)
    assert table.model().index(0, 3).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight


def test_one_heading_says_how_the_lines_are_ordered(scored: CohortController) -> None:
    assert scored.window is not None
    table = scored.window.table
    header, model = table.horizontalHeader(), table.model()
    for column, order, arrow in ((4, Qt.SortOrder.DescendingOrder, "▾"), (0, Qt.SortOrder.AscendingOrder, "▴")):
        table.sortByColumn(column, order)
        titles = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
        assert [n for n, title in enumerate(titles) if title.endswith((" ▴", " ▾"))] == [column]
        assert titles[column].endswith(arrow)
        assert header.fontMetrics().horizontalAdvance(titles[column]) < table.columnWidth(column)
    assert not header.isSortIndicatorShown()  # it is drawn over the words


def test_the_filter_shows_lines_that_hold_its_words(scored: CohortController) -> None:
    assert scored.window is not None
    scored.window.filter.setText("toy2")
    assert set(_lines(scored.window.table, 0)) == {"Toy2"}
    scored.window.filter.setText("not scored")
    assert scored.window.table.shown == 2


def test_a_case_opens_at_its_worst_place_with_both_masks(scored: CohortController, qtbot: QtBot) -> None:
    assert scored.window is not None
    session, table = scored._session, scored.window.table
    index = table.model().index(0, 0)
    case = index.data(_CASE)
    table.activated.emit(index)
    qtbot.waitUntil(lambda: session.layers.prediction is not None, timeout=30_000)
    assert session.case is not None
    assert session.case.case_id == case.case_id
    assert session.viewing.crosshair == case.worst.voxel_ijk
    assert session.layers.prediction is not None
    assert session.layers.prediction.saved_as == case.prediction
    differ = [layer.labels.values[case.worst.voxel_ijk] for layer in session.layers]
    assert differ[0] != differ[1]


def test_a_case_without_images_says_what_to_do(scored: CohortController, cohort: Path) -> None:
    from dataclasses import replace

    assert scored.results.report is not None
    scored.open_case(replace(scored.results.report.cases[0], images=None))
    assert scored.results.notice is not None
    assert "no images lie beside its reference" in scored.results.notice.what


def test_results_are_saved_and_opened_again(scored: CohortController, cohort: Path, qtbot: QtBot) -> None:
    report = scored.results.report
    for name in ("o.json", "o.csv", "o.html"):
        scored.save_report(cohort / name)
        qtbot.waitUntil(lambda: scored._job is None, timeout=60_000)
    assert json.loads((cohort / "o.json").read_text("utf-8"))["models"] == ["one", "two"]
    assert (cohort / "o.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    scored.open_results(cohort / "o.json")
    qtbot.waitUntil(lambda: scored.results.report is not report, timeout=30_000)
    assert scored.results.report is not None
    assert len(scored.results.report.cases) == 4


def test_a_name_without_ending_gets_the_chosen_kinds(
    scored: CohortController, cohort: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(cohort / "mine"), "CSV (*.csv)"))
    scored.choose_report()
    qtbot.waitUntil(lambda: scored._job is None, timeout=30_000)
    assert (cohort / "mine.csv").exists()


def test_another_file_is_refused_and_the_shown_results_stay(
    scored: CohortController, cohort: Path, qtbot: QtBot
) -> None:
    report = scored.results.report
    (cohort / "x.json").write_text("{}")
    scored.open_results(cohort / "x.json")
    qtbot.waitUntil(lambda: scored._job is None, timeout=30_000)
    assert scored.results.notice is not None
    assert "no result of brainseg evaluate" in scored.results.notice.what
    assert scored.results.report is report


def test_stopping_keeps_what_is_scored(controller: CohortController, cohort: Path, qtbot: QtBot) -> None:
    controller.show()
    controller.results.ask(reference=cohort / "r")
    controller.results.add_prediction(cohort / "one")
    controller.start()
    assert controller.window is not None
    assert controller.window.form.start.text() == "Cancel"
    controller.cancel()
    qtbot.waitUntil(lambda: not controller.results.work.running, timeout=30_000)
    assert controller.results.report is None
    assert controller.results.work.outcome == "Stopped; what is scored is kept"
    controller.start()
    qtbot.waitUntil(lambda: controller.results.report is not None, timeout=60_000)


def test_the_schemes_that_are_named_are_used(controller: CohortController, cohort: Path, qtbot: QtBot) -> None:
    controller.show()
    assert controller.window is not None
    controller.results.ask(reference=cohort / "r")
    controller.results.add_prediction(cohort / "one")
    for name, scheme in (("references", "brats2020"), ("predictions", "brats-ped")):
        box = next(
            box
            for box in controller.window.form.findChildren(QComboBox)
            if box.accessibleName() == f"Label scheme of the {name}"
        )
        assert box.currentText() == f"{name.capitalize()}: guessed"
        place = box.findData(scheme)
        box.setCurrentIndex(place)
        box.activated.emit(place)
        assert box.currentData() == scheme
    controller.start()
    qtbot.waitUntil(lambda: controller.results.report is not None, timeout=60_000)
    assert controller.results.report is not None
    schemes = {(case.reference_scheme, case.prediction_scheme) for case in controller.results.report.cases}
    assert schemes == {("brats2020", "brats-ped")}
    controller.results.ask(prediction_scheme=GUESSED)
    assert box.currentText() == "Predictions: guessed"


def test_the_window_begins_with_the_open_cohort(controller: CohortController, cohort: Path, tmp_path: Path) -> None:
    session, results = controller._session, controller.results
    session.set_cohort(find_cohort(cohort / "r"))
    controller.show()
    assert (results.reference, list(results.predictions.values())) == (cohort / "r", [cohort / "r"])
    session.output.tree = OutputTree(cohort / "one", cohort / "r")
    session.set_cohort(find_cohort(cohort / "r")[:0])
    controller.show()
    assert results.reference == cohort / "r"  # no cohort: what is there stays
    results.ask(reference=tmp_path)  # a person's choice stays, whatever is opened
    session.set_cohort(find_cohort(cohort / "r"))
    controller.show()
    assert results.reference == tmp_path


def test_masks_of_a_chosen_folder_are_offered_as_predictions(controller: CohortController, cohort: Path) -> None:
    controller._session.output.tree = OutputTree(cohort / "one", cohort / "r")
    controller._session.set_cohort(find_cohort(cohort / "r"))
    controller.show()
    assert list(controller.results.predictions.values()) == [cohort / "one"]
