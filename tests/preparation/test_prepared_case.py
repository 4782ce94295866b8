"""A prepared case lies in its folder whole or not at all, says how it was made, and is found again."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_header, read_labels, read_volume
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.defaced import deface_place
from brainseg_gui.preparation.edits_back import edits_back
from brainseg_gui.preparation.native import file_name
from brainseg_gui.preparation.prepare_place import PreparationRequest, PreparedExamination, prepare_place
from brainseg_gui.preparation.prepared_case import NATIVE, native_paths, write_native_masks
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import Series, write_classic
from tests.preparation.heads import T1CE, T2, few_samples, grid_of, head
from tests.preparation.test_registration import motion
from tests.preparation.test_steps import seeing

REFERENCE = grid_of((34, 42, 38), (5.0, 5.0, 5.0))
THICK = grid_of((36, 44, 30), (5.0, 5.0, 6.6))
WISHES = Wishes(Space.REFERENCE)


def save(volume: Volume, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])  # as DICOM converters store axial slices
    flip[:2, 3] = np.array(volume.grid.shape[:2]) - 1
    stored = volume.stored[::-1, ::-1]
    nibabel.save(nibabel.Nifti1Image(stored, volume.grid.affine @ flip), path)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("raw") / "Jane" / "native"
    save(head(REFERENCE, T1CE, seed=1), place / "t1 gd.nii.gz")
    save(head(THICK, T2, motion((3, -2, 5), (4, -3, 6)), seed=2), place / "ax_t2.nii.gz")
    return place


@pytest.fixture(scope="module")
def prepared(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedExamination:
    request = PreparationRequest(tmp_path_factory.mktemp("out"), WISHES)
    with few_samples():
        return run_to_end(prepare_place(raw, request, seeing("brain")))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One series: nothing to register."""
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), tmp_path / "raw" / "Jane" / "t1_gd.nii.gz")
    return tmp_path / "raw" / "Jane"


def test_names_of_series_keep_their_ends_and_fit_into_a_name_of_a_file() -> None:
    taken = set[str]()
    long = f"MRHR_T1_AX_POST_GAD_{'OtherEXampleTCIA_' * 5}se2d1r_t1c"
    assert file_name(long, taken) == long
    for series in ("脑" * 200, "脑" * 201):
        name = file_name(series, taken)
        assert set(name.removesuffix("_2")) == {"脑"}
        assert 150 < len(f"{name}_annotation_12.nii.gz".encode()) <= 255
    assert len(taken) == 3


def test_a_prepared_case_opens_like_any_other(prepared: PreparedExamination) -> None:
    case = run_to_end(read_case(find_case(prepared.folder)))
    assert case.case_id == "Jane"
    assert set(case.volumes) == {Modality.T1CE, Modality.T2}
    assert case.reference is None
    assert not case.doubts
    assert case.grid.same_as(REFERENCE)
    assert prepared.work is not None
    for modality, volume in prepared.work.prepared.items():
        assert np.array_equal(case.volumes[modality].stored, volume.intensities())


def test_the_record_says_how_it_was_made(prepared: PreparedExamination, raw: Path) -> None:
    said = json.loads((prepared.folder / RECORD).read_text())
    assert (said["name"], said["reference"], said["brain"]["network"]) == ("Jane", "t1ce", "made up 1")
    assert [step["name"] for step in said["steps"]][:2] == ["reading series", "registering"]
    assert [entry["reason"] for entry in said["series"]] == ["its name says so"] * 2
    files = {file["path"] for entry in said["series"] for file in entry["files"]}
    assert files == {str(path.resolve()) for path in raw.glob("*.nii.gz")}
    assert not [path for path in raw.iterdir() if path.suffix != ".gz"]  # the source is only read


@pytest.mark.parametrize(
    ("where", "why"), [("drive", "nothing may be written in drive"), ("notes.txt", "notes.txt is no folder")]
)
def test_a_place_where_nothing_can_be_written_is_refused_before_the_steps(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, why: str
) -> None:
    """It was said after minutes of registering."""
    (tmp_path / "drive").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.setattr("os.access", lambda place, _mode: Path(place).name != "drive")
    monkeypatch.setattr("brainseg_gui.preparation.prepare_place.prepare", None)
    with pytest.raises(SaveError, match=why):
        run_to_end(prepare_place(raw, PreparationRequest(tmp_path / where / "new"), None))
    with pytest.raises(SaveError, match=why):
        run_to_end(deface_place(raw, tmp_path / where / "new", {}, None))


def test_the_record_is_read_as_it_was_written(prepared: PreparedExamination) -> None:
    found, work = read_preparation(prepared.folder), prepared.work
    assert work is not None
    assert (found.name, found.stripped, found.wishes) == ("Jane", True, WISHES)
    for one in found.series:
        assert np.array_equal(one.alignment.to_series, work.alignments[one.modality].to_series)
        assert one.header.stored_grid.codes == "LPS"
        assert one.header.stored_grid.grid.same_as(work.native[one.modality].grid)


def test_masks_go_back_to_every_series_in_its_own_order(
    prepared: PreparedExamination, raw: Path, tmp_path: Path
) -> None:
    values = np.zeros(REFERENCE.shape, np.uint8)
    values[20:27, 22:29, 20:27] = 4
    labels = LabelMap(values, REFERENCE, scheme_named("brats2020"))
    paths = run_to_end(write_native_masks(labels, prepared.preparation, tmp_path / "native", "a network"))
    assert sorted(path.name for path in paths) == ["ax_t2_pred.nii.gz", "t1_gd_pred.nii.gz"]
    for path, source in zip(paths, ("t1 gd.nii.gz", "ax_t2.nii.gz"), strict=True):
        back, stored = read_labels(path)
        assert np.allclose(stored.affine, read_header(raw / source).stored_grid.affine, atol=1e-4)
        ml = np.count_nonzero(back == 4) * stored.grid.voxel_ml
        assert ml == pytest.approx(7**3 * REFERENCE.voxel_ml, rel=0.2)
    assert np.array_equal(read_labels(paths[0])[0], values)


def test_masks_go_through_no_link_that_lies_in_the_prepared_case(prepared: PreparedExamination, tmp_path: Path) -> None:
    labels = LabelMap(np.zeros(REFERENCE.shape, np.uint8), REFERENCE, scheme_named("brats2020"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "native").symlink_to(outside)
    with pytest.raises(SaveError, match="link"):
        run_to_end(write_native_masks(labels, prepared.preparation, tmp_path / "case" / "native"))
    assert not list(outside.iterdir())


def test_a_link_in_the_place_of_a_prepared_case_is_not_taken_for_one(small: Path, tmp_path: Path) -> None:
    made = run_to_end(prepare_place(small, PreparationRequest(tmp_path / "elsewhere", WISHES), None))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / made.folder.name).symlink_to(made.folder)
    with pytest.raises(SaveError, match="no prepared case"):
        run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES, overwrite=True), None))


def test_what_is_replaced_outlives_a_drive_that_refuses_both_names(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES), None))
    record, rename = (made.folder / RECORD).read_bytes(), Path.rename

    def only_away(self: Path, target: Path) -> Path:
        if self != made.folder:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", only_away)
    wishes = replace(WISHES, even_out=True)
    with pytest.raises(SaveError, match="Input/output error"):
        run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", wishes, overwrite=True), None))
    assert [path.read_bytes() for path in (tmp_path / "out").glob(f"*/{RECORD}")] == [record]


def test_what_was_prepared_is_found_again_until_something_changes(small: Path, tmp_path: Path) -> None:
    request = PreparationRequest(tmp_path / "out", WISHES)
    first = run_to_end(prepare_place(small, request, None))
    assert first.work is not None
    before = (first.folder / RECORD).read_bytes()
    assert run_to_end(prepare_place(small, request, None)).work is None
    assert (first.folder / RECORD).read_bytes() == before
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T2), small / "t1_gd.nii.gz")
    with pytest.raises(SaveError, match="prepared case already, made otherwise") as error:
        run_to_end(prepare_place(small, request, None))
    assert "--overwrite" in error.value.remedy
    again = run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES, overwrite=True), None))
    assert again.work is not None
    assert (first.folder / RECORD).read_bytes() != before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Jane"]


@pytest.mark.parametrize("noted", [True, False], ids=["with its sum", "older record"])
def test_a_series_that_came_later_is_prepared_anew(small: Path, tmp_path: Path, noted: bool) -> None:
    request = PreparationRequest(tmp_path / "out", WISHES)
    first = run_to_end(prepare_place(small, request, None))
    if not noted:
        content = json.loads((first.folder / RECORD).read_text())
        del content["all_files"]
        (first.folder / RECORD).write_text(json.dumps(content))
    assert run_to_end(prepare_place(small, request, None)).work is None
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T2), small / "ax_t2.nii.gz")
    again = run_to_end(prepare_place(small, replace(request, overwrite=True), None))
    assert again.work is not None
    assert {one.modality for one in again.preparation.series} == {Modality.T1CE, Modality.T2}


def test_slices_that_came_later_are_prepared_anew(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    series = Series(pixels, tags={"SeriesDescription": "t2_tse"})
    files = write_classic(tmp_path / "Jane", series)
    last = files[-1].read_bytes()
    files[-1].unlink()
    request = PreparationRequest(tmp_path / "out", WISHES, overwrite=True)
    assert run_to_end(prepare_place(tmp_path / "Jane", request, None)).work is not None
    assert run_to_end(prepare_place(tmp_path / "Jane", request, None)).work is None
    files[-1].write_bytes(last)
    again = run_to_end(prepare_place(tmp_path / "Jane", request, None))
    assert again.work is not None
    assert len(again.preparation.series[0].files) == len(pixels)


@pytest.mark.parametrize(
    "request_",
    [PreparationRequest(Path("out"), Wishes()), PreparationRequest(Path("out"), WISHES, {Modality.T1CE: "1"})],
    ids=["space", "role"],
)
def test_other_wishes_are_another_preparation(small: Path, tmp_path: Path, request_: PreparationRequest) -> None:
    run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES), None))
    other = PreparationRequest(tmp_path / "out", request_.wishes, request_.said)
    with pytest.raises(SaveError, match="made otherwise"):
        run_to_end(prepare_place(small, other, None))


def test_a_network_that_came_later_strips_what_could_not_be(small: Path, tmp_path: Path) -> None:
    request = PreparationRequest(tmp_path / "out", WISHES, overwrite=True)
    run_to_end(prepare_place(small, request, None))
    done = run_to_end(prepare_place(small, request, seeing("brain")))
    assert done.work is not None
    assert done.preparation.stripped
    assert run_to_end(prepare_place(small, request, seeing("brain"))).work is None


@pytest.mark.parametrize("stage", ["resampling", "finding the brain", "stripping", "writing the prepared case"])
def test_a_cancel_at_any_stage_leaves_nothing(small: Path, tmp_path: Path, stage: str) -> None:
    with closing(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES), seeing("brain"))) as work:
        assert any(progress.stage == stage for progress in work)
        if stage == "writing the prepared case":
            assert list((tmp_path / "out").iterdir())
    assert not list((tmp_path / "out").glob("*"))
    assert not list((tmp_path / "out").glob(".*"))


def test_what_a_person_saves_comes_back_to_each_series_beside_what_the_network_said(
    prepared: PreparedExamination, tmp_path: Path
) -> None:
    """Once the prediction alone came back, and edits stayed in the prepared space."""
    folder = tmp_path / "Jane"
    shutil.copytree(prepared.folder, folder)
    header = read_header(next(folder.glob("Jane_t1ce.nii.gz")))
    values = np.zeros(header.shape, np.uint8)
    i, j, k = (count // 2 for count in header.shape)
    values[i - 3 : i + 3, j - 3 : j + 3, k - 3 : k + 3] = 4
    labels = LabelMap(values, header.stored_grid.grid, scheme_named("brats2020"))
    saved = folder / "Jane_annotation_2.nii.gz"
    assert run_to_end(edits_back(folder, "Jane", labels, saved)) is None
    made = read_preparation(folder)
    paths = native_paths(made, folder / NATIVE, "annotation_2")
    for path, one in zip(paths, made.series, strict=True):
        mask = read_volume(path)[0]
        assert mask.grid.same_as(one.header.stored_grid.grid)
        assert (mask.stored == 4).any()
    (folder / RECORD).write_text("{}")
    problem = run_to_end(edits_back(folder, "Jane", labels, saved))
    assert problem is not None
    assert "the mask is saved, but did not come back" in problem.what
    assert run_to_end(edits_back(tmp_path, "Jane", labels, saved)) is None, "no prepared case"


def test_nothing_but_a_prepared_case_is_replaced(small: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "out" / "Jane" / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work")
    with pytest.raises(SaveError, match="no prepared case"):
        run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES, overwrite=True), None))
    assert theirs.read_text() == "years of work"


@pytest.mark.parametrize("name", ["Jane_annotation.nii.gz", "native/corrected.nii.gz"])
def test_what_somebody_added_to_a_prepared_case_is_never_replaced(small: Path, tmp_path: Path, name: str) -> None:
    run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES), None))
    theirs = tmp_path / "out" / "Jane" / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("an hour of work")
    other = PreparationRequest(tmp_path / "out", WISHES, {Modality.T1CE: "1"}, overwrite=True)
    with pytest.raises(SaveError, match="holds what somebody added"):
        run_to_end(prepare_place(small, other, None))
    assert theirs.read_text() == "an hour of work"
    save(head(grid_of((9, 10, 8), (20.0, 20.0, 20.0)), T2), next(small.glob("*.nii.gz")))
    with pytest.raises(SaveError, match="its series changed since it was prepared, and the prepared case"):
        run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES, overwrite=True), None))
    assert theirs.read_text() == "an hour of work"


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "another"), ("series", None), ("wishes", {"space": "2mm" * 999}), ("brain", "gone")],
)
def test_a_record_that_makes_no_sense_is_said(
    prepared: PreparedExamination, tmp_path: Path, key: str, value: object
) -> None:
    folder = tmp_path / "Jane"
    shutil.copytree(prepared.folder, folder)
    content = json.loads((folder / RECORD).read_text())
    if value == "gone":
        del content[key]
    else:
        content[key] = value
    (folder / RECORD).write_text(json.dumps(content))
    with pytest.raises(CaseError, match="record cannot be used") as raised:
        read_preparation(folder)
    assert len(raised.value.what) < 300


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("files", 0, "modified_ns"), float("inf")),
        (("files", 0, "modified_ns"), 1e300),
        (("grid", "shape"), [90_000, 90_000, 90_000]),
        (("grid", "shape"), [24, 0, 12]),
        (("registration", "to_series", 0), [1e6, 0, 0, 0]),
        (("registration", "to_series", 0), [-1, 0, 0, 0]),
        (("registration", "to_series", 3), [1, 0, 0, 1]),
        (("registration", "to_series", 0), [1e-320, 0, 0, 0]),
        (("grid", "affine", 0), [1e-320, 0, 0, 0]),
    ],
)
def test_a_record_whose_numbers_lie_is_said(
    prepared: PreparedExamination, tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    content = json.loads((prepared.folder / RECORD).read_text())
    found = next(one for one in content["series"] if one["modality"] == "t1ce")  # the reference: it did not move
    for key in place[:-1]:
        found = found[key]
    found[place[-1]] = value
    (tmp_path / RECORD).write_text(json.dumps(content))
    with pytest.raises(CaseError, match="record cannot be used"):
        read_preparation(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Linux")
def test_a_record_that_names_a_device_is_not_read_without_end(prepared: PreparedExamination, tmp_path: Path) -> None:
    content = json.loads((prepared.folder / RECORD).read_text())
    content["series"][0]["files"] = [{"path": "/dev/zero", "bytes": 0, "modified_ns": 1, "sha256": ""}]
    (tmp_path / RECORD).write_text(json.dumps(content))
    found = read_preparation(tmp_path)
    assert not found.still_fits(found.wishes, found.said)


def test_what_is_saved_into_a_case_while_it_is_prepared_anew_stays(small: Path, tmp_path: Path) -> None:
    made = run_to_end(prepare_place(small, PreparationRequest(tmp_path / "out", WISHES), None))
    record, mask = (made.folder / RECORD).read_bytes(), made.folder / "Jane_annotation.nii.gz"

    def meanwhile() -> None:
        wishes = replace(WISHES, even_out=True)
        for progress in prepare_place(small, PreparationRequest(tmp_path / "out", wishes, overwrite=True), None):
            if progress.stage == "writing the prepared case":
                mask.write_bytes(b"an hour of work")

    with pytest.raises(SaveError, match="Jane_annotation") as caught:
        meanwhile()
    assert caught.value.path == made.folder
    assert (mask.read_bytes(), (made.folder / RECORD).read_bytes()) == (b"an hour of work", record)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Jane"]
