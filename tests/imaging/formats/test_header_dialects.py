"""NRRD, MetaImage and FreeSurfer's volumes as other programs write them: in words, members and names of their own."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.reading import read_header, read_picture, read_volume

VALUES = (np.arange(40 * 50 * 60, dtype=np.int16) - 7).reshape(40, 50, 60)
RAW, BIG = VALUES.tobytes(order="F"), VALUES.astype(">i2").tobytes(order="F")
NRRD = (
    "NRRD0004\ntype: short\ndimension: 3\nsizes: 40 50 60\nencoding: {}\nendian: little\nspace: RAS\n"
    "space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (5,6,7)\n"
)
META = "ObjectType = Image\nNDims = 3\nDimSize = 40 50 60\nElementType = MET_SHORT\nElementSpacing = 1 2 3\n"
TRUE, FALSE = ["True", "true", "TRUE", "T", "t", "1"], ["False", "false", "F", "f", "0"]


def members(raw: bytes, size: int) -> bytes:
    """As bgzip writes: a member of gzip for each part, and an empty one at the end."""
    parts = [raw[start : start + size] for start in range(0, len(raw), size)]
    return b"".join(map(gzip.compress, [*parts, b""]))


@pytest.mark.parametrize("word", TRUE)
@pytest.mark.parametrize("field", ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"])
def test_meta_image_says_yes_in_many_ways_of_its_byte_order(tmp_path: Path, word: str, field: str) -> None:
    path = tmp_path / "a.mha"
    path.write_bytes(f"{META}{field} = {word}\nElementDataFile = LOCAL\n".encode() + BIG)
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)


@pytest.mark.parametrize("word", TRUE)
def test_meta_image_says_yes_in_many_ways_of_its_packing(tmp_path: Path, word: str) -> None:
    path = tmp_path / "a.mha"
    text = f"{META}BinaryData = {word}\nCompressedData = {word}\nElementDataFile = LOCAL\n"
    path.write_bytes(text.encode() + zlib.compress(RAW))
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)


@pytest.mark.parametrize("word", FALSE)
def test_meta_image_says_no_in_many_ways(tmp_path: Path, word: str) -> None:
    path = tmp_path / "a.mha"
    text = f"{META}BinaryDataByteOrderMSB = {word}\nCompressedData = {word}\nElementDataFile = LOCAL\n"
    path.write_bytes(text.encode() + RAW)
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)
    path.write_bytes(f"BinaryData = {word}\n{text}".encode() + RAW)
    with pytest.raises(ImageError, match="not stored as plain numbers"):
        read_picture(path)


@pytest.mark.parametrize("name", ["a.raw", "./a.raw", ".//a.raw", "././a.raw"])
@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_the_folder_itself_may_stand_before_the_name_of_the_voxels(tmp_path: Path, name: str, kind: str) -> None:
    """As Teem writes it."""
    (tmp_path / "a.raw").write_bytes(RAW)
    path = tmp_path / f"a.{kind}"
    path.write_text(
        NRRD.format("raw") + f"data file: {name}\n" if kind == "nhdr" else f"{META}ElementDataFile = {name}\n"
    )
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)


@pytest.mark.parametrize("name", ["./../a.raw", "./", "./.", "./in/a.raw", ".\\a.raw"])
def test_and_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.raw").write_bytes(RAW)
    path = tmp_path / "in" / "a.mhd"
    path.parent.mkdir()
    path.write_text(f"{META}ElementDataFile = {name}\n")
    with pytest.raises(ImageError, match="said to lie in"):
        read_picture(path)


@pytest.mark.parametrize(("kind", "words"), [("nhdr", "LIST"), ("nhdr", "LIST 2"), ("mhd", "LIST"), ("mhd", "LIST 2D")])
def test_voxels_in_a_file_for_each_slice_are_not_called_missing(tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_text(
        f"{NRRD.format('raw')}data file: {words}\na.raw\n" if kind == "nhdr" else f"{META}ElementDataFile = {words}\n"
    )
    with pytest.raises(ImageError, match="said to lie in several files") as caught:
        read_header(path)
    assert "one file" in caught.value.remedy


@pytest.mark.parametrize("size", [997, 65280, 65536, 120_000])
@pytest.mark.parametrize("detached", [True, False])
def test_several_members_of_gzip_are_read_as_one(tmp_path: Path, size: int, detached: bool) -> None:
    packed = members(RAW, size)
    path = tmp_path / ("a.nhdr" if detached else "a.nrrd")
    if detached:
        (tmp_path / "a.raw.gz").write_bytes(packed)
        path.write_text(NRRD.format("gzip") + "data file: a.raw.gz\n")
    else:
        path.write_bytes(NRRD.format("gzip").encode() + b"\n" + packed)
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)


@pytest.mark.parametrize("end", [b"", b"\n", b"\x1f", b"\x1f\x8b", bytes(9)])
def test_members_that_hold_too_little_are_told(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "a.nrrd"
    path.write_bytes(NRRD.format("gzip").encode() + b"\n" + members(RAW[: len(RAW) // 2], 65536) + end)
    with pytest.raises(ImageError, match="ends after 50 % of its voxels"):
        read_picture(path)


def test_a_damaged_member_is_found_by_its_checksum(tmp_path: Path) -> None:
    packed = bytearray(members(RAW, 65536))
    packed[len(gzip.compress(RAW[:65536])) - 6] ^= 0xFF
    path = tmp_path / "a.nrrd"
    path.write_bytes(NRRD.format("gzip").encode() + b"\n" + packed)
    with pytest.raises(ImageError, match="damaged"):
        read_picture(path)


@pytest.mark.parametrize("name", ["a.mgh", "a.mgz"])
def test_a_freesurfer_volume_without_a_place_is_coronal_and_says_so(tmp_path: Path, name: str) -> None:
    """Left, inferior, anterior about the middle, as FreeSurfer has it; nibabel turns it over."""
    image = nib.MGHImage(VALUES, np.diag([2.0, 3, 4, 1]))
    raw = bytearray(image.to_bytes())
    raw[28:30] = b"\0\0"  # goodRASFlag
    path = tmp_path / name
    path.write_bytes(gzip.compress(raw) if name.endswith("z") else raw)
    volume, header = read_volume(path)
    conformed = [[-1, 0, 0, 20], [0, 0, 1, -30], [0, -1, 0, 25], [0, 0, 0, 1]]
    np.testing.assert_array_equal(header.stored_grid.affine, conformed)
    assert "does not say where its voxels lie" in volume.note
