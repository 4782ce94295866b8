"""NRRD, MetaImage and FreeSurfer's volumes: written by SimpleITK or nibabel, read here, and what lies refused."""

from __future__ import annotations

import contextlib
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError
from brainseg_gui.imaging.formats.reading import read_header, read_mask, read_picture, read_volume
from brainseg_gui.imaging.grid import StoredGrid

VALUES = (np.arange(4 * 5 * 6, dtype=np.int16) - 7).reshape(4, 5, 6)
OBLIQUE = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, -0.6], [0.36, 0.48, 0.8]])
TURNS = [
    np.eye(3)[list(order)] * signs
    for order, signs in zip(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3), strict=False)
]
FILES = ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"]
NRRD = "NRRD0004\ntype: short\ndimension: 3\nsizes: 4 5 6\nencoding: raw\nendian: little\nspace: RAS\n"
PLACED = "space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (5,6,7)\n"
META = "ObjectType = Image\nNDims = 3\nDimSize = 4 5 6\nElementType = MET_SHORT\nElementSpacing = 1 2 3\n"
RAW = VALUES.tobytes(order="F")


def write_itk(path: Path, values: NDArray[np.generic], turn: NDArray[np.float64], *, packed: bool) -> StoredGrid:
    """Write with SimpleITK; returns where it put the voxels, its LPS turned to RAS apart from the program."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(values.transpose(2, 1, 0))
    image.SetSpacing((0.9, 1.1, 5.5))
    image.SetOrigin((-12.5, 30.25, 7.0))
    image.SetDirection(turn.ravel().tolist())
    SimpleITK.WriteImage(image, str(path), useCompression=packed)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.9, 1.1, 5.5])
    affine[:3, 3] = (-12.5, 30.25, 7.0)
    i, j, k = values.shape
    return StoredGrid((i, j, k), np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_what_itk_wrote_is_read_voxel_for_voxel(tmp_path: Path, name: str, packed: bool) -> None:
    for turn in (*TURNS, OBLIQUE):
        truth = write_itk(tmp_path / name, VALUES, turn, packed=packed)
        volume, header = read_volume(tmp_path / name)
        np.testing.assert_allclose(header.stored_grid.affine, truth.affine, atol=1e-5)
        np.testing.assert_array_equal(volume.stored, truth.to_ras(VALUES))
        assert volume.stored.dtype == np.int16


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("name", FILES)
def test_types_are_kept(tmp_path: Path, name: str, dtype: type[np.generic]) -> None:
    write_itk(tmp_path / name, np.abs(VALUES).astype(dtype), np.eye(3), packed=True)
    assert read_picture(tmp_path / name).stored.dtype == dtype


@pytest.mark.parametrize("name", [*FILES, "a.seg.nrrd", "a.mgz"])
def test_masks(tmp_path: Path, name: str) -> None:
    values = (np.abs(VALUES) % 4).astype(np.uint8)
    if name == "a.mgz":
        write_mgh(tmp_path / name, values, np.diag([-1.0, 2.0, 3.0, 1.0]))
        grid = StoredGrid((4, 5, 6), np.diag([-1.0, 2.0, 3.0, 1.0]))
    else:
        grid = write_itk(tmp_path / name, values, OBLIQUE, packed=True)
    np.testing.assert_array_equal(read_mask(tmp_path / name).values, grid.to_ras(values))


def write_mgh(path: Path, values: NDArray[np.generic], affine: NDArray[np.float64]) -> None:
    from nibabel.freesurfer import MGHImage

    MGHImage(values, affine).to_filename(path)


@pytest.mark.parametrize("name", ["a.mgz", "a.mgh"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_what_nibabel_wrote_for_freesurfer(tmp_path: Path, name: str, dtype: type[np.generic]) -> None:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = OBLIQUE @ np.diag([0.9, 1.1, 5.5]), (-12.5, 30.25, 7.0)
    write_mgh(tmp_path / name, np.abs(VALUES).astype(dtype), affine)
    volume, header = read_volume(tmp_path / name)
    np.testing.assert_allclose(header.stored_grid.affine, affine, atol=1e-4)
    np.testing.assert_array_equal(volume.stored, header.stored_grid.to_ras(np.abs(VALUES)))


def nrrd(path: Path, header: str, raw: bytes = RAW) -> Path:
    path.write_bytes(header.encode() + b"\n" + raw)
    return path


@pytest.mark.parametrize(("space", "x", "y"), [("left-posterior-superior", -1, -1), ("LAS", -1, 1), ("RAS", 1, 1)])
def test_spaces_of_nrrd(tmp_path: Path, space: str, x: int, y: int) -> None:
    path = nrrd(tmp_path / "a.nrrd", NRRD.replace("RAS", space) + PLACED)
    expected = [[x, 0, 0, 5 * x], [0, 2 * y, 0, 6 * y], [0, 0, 3, 7], [0, 0, 0, 1]]
    np.testing.assert_array_equal(read_header(path).stored_grid.affine, expected)


def test_a_nrrd_without_a_space_is_taken_as_itk_does_and_said(tmp_path: Path) -> None:
    picture = read_picture(nrrd(tmp_path / "a.nrrd", NRRD.replace("space: RAS\n", "") + PLACED))
    assert picture.header.stored_grid.codes == "LPS"
    assert "which way is left" in picture.notes[0]


def test_big_endian_voxels(tmp_path: Path) -> None:
    raw = VALUES.astype(">i2").tobytes(order="F")
    nrrd(tmp_path / "a.nrrd", NRRD.replace("little", "big") + PLACED, raw)
    (tmp_path / "a.mha").write_bytes((META + "ElementByteOrderMSB = True\nElementDataFile = LOCAL\n").encode() + raw)
    for name in ("a.nrrd", "a.mha"):
        np.testing.assert_array_equal(read_picture(tmp_path / name).stored, VALUES)


@pytest.mark.parametrize("first", [True, False])
def test_volumes_in_a_list_come_last(tmp_path: Path, first: bool) -> None:
    several = np.stack([VALUES, VALUES + 1], axis=0 if first else -1)
    sizes, ways = ("2 4 5 6", "none (1,0,0) (0,2,0) (0,0,3)") if first else ("4 5 6 2", "(1,0,0) (0,2,0) (0,0,3) none")
    text = NRRD.replace("4 5 6", sizes).replace("dimension: 3", "dimension: 4") + f"space directions: {ways}\n"
    picture = read_picture(nrrd(tmp_path / "a.nrrd", text, several.tobytes(order="F")))
    np.testing.assert_array_equal(picture.stored, np.stack([VALUES, VALUES + 1], axis=-1))


@pytest.mark.parametrize(
    "name",
    [
        "../secret.raw",
        "/etc/passwd",
        "a/b.raw",
        "..",
        "LIST",
        "a%03d.raw 1 9 1",
        "C:\\x",
        "\x1b[2J",
        "é" * 128,
        "(" * 9000,
    ],
)
@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_voxels_lie_in_the_same_folder(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "secret.raw").write_bytes(RAW)
    path = tmp_path / "in" / f"a.{kind}"
    path.parent.mkdir()
    path.write_text(NRRD + PLACED + f"data file: {name}\n" if kind == "nhdr" else META + f"ElementDataFile = {name}\n")
    with pytest.raises(ImageError, match=r"said to lie in|is missing") as caught:
        read_picture(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_no_link_to_voxels_is_followed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "real.raw").write_bytes(RAW)
    (tmp_path / "a.raw").symlink_to(tmp_path / "real.raw")
    path = tmp_path / f"a.{kind}"
    text = NRRD + PLACED + "data file: {}\n" if kind == "nhdr" else META + "ElementDataFile = {}\n"
    path.write_text(text.format("a.raw"))
    with pytest.raises(ImageError, match="is a link"):
        read_picture(path)
    path.write_text(text.format("real.raw"))
    np.testing.assert_array_equal(read_picture(path).stored, VALUES)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sizes: 4 5 6", "sizes: 4000 5000 6000", "too small"),
        ("sizes: 4 5 6", "sizes: 4 5 -6", "dimensions"),
        ("sizes: 4 5 6", "sizes: 4 5 x", "damaged"),
        ("sizes: 4 5 6", "sizes: 4 5", "damaged"),
        ("sizes: 4 5 6", "sizes: " + "9" * 5000 + " 5 6", "damaged"),
        ("type: short", "type: block", "data type is unknown"),
        ("encoding: raw", "encoding: hex", "encoded as"),
        ("encoding: raw", "encoding: gzip", "cut off or damaged"),
        ("space: RAS", "space: scanner-xyz", "not a patient's"),
        ("(1,0,0)", "(0,0,0)", "unusable"),
        ("(1,0,0)", "(nan,0,0)", "unusable"),
        ("(1,0,0)", "(1e300,0,0)", "unusable"),
        ("(1,0,0)", "(1,0)", "damaged"),
        (
            "(1,0,0) (0,2,0) (0,0,3)",
            "(" * 900_000,
            "does not say where",
        ),  # looked through in vain from each of them, that once took minutes
        ("4 5 6", "4 5 6" + " 1" * 1000, "damaged"),
        (PLACED, "", "does not say where"),
        (PLACED, PLACED + "byte skip: 999999\n", "too small"),
        ("NRRD0004", "NRXD0004", "not an NRRD file"),
    ],
)
def test_lying_headers_of_nrrd_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        read_picture(nrrd(tmp_path / "a.nrrd", (NRRD + PLACED).replace(old, new)))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("4 5 6", "4000 5000 6000", "too small"),
        ("4 5 6", "4 5", "damaged"),
        ("NDims = 3", "NDims = 2", "damaged"),
        ("MET_SHORT", "MET_STRING", "data type is unknown"),
        ("1 2 3", "1 0 3", "unusable"),
        ("1 2 3", "1 nan 3", "unusable"),
        ("1 2 3", "1 2", "damaged"),
        ("1 2 3", "inf 2 3", "unusable"),
        ("4 5 6", "4 5 6" + " 1" * 1000, "damaged"),
        ("NDims = 3\nDimSize = 4 5 6", "NDims = 1003\nDimSize = 4 5 6" + " 1" * 1000, "has 1,003 dimensions"),
        ("ObjectType", "ElementNumberOfChannels = 3\nObjectType", "colours or vectors"),
        ("ObjectType", "CompressedData = True\nObjectType", "cut off or damaged"),
        ("ElementDataFile", "ElementDatXFile", "not a MetaImage file"),
        ("ElementDataFile =", "ElementDataFile", "not a MetaImage file"),
        ("LOCAL", "", "said to lie in"),
    ],
)
def test_lying_headers_of_meta_image_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "a.mha"
    path.write_bytes((META + "ElementDataFile = LOCAL\n").replace(old, new).encode() + RAW)
    with pytest.raises(ImageError, match=words) as caught:
        read_picture(path)
    assert caught.value.remedy


def test_voxels_that_unpack_to_more_than_was_promised_are_refused(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "a.mha"
    text = META + "CompressedData = True\nElementDataFile = LOCAL\n"
    path.write_bytes(text.encode() + zlib.compress(bytes(2**26)))
    with pytest.raises(ImageError, match="more than its header promises"):
        read_picture(path)


def test_reading_can_be_given_up(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        read_picture(nrrd(tmp_path / "a.nrrd", NRRD + PLACED), lambda: True)


def test_bytes_changed_at_random_are_read_or_refused(tmp_path: Path) -> None:
    write_itk(tmp_path / "a.nrrd", VALUES, OBLIQUE, packed=True)
    write_itk(tmp_path / "a.mha", VALUES, OBLIQUE, packed=True)
    write_mgh(tmp_path / "a.mgz", VALUES, np.eye(4))
    write_mgh(tmp_path / "a.mgh", VALUES, np.eye(4))
    dice = random.Random(5)
    for name in ("a.nrrd", "a.mha", "a.mgz", "a.mgh"):
        raw, path = (tmp_path / name).read_bytes(), tmp_path / f"changed{Path(name).suffix}"
        for _ in range(150):
            changed = bytearray(raw[: dice.randrange(len(raw))] if dice.random() < 0.3 else raw)
            for _ in range(dice.randrange(1, 6) if changed else 0):
                changed[dice.randrange(min(len(changed), 400))] = dice.randrange(256)
            path.write_bytes(changed)
            with contextlib.suppress(ImageError):
                read_volume(path)
