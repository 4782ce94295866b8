"""Files made to do harm, and headers with slips that leave no doubt; `tests.fuzz` has thousands more."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import CaseError, ImageError
from brainseg_gui.imaging.cases.background_thread import in_background, let_end, waited_for
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_header, read_labels, read_picture, read_volume
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress, run_to_end

CUBE = np.arange(1, 4 * 5 * 6 + 1, dtype=np.int16).reshape(4, 5, 6)


def _refusal(path: Path, read: Callable[[Path], Any] = read_volume) -> str:
    with pytest.raises(ImageError) as caught:
        read(path)
    assert caught.value.path == path
    return caught.value.what


# --- gzip -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["fast", "Python's own"])
def _unpacker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to unpack: the fast one is not there for every processor."""
    if request.param != "fast":
        monkeypatch.setattr("brainseg_gui.imaging.formats.image_stream._GzipFile", gzip.GzipFile)


@pytest.mark.usefixtures("_unpacker")
def test_what_unpacks_to_far_more_than_promised_is_not_unpacked(write_nifti: Any) -> None:
    path = write_nifti(CUBE)
    zeros = gzip.compress(bytes(2**24), 9)
    path.write_bytes(path.read_bytes() + zeros * 640)  # 10 GiB
    begin = time.process_time()
    assert "far more than its header promises" in _refusal(path)
    assert time.process_time() - begin < 2


@pytest.mark.usefixtures("_unpacker")
@pytest.mark.parametrize(
    "idle",
    [
        b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 2**23,  # a name without end
        gzip.compress(b"") * 400_000,
        b"\x1f\x8b\x08\0" + bytes(6) + b"\0\0\0\xff\xff" * 2_000_000,  # empty blocks
    ],
    ids=["name", "members", "blocks"],
)
def test_what_unpacks_to_nothing_is_given_up(tmp_path: Path, idle: bytes) -> None:
    path = tmp_path / "idle.nii.gz"
    path.write_bytes(idle)
    begin = time.process_time()
    assert _refusal(path) in ("the file is damaged: it unpacks to nothing", "the file is cut off or damaged")
    assert time.process_time() - begin < 3


def test_a_name_that_becomes_a_pipe_meanwhile_is_not_waited_for(
    write_nifti: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_nifti(CUBE)
    regular = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda _self, **_options: regular)
    with pytest.raises(ImageError, match="not a regular file"):
        read_picture(path)


def test_a_shape_that_is_not_wanted_is_refused_before_its_voxels_are_read(write_nifti: Any) -> None:
    path = write_nifti(np.ones((4, 5, 6, 3), np.int16), name="four.nii")
    path.write_bytes(path.read_bytes()[:352] + bytes(4 * 5 * 6 * 3 * 2))
    with path.open("r+b") as stream:
        stream.truncate(352 + 4 * 5 * 6 * 3 * 2)
    assert "4-D image (4×5×6×3)" in _refusal(path)
    assert "4-D image, not a mask" in _refusal(path, read_labels)


# --- headers ----------------------------------------------------------------------------------------------------


def _set(**fields: Any) -> Callable[[Any], None]:
    def lie(header: Any) -> None:
        for name, value in fields.items():
            header[name] = value

    return lie


def test_a_minus_before_a_length_is_a_slip(write_nifti: Any) -> None:
    path = write_nifti(CUBE, lie=_set(pixdim=[1, -1.0, -2.0, 3.0, 0, 0, 0, 0]), codes=(1, 0))
    volume, header = read_volume(path)
    assert volume.grid.spacing_mm == pytest.approx((1, 2, 3))
    assert np.linalg.det(header.stored_grid.affine[:3, :3]) == pytest.approx(6)


def test_a_qfac_of_zero_means_one(write_nifti: Any) -> None:
    path = write_nifti(CUBE, lie=_set(pixdim=[0, 1, 1, 1, 0, 0, 0, 0]), codes=(1, 0))
    np.testing.assert_array_equal(read_volume(path)[0].stored, CUBE)


@pytest.mark.parametrize("codes", [(99, 0), (0, 99), (-1, 99), (0, 32767)])
def test_a_mask_of_a_study_with_unknown_codes_lies_where_the_study_lies(
    write_nifti: Any, tmp_path: Path, codes: tuple[int, int]
) -> None:
    """nibabel drops such a code when it writes, and with it the place in space."""
    affine = np.array([[2.0, 0, 0, -30], [0, 2, 0, 40], [0, 0, 3, 5], [0, 0, 0, 1]])
    path = write_nifti(CUBE, affine, lie=_set(qform_code=codes[0], sform_code=codes[1]))
    volume, header = read_volume(path)
    np.testing.assert_allclose(header.stored_grid.affine, affine, atol=1e-5)
    labels = LabelMap(np.ones(volume.grid.shape, np.uint8), volume.grid, scheme_named("brats2020"))
    write_labels(tmp_path / "mask.nii.gz", labels, header)
    np.testing.assert_allclose(read_labels(tmp_path / "mask.nii.gz")[1].affine, affine, atol=1e-5)


@pytest.mark.parametrize("row", ["srow_x", "srow_y", "srow_z"])
def test_nobody_lies_a_kilometre_away(write_nifti: Any, row: str) -> None:
    path = write_nifti(CUBE, lie=lambda header: header[row].__setitem__(3, 1e7))
    assert "a distance of 1e+07 mm" in _refusal(path)


@pytest.mark.parametrize("offset", [2**26 + 16, 2**31 - 128])
def test_voxels_that_begin_far_behind_the_header(write_nifti: Any, offset: int) -> None:
    assert "header is damaged" in _refusal(write_nifti(CUBE, lie=_set(vox_offset=offset)))


def test_the_two_places_of_a_header(write_nifti: Any) -> None:
    """The far corner (3, 4, 5) lies at (3, 4, 5) mm by the qform and at (6, 4, 5) + (0, 4, 0) by the sform."""

    def lie(header: Any) -> None:
        header["srow_x"], header["srow_y"] = (2, 0, 0, 0), (0, 1, 0, 4)

    assert read_header(write_nifti(CUBE, lie=lie)).farthest_apart_mm == pytest.approx(5)
    assert read_header(write_nifti(CUBE, lie=lie, codes=(0, 1))).farthest_apart_mm == 0
    assert read_header(write_nifti(CUBE)).farthest_apart_mm == 0
    assert read_header(write_nifti(CUBE, lie=_set(quatern_b=3.0))).farthest_apart_mm == 0


def test_disagreeing_places_are_said(write_nifti: Any, tmp_path: Path) -> None:
    write_nifti(CUBE, name="Toy_t1.nii.gz", lie=lambda header: header["srow_z"].__setitem__(3, 12))
    (note, missing) = run_to_end(read_case(find_case(tmp_path))).notes
    assert note == "T1: the header names two places in space, up to 12 mm apart; its sform is used"
    assert missing.startswith("Not found")


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "slope"), [(1e16, 1.0), (-1e30, 1.0), (100.0, 1e20)])
def test_intensities_that_no_scanner_gives(write_nifti: Any, value: float, slope: float) -> None:
    """Their squares are infinite in float32, and with them every mean and spread."""
    stored = CUBE.astype(np.float64)
    stored[1, 1, 1] = value
    assert "no scanner gives" in _refusal(write_nifti(stored, lie=_set(scl_slope=slope, scl_inter=0)))


def test_a_scaled_mask_is_looked_at_piece_by_piece(write_nifti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainseg_gui.imaging.formats.whole_numbers._BLOCK_BYTES", 45)  # two of six slices
    stored = np.zeros((4, 5, 6), np.uint8)
    stored[1, 2, 1], stored[3, 4, 5] = 1, 2
    path = write_nifti(stored, lie=_set(scl_slope=2, scl_inter=0))
    np.testing.assert_array_equal(read_labels(path)[0], 2 * stored)
    stored[0, 0, 5] = 200  # 400 in the last piece
    assert "whole numbers from 0 to 255" in _refusal(
        write_nifti(stored, lie=_set(scl_slope=2, scl_inter=0)), read_labels
    )


# --- folders ----------------------------------------------------------------------------------------------------


def test_links_in_a_circle_hide_no_case(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (folder / "Toy_001_x.nii.gz").symlink_to("Toy_001_x.nii.gz")
    (found,) = find_cohort(tmp_path)
    assert found.case_id == "Toy_001"
    assert not found.missing
    assert not found.unused


def test_thousands_of_images_are_told_apart_quickly(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"Toy{number:04}_t1.nii").touch()
    begin = time.process_time()
    assert len(find_cohort(tmp_path)) == 3000
    assert time.process_time() - begin < 3  # it took a minute when every name was compared with every other


def test_names_in_a_sentence_are_short_and_steer_nothing(tmp_path: Path) -> None:
    (tmp_path / f"{'n' * 200}.nii").touch()
    (tmp_path / "a\n\u202eb.nii").touch()
    with pytest.raises(CaseError) as caught:
        find_case(tmp_path)
    assert len(caught.value.what) < 200
    assert "a(U+000A)(U+202E)b.nii" in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_name_of_a_case_can_be_written(tmp_path: Path, toy_case: Any) -> None:
    assert find_case(toy_case(tmp_path, case_id="caf\udce9\n")).case_id == "caf(0xE9)(U+000A)"


# --- calls that never return ------------------------------------------------------------------------------------


def test_a_result_is_waited_for_in_steps() -> None:
    go = threading.Event()
    work = waited_for(in_background(lambda: go.wait(10) and 7), Progress("reading", 0.5))
    assert next(work).done == 0.5
    go.set()
    assert run_to_end(work) == 7


def test_a_call_that_is_stuck_is_left_behind() -> None:
    go = threading.Event()
    stuck = in_background(lambda: go.wait(30), "stuck")
    begin = time.perf_counter()
    let_end([stuck])
    assert time.perf_counter() - begin < 5
    assert not stuck.done()
    assert next(thread for thread in threading.enumerate() if thread.name == "stuck").daemon
    go.set()
    let_end([stuck])
    assert stuck.result()


def test_a_bug_in_a_call_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        run_to_end(waited_for(in_background(lambda: 1 // 0), Progress("reading", 0)))
