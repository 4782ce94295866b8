"""Masks: saved where they belong, verified or not at all, and asked about only where a person has to decide."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.saving.mask_paths import OutputTree
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.saving.saving import SaveController
from brainseg_gui.controllers.layers.mask_folder import MaskFolderController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.question import Question


@pytest.fixture
def saving(parts: Any) -> Iterator[SaveController]:
    journals = JournalController(*parts)
    controller = core_controllers.saving(parts, journals)
    yield controller
    controller.close()
    journals.close()


@pytest.fixture
def mask_folder(parts: Any, saving: SaveController) -> MaskFolderController:
    return core_controllers.mask_folder(parts, saving)


@pytest.fixture
def opened(saving: SaveController, session: Session, case: Case) -> SaveController:
    session.open(case)
    return saving


@pytest.fixture
def asked(qtbot: QtBot, session: Session, parts: Any) -> Callable[[], Question]:
    """The question that a save ends with."""

    def wait() -> Question:
        qtbot.waitUntil(lambda: not session.saving.running)
        (found,) = (question for question in parts.window.findChildren(Question) if question.isVisible())
        return found

    return wait


def _stored(path: Path) -> Any:
    return np.asarray(nib.load(path).dataobj)


# --- saving -----------------------------------------------------------------------------------------------------


def test_a_saved_layer_is_on_disk_and_no_longer_unsaved(
    opened: SaveController,
    session: Session,
    parts: Any,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    folder: Path,
) -> None:
    layer = predict()
    assert parts.window.isWindowModified()
    path = tmp_path / "out.nii.gz"
    opened.save_to(layer, path)
    saved()
    assert layer.saved_as == path
    assert not parts.window.isWindowModified()
    assert session.saving.outcome == f"Saved out.nii.gz in {path.parent}"
    image, reference = nib.load(path), nib.load(folder / "Toy_001_seg.nii.gz")
    np.testing.assert_array_equal(image.affine, reference.affine)
    # moved to the right by two voxels, which is against the stored (LPS) first axis
    np.testing.assert_array_equal(_stored(path), np.roll(_stored(folder / "Toy_001_seg.nii.gz"), -2, axis=0))
    assert image.get_data_dtype() == np.uint8
    assert image.header["descrip"].item() == b"brainseg mask, brats2020"


def test_a_saved_prediction_says_which_network_made_it(
    opened: SaveController, predict: Callable[..., Layer], saved: Callable[[], None], tmp_path: Path
) -> None:
    layer = predict()
    layer.author, layer.model_sha256 = "net 1.0", "0" * 64
    opened.save_to(layer, tmp_path / "out.nii.gz")
    saved()
    assert nib.load(tmp_path / "out.nii.gz").header["descrip"].item() == b"brainseg mask, brats2020, by net 1.0"


def test_saving_asks_nothing_and_save_as_adds_the_ending(
    opened: SaveController,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    folder: Path,
    chosen: Callable[..., list[str]],
) -> None:
    proposals = chosen(tmp_path / "mine")
    layer = predict()
    opened.save()
    saved()
    assert layer.saved_as == folder / "Toy_001_pred.nii.gz"
    assert proposals == []
    opened.save_as()
    saved()
    assert (tmp_path / "mine.nii.gz").is_file()
    assert proposals == [str(folder / "Toy_001_pred.nii.gz")]
    opened.save()
    saved()
    assert layer.saved_as == tmp_path / "mine.nii.gz"  # where this mask is now


def test_another_mask_takes_the_next_name_and_the_same_one_its_own(
    opened: SaveController, predict: Callable[..., Layer], saved: Callable[[], None], folder: Path
) -> None:
    first, second = predict(2), predict(3)
    for layer in (first, second, first):
        layer.saved_as = None
        opened.save_layer(layer)
        saved()
    assert sorted(path.name for path in folder.glob("*pred*")) == ["Toy_001_pred.nii.gz", "Toy_001_pred_2.nii.gz"]
    assert first.saved_as == folder / "Toy_001_pred.nii.gz"


def test_what_was_read_from_a_file_is_saved_already(
    opened: SaveController, session: Session, folder: Path, saved: Callable[[], None]
) -> None:
    reference = folder / "Toy_001_seg.nii.gz"
    before = reference.read_bytes()
    opened.save()
    saved()
    assert session.notice.what == "reference is saved as Toy_001_seg.nii.gz"
    assert reference.read_bytes() == before


def test_a_name_that_is_not_given_saves_nothing(
    opened: SaveController, session: Session, predict: Callable[..., Layer], chosen: Callable[..., list[str]]
) -> None:
    chosen("")
    layer = predict()
    opened.save_as()
    assert not session.saving.running
    assert layer.saved_as is None


@pytest.mark.parametrize("through_a_link", [False, True])
def test_an_image_of_the_case_is_never_replaced(
    opened: SaveController,
    session: Session,
    folder: Path,
    tmp_path: Path,
    saved: Callable[[], None],
    through_a_link: bool,
) -> None:
    image = folder / "Toy_001_t1.nii.gz"
    before, name = image.read_bytes(), image
    if through_a_link:
        name = tmp_path / "pred.nii.gz"
        name.symlink_to(image)
    opened.save_to(next(iter(session.layers)), name)
    saved()
    assert "this is an image of the case, not a mask" in session.notice.what
    assert image.read_bytes() == before


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
def test_a_file_whose_name_was_typed_without_its_ending_is_asked_about(
    opened: SaveController,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: QMessageBox.StandardButton,
) -> None:
    path = tmp_path / "mine.nii.gz"
    path.write_bytes(b"yesterday's work")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    predict()
    opened.save_as()
    saved()
    assert (path.read_bytes() == b"yesterday's work") is (answer is QMessageBox.StandardButton.No)


def test_the_reference_is_replaced_by_a_prediction_only_when_asked(
    opened: SaveController,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    asked: Callable[[], Question],
    folder: Path,
    chosen: Callable[..., list[str]],
) -> None:
    reference = folder / "Toy_001_seg.nii.gz"
    before = reference.read_bytes()
    chosen(reference)
    layer = predict()
    for key in ("cancel", "replace"):
        opened.save_as()
        question = asked()
        assert "Replace the reference Toy_001_seg.nii.gz?" in question.text()
        assert reference.read_bytes() == before
        question.answer(key)
        question.deleteLater()
        QApplication.sendPostedEvents(question, QEvent.Type.DeferredDelete)
    saved()
    assert layer.saved_as == reference
    assert reference.read_bytes() != before


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (PermissionError(errno.EACCES, "Permission denied"), "not writable"),
        (OSError(errno.EROFS, "Read-only file system"), "another folder"),
        (OSError(errno.EIO, "Input/output error"), "another folder"),
    ],
)
def test_a_save_that_fails_keeps_the_old_file_and_says_so(
    opened: SaveController,
    session: Session,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
    remedy: str,
) -> None:
    path = tmp_path / "out.nii.gz"
    path.write_bytes(b"the old file")
    layer = predict()

    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", fail)
    opened.save_to(layer, path)
    saved()
    assert path.read_bytes() == b"the old file"
    assert layer.saved_as is None
    assert session.saving.outcome == "Not saved"
    assert session.notice.problem
    assert session.notice.what.startswith("out.nii.gz: ")
    assert remedy in session.notice.remedy
    assert ("Save as…", "file.save_as") in session.notice.actions
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".brainseg")] == []


def test_a_folder_that_is_gone_is_said(
    opened: SaveController,
    session: Session,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
) -> None:
    layer = predict()
    opened.save_to(layer, tmp_path / "gone" / "out.nii.gz")
    saved()
    assert session.notice.what.startswith("out.nii.gz: ")
    assert layer.saved_as is None


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "Permission denied"), OSError(errno.EROFS, "Read-only file system")]
)
def test_a_case_folder_that_takes_no_files_leaves_a_way_out(
    opened: SaveController,
    mask_folder: MaskFolderController,
    session: Session,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
) -> None:
    layer, out = predict(), tmp_path / "out"
    out.mkdir()
    write = nib.Nifti1Image.to_filename

    def refuse(image: nib.Nifti1Image, path: Path) -> None:
        if Path(path).is_relative_to(folder):
            raise error
        write(image, path)

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", refuse)
    opened.save()
    saved()
    assert session.notice.what.startswith(f"{folder.name}: the folder takes no files")
    assert "not saved yet" in session.notice.what
    assert session.notice.actions[0] == ("Choose a folder for masks…", "file.save_in")
    assert layer.saved_as is None
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    mask_folder.choose()  # and what was refused is saved at once
    saved()
    assert layer.saved_as == out / folder.name / "Toy_001_pred.nii.gz"
    assert session.notice.what.startswith(f"Masks go into {out}")


def test_what_is_read_back_must_be_the_mask(
    opened: SaveController,
    session: Session,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = nib.Nifti1Image.to_filename

    def spoil(image: nib.Nifti1Image, path: Path) -> None:
        changed = np.asarray(image.dataobj).copy()
        changed[0, 0, 0] ^= 1
        write(nib.Nifti1Image(changed, image.affine, image.header), path)

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", spoil)
    layer = predict()
    opened.save_to(layer, tmp_path / "out.nii.gz")
    saved()
    assert not (tmp_path / "out.nii.gz").exists()
    assert session.notice.what == "out.nii.gz: the file read back differs from the mask"
    assert layer.saved_as is None


def test_a_layer_that_changed_while_it_was_saved_is_still_unsaved(
    qtbot: QtBot,
    opened: SaveController,
    session: Session,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = nib.Nifti1Image.to_filename

    def slowly(image: nib.Nifti1Image, path: Path) -> None:
        gate.wait()
        write(image, path)

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", slowly)
    layer = predict()
    opened.save_to(layer, tmp_path / "out.nii.gz")
    qtbot.waitUntil(lambda: gate.reached == 1)
    layer.labels = layer.labels.with_scheme(scheme_named("msd"))
    gate.open()
    saved()
    assert (tmp_path / "out.nii.gz").is_file()
    assert layer.saved_as is None


def test_closing_the_program_lets_the_save_finish(
    opened: SaveController, predict: Callable[..., Layer], tmp_path: Path
) -> None:
    opened.save_to(predict(), tmp_path / "out.nii.gz")
    opened.close()
    assert nib.load(tmp_path / "out.nii.gz").shape == (24, 28, 20)


# --- where masks go ---------------------------------------------------------------------------------------------


def cohort_of(toy_case: Any, place: Path, *names: str) -> list[Path]:
    return [Path(toy_case(place / name, case_id=name.split("/")[-1])) for name in names]


@pytest.mark.parametrize("ending", ["", "annotation_2.nii.gz", "masks/A_annotation.nii.gz"])
def test_a_mask_goes_among_the_files_of_another_case_only_when_asked(
    opened: SaveController,
    session: Session,
    predict: Callable[..., Layer],
    asked: Callable[[], Question],
    saved: Callable[[], None],
    toy_case: Any,
    tmp_path: Path,
    chosen: Callable[..., list[str]],
    ending: str,
) -> None:
    other = Path(toy_case(tmp_path / "elsewhere", case_id="Other"))
    path = other / (ending or "x.nii.gz")
    path.parent.mkdir(exist_ok=True)
    chosen(path)
    layer = predict()
    opened.save_as()
    question = asked()
    assert "among the files of another case, Other?" in question.text()
    question.answer("cancel")
    assert layer.saved_as is None
    assert not path.exists()


def test_the_folder_for_masks_mirrors_the_cases(
    opened: SaveController,
    mask_folder: MaskFolderController,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    tmp_path: Path,
    parts: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, out = tmp_path / "study", tmp_path / "out"
    out.mkdir()
    source = replace(case.source, folder=root / "HGG" / "P1" / "visit 1", case_id="P1_visit 1")
    other = replace(source, folder=root / "LGG" / "P2", case_id="P2")
    session.open(replace(case, source=source))
    session.set_cohort((source, other))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    mask_folder.choose()
    assert session.notice.what == f"Masks go into {out} from now on, as the cases lie below study"
    layer = predict()
    opened.save()
    saved()
    assert layer.saved_as == out / "HGG" / "P1" / "visit 1" / "P1_visit 1_pred.nii.gz"
    assert parts.preferences.output_tree == session.output.tree
    assert session.saving.outcome == f"Saved {layer.saved_as.name} in {layer.saved_as.parent}"
    assert parts.window.actions_table["file.save_in"].isChecked()
    assert not parts.window.actions_table["file.save_beside"].isChecked()
    mask_folder.save_beside()
    assert session.output.tree is None
    assert parts.preferences.output_tree is None
    assert not parts.window.actions_table["file.save_in"].isChecked()
    assert parts.window.actions_table["file.save_beside"].isChecked()
    assert session.notice.what == "Masks go beside the images again"
    assert parts.preferences.earlier_trees == session.output.earlier == (OutputTree(out, root),)


def test_a_dialog_that_is_left_changes_nothing(
    mask_folder: MaskFolderController, session: Session, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    action = parts.window.actions_table["file.save_in"]
    action.setChecked(True)  # as a click does before anything is asked
    mask_folder.choose()
    assert session.output.tree is None
    assert not action.isChecked()


def test_a_name_that_someone_takes_meanwhile_is_left_to_them(
    opened: SaveController,
    predict: Callable[..., Layer],
    saved: Callable[[], None],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = nib.Nifti1Image.to_filename

    def late(image: nib.Nifti1Image, path: Path) -> None:
        write(image, path)
        first = folder / "Toy_001_pred.nii.gz"
        if not first.exists():
            first.write_bytes(b"a colleague's")

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", late)
    layer = predict()
    opened.save()
    saved()
    assert (folder / "Toy_001_pred.nii.gz").read_bytes() == b"a colleague's"
    assert layer.saved_as == folder / "Toy_001_pred_2.nii.gz"
