"""Segmenting the whole list with an engine that only pretends: what is written, what is left alone, what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QListWidget, QTreeWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.segmenting.segment_all import SegmentAllController
from brainseg_gui.controllers.shell import core_controllers
from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.formats import save
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.inference import ahead
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.segmenting.cohort_segmenting import CaseStage
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.case_item import WORDS


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
def every(parts: Any, engine: Any, segment: SegmentController, cohort: Path) -> Iterator[SegmentAllController]:
    files = core_controllers.files(parts)
    controller = SegmentAllController(*parts, files, segment)
    yield controller
    engine.gate.open(100)
    controller.close()
    files.close()


@pytest.fixture
def ended(qtbot: QtBot, session: Session, engine: Any) -> Callable[[], None]:
    """Let the engine do everything and wait for the end."""

    def wait() -> None:
        engine.gate.open(100)
        qtbot.waitUntil(lambda: not session.segmenting_all.work.running, timeout=20_000)

    return wait


def stages(session: Session) -> dict[str, str]:
    return {case.source.case_id: case.stage.value for case in session.segmenting_all.cases.values()}


def test_every_case_gets_its_mask_beside_its_images(
    every: SegmentAllController, cohort: Path, session: Session, ended: Callable[[], None]
) -> None:
    every.start()
    ended()
    assert stages(session) == dict.fromkeys("ABCD", "segmented")
    for name in "ABCD":
        image = nib.load(cohort / name / f"{name}_pred.nii.gz")
        assert np.unique(np.asarray(image.dataobj)).tolist() == [0, 4]  # the network's 3 in the study's numbers
        assert image.header["descrip"].item().startswith(b"brainseg mask, brats2020, by ")
    assert session.segmenting_all.work.outcome == "4 segmented"
    assert not session.notice.problem


def test_all_masks_of_a_silent_list_are_numbered_alike(
    every: SegmentAllController, tmp_path: Path, toy_case: Any, session: Session, ended: Callable[[], None]
) -> None:
    odd = toy_case(tmp_path / "cohort", case_id="E", numbers=(2, 4, 1))  # as in the paediatric challenge
    session.set_cohort(find_cohort(tmp_path / "cohort"))
    every.start()
    ended()
    assert "as the others are; by itself it would be BraTS paediatric" in session.segmenting_all.of(odd / "E").words
    assert nib.load(odd / "E_pred.nii.gz").header["descrip"].item().startswith(b"brainseg mask, brats2020, by ")


def test_a_case_that_has_a_mask_is_passed_over_and_its_file_untouched(
    every: SegmentAllController, cohort: Path, session: Session, engine: Any, ended: Callable[[], None]
) -> None:
    (cohort / "B" / "B_pred.nii.gz").write_bytes(b"what a person made")
    (cohort / "C" / "C_pred.nii.gz").symlink_to("nowhere")
    every.start()
    ended()
    assert stages(session) == {"A": "segmented", "B": "had a mask", "C": "had a mask", "D": "segmented"}
    assert (cohort / "B" / "B_pred.nii.gz").read_bytes() == b"what a person made"
    assert not (cohort / "C" / "nowhere").exists()
    assert sorted(case.case_id for case in engine.cases) == ["A", "D"]
    assert session.segmenting_all.of(cohort / "B" / "B").words == "B_pred.nii.gz is there already"


def test_a_mask_that_appears_meanwhile_is_not_replaced(
    every: SegmentAllController, cohort: Path, session: Session, engine: Any, ended: Callable[[], None], qtbot: QtBot
) -> None:
    every.start()
    qtbot.waitUntil(lambda: engine.gate.reached > 0)
    (cohort / "D" / "D_pred.nii.gz").write_bytes(b"a colleague's")
    ended()
    assert (cohort / "D" / "D_pred.nii.gz").read_bytes() == b"a colleague's"
    assert stages(session)["D"] == "failed"
    assert "the file exists" in session.segmenting_all.of(cohort / "D" / "D").words


def test_a_broken_case_an_engine_that_dies_and_a_full_disk_cost_no_other_case(
    every: SegmentAllController,
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
    words = [case.words for case in session.segmenting_all.cases.values()]
    assert "A_t2.nii.gz" in words[0]
    assert words[1] == "the network's process died. Segment again"
    assert "The disk is full" in words[2]
    assert session.notice.what == "Segment all: 1 segmented, 3 failed"
    assert session.notice.problem

    monkeypatch.undo()
    every.retry()
    ended()
    assert stages(session) == {"A": "failed", "B": "segmented", "C": "segmented", "D": "segmented"}


def test_cancel_keeps_what_is_written_and_a_second_start_goes_on(
    every: SegmentAllController, cohort: Path, session: Session, engine: Any, qtbot: QtBot, ended: Callable[[], None]
) -> None:
    every.start()
    engine.gate.open(4)
    qtbot.waitUntil(lambda: engine.gate.reached == 5)
    every.cancel()
    ended()
    assert session.segmenting_all.work.outcome.startswith("cancelled; ")
    assert CaseStage.AT_WORK.value not in stages(session).values()
    assert not list(cohort.glob("*/.brainseg-*"))
    there = sorted(path.name for path in cohort.glob("*/*_pred.nii.gz"))
    assert there == ["A_pred.nii.gz"]  # and it is whole
    assert nib.load(cohort / "A" / there[0]).shape
    every.start()
    ended()
    assert stages(session) == {"A": "had a mask", "B": "segmented", "C": "segmented", "D": "segmented"}


def test_the_open_case_gets_a_layer_that_is_saved_and_numbered_as_the_person_reads_it(
    every: SegmentAllController,
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
    every: SegmentAllController,
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
    assert not session.segmenting_all.work.running
    engine.gate.open(3)
    qtbot.waitUntil(lambda: not session.segmenting.running)


def test_the_window_has_a_row_per_case_and_says_what_failed(
    every: SegmentAllController, cohort: Path, session: Session, ended: Callable[[], None], qtbot: QtBot
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
    assert texts[0][2] == "WT 0.1 ml, TC 0.1 ml, ET 0.1 ml"
    assert "B_t2.nii.gz" in texts[1][2]
    window.only_failed.click()
    assert [rows.topLevelItem(n).isHidden() for n in range(4)] == [True, False, True, True]
    assert window.retry.isEnabled()


def test_the_case_list_says_how_far_each_case_is(
    every: SegmentAllController,
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
    every: SegmentAllController, cohort: Path, session: Session, toy_case: Any, tmp_path: Path, ended: Any
) -> None:
    toy_case(tmp_path / "other", case_id="X")
    every.start()
    session.set_cohort(find_cohort(tmp_path / "other"))
    ended()
    assert set(stages(session)) == set("ABCD")
    every.start()
    ended()
    assert stages(session) == {"X": "segmented"}
