"""A prepared case that is opened from disk: its series can be placed by hand, and what changed of them is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.preparing.preparing import PreparingController
from brainseg_gui.controllers.shell.features.preparing_feature import PREPARE
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.record import PreparedSeries
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.reopened import RawLook, look_for_raw
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.views.preparing.prepare_panel import PreparePanel
from tests.preparation.heads import T1CE, T2, grid_of, head
from tests.preparation.test_prepared_case import save

GRID = grid_of((20, 22, 20), (4.0, 4.0, 4.0))
NAMES = {"SE_3_T1_gd": T1CE, "SE_4_T2": T2}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A raw examination whose T2 is not found where it is searched for."""

    def lost(fixed: Volume, moving: Volume) -> Iterator[Progress]:
        yield Progress("registering", 0.5)
        return Alignment(np.eye(4), problem="it covers 3% of the reference's head")

    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", lost)
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)
    for name, contrast in NAMES.items():
        save(head(GRID, contrast), tmp_path / "Jane" / f"{name}.nii.gz")
    return tmp_path / "Jane"


@pytest.fixture
def case(raw: Path, tmp_path: Path) -> Path:
    """What was prepared of it earlier, its roles said by their files, under a name of its own."""
    said = {Modality.T1CE: str(raw / "SE_3_T1_gd.nii.gz"), Modality.T2: str(raw / "SE_4_T2.nii.gz")}
    wanted = PreparationRequest(tmp_path / "out", said=said, name="visit_1")
    return run_to_end(prepare_place(raw, wanted, None)).folder


@pytest.fixture
def files(parts: Any) -> Iterator[FilesController]:
    controller = FilesController(*parts)
    yield controller
    controller.close()


@pytest.fixture
def preparing(parts: Any, files: FilesController) -> Iterator[PreparingController]:
    panel = parts.window.panels[PREPARE]
    leave = partial(parts.window.panels.leave, PREPARE.title)
    controller = PreparingController(*parts, files, panel, panel, leave, lambda: None, lambda: None, lambda: None)
    yield controller
    controller.close()


def _opened(case: Path, files: FilesController, parts: Any, qtbot: QtBot) -> PreparePanel:
    files.open_paths([case])
    state = parts.session.preparing
    qtbot.waitUntil(lambda: state.prepared is not None and state.prepared.folder == case)
    panel = parts.window.panels[PREPARE]()
    assert isinstance(panel, PreparePanel)
    return panel


def _looks(monkeypatch: pytest.MonkeyPatch, answers: Event | None = None) -> list[Path]:
    """The folders of prepared cases of which raw series are looked at; not before `answers` is set."""
    asked: list[Path] = []

    def look(folder: Path) -> RawLook:
        asked.append(folder)
        if answers is not None:
            answers.wait(30)
        return look_for_raw(folder)

    monkeypatch.setattr("brainseg_gui.preparation.reopened.look_for_raw", look)
    return asked


def test_a_series_of_a_case_from_disk_is_placed_by_hand(
    case: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    panel = _opened(case, files, parts, qtbot)
    state = parts.session.preparing
    assert [row.role.currentText() for row in panel.rows] == ["T1ce", "T2"]
    assert any("T2 could not be registered" in doubt for doubt in state.doubts)
    assert (state.output, state.outcome, parts.session.segmenting.later) == (case.parent, "", False)
    assert panel.nudge.isEnabled()
    qtbot.waitUntil(lambda: not state.looking)
    qtbot.waitUntil(lambda: all(one.look is not None for one in state.examination.series))
    assert [row.role.currentText() for row in panel.rows] == ["T1ce", "T2"]
    panel.nudge.click()
    nudging = state.nudging
    qtbot.waitUntil(lambda: nudging.nudged is not None and not nudging.running, timeout=30_000)
    assert nudging.modality is Modality.T2
    nudging.stand(True)
    preparing._nudging.accept()
    qtbot.waitUntil(lambda: state.prepared.work is not None and not state.running, timeout=60_000)
    assert read_preparation(case).not_registered == ()
    assert [path.name for path in case.parent.iterdir() if path.is_dir()] == ["visit_1"]


@pytest.mark.parametrize("again", ["placed by hand", "roles changed"])
def test_what_was_drawn_on_a_case_stays_when_it_is_made_again(
    again: str, case: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    """An annotation that was saved beside the images barred both, after all was placed."""
    drawn = case / "visit_1_annotation.nii.gz"
    save(head(GRID, T2), drawn)
    _opened(case, files, parts, qtbot)
    state = parts.session.preparing
    if again == "roles changed":
        preparing.choosing.take_for(2, Modality.FLAIR)
        preparing.prepare()
    else:
        preparing.nudge()
        qtbot.waitUntil(lambda: state.nudging.nudged is not None and not state.nudging.running, timeout=30_000)
        state.nudging.stand(True)
        preparing._nudging.accept()
        qtbot.waitUntil(lambda: state.running, timeout=30_000)
    assert parts.session.notice.what == "visit_1 holds what was added to it, and stays as it is"
    qtbot.waitUntil(lambda: state.prepared.folder.name == "visit_1_2" and not state.running, timeout=60_000)
    assert drawn.is_file()
    assert read_preparation(case).not_registered == (Modality.T2,)
    lost = (Modality.FLAIR,) if again == "roles changed" else ()
    assert read_preparation(case.with_name("visit_1_2")).not_registered == lost


def test_that_its_series_are_gone_is_said(
    case: Path, raw: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    raw.rename(raw.with_name("elsewhere"))
    panel = _opened(case, files, parts, qtbot)
    state = parts.session.preparing
    assert state.outcome.startswith(f"Of its raw series T1ce and T2 cannot be found any more in {raw}")
    assert not panel.rows
    assert not panel.nudge.isEnabled()
    assert any("T2 could not be registered" in doubt for doubt in state.doubts)
    raw.with_name("elsewhere").rename(raw)
    files.open_paths([case])
    qtbot.waitUntil(lambda: state.can_be_nudged)
    assert state.outcome == ""
    raw.rename(raw.with_name("elsewhere"))  # while the panel shows them
    files.open_paths([case])
    qtbot.waitUntil(lambda: "cannot be found any more" in state.outcome)
    assert not panel.rows
    assert not panel.nudge.isEnabled()


def test_a_computer_that_only_the_record_names_is_not_asked(
    case: Path,
    files: FilesController,
    preparing: PreparingController,
    parts: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("brainseg_gui.preparation.reopened.on_strange_share", lambda place, folder: True)
    panel = _opened(case, files, parts, qtbot)
    assert parts.session.preparing.outcome.endswith(
        "which is not asked by itself: open their folder to go on from them"
    )
    assert not panel.nudge.isEnabled()
    assert parts.session.notice is None or "changed" not in parts.session.notice.what


def test_its_files_are_not_asked_for_either(case: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(head(GRID, T2, seed=7), raw / "SE_4_T2.nii.gz")
    assert look_for_raw(case).why_outdated == "T2 changed since this case was prepared: prepare it again"
    monkeypatch.setattr("brainseg_gui.preparation.reopened.on_strange_share", lambda place, folder: True)
    monkeypatch.setattr(PreparedSeries, "still_there", None)  # it would be called for another answer
    assert look_for_raw(case).why_outdated == ""


def test_only_prepared_cases_are_looked_at_so(
    case: Path, files: FilesController, parts: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads raw series takes a quarter of a second to import, and no other case has any."""
    asked = _looks(monkeypatch)
    plain = shutil.copytree(case, case.with_name("plain"))
    (plain / "preparation.json").unlink()
    for folder in (plain, case):
        files.open_paths([folder])
        qtbot.waitUntil(lambda: parts.session.case is not None and parts.session.case.source.folder == folder)  # noqa: B023
        qtbot.waitUntil(lambda: not parts.session.previewing)
    assert asked == [case]


def test_opening_and_the_panel_look_at_the_raw_series_once(
    case: Path,
    files: FilesController,
    preparing: PreparingController,
    parts: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files that were touched are read for it, from a drive that may be slow."""
    asked = _looks(monkeypatch)
    _opened(case, files, parts, qtbot)
    assert asked == [case]
    parts.session.case_changed.emit()  # without an opening, as when another case could not be read: what changed since?
    qtbot.waitUntil(lambda: asked == [case, case])


def test_the_panel_waits_for_a_drive_that_opening_does_not_wait_for(
    case: Path,
    raw: Path,
    files: FilesController,
    preparing: PreparingController,
    parts: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(head(GRID, T2, seed=7), raw / "SE_4_T2.nii.gz")
    answers = Event()
    asked = _looks(monkeypatch, answers)
    monkeypatch.setattr("brainseg_gui.controllers.layers.opening._RAW_SERIES_S", 0.0)
    files.open_paths([case])
    qtbot.waitUntil(lambda: parts.session.case is not None and not parts.session.previewing)
    assert parts.session.notice is None or "T2 changed" not in parts.session.notice.what
    answers.set()
    qtbot.waitUntil(lambda: parts.session.preparing.outcome.startswith("T2 changed"))
    assert asked == [case]


@pytest.mark.parametrize("how", ["another image", "another series", "touched"])
def test_what_changed_since_it_was_prepared_is_said_and_is_the_next_step(
    how: str, case: Path, raw: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    if how == "another image":
        save(head(GRID, T2, seed=7), raw / "SE_4_T2.nii.gz")
    elif how == "another series":
        save(head(GRID, T2, seed=7), raw / "SE_5_flair.nii.gz")
    else:
        (raw / "SE_4_T2.nii.gz").touch()
    _opened(case, files, parts, qtbot)
    state = parts.session.preparing
    words = {
        "another image": "T2 changed since this case was prepared: prepare it again",
        "another series": "The raw folder holds other series or files than when this case was prepared: prepare it "
        "again",
        "touched": "",
    }[how]
    assert (state.outcome, parts.session.segmenting.later) == (words, bool(words))
    notice = parts.session.notice
    assert ("prepare it again" in notice.what) is (
        how == "another image"
    )  # what came beside is seen by the panel alone
    assert (("Series and steps…", "prepare.show") in notice.actions) is (how == "another image")


def test_the_panel_knows_the_case_that_was_opened_before_anybody_asked_for_it(
    case: Path, files: FilesController, parts: Any, request: pytest.FixtureRequest, qtbot: QtBot
) -> None:
    """In the window the controller is made with the panel."""
    files.open_paths([case])
    qtbot.waitUntil(lambda: parts.session.case is not None)
    request.getfixturevalue("preparing")
    qtbot.waitUntil(lambda: parts.session.preparing.can_be_nudged)


def test_what_is_as_it_was_is_not_prepared_again(
    case: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    _opened(case, files, parts, qtbot)
    state, made = parts.session.preparing, (case / "preparation.json").stat()
    preparing.prepare()
    qtbot.waitUntil(lambda: state.outcome.startswith("Prepared: "), timeout=60_000)
    assert state.prepared.work is None
    assert (case / "preparation.json").stat().st_ino == made.st_ino


def test_roles_that_are_changed_make_preparing_the_next_step_until_they_are_as_they_were(
    case: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    """The blue button segmented what the changed roles said nothing of."""
    _opened(case, files, parts, qtbot)
    state, segmenting = parts.session.preparing, parts.session.segmenting
    preparing.choosing.take_for(2, Modality.FLAIR)
    assert (segmenting.later, state.outcome) == (True, "Prepare again, so that the changed roles count")
    preparing.choosing.take_for(2, Modality.T2)
    assert (segmenting.later, state.outcome) == (False, "")


def test_a_case_that_was_not_prepared_here_leaves_the_panel_as_it_is(
    case: Path, files: FilesController, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    shutil.copytree(case, case.with_name("other"))
    (case.with_name("other") / "preparation.json").write_text("{}")
    files.open_paths([case.with_name("other")])
    qtbot.waitUntil(lambda: parts.session.case is not None and not preparing.choosing._reopening._looking.running)
    assert parts.session.preparing.prepared is None
