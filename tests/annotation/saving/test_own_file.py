"""The file that a mask was read from is no licence: it may lie among the files of another case, or be the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.saving.save_mask import Doubt, MaskDoubt, SaveRequest, save_mask
from brainseg_gui.annotation.saving.study_memory import StudyMemory
from brainseg_gui.controllers.layers.masks_read import read_masks
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.file_mark import mark_of
from brainseg_gui.imaging.formats import reading
from brainseg_gui.imaging.formats.mask_note import MaskFile, MaskNote
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import run_to_end

ToyCase = Callable[..., Path]


@pytest.fixture
def case(toy_case: ToyCase, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path / "one", case_id="P1", seed=1))))


def _request(case: Case, path: Path, note: MaskNote | None = None) -> SaveRequest:
    assert case.reference is not None
    return SaveRequest(case, case.reference, "annotation", MaskFile(path, mark_of(path), note))


def test_a_file_among_those_of_another_case_is_asked_about(case: Case, toy_case: ToyCase, tmp_path: Path) -> None:
    other = toy_case(tmp_path / "two", case_id="P2", seed=2)
    path = other / "P2_annotation.nii.gz"
    path.write_bytes((other / "P2_seg.nii.gz").read_bytes())
    before, request = path.read_bytes(), _request(case, path)
    with pytest.raises(MaskDoubt) as caught:
        run_to_end(save_mask(request))
    assert (caught.value.doubt, caught.value.name) == (Doubt.OTHER_CASE, "P2")
    assert path.read_bytes() == before
    assert run_to_end(save_mask(request.settling(Doubt.OTHER_CASE))).file.path == path


def test_one_whose_note_tells_of_these_images_was_put_there_for_them(
    case: Case, toy_case: ToyCase, tmp_path: Path
) -> None:
    path = toy_case(tmp_path / "two", case_id="P2", seed=2) / "P2_seg.nii.gz"
    note = MaskNote("anna", None, study_digest(case), "", None, {})
    assert run_to_end(save_mask(_request(case, path, note))).file.path == path


def test_the_reference_is_asked_about_though_the_mask_was_read_from_it(case: Case) -> None:
    assert case.source.reference is not None
    with pytest.raises(MaskDoubt) as caught:
        run_to_end(save_mask(_request(case, case.source.reference)))
    assert caught.value.doubt is Doubt.REFERENCE


def test_what_is_written_while_a_mask_is_read_was_not_seen(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = run_to_end(
        save_mask(replace(_request(case, case.source.folder / "P1_seg.nii.gz"), file=None), lambda study: _note(study))
    ).file
    read = reading.read_label_map

    def read_and_lose(path: Path, *arguments: object, **options: object) -> object:
        labels = read(path, *arguments, **options)  # type: ignore[arg-type]
        path.write_bytes(b"a colleague's")
        return labels

    monkeypatch.setattr(reading, "read_label_map", read_and_lose)
    answer = run_to_end(
        read_masks(case, [saved.path], None, StudyMemory(tmp_path), regrid=RegridPolicy.STRICT, dropped=False)
    )
    file = answer.files[saved.path]
    assert file.mark is not None
    assert not file.mark.fits(saved.path)


def _note(study: str) -> dict[str, object]:
    return {"voxels_digest": "ab", "study": study, "annotator": "anna"}
