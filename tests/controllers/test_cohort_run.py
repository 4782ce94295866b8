"""A run on the whole list with a network that only pretends: what is written, what is left alone, what is said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QListWidget, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.segmenting import cohort_works
from brainseg_gui.controllers.segmenting.cohort_run import CohortRunController
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.errors import BrainsegError, EngineError
from brainseg_gui.evaluation.cohorts import run as cohort_scoring
from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.dask_executor import DaskExecutor
from brainseg_gui.execution.manifest import FOLDER, read_manifest
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.formats import save
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.inference.cohorts import ahead
from brainseg_gui.inference.cohorts.case_task import segment_task
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.segmenting.cohort_run import CaseStage, RunCases, RunPlace, RunTask
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.case_item import WORDS
from brainseg_gui.views.segmenting.cohort_run_window import CohortRunWindow
from tests.conftest import ROOT
from tests.execution import stand_in_engine


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Any, session: Session) -> Path:
    for name in "ABCD":
        toy_case(tmp_path / "cohort", case_id=name)
    session.set_cohort(find_cohort(tmp_path / "cohort"))
    return tmp_path / "cohort"


@pytest.fixture
def segment(parts: Any, engine: Any) -> Iterator[SegmentController]:
    controller = core_controllers.segment(parts, engine)
    controller.find_models()
    controller._warm.stop()
    yield controller
    controller.close()


@pytest.fixture
def reports() -> list[Any]:
    """What the window of cohort results was given."""
    return []


@pytest.fixture
def every(
    parts: Any, engine: Any, segment: SegmentController, cohort: Path, reports: list[Any]
) -> Iterator[CohortRunController]:
    files, masks = core_controllers.files(parts), core_controllers.masks(parts)
    controller = CohortRunController(*parts, files, masks, segment, reports.append)
    yield controller
    engine.gate.open(100)
    controller.close()
    masks.close()
    files.close()


@pytest.fixture
def ended(qtbot: QtBot, session: Session, engine: Any) -> Callable[[], None]:
    """Let the engine do everything and wait for the end."""

    def wait() -> None:
        engine.gate.open(100)
        qtbot.waitUntil(lambda: not session.cohort_run.work.running, timeout=20_000)

    return wait


def stages(session: Session) -> dict[str, str]:
    return {case.source.case_id: case.stage.value for case in session.cohort_run.cases.values()}


def test_every_case_gets_its_mask_beside_its_images(
    every: CohortRunController, cohort: Path, session: Session, ended: Callable[[], None]
) -> None:
    every.start()
    ended()
    assert stages(session) == dict.fromkeys("ABCD", "segmented")
    for name in "ABCD":
        image = nib.load(cohort / name / f"{name}_pred.nii.gz")
        assert np.unique(np.asarray(image.dataobj)).tolist() == [0, 4]  # the network's 3 in the study's numbers
        assert image.header["descrip"].item().startswith(b"brainseg mask, brats2020, by ")
    assert session.cohort_run.work.outcome == "4 segmented"
    assert not session.notice.problem


def test_all_masks_of_a_silent_list_are_numbered_alike(
    every: CohortRunController, tmp_path: Path, toy_case: Any, session: Session, ended: Callable[[], None]
) -> None:
    odd = toy_case(tmp_path / "cohort", case_id="E", numbers=(2, 4, 1))  # as in the paediatric challenge
    session.set_cohort(find_cohort(tmp_path / "cohort"))
    every.start()
    ended()
    assert "as the others are; by itself it would be BraTS paediatric" in session.cohort_run.of(odd / "E").words
    assert nib.load(odd / "E_pred.nii.gz").header["descrip"].item().startswith(b"brainseg mask, brats2020, by ")


def test_a_case_that_has_a_mask_is_passed_over_and_its_file_untouched(
    every: CohortRunController, cohort: Path, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    (cohort / "B" / "B_pred.nii.gz").write_bytes(b"what a person made")
    (cohort / "C" / "C_pred.nii.gz").symlink_to("nowhere")
    every.start()
    ended()
    assert stages(session) == {"A": "segmented", "B": "had a mask", "C": "had a mask", "D": "segmented"}
    assert (cohort / "B" / "B_pred.nii.gz").read_bytes() == b"what a person made"
    assert not (cohort / "C" / "nowhere").exists()
    assert sorted(case.case_id for case in engine.cases) == ["A", "D"]
    assert session.cohort_run.of(cohort / "B" / "B").words == "B_pred.nii.gz is there already"


def test_a_mask_that_appears_meanwhile_is_not_replaced(
    every: CohortRunController, cohort: Path, session: Session, engine: Any, ended: Callable[[], None], qtbot: QtBot
) -> None:
    every.start()
    qtbot.waitUntil(lambda: engine.gate.reached > 0)
    (cohort / "D" / "D_pred.nii.gz").write_bytes(b"a colleague's")
    ended()
    assert (cohort / "D" / "D_pred.nii.gz").read_bytes() == b"a colleague's"
    assert stages(session)["D"] == "failed"
    assert "the file exists" in session.cohort_run.of(cohort / "D" / "D").words


def test_a_broken_case_an_engine_that_dies_and_a_full_disk_cost_no_other_case(
    every: CohortRunController,
    cohort: Path,
    session: Session,
    engine: Any,
    ended: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (cohort / "A" / "A_t2.nii.gz").write_bytes(b"broken")
    segment = engine.segment

    def dying(case: Case, *rest: Any) -> Any:
        if case.case_id == "B":
            raise EngineError("the network's process died", "Segment again")
        return segment(case, *rest)

    monkeypatch.setattr(engine, "segment", dying)
    write = ahead._write

    def full_disk(output: Path, *rest: Any) -> float:
        if output.name.startswith("C"):
            raise save._save_error(output, OSError(28, "No space left on device"))
        return write(output, *rest)

    monkeypatch.setattr(ahead, "_write", full_disk)
    every.start()
    ended()
    assert stages(session) == {"A": "failed", "B": "failed", "C": "failed", "D": "segmented"}
    words = [case.words for case in session.cohort_run.cases.values()]
    assert "A_t2.nii.gz" in words[0]
    assert words[1] == "the network's process died. Segment again"
    assert "The disk is full" in words[2]
    assert session.notice.what == "Cohort: 1 segmented, 3 failed"
    assert session.notice.problem

    monkeypatch.undo()
    every.retry()
    ended()
    assert stages(session) == {"A": "failed", "B": "segmented", "C": "segmented", "D": "segmented"}


def test_cancel_keeps_what_is_written_and_a_second_start_goes_on(
    every: CohortRunController, cohort: Path, session: Session, engine: Any, qtbot: QtBot, ended: Callable[[], None]
) -> None:
    every.start()
    engine.gate.open(4)
    qtbot.waitUntil(lambda: engine.gate.reached == 5)
    every.cancel()
    ended()
    assert session.cohort_run.work.outcome.startswith("cancelled; ")
    assert CaseStage.AT_WORK.value not in stages(session).values()
    assert not list(cohort.glob("*/.brainseg-*"))
    there = sorted(path.name for path in cohort.glob("*/*_pred.nii.gz"))
    assert there == ["A_pred.nii.gz"]  # and it is whole
    assert nib.load(cohort / "A" / there[0]).shape
    assert session.notice is not None
    assert session.notice.what.startswith("Cohort: cancelled; ")
    every.start()
    assert session.notice is None  # how the run before ended is no news of this one
    ended()
    assert stages(session) == {"A": "had a mask", "B": "segmented", "C": "segmented", "D": "segmented"}


def test_the_open_case_gets_a_layer_that_is_saved_and_numbered_as_the_person_reads_it(
    every: CohortRunController,
    cohort: Path,
    session: Session,
    read: Callable[[Path], Case],
    ended: Callable[[], None],
) -> None:
    session.open(read(cohort / "C"))
    session.layers.reference.labels = session.layers.reference.labels.with_scheme(scheme_named("brats2023"))
    every.start()
    ended()
    (layer,) = [layer for layer in session.layers if layer.role is LayerRole.PREDICTION]
    assert layer.saved_as == cohort / "C" / "C_pred.nii.gz"
    assert set(np.unique(layer.labels.values)) == {0, 3}
    assert set(np.unique(np.asarray(nib.load(layer.saved_as).dataobj))) == {0, 3}


def test_segment_waits_for_the_list_and_the_list_for_segment(
    every: CohortRunController,
    segment: SegmentController,
    cohort: Path,
    session: Session,
    read: Callable[[Path], Case],
    engine: Any,
    qtbot: QtBot,
    ended: Callable[[], None],
) -> None:
    session.open(read(cohort / "A"))
    every.start()
    assert session.segmenting.unavailable == "The cases of the list are being segmented"
    ended()
    assert session.segmenting.unavailable == ""
    segment.segment()
    every.start()
    assert not session.cohort_run.work.running
    engine.gate.open(3)
    qtbot.waitUntil(lambda: not session.segmenting.running)


def test_the_window_has_a_row_per_case_and_says_what_failed(
    every: CohortRunController, cohort: Path, session: Session, ended: Callable[[], None], qtbot: QtBot
) -> None:
    (cohort / "B" / "B_t2.nii.gz").write_bytes(b"broken")
    every.show()
    window = every._side.window
    qtbot.addWidget(window)
    assert window.start.isEnabled()
    assert not window.cancel.isEnabled()
    window.start.click()
    assert window.cancel.isEnabled()
    assert not window.start.isEnabled()
    ended()
    rows = window.findChild(QTreeWidget)
    texts = [[rows.topLevelItem(n).text(column) for column in range(3)] for n in range(rows.topLevelItemCount())]
    assert [row[:2] for row in texts] == [["A", "segmented"], ["B", "failed"], ["C", "segmented"], ["D", "segmented"]]
    assert texts[0][2] == "WT 0.1, TC 0.1, ET 0.1 ml"
    assert "B_t2.nii.gz" in texts[1][2]
    window.only_failed.click()
    assert [rows.topLevelItem(n).isHidden() for n in range(4)] == [True, False, True, True]
    assert window.retry.isEnabled()


def test_the_case_list_says_how_far_each_case_is(
    every: CohortRunController,
    parts: Any,
    cohort: Path,
    session: Session,
    engine: Any,
    qtbot: QtBot,
    ended: Callable[[], None],
) -> None:
    rows = parts.window.panels.named("Cases")().findChild(QListWidget)
    (cohort / "B" / "B_t2.nii.gz").write_bytes(b"broken")
    every.start()
    engine.gate.open()
    qtbot.waitUntil(lambda: engine.gate.reached == 2)
    qtbot.waitUntil(lambda: rows.item(0).data(WORDS) == "32 %")
    ended()
    words = [rows.item(row).data(WORDS) for row in range(rows.count())]
    assert words == ["segmented", "failed", "segmented", "segmented"]
    session.cohort_changed.emit()
    assert not any(rows.item(row).data(WORDS) for row in range(rows.count()))


def test_another_list_is_shown_when_it_is_opened_but_not_while_one_is_at_work(
    every: CohortRunController, cohort: Path, session: Session, toy_case: Any, tmp_path: Path, ended: Any
) -> None:
    toy_case(tmp_path / "other", case_id="X")
    every.start()
    session.set_cohort(find_cohort(tmp_path / "other"))
    ended()
    assert set(stages(session)) == set("ABCD")
    every.start()
    ended()
    assert stages(session) == {"X": "segmented"}


# workers


class _InThisProcess(ThreadPoolExecutor):
    """Workers that are threads; each has the stand-in for the network."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        assert fn is segment_task
        handed_over.append(super().submit(stand_in_engine.segment_at_gate, *args, **kwargs))
        return handed_over[-1]


handed_over: list[Future[Any]] = []


@contextmanager
def _threads(count: int | str) -> Iterator[Workers]:
    """As a cluster: what is begun there goes on when nobody waits for it any more."""
    executor = _InThisProcess(2)
    try:
        yield Workers(executor, 4, lambda: 2)
    finally:
        executor.shutdown(wait=False)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The gate that the workers' cases wait at."""
    monkeypatch.setattr(cohort_works, "local_workers", _threads)
    monkeypatch.setattr(cohort_works, "cluster_workers", _threads)
    stand_in_engine.gate.clear()
    stand_in_engine.begun.clear()
    handed_over.clear()
    yield stand_in_engine.gate
    stand_in_engine.gate.set()


@pytest.fixture
def window(every: CohortRunController, qtbot: QtBot) -> CohortRunWindow:
    every.show()
    window = every._side.window
    assert window is not None
    qtbot.addWidget(window)
    return window


def choose(box: QComboBox, choice: object) -> None:
    """As with the mouse."""
    box.setCurrentIndex(box.findData(choice))
    box.activated.emit(box.currentIndex())


def rows_of(window: CohortRunWindow) -> list[QTreeWidgetItem]:
    rows = window.findChild(QTreeWidget)
    return [rows.topLevelItem(number) for number in range(rows.topLevelItemCount())]


def test_several_processes_segment_and_a_failed_case_is_told_logged_and_tried_again(
    window: CohortRunWindow, cohort: Path, session: Session, workers: Any, ended: Callable[[], None], qtbot: QtBot
) -> None:
    image = cohort / "B" / "B_t2.nii.gz"
    whole = image.read_bytes()
    image.write_bytes(b"broken")
    window.form.processes.setValue(2)
    window.start.click()
    qtbot.waitUntil(lambda: [row.text(1) for row in rows_of(window)] == ["at work", "at work", "waiting", "waiting"])
    assert not window.form.isEnabled()
    workers.set()
    ended()
    assert stages(session) == {"A": "segmented", "B": "failed", "C": "segmented", "D": "segmented"}
    assert rows_of(window)[0].text(2).startswith("WT ")
    assert not window.log.isVisible()
    rows_of(window)[1].setSelected(True)
    assert rows_of(window)[1].text(2).startswith("B_t2.nii.gz: ")
    assert "Traceback" in window.log.toPlainText()
    image.write_bytes(whole)
    window.retry.click()
    ended()
    assert stages(session)["B"] == "segmented"
    assert not window.log.isVisible()
    assert {*read_manifest(cohort)} == {f"{name}/{name}_pred.nii.gz" for name in "ABCD"}


def test_cancelled_workers_write_nothing_more_and_the_next_start_goes_on(
    window: CohortRunWindow, cohort: Path, session: Session, workers: Any, ended: Callable[[], None], qtbot: QtBot
) -> None:
    choose(window.form.place, RunPlace.CLUSTER)
    assert not window.start.isEnabled()
    assert window.start.toolTip() == "Name the scheduler's address, or the file that describes the cluster"
    window.form.cluster.setText("tcp://here:8786")
    window.start.click()
    qtbot.waitUntil(stand_in_engine.begun.is_set)
    window.cancel.click()
    ended()
    workers.set()
    wait(handed_over)
    assert sum(not one.cancelled() for one in handed_over) == 2  # which came to their end, for nobody
    assert session.cohort_run.work.outcome == "cancelled; 4 waiting"
    assert not list(cohort.rglob("*_pred.nii.gz"))
    assert not list(cohort.rglob(".brainseg-*"))
    assert not (cohort / FOLDER).exists()
    window.start.click()
    ended()
    assert stages(session) == dict.fromkeys("ABCD", "segmented")


@pytest.fixture(params=[False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def scheduler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A scheduler of Dask's own and two workers, threads of this process or processes; the network is a stand-in."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    submit = DaskExecutor.submit

    def with_stand_in(self: DaskExecutor, fn: Any, /, *args: Any) -> Future[Any]:
        assert fn is segment_task
        return submit(self, stand_in_engine.segment_at_file, *args)

    monkeypatch.setattr(DaskExecutor, "submit", with_stand_in)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=request.param, dashboard_address=":0"
    ) as made:
        yield made.scheduler_address


def test_on_a_real_scheduler_cases_are_cancelled_fail_and_are_tried_again(
    window: CohortRunWindow, cohort: Path, session: Session, scheduler: str, qtbot: QtBot
) -> None:
    def ends() -> None:
        qtbot.waitUntil(lambda: not session.cohort_run.work.running, timeout=60_000)

    def at_work() -> int:
        return [row.text(1) for row in rows_of(window)].count("at work")

    gate, image = cohort.parent / "gate", cohort / "B" / "B_t2.nii.gz"
    whole = image.read_bytes()
    image.write_bytes(b"broken")
    choose(window.form.place, RunPlace.CLUSTER)
    window.form.cluster.setText(scheduler)
    window.start.click()
    qtbot.waitUntil(lambda: at_work() == 2, timeout=60_000)
    window.cancel.click()
    ends()
    assert session.cohort_run.work.outcome == "cancelled; 4 waiting"
    gate.touch()  # what was begun comes to its end, for nobody
    window.start.click()
    ends()
    assert stages(session) == {"A": "segmented", "B": "failed", "C": "segmented", "D": "segmented"}
    assert session.cohort_run.work.outcome == "3 segmented, 1 failed"
    rows_of(window)[1].setSelected(True)
    assert rows_of(window)[1].text(2).startswith("B_t2.nii.gz: ")
    assert "Traceback" in window.log.toPlainText()
    image.write_bytes(whole)
    window.retry.click()
    ends()
    assert stages(session) == dict.fromkeys("ABCD", "segmented")
    entries = read_manifest(cohort)
    assert {name: len(of_mask) for name, of_mask in entries.items()} == {f"{n}/{n}_pred.nii.gz": 1 for n in "ABCD"}
    assert not list(cohort.rglob(".brainseg-*"))


def test_a_cluster_that_nobody_answers_for_is_said_once(
    window: CohortRunWindow, session: Session, ended: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def nobody(where: str) -> Iterator[Workers]:
        raise BrainsegError(f"no Dask scheduler answers at {where}", "Start dask scheduler, or correct the address")
        yield

    monkeypatch.setattr(cohort_works, "cluster_workers", nobody)
    choose(window.form.place, RunPlace.CLUSTER)
    window.form.cluster.setText(" tcp://gone:8786 ")
    window.start.click()
    ended()
    assert session.notice.what == "no Dask scheduler answers at tcp://gone:8786"
    assert session.notice.remedy == "Start dask scheduler, or correct the address"
    assert stages(session) == dict.fromkeys("ABCD", "waiting")


def test_only_the_selected_cases_are_worked_on(
    window: CohortRunWindow, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    choose(window.form.cases, RunCases.SELECTED)
    assert window.start.toolTip() == "Select cases in the list below"
    for row in rows_of(window)[1:3]:
        row.setSelected(True)
    window.start.click()
    ended()
    assert stages(session) == {"A": "left out", "B": "segmented", "C": "segmented", "D": "left out"}
    assert sorted(case.case_id for case in engine.cases) == ["B", "C"]


def test_all_cases_renews_what_a_run_made_and_keeps_what_a_person_made(
    every: CohortRunController, cohort: Path, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    (cohort / "A" / "A_pred.nii.gz").write_bytes(b"a person's")
    every.start()
    ended()
    session.cohort_run.wishes.cases = RunCases.ALL
    engine.cases.clear()
    every.start()
    ended()
    assert engine.cases == []
    assert stages(session) == dict.fromkeys("ABCD", "had a mask")
    assert "made by this network of the same images" in session.cohort_run.of(cohort / "B" / "B").words
    shutil.copy(cohort / "C" / "C_t1ce.nii.gz", cohort / "B" / "B_t1ce.nii.gz")
    os.utime(cohort / "B" / "B_t1ce.nii.gz", ns=(1, 1))
    (cohort / "B" / "B_t2.nii.gz").write_bytes((cohort / "B" / "B_t1.nii.gz").read_bytes())
    every.start()
    ended()
    assert [case.case_id for case in engine.cases] == ["B"]
    assert (cohort / "A" / "A_pred.nii.gz").read_bytes() == b"a person's"


def test_the_list_is_scored_and_the_results_shown(
    window: CohortRunWindow,
    cohort: Path,
    session: Session,
    reports: list[Any],
    ended: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def threads(count: int | None) -> Iterator[Workers]:
        with ThreadPoolExecutor(1) as executor:
            yield Workers(executor, 2, lambda: 1)

    monkeypatch.setattr(cohort_scoring, "local_workers", threads)
    for name in "AB":
        shutil.copy(cohort / name / f"{name}_seg.nii.gz", cohort / name / f"{name}_pred.nii.gz")
    (cohort / "C" / "C_pred.nii.gz").write_bytes(b"broken")
    choose(window.form.task, RunTask.EVALUATE)
    assert session.cohort_run.wishes.cases is RunCases.ALL
    window.start.click()
    ended()
    assert stages(session) == {"A": "scored", "B": "scored", "C": "failed", "D": "left out"}
    assert session.cohort_run.of(cohort / "A" / "A").words.startswith("Dice WT 1.000, TC 1.000, ET 1.000")
    assert session.cohort_run.of(cohort / "D" / "D").words == "it has no prediction (D_pred.nii.gz)"
    (report,) = reports
    assert [case.case_id for case in report.cases] == ["A", "B"]
    assert [case.case_id for case in report.failed] == ["C"]
    assert [case.patient for case in report.cases] == ["A", "B"]
