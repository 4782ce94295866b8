"""What a scanner, an archive or a converter gave becomes series with roles, and one is chosen for each modality."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.doubts import doubts_of
from brainseg_gui.preparation.raw_examination import RawExamination, choose_series, examine, said_anew
from brainseg_gui.preparation.roles import Certainty
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import Series, base, write_classic

T1, T1CE, T2, FLAIR = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR


def examined(place: Path) -> RawExamination:
    return run_to_end(examine(place))


def write_file(
    path: Path, shape: tuple[int, ...] = (8, 9, 7), spacing: tuple[float, float, float] = (1, 1, 5), **note: object
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([*spacing, 1.0])), path)  # type: ignore[attr-defined]
    if note:
        path.with_name(path.name.removesuffix(".nii.gz") + ".json").write_text(json.dumps(note))
    return path


def described(name: str, time: str, uid: str, pixels: NDArray[np.uint16]) -> Series:
    return Series(pixels, uid=uid, tags={"SeriesDescription": name, "SeriesTime": time})


def test_dicom_and_files_of_one_folder_are_told_together(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path / "a", described("t2_flair_tra", "090000", "1.2.3.1", pixels))
    write_classic(tmp_path / "b", described("localizer", "080000", "1.2.3.2", pixels))
    write_file(tmp_path / "Jane_t1_gd.nii.gz")
    write_file(tmp_path / "tumour_mask.nii.gz")
    write_file(tmp_path / "dwi.nii.gz", (8, 9, 7, 3))
    write_file(tmp_path / "scout.nii.gz", (8, 9, 3))
    (tmp_path / "broken_t2.nii.gz").write_bytes(b"nothing")
    found = examined(tmp_path)
    assert {(one.name, one.role.modality) for one in found.series} == {
        ("t2_flair_tra", FLAIR),
        ("localizer", None),
        ("Jane_t1_gd", T1CE),
    }
    assert [one.number for one in found.series] == [1, 2, 3]
    why = {one.name: one.why for one in found.aside}
    assert why["tumour_mask"] == "it is a mask"
    assert why["dwi"].startswith("it holds 3 volumes")
    assert why["scout"].startswith("it has 3 slices")
    assert "broken_t2" in why


def test_a_series_is_called_by_its_file_as_a_record_keeps_it(tmp_path: Path) -> None:
    """What was said of a prepared case stands in its record in small letters: placing by hand refused it there."""
    paths = [write_file(tmp_path / "Jane" / f"{name}.nii.gz") for name in ("SE_10_t1", "SE_13_T1_t1c")]
    found = examined(tmp_path / "Jane")
    for path in paths:
        for word in (str(path), str(path).casefold()):
            assert found.called(word).files == (path,)


def test_series_go_by_time_whatever_their_files_are_called(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    for folders in (("x", "y"), ("y", "x")):
        place = tmp_path / "".join(folders)
        write_classic(place / folders[0], described("t1_tra", "100000", "1.2.3.9", pixels))
        write_classic(place / folders[1], described("t1_tra", "093000", "1.2.3.4", pixels))
        found = examined(place)
        assert [one.notes.words["SeriesTime"] for one in found.series] == ["093000", "100000"]
        assert [one.role.modality for one in found.series] == [T1, T1CE]
        assert [one.role.certainty for one in found.series] == [Certainty.SURE, Certainty.UNSURE]


def test_a_converters_note_tells_what_a_name_does_not(tmp_path: Path) -> None:
    write_file(tmp_path / "004.nii.gz", EchoTime=0.12, RepetitionTime=9.0, InversionTime=2.5)
    write_file(tmp_path / "005.nii.gz", SeriesDescription="ax t2 tse")
    write_file(tmp_path / "006.nii.gz", EchoTime="none", RepetitionTime=float("nan"), InversionTime=10**400)
    assert [one.role.modality for one in examined(tmp_path).series] == [FLAIR, T2, None]


@pytest.mark.parametrize("name", ["Jane_flair.nii.gz", "Jane_flair.nii"])
def test_one_file_is_an_examination_too(tmp_path: Path, name: str) -> None:
    found = examined(write_file(tmp_path / name))
    assert (found.name, found.series[0].role.modality) == ("Jane_flair", FLAIR)
    volume = run_to_end(found.series[0].read())
    assert volume.stored.shape == (8, 9, 7)


def test_what_was_prepared_and_what_is_hidden_is_no_raw_series(tmp_path: Path) -> None:
    write_file(tmp_path / "Jane" / "t1.nii.gz")
    write_file(tmp_path / "Jane" / ".trash" / "t2.nii.gz")
    write_file(tmp_path / "Jane" / "out" / "x_t2.nii.gz")
    (tmp_path / "Jane" / "out" / RECORD).write_text("{}")
    found = examined(tmp_path / "Jane")
    assert [one.name for one in found.series] == ["t1"]


def test_an_examination_is_called_by_the_folder_that_says_something(tmp_path: Path) -> None:
    write_file(tmp_path / "TCGA-FG-6692" / "native" / "t1.nii.gz")
    assert examined(tmp_path / "TCGA-FG-6692" / "native").name == "TCGA-FG-6692"


def test_a_place_without_series_is_said(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no such file"):
        examined(tmp_path / "gone")
    with pytest.raises(CaseError, match="neither DICOM nor NIfTI"):
        examined(tmp_path)
    write_file(tmp_path / "scout.nii.gz", (8, 9, 3))
    with pytest.raises(CaseError, match=r"none of its images can be used .*scout: it has 3 slices"):
        examined(tmp_path)


@pytest.fixture
def four(tmp_path: Path) -> RawExamination:
    for name, thick in (("t1", 5), ("t1_gd", 3), ("t1_gd_thin", 1), ("ax_t2", 5), ("unknown", 5)):
        write_file(tmp_path / f"{name}.nii.gz", spacing=(1, 1, thick))
    return examined(tmp_path)


def test_the_finest_t1ce_is_the_reference(four: RawExamination) -> None:
    choice = choose_series(four)
    names = {modality: four.series[one.number].name for modality, one in choice.chosen.items()}
    assert names == {T1: "t1", T1CE: "t1_gd_thin", T2: "ax_t2"}
    assert choice.reference is T1CE
    assert "the finest of 2" in choice.chosen[T1CE].role.reason


def test_a_slab_of_small_voxels_is_no_reference_beside_the_whole_head(tmp_path: Path) -> None:
    write_file(tmp_path / "ax_t1_gd.nii.gz", (64, 64, 40), (4, 4, 4))
    write_file(tmp_path / "sella_t1_gd.nii.gz", (64, 64, 9), (2, 2, 3))
    found = examined(tmp_path)
    assert found.series[choose_series(found).chosen[T1CE].number].name == "ax_t1_gd"


def test_a_persons_word_goes_before_every_guess(four: RawExamination) -> None:
    choice = choose_series(four, {FLAIR: "unknown", T1CE: "t1", T2: "none"})
    names = {modality: four.series[one.number].name for modality, one in choice.chosen.items()}
    assert names == {T1CE: "t1", FLAIR: "unknown"}
    assert choice.by_person == {FLAIR, T1CE, T2}
    assert choice.chosen[FLAIR].role.certainty is Certainty.SURE
    assert not doubts_of(choice, four)


@pytest.mark.parametrize(("word", "said"), [("adc", "no series is called"), ("gd", "2 series have “gd”")])
def test_a_name_that_no_series_or_several_have_is_said(four: RawExamination, word: str, said: str) -> None:
    with pytest.raises(CaseError, match=said) as error:
        choose_series(four, {FLAIR: word})
    assert "1: ax_t2; 2: t1" in error.value.remedy


def test_what_the_series_tell_for_sure_is_not_a_persons_word(tmp_path: Path) -> None:
    """An opened case says of each file what it is: most of that its names say, and stays open to the images."""
    files = {m: write_file(tmp_path / f"Jane_{name}.nii.gz") for m, name in ((T1CE, "t1_gd"), (T2, "t2"), (T1, "scan"))}
    found = examined(tmp_path)
    said = {modality: str(path) for modality, path in files.items()}
    assert said_anew(found, said) == {T1: str(files[T1])}
    assert said_anew(found, {T2: str(files[T1CE]), FLAIR: "none"}) == {T2: str(files[T1CE]), FLAIR: "none"}
    with pytest.raises(CaseError, match="no series is called"):
        said_anew(found, {T2: "gone"})


def test_without_any_role_a_person_is_asked(tmp_path: Path) -> None:
    write_file(tmp_path / "004.nii.gz")
    with pytest.raises(CaseError, match="nothing tells what its series are"):
        choose_series(examined(tmp_path))


def test_a_guess_that_is_not_sure_is_told(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    for time, uid in (("090000", "1.2.3.1"), ("100000", "1.2.3.2")):
        write_classic(tmp_path / uid, described("t1_tra", time, uid, pixels))
    found = examined(tmp_path)
    (doubt,) = doubts_of(choose_series(found), found)
    assert "taken for T1ce" in doubt
    assert "--role t1ce=SERIES" in doubt
    swapped = choose_series(found).swapped(T1, T1CE, (found.series[1].role, found.series[0].role))
    assert {m: one.number for m, one in swapped.chosen.items()} == {T1: 1, T1CE: 0}
    assert swapped.reference is T1


def test_files_that_cannot_be_read_are_told_and_are_a_doubt(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    files = write_classic(tmp_path / "a", described("t2_tra", "090000", "1.2.3.1", pixels))
    write_classic(tmp_path / "b", described("t1_tra", "093000", "1.2.3.2", pixels))
    files[-1].write_bytes(files[-1].read_bytes()[:400])
    (tmp_path / "a" / "IM0008").write_bytes(b"")
    (tmp_path / "a" / "1.2.3.4").write_bytes(bytes(1000))
    (tmp_path / "b" / "notes.txt").write_bytes(b"")
    (tmp_path / "b" / "report.pdf").write_bytes(b"%PDF-1.4")
    found = examined(tmp_path)
    assert [(one.name, one.why) for one in found.aside] == [("a", "3 files could not be read")]
    (doubt,) = doubts_of(choose_series(found), found)
    assert doubt.startswith("3 files beside “t2_tra” (T2) could not be read")


def test_other_kinds_of_dicom_are_not_taken_for_damaged(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path, described("t2_tra", "090000", "1.2.3.1", pixels))
    content = base(described("report", "090000", "1.2.3.2", pixels), "1.2.840.10008.5.1.4.1.1.88.11", "1.2.3.2.1")
    del content.Rows
    content.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert not examined(tmp_path).aside


def test_two_examinations_are_never_taken_for_one(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    for visit in ("a", "b"):
        for name in ("t1_gd", "t2"):
            write_file(tmp_path / "files" / visit / f"{name}.nii.gz")
        series = described("t1_tra", "090000", f"1.2.3.{visit == 'a':d}", pixels)
        series.tags["StudyInstanceUID"] = f"1.2.9.{visit == 'a':d}"
        write_classic(tmp_path / "dicom" / visit, series)
    for kind in ("files", "dicom"):
        with pytest.raises(CaseError, match="it holds 2 examinations"):
            examined(tmp_path / kind)
        assert examined(tmp_path / kind / "a").series


def test_a_folder_for_each_modality_is_one_examination(tmp_path: Path) -> None:
    for name in ("t1", "t1_gd", "t2"):
        write_file(tmp_path / name / f"{name}.nii.gz")
    assert len(examined(tmp_path).series) == 3
