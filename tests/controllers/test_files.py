"""Opening: real files, one preview, one case, and the open one stays until another is read whole."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.faults import scratch
from brainseg_gui.imaging.cases import read_case as read_case_module
from brainseg_gui.imaging.cases.demo_case import demo_case, shipped_demo
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.storage import leftovers
from brainseg_gui.views.layers.assign_dialog import AssignDialog


@pytest.fixture
def files(parts: Any) -> Iterator[FilesController]:
    controller = core_controllers.files(parts)
    yield controller
    controller.close()


@pytest.fixture
def settled(qtbot: QtBot, session: Session) -> Callable[[], None]:
    """Wait until nothing is being opened."""
    return lambda: qtbot.waitUntil(lambda: not session.opening.running)


@pytest.fixture
def opened(files: FilesController, session: Session, folder: Path, settled: Callable[[], None]) -> FilesController:
    """The controller with the toy case open."""
    files.open_paths([folder])
    settled()
    assert session.case is not None
    return files


class Brake:
    """Holds back the reading of files whose names contain a word."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._held: dict[str, threading.Event] = {}
        read = read_case_module.read_volume

        def slow(path: Path, should_stop: Callable[[], bool]) -> Any:
            for word, event in self._held.items():
                while word in path.name and not event.wait(0.01) and not should_stop():
                    pass
            return read(path, should_stop)

        monkeypatch.setattr(read_case_module, "read_volume", slow)

    def hold(self, word: str) -> None:
        self._held[word] = threading.Event()

    def release(self) -> None:
        for event in self._held.values():
            event.set()


@pytest.fixture
def brake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brake]:
    brake = Brake(monkeypatch)
    yield brake
    brake.release()


class Snapshot:
    """The open case and how it is looked at."""

    def __init__(self, session: Session) -> None:
        viewing = session.viewing
        self._state = (session.case, list(session.layers), viewing.crosshair, dict(viewing.windows), viewing.modality)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._state == other._state

    __hash__ = None  # type: ignore[assignment]


def _arrange(session: Session) -> Snapshot:
    """Look at the open case in a way that no other case would be looked at."""
    session.viewing.crosshair = (20, 25, 18)
    session.viewing.set_window(Modality.T1, Window(11.0, 22.0))
    return Snapshot(session)


# --- a case -----------------------------------------------------------------------------------------------------


def test_files_of_two_patients_are_refused_unless_they_are_assigned(
    opened: FilesController,
    session: Session,
    folder: Path,
    settled: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, other = session.case, folder / "Other_flair.nii.gz"
    shutil.copy(folder / "Toy_001_flair.nii.gz", other)
    opened.open_paths([folder / "Toy_001_t1.nii.gz", other])
    settled()
    assert session.case is case
    assert "as those of 2 patients (Other, Toy_001)" in session.notice.what
    assert session.notice.actions == (("Assign files…", "file.assign"),)
    monkeypatch.setattr(AssignDialog, "exec", lambda _dialog: True)  # who knows that they belong together
    opened.assign()
    settled()
    assert session.case.source.modalities == {Modality.T1: folder / "Toy_001_t1.nii.gz", Modality.FLAIR: other}


def test_a_folder_becomes_the_open_case(opened: FilesController, session: Session, folder: Path) -> None:
    case = session.case
    assert case is not None
    assert case.case_id == "Toy_001"
    assert case.source.folder == folder
    assert set(case.volumes) == set(Modality)
    assert case.scheme == scheme_named("brats2020")
    assert session.opening.outcome == "Opened Toy_001"
    assert [layer.role for layer in session.layers] == [LayerRole.REFERENCE]
    stored = np.asarray(nib.as_closest_canonical(nib.load(folder / "Toy_001_t1.nii.gz")).dataobj)
    np.testing.assert_array_equal(case.volumes[Modality.T1].stored, stored)


def test_how_the_labels_were_read_is_said_of_the_layer_and_else_only_in_doubt(
    opened: FilesController, session: Session
) -> None:
    assert "BraTS 2017–2021" in session.case.mask_note
    assert not session.case.mask_doubtful
    assert session.notice is None


def test_the_picture_appears_before_the_last_modality(
    qtbot: QtBot, files: FilesController, session: Session, folder: Path, brake: Brake, settled: Callable[[], None]
) -> None:
    brake.hold("_t2.")
    files.open_paths([folder])
    qtbot.waitUntil(lambda: session.displayed is not None and len(session.displayed.volumes) == 3)
    assert session.case is None
    assert session.previewing
    assert session.opening.running
    assert session.opening.done == pytest.approx(3 / 5)
    assert session.opening.detail == "T1, T1ce, FLAIR"
    brake.release()
    settled()
    assert session.case is session.displayed
    assert set(session.case.volumes) == set(Modality)


def test_the_shown_modality_is_read_first(
    files: FilesController,
    session: Session,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled: Callable[[], None],
) -> None:
    begun: list[str] = []  # in the order of their start: which thread reaches its file first is the processor's choice
    start = read_case_module.in_background

    def noted(work: Callable[[], Any], name: str) -> Any:
        begun.append(name)
        return start(work, name)

    monkeypatch.setattr(read_case_module, "in_background", noted)
    session.viewing.modality = Modality.FLAIR
    files.open_paths([folder])
    settled()
    assert begun[0] == "read flair"


def test_a_second_case_replaces_the_first(
    opened: FilesController, session: Session, toy_case: Any, tmp_path: Path, settled: Callable[[], None]
) -> None:
    session.layers.add(Layer("prediction", LayerRole.PREDICTION, session.case.reference))
    _arrange(session)
    opened.open_paths([toy_case(tmp_path, case_id="Toy_002", shape=(9, 8, 12), mask=False)])
    settled()
    assert session.case.case_id == "Toy_002"
    assert list(session.layers) == []
    assert session.viewing.crosshair == (4, 4, 6)


def test_windows_come_back_with_their_case(
    opened: FilesController,
    session: Session,
    folder: Path,
    toy_case: Any,
    tmp_path: Path,
    settled: Callable[[], None],
) -> None:
    session.viewing.set_window(Modality.T1, Window(11.0, 22.0))
    opened.open_paths([toy_case(tmp_path, case_id="Toy_002", seed=9)])
    settled()
    volume = session.case.volumes[Modality.T1]
    assert session.viewing.windows[Modality.T1] == auto_window(volume)
    opened.open_paths([folder])
    settled()
    assert session.viewing.windows[Modality.T1] == Window(11.0, 22.0)
    assert session.viewing.windows[Modality.T2] == auto_window(session.case.volumes[Modality.T2])


def test_a_missing_modality_is_said_and_the_rest_is_shown(
    files: FilesController, session: Session, toy_case: Any, tmp_path: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([toy_case(tmp_path, modalities=("t1", "flair"), mask=False)])
    settled()
    assert session.case is not None
    assert session.notice.what == "Not found: T1ce, T2"
    assert session.viewing.modality is Modality.T1


# --- what cannot be opened --------------------------------------------------------------------------------------


def test_a_bad_file_leaves_everything_as_it_was(
    qtbot: QtBot,
    opened: FilesController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    brake: Brake,
    settled: Callable[[], None],
) -> None:
    before = _arrange(session)
    bad = toy_case(tmp_path, case_id="Toy_002", shape=(9, 8, 7))
    path = bad / "Toy_002_t2.nii.gz"
    path.write_bytes(path.read_bytes()[:200])
    brake.hold("_t2.")
    opened.open_paths([bad])
    qtbot.waitUntil(lambda: session.displayed.case_id == "Toy_002")
    assert session.case.case_id == "Toy_001"
    brake.release()
    settled()
    assert Snapshot(session) == before
    assert session.displayed is session.case
    assert session.opening.outcome == "Not opened"
    assert session.notice.problem
    assert session.notice.what.startswith("Toy_002_t2.nii.gz: ")
    assert session.notice.remedy
    assert str(path) in session.notice.details


@pytest.mark.parametrize("kind", ["empty folder", "not there", "text"])
def test_what_is_no_case_gets_a_sentence(
    opened: FilesController, session: Session, tmp_path: Path, kind: str, settled: Callable[[], None]
) -> None:
    before = _arrange(session)
    path = tmp_path / "strange.txt"
    if kind == "empty folder":
        path = tmp_path / "strange"
        path.mkdir()
    elif kind == "text":
        path.write_text("hello")
    opened.open_paths([path])
    settled()
    assert Snapshot(session) == before
    assert session.notice.what.startswith(f"{path.name}: ")
    assert session.notice.remedy


def test_a_folder_that_may_not_be_read_gets_a_sentence(
    opened: FilesController,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled: Callable[[], None],
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()

    def refuse(*_arguments: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    opened.open_paths([closed])
    settled()
    assert session.notice.what == "closed: the folder cannot be read (Permission denied)"


def test_names_that_say_nothing_offer_the_assign_dialog(
    files: FilesController, session: Session, folder: Path, settled: Callable[[], None]
) -> None:
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"scan{number}.nii.gz")
    files.open_paths([folder])
    settled()
    assert session.case is None
    assert ("Assign files…", "file.assign") in session.notice.actions


# --- cancelling, and asking for another -------------------------------------------------------------------------


def test_cancelling_while_reading_leaves_everything_as_it_was(
    qtbot: QtBot,
    opened: FilesController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    brake: Brake,
    settled: Callable[[], None],
) -> None:
    before = _arrange(session)
    brake.hold("_t2.")
    opened.open_paths([toy_case(tmp_path, case_id="Toy_002", shape=(9, 8, 7))])
    qtbot.waitUntil(lambda: session.previewing and len(session.displayed.volumes) == 3)
    opened.cancel()
    settled()
    assert Snapshot(session) == before
    assert session.displayed is session.case
    assert session.opening.outcome == "Cancelled"
    assert session.notice is not None
    assert (session.notice.what, session.notice.problem) == ("Reading was stopped", False)
    assert session.case is not None
    assert session.notice.remedy == f"{session.case.case_id} stays open"


def test_cancelling_nothing_is_nothing(opened: FilesController, session: Session) -> None:
    before = Snapshot(session)
    opened.cancel()
    assert Snapshot(session) == before


def test_asking_for_another_case_shows_that_one_only(
    qtbot: QtBot,
    opened: FilesController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    brake: Brake,
    settled: Callable[[], None],
) -> None:
    shown: list[str] = []
    opened_ids: list[str] = []
    brake.hold("Slow_t2.")
    opened.open_paths([toy_case(tmp_path, case_id="Slow", seed=1)])
    qtbot.waitUntil(lambda: session.previewing and len(session.displayed.volumes) == 3)
    session.case_changed.connect(lambda: shown.append(session.displayed.case_id))
    session.case_changed.connect(lambda: opened_ids.append(session.case.case_id))
    opened.open_paths([toy_case(tmp_path, case_id="Fast", shape=(9, 8, 7), seed=2)])
    qtbot.waitUntil(lambda: session.case.case_id == "Fast")
    brake.release()
    settled()
    opened.close()
    assert set(shown) == {"Fast"}
    assert set(opened_ids) == {"Toy_001", "Fast"}
    assert session.opening.outcome == "Opened Fast"


def test_a_case_that_fails_after_it_was_given_up_says_nothing(
    qtbot: QtBot,
    opened: FilesController,
    session: Session,
    toy_case: Any,
    tmp_path: Path,
    brake: Brake,
    settled: Callable[[], None],
) -> None:
    bad = toy_case(tmp_path, case_id="Slow")
    path = bad / "Slow_t2.nii.gz"
    path.write_bytes(path.read_bytes()[:200])
    brake.hold("Slow_t2.")
    opened.open_paths([bad])
    qtbot.waitUntil(session.__class__.previewing.fget.__get__(session))
    opened.open_paths([toy_case(tmp_path, case_id="Fast", mask=False)])
    brake.release()
    qtbot.waitUntil(lambda: session.case.case_id == "Fast")
    settled()
    assert session.notice is None


def test_closing_the_program_waits_for_every_reader(
    qtbot: QtBot, opened: FilesController, session: Session, toy_case: Any, tmp_path: Path, brake: Brake
) -> None:
    """Also for the one that was given up: a thread must not outlive its program."""
    brake.hold("_t2.")
    opened.open_paths([toy_case(tmp_path, case_id="Slow")])
    qtbot.waitUntil(lambda: session.previewing)
    opened.open_paths([toy_case(tmp_path, case_id="Other")])
    opened.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("read")]


# --- cohorts ----------------------------------------------------------------------------------------------------


@pytest.fixture
def cohort(toy_case: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "cohort"
    for number in (1, 2, 3):
        toy_case(folder, case_id=f"Toy_{number:03}", seed=number, mask=number != 2)
    return folder


def test_a_doubtful_reading_is_said_once_for_all_cases_of_a_list(
    files: FilesController, session: Session, cohort: Path, settled: Callable[[], None]
) -> None:
    for path in cohort.glob("*/*_seg.nii.gz"):
        _rename_label(path, 4, 9)
    files.open_paths([cohort])
    settled()
    assert session.notice is not None
    assert "9 = ?), which is not certain: the layer's menu has others" in session.notice.what
    assert not session.notice.problem
    session.say(None)
    for _ in range(2):  # the second case has no mask
        files.step(1)
        settled()
    assert session.case is not None
    assert session.case.mask_doubtful
    assert session.notice is None


def test_a_silent_mask_is_read_as_the_others_of_its_list(
    files: FilesController, session: Session, toy_case: Any, tmp_path: Path, settled: Callable[[], None]
) -> None:
    for number in range(4):
        numbers = (2, 4, 1) if number == 3 else (1, 2, 4)  # the last one as in the paediatric challenge
        toy_case(tmp_path / "cohort", case_id=f"Toy_{number}", seed=number, numbers=numbers)
    files.open_paths([tmp_path / "cohort"])
    settled()
    files.open_source(session.cohort[3])
    settled()
    assert session.scheme.name == "brats2020"
    assert session.notice is not None
    assert "as the others are; by itself it would be BraTS paediatric, which is not certain" in session.notice.what
    files.open_paths([tmp_path / "cohort" / "Toy_3" / "Toy_3_t1.nii.gz"])  # of the list too
    settled()
    assert session.scheme.name == "brats2020"
    session.set_cohort(())
    files.open_paths([tmp_path / "cohort" / "Toy_3"])
    settled()
    assert session.scheme.name == "brats-ped"  # alone


def _rename_label(path: Path, before: int, after: int) -> None:
    mask = nib.load(path)
    values = np.asanyarray(mask.dataobj).copy()
    values[values == before] = after
    nib.Nifti1Image(values, mask.affine, mask.header).to_filename(path)


def test_a_cohort_becomes_a_list_and_opens_its_first_case(
    files: FilesController, session: Session, cohort: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([cohort])
    settled()
    assert [source.case_id for source in session.cohort] == ["Toy_001", "Toy_002", "Toy_003"]
    assert session.case.case_id == "Toy_001"


def test_what_a_kill_left_in_the_folders_of_a_list_is_swept_when_it_is_opened(
    files: FilesController, cohort: Path, settled: Callable[[], None], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(scratch, "start_mark", lambda pid: "that of a process that is gone")
        left = [folder / leftovers.new_name(".nii.gz") for folder in (cohort, *cohort.glob("Toy_*"))]
    for path in left:
        path.write_bytes(b"a patient")
    files.open_paths([cohort])
    settled()
    qtbot.waitUntil(lambda: not any(path.exists() for path in left))
    (again,) = [path for path in left if path.parent.name == "Toy_001"]
    again.write_bytes(b"a patient")
    leftovers._swept.clear()  # a minute later
    files.open_paths([cohort / "Toy_001"])
    settled()
    qtbot.waitUntil(lambda: not again.exists())


def test_next_and_previous_case(
    files: FilesController, session: Session, cohort: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([cohort])
    settled()
    for step, expected in ((1, "Toy_002"), (1, "Toy_003"), (1, "Toy_003"), (-1, "Toy_002"), (-1, "Toy_001")):
        files.step(step)
        settled()
        assert session.case.case_id == expected
    files.step(-1)
    assert session.notice.what == "This is the first case of the list"
    assert not session.notice.problem


def test_next_goes_past_a_case_that_cannot_be_read(
    files: FilesController, session: Session, cohort: Path, settled: Callable[[], None]
) -> None:
    (cohort / "Toy_002" / "Toy_002_t1.nii.gz").write_bytes(b"letter")
    files.open_paths([cohort])
    settled()
    files.step(1)
    settled()
    assert session.case.case_id == "Toy_001"
    assert session.notice.problem
    assert [key for _, key in session.notice.actions] == ["file.readable", "file.assign"]
    files.step(1)
    settled()
    assert session.case.case_id == "Toy_003"
    files.step(-1)
    settled()
    files.open_readable()
    settled()
    assert session.case.case_id == "Toy_002"
    assert session.case.missing == (Modality.T1,)
    assert session.notice is not None
    assert "Left out: Toy_002_t1.nii.gz" in session.notice.what


def test_next_goes_on_from_a_case_that_was_opened_without_its_mask(
    files: FilesController, session: Session, cohort: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([cohort])
    settled()
    files.step(1)
    settled()
    files.step(1)
    settled()
    files.open_without_mask()
    settled()
    assert session.case.reference is None
    files.step(-1)
    settled()
    assert session.case.case_id == "Toy_002"


def test_without_a_cohort_there_is_no_next(opened: FilesController, session: Session) -> None:
    case = session.case
    opened.step(1)
    assert session.case is case
    assert not session.opening.running
    assert session.notice is not None
    assert session.notice.what == "There is no list of cases to go through"
    assert not session.notice.problem


def test_a_single_case_closes_the_list_and_one_of_the_list_keeps_it(
    files: FilesController,
    session: Session,
    cohort: Path,
    toy_case: Any,
    tmp_path: Path,
    settled: Callable[[], None],
) -> None:
    files.open_paths([cohort])
    settled()
    annotation = cohort / "Toy_003" / "Toy_003_annotation.nii.gz"  # since the list was made
    shutil.copy(cohort / "Toy_003" / "Toy_003_seg.nii.gz", annotation)
    files.open_paths([cohort / "Toy_003"])
    settled()
    assert session.case.case_id == "Toy_003"
    assert len(session.cohort) == 3
    alone = toy_case(tmp_path, case_id="Alone")
    (alone / "Alone_t1.nii.gz").write_bytes(b"letter")
    files.open_paths([alone])
    settled()
    assert len(session.cohort) == 3  # it did not open
    files.open_readable()
    settled()
    assert session.case.case_id == "Alone"
    assert session.cohort == ()


def test_a_click_in_the_list_opens_the_case(
    files: FilesController, session: Session, parts: Any, cohort: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([cohort])
    settled()
    parts.window.panels.named("Cases")().case_requested.emit(session.cohort[2])
    settled()
    assert session.case.case_id == "Toy_003"


def test_a_click_at_the_open_case_leaves_it_as_it_is(
    files: FilesController,
    session: Session,
    parts: Any,
    cohort: Path,
    settled: Callable[[], None],
    qtbot: QtBot,
    brake: Brake,
) -> None:
    """Read anew, a mask that was painted and saved began without what could be undone."""
    files.open_paths([cohort])
    settled()
    case = session.case
    asked = parts.window.panels.named("Cases")().case_requested
    asked.emit(session.cohort[0])
    qtbot.waitUntil(lambda: not files.reading._look.running)
    assert session.case is case
    assert not session.opening.running
    brake.hold(f"{session.cohort[1].case_id}_t2.")
    files.open_source(session.cohort[1])
    qtbot.waitUntil(lambda: session.previewing)
    asked.emit(session.cohort[0])  # the other one is not wanted any more
    brake.release()
    settled()
    assert session.case is case
    assert not session.previewing
    os.utime(case.source.reference, ns=(1, 1))
    asked.emit(session.cohort[0])
    qtbot.waitUntil(lambda: session.case is not case)
    assert session.case.case_id == case.case_id


def test_a_double_click_reads_a_case_once(
    files: FilesController,
    session: Session,
    parts: Any,
    cohort: Path,
    settled: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files.open_paths([cohort])
    settled()
    read = list[str]()
    start = files.reading.read
    monkeypatch.setattr(
        files.reading, "read", lambda source, **more: (read.append(source.case_id), start(source, **more))
    )
    for _ in range(3):
        parts.window.panels.named("Cases")().case_requested.emit(session.cohort[2])
    settled()
    assert read == ["Toy_003"]
    assert session.case.case_id == "Toy_003"


# --- loose files, dialogs, drops --------------------------------------------------------------------------------


def test_one_loose_file_brings_its_case_along(
    files: FilesController, session: Session, folder: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([folder / "Toy_001_t2.nii.gz"])
    settled()
    assert set(session.case.volumes) == set(Modality)


def test_loose_files_become_one_case(
    files: FilesController, session: Session, folder: Path, settled: Callable[[], None]
) -> None:
    files.open_paths([folder / "Toy_001_t2.nii.gz", folder / "Toy_001_flair.nii.gz"])
    settled()
    assert set(session.case.volumes) == {Modality.T2, Modality.FLAIR}
    assert session.case.reference is None


def test_the_dialogs_open_what_they_return(
    files: FilesController,
    session: Session,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled: Callable[[], None],
) -> None:
    asked: list[str] = []

    def choose(_parent: object, _title: str, where: str, *_rest: object) -> Any:
        asked.append(where)
        return str(folder) if len(asked) == 1 else ([str(folder / "Toy_001_t1.nii.gz")] * 1, "")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    files.choose_folder()
    settled()
    first = session.case
    files.choose_files()
    settled()
    assert session.case is not first
    assert asked == [str(Path.home()), str(folder.parent)]


def test_a_dialog_that_is_closed_opens_nothing(
    files: FilesController, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    files.choose_folder()
    files.choose_files()
    assert not session.opening.running


def _mime(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def _drop(target: Any, mime: QMimeData) -> QDropEvent:
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(QPointF(50, 50).toPoint(), action, mime, buttons, keys))
    event = QDropEvent(QPointF(50, 50), action, mime, buttons, keys)
    QApplication.sendEvent(target, event)
    return event


def test_a_dropped_folder_is_opened(
    files: FilesController, session: Session, parts: Any, folder: Path, settled: Callable[[], None]
) -> None:
    assert _drop(parts.window, _mime(folder)).isAccepted()
    settled()
    assert session.case.source.folder == folder


def test_dropped_files_are_opened_as_one_case(
    files: FilesController, session: Session, parts: Any, folder: Path, settled: Callable[[], None]
) -> None:
    _drop(parts.window, _mime(folder / "Toy_001_t1.nii.gz", folder / "Toy_001_t1ce.nii.gz"))
    settled()
    assert set(session.case.volumes) == {Modality.T1, Modality.T1CE}


def test_a_folder_dropped_on_a_picture_is_opened(
    qtbot: QtBot,
    opened: FilesController,
    session: Session,
    parts: Any,
    toy_case: Any,
    tmp_path: Path,
    settled: Callable[[], None],
) -> None:
    """The pictures are graphics views, and those take drops for themselves unless they are told not to."""
    with qtbot.waitExposed(parts.window):
        parts.window.show()
    widget = parts.window.ortho.views[0].viewport()
    while not widget.acceptDrops():
        widget = widget.parentWidget()
    assert widget is parts.window
    _drop(widget, _mime(toy_case(tmp_path, case_id="Toy_002")))
    settled()
    assert session.case.case_id == "Toy_002"


def test_dropped_text_is_not_taken(files: FilesController, session: Session, parts: Any) -> None:
    mime = QMimeData()
    mime.setText("hello")
    _drop(parts.window, mime)
    assert not session.opening.running


# --- assigning --------------------------------------------------------------------------------------------------


def _answer(monkeypatch: pytest.MonkeyPatch, choose: Callable[[dict[str, QComboBox]], None] | None) -> None:
    """Let the assign dialog be answered: by `choose` and Open, or by Cancel."""

    def run(dialog: AssignDialog) -> int:
        if choose is None:
            return 0
        choose({box.accessibleName(): box for box in dialog.findChildren(QComboBox)})
        return 1

    monkeypatch.setattr(AssignDialog, "exec", run)


def test_files_with_odd_names_are_assigned(
    files: FilesController,
    session: Session,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled: Callable[[], None],
) -> None:
    names = ("a", "b", "c")
    for name, modality in zip(names, ("t1", "flair", "seg"), strict=True):
        (folder / f"Toy_001_{modality}.nii.gz").rename(folder / f"{name}.nii.gz")
    for modality in ("t1ce", "t2"):
        (folder / f"Toy_001_{modality}.nii.gz").unlink()
    files.open_paths([folder])
    settled()

    def choose(boxes: dict[str, QComboBox]) -> None:
        for name, value in zip(names, ("t1", "flair", "mask"), strict=True):
            box = boxes[f"What {name}.nii.gz is"]
            box.setCurrentIndex(box.findData(value))

    _answer(monkeypatch, choose)
    files.assign()
    settled()
    assert session.case is not None
    assert session.case.source.modalities == {
        Modality.T1: folder / "a.nii.gz",
        Modality.FLAIR: folder / "b.nii.gz",
    }
    assert session.case.source.reference == folder / "c.nii.gz"


def test_the_open_case_is_re_assigned(
    opened: FilesController,
    session: Session,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    settled: Callable[[], None],
) -> None:
    t1 = session.case.volumes[Modality.T1].stored.copy()

    def swap(boxes: dict[str, QComboBox]) -> None:
        for name, value in (("t1", "t2"), ("t2", "t1"), ("seg", None)):
            box = boxes[f"What Toy_001_{name}.nii.gz is"]
            box.setCurrentIndex(box.findData(value))

    _answer(monkeypatch, swap)
    opened.assign()
    settled()
    np.testing.assert_array_equal(session.case.volumes[Modality.T2].stored, t1)
    assert session.case.reference is None
    assert session.case.case_id == "Toy_001"
    assert session.case.source.unused == (folder / "Toy_001_seg.nii.gz",)


def test_a_cancelled_dialog_changes_nothing(
    opened: FilesController, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Snapshot(session)
    _answer(monkeypatch, None)
    opened.assign()
    assert Snapshot(session) == before
    assert not session.opening.running


def test_with_nothing_to_assign_that_is_said(files: FilesController, session: Session) -> None:
    files.assign()
    assert session.notice.what == "There are no files to assign"


# --- masks on another grid --------------------------------------------------------------------------------------


@pytest.fixture
def mismatched(toy_case: Any, tmp_path: Path) -> Path:
    """A case whose mask has voxels of 2 mm and every second one of the right mask."""
    folder = Path(toy_case(tmp_path, case_id="Coarse"))
    path = folder / "Coarse_seg.nii.gz"
    image = nib.load(path)
    affine = image.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[::2, ::2, ::2], affine), path)
    return folder


def test_a_mask_on_another_grid_is_refused_with_two_ways_out(
    opened: FilesController, session: Session, mismatched: Path, settled: Callable[[], None]
) -> None:
    before = _arrange(session)
    opened.open_paths([mismatched])
    settled()
    assert Snapshot(session) == before
    assert session.notice.what == (
        "Coarse_seg.nii.gz: the mask does not lie on the grid of the case: it has 12×14×10 voxels instead of 24×28×20"
    )
    assert [key for _, key in session.notice.actions] == ["file.resample", "file.without_mask"]


def test_both_ways_out_work(
    opened: FilesController, session: Session, mismatched: Path, settled: Callable[[], None]
) -> None:
    coarse = nib.as_closest_canonical(nib.load(mismatched / "Coarse_seg.nii.gz"))
    opened.open_paths([mismatched])
    settled()
    opened.open_without_mask()
    settled()
    assert session.case.case_id == "Coarse"
    assert session.case.reference is None
    opened.open_paths([mismatched])
    settled()
    opened.open_resampled()
    settled()
    reference = session.case.reference
    assert reference is not None
    assert reference.values.shape == (24, 28, 20)
    # the stored grid is LPS: the sampled voxels are those with odd i and j (23 - 2n, 27 - 2n) and even k
    np.testing.assert_array_equal(reference.values[1::2, 1::2, ::2], np.asarray(coarse.dataobj))


def test_the_ways_out_without_a_case_do_nothing(files: FilesController, session: Session) -> None:
    files.open_resampled()
    files.open_without_mask()
    assert not session.opening.running


# --- the demonstration case -------------------------------------------------------------------------------------


def test_the_demonstration_case_opens(
    qtbot: QtBot, files: FilesController, session: Session, demo_folder: Path
) -> None:
    files.open_demo()
    qtbot.waitUntil(lambda: not session.opening.running, timeout=30_000)
    assert session.case is not None
    assert session.case.reference is not None
    assert session.case.source.folder.name in {shipped.name for shipped in demo_folder.iterdir()}
    assert demo_folder not in session.case.source.folder.parents, "masks would be saved into the installation"


def test_the_copy_of_the_demonstration_case_keeps_what_was_saved_there(own_folders: Path) -> None:
    copy = demo_case()
    assert own_folders in copy.parents
    (copy / "mine_annotation.nii.gz").write_bytes(b"work")
    image = next(copy.glob("*_t1.nii.gz"))
    image.unlink()
    assert demo_case() == copy
    assert (copy / "mine_annotation.nii.gz").read_bytes() == b"work"
    assert image.read_bytes() == (shipped_demo() / image.name).read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is named by XDG_DATA_HOME on Linux alone")
def test_without_room_for_a_copy_the_shipped_case_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder would be")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "taken"))
    assert demo_case() == shipped_demo()


def test_a_missing_demonstration_case_is_said(
    files: FilesController, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("brainseg_gui.imaging.cases.demo_case.files", lambda _: tmp_path)
    files.open_demo()
    assert session.notice.what == "this installation holds no demonstration case"


def test_a_copy_of_a_case_is_another_case(
    opened: FilesController, session: Session, folder: Path, tmp_path: Path, settled: Callable[[], None]
) -> None:
    copy = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, copy)
    opened.open_paths([copy])
    settled()
    assert session.case.source.folder == copy


def test_a_file_that_is_taken_for_another_modality_is_not_shown_through_the_window_of_that_one(
    opened: FilesController, session: Session, settled: Callable[[], None]
) -> None:
    assert session.case is not None
    source = session.case.source
    files = dict(source.modalities)
    files[Modality.T1], files[Modality.T2] = files[Modality.T2], files[Modality.T1]
    opened.open_source(replace(source, modalities=files))
    settled()
    assert session.case.source.modalities == files
    windows, volumes = session.viewing.windows, session.case.volumes
    assert {m: windows[m] for m in volumes} == {m: auto_window(volumes[m]) for m in volumes}
    opened.open_source(session.case.source)
    settled()
    assert session.viewing.windows == windows
