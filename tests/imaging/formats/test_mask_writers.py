"""Masks in NRRD, 3D Slicer's segmentations, MetaImage and FreeSurfer's volumes, read again by other readers."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.formats.reading import read_label_map, read_mask
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.schemes.understanding import understood
from tests.imaging.test_orientations import ORIENTATIONS

SHAPE = (3, 4, 5)
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TEXT = ["m.nrrd", "m.nhdr", "m.seg.nrrd", "m.mha", "m.mhd"]


def write(path: Path, stored: NDArray[np.uint8], affine: NDArray[np.float64], scheme: str = "brats2020") -> LabelMap:
    shape = (stored.shape[0], stored.shape[1], stored.shape[2])
    header = ImageHeader(Path("image.of.another"), shape, StoredGrid(shape, affine))
    grid = header.stored_grid
    labels = LabelMap(np.ascontiguousarray(grid.to_ras(stored)), grid.grid, scheme_named(scheme))
    write_labels(path, labels, header)
    return labels


def itk(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Voxels in stored order and voxel to world_ras, as SimpleITK has them."""
    import SimpleITK

    image = SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), RAS_TO_LPS @ affine


def freesurfer(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    raw = path.read_bytes()
    image = nib.freesurfer.MGHImage.from_bytes(gzip.decompress(raw) if path.suffix == ".mgz" else raw)
    return np.asarray(image.dataobj), image.affine


@pytest.mark.parametrize("name", ["m.nrrd", "m.mha", "m.mgz"])
def test_other_readers_find_every_voxel_in_its_place(name: str, stored_affine: Any, tmp_path: Path) -> None:
    """All 48 orders and flips of the axes, oblique and anisotropic; a number that no voxel has, and a gap."""
    read = freesurfer if name.startswith("m.mg") else itk
    for number, orientation in enumerate(ORIENTATIONS):
        shape, affine = stored_affine(orientation, SHAPE, (0.5, 1.25, 4.0), 11.0 * (number % 2))
        stored = np.random.default_rng(number).choice(np.array([0, 1, 2, 4], np.uint8), size=shape)
        stored[stored == 1 + number % 2] = 0
        labels = write(tmp_path / name, stored, affine)
        values, place = read(tmp_path / name)
        np.testing.assert_array_equal(values, stored, err_msg=orientation)
        np.testing.assert_allclose(place, affine, atol=1e-5, err_msg=orientation)
        again = read_mask(tmp_path / name)
        np.testing.assert_array_equal(again.values, labels.values)


@pytest.mark.parametrize("name", [*TEXT, "m.mgz", "m.mgh"])
@pytest.mark.parametrize("drawn", ["nothing", "one slice", "255"])
def test_masks_of_little(name: str, drawn: str, tmp_path: Path) -> None:
    stored = np.zeros((4, 5, 6), np.uint8)
    stored[1:3, 2, 3] = {"nothing": 0, "one slice": 4, "255": 255}[drawn]
    write(tmp_path / name, stored, np.diag([-1.0, -1.0, 5.5, 1.0]))
    np.testing.assert_array_equal((freesurfer if name.startswith("m.mg") else itk)(tmp_path / name)[0], stored)


def test_a_segmentation_tells_3d_slicer_names_colours_and_terms(tmp_path: Path) -> None:
    stored = np.zeros((4, 5, 6), np.uint8)
    stored[0, 0, 0] = 4
    write(tmp_path / "m.seg.nrrd", stored, np.eye(4))
    text = (tmp_path / "m.seg.nrrd").read_bytes().partition(b"\n\n")[0].decode()
    fields = dict(line.split(":=") for line in text.splitlines() if ":=" in line)
    assert [fields[f"Segment{n}_Name"] for n in range(3)] == ["NCR", "ED", "ET"]
    assert [fields[f"Segment{n}_LabelValue"] for n in range(3)] == ["1", "2", "4"]
    assert {fields[f"Segment{n}_Layer"] for n in range(3)} == {"0"}
    assert fields["Segment0_Extent"] == "0 3 0 4 0 5"
    assert fields["Segment2_Color"] == "0.960784 0.85098 0.0392157"
    category, kind = fields["Segment1_Tags"].split("~")[1:3]
    assert (category, kind) == ("SCT^49755003^Morphologically Abnormal Structure", "SCT^79654002^Edema")
    assert fields["Segmentation_SourceRepresentation"] == "Binary labelmap"


def slicer(path: Path, stored: NDArray[np.uint8], segments: list[dict[str, str]]) -> Path:
    """A file as 3D Slicer writes one; with several layers these are its first axis."""
    several = stored.ndim == 4
    sizes = " ".join(map(str, stored.shape))
    lines = ["NRRD0004", "type: unsigned char", f"dimension: {stored.ndim}", "space: left-posterior-superior"]
    lines += [f"sizes: {sizes}", f"space directions: {'none ' * several}(1,0,0) (0,1,0) (0,0,3)"]
    lines += [f"kinds: {'list ' * several}domain domain domain", "encoding: raw", "space origin: (0,0,0)"]
    lines += [f"Segment{n}_{key}:={text}" for n, said in enumerate(segments) for key, text in said.items()]
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + stored.tobytes(order="F"))
    return path


def segment(name: str, value: int, layer: int = 0, code: str = "") -> dict[str, str]:
    tags = f"TerminologyEntry:a list~SCT^49755003^Abnormal~SCT^{code}^Name~^^~places~^^~^^|" if code else ""
    said = {"ID": f"Segment_{value}", "Name": name, "LabelValue": str(value), "Layer": str(layer)}
    return {**said, "Color": "0.5 0.25 1", "Tags": tags}


def test_what_3d_slicer_says_of_its_segments_is_what_their_numbers_mean(tmp_path: Path) -> None:
    stored = np.zeros((4, 5, 6), np.uint8)
    stored[0, 0, :3] = 1, 2, 3
    segments = [segment("Segment_1", 1, code="79654002"), segment("dead tissue", 2, code="M-54000"), segment("ET", 3)]
    mask = read_mask(slicer(tmp_path / "a.seg.nrrd", stored, segments))
    assert mask.said is not None
    assert dict(mask.said.labels) == {1: "ED", 2: "NCR", 3: "ET"}
    labels = mask.as_labels(mask.values, mask.stored_grid.grid, scheme_named("brats2020"))
    read = understood(None, labels, tmp_path / "a.seg.nrrd")
    assert read.stated
    assert read.labels.scheme is mask.said
    assert read.sentence.endswith("as the file itself says")


def test_several_segments_that_all_mean_tumour_are_tumour(tmp_path: Path) -> None:
    """They were read as necrosis, oedema and enhancing tumour: the scheme lists one number, and means all others."""
    stored = np.zeros((4, 5, 6), np.uint8)
    stored[0, 0, :3] = 1, 2, 3
    segments = [segment(f"Metastasis {n}", n) for n in (1, 2, 3)]
    mask = read_mask(slicer(tmp_path / "a.seg.nrrd", stored, segments))
    labels = mask.as_labels(mask.values, mask.stored_grid.grid, scheme_named("brats2020"))
    read = understood(None, labels, tmp_path / "a.seg.nrrd")
    assert read.stated
    assert [read.labels.scheme.meaning_of(n) for n in (1, 2, 3)] == ["WT", "WT", "WT"]


def test_segments_of_people_keep_their_names_and_colours(tmp_path: Path) -> None:
    stored = np.ones((4, 5, 6), np.uint8)
    names = ["hippocampus", "hippocampus", "TC", "a\u202eb"]
    path = slicer(tmp_path / "a.seg.nrrd", stored, [segment(name, n + 1) for n, name in enumerate(names)])
    said = read_mask(path).said
    assert said is not None
    assert [said.name_of(n) for n in (1, 2, 3, 4)] == ["hippocampus", "hippocampus (2)", "TC (3)", "label 4"]
    assert said.look_of(1).colour == "#8040ff"


def test_layers_that_overlap_are_flattened_and_told(tmp_path: Path) -> None:
    layers = np.zeros((2, 4, 5, 6), np.uint8)
    layers[0, :, :, 1:4] = 1  # the whole tumour
    layers[1, 1:3, 1:3, 2] = 1  # its core, of the same number in a layer of its own
    mask = read_mask(slicer(tmp_path / "a.seg.nrrd", layers, [segment("whole", 1), segment("necrosis", 1, layer=1)]))
    assert np.bincount(mask.values.ravel()).tolist() == [60, 56, 4]
    assert mask.notes == ("a.seg.nrrd: its segments overlap in 4 voxels, where the smallest one is shown",)


@pytest.mark.parametrize("names", [("Whole tumor", "Tumor core", "Enhancing tumor core"), ("WT", "TC", "ET")])
@pytest.mark.parametrize("places", [(0, 1, 2), (2, 1, 0)])
@pytest.mark.parametrize("bounds", [((0, 6), (1, 5), (2, 4)), ((0, 6), (1, 5), (1, 5)), ((1, 5), (1, 5), (2, 4))])
def test_regions_that_hold_one_another_stay_what_they_were(
    names: tuple[str, ...], places: tuple[int, ...], bounds: tuple[tuple[int, int], ...], tmp_path: Path
) -> None:
    """Whole tumour, core and enhancing tumour as three segments, also where two of them are the same voxels."""
    layers = np.zeros((3, 6, 6, 6), np.uint8)
    for layer, place in enumerate(places):
        layers[layer][(slice(*bounds[place]),) * 3] = 1
    segments = [segment(names[place], 1, layer) for layer, place in enumerate(places)]
    mask = read_mask(slicer(tmp_path / "a.seg.nrrd", layers, segments))
    labels = mask.as_labels(mask.values, mask.stored_grid.grid, scheme_named("brats2020"))
    read = understood(None, labels, tmp_path / "a.seg.nrrd").labels
    sizes = {region.key: int(read.mask(region).sum()) for region in regions()}
    assert sizes == {key: (end - begin) ** 3 for key, (begin, end) in zip(("WT", "TC", "ET"), bounds, strict=True)}
    assert read.scheme.tells_apart


def test_a_segmentation_of_a_part_of_the_images_is_put_where_it_belongs(tmp_path: Path) -> None:
    stored = np.arange(1, 28, dtype=np.uint8).reshape(3, 3, 3)
    path = slicer(tmp_path / "a.seg.nrrd", stored, [segment("one", 1)])
    affine = np.diag([1.0, -1.0, 3.0, 1.0])  # the same voxels in another order, and more of them
    affine[:3, 3] = (-4.0, 2.0, -3.0)
    target = StoredGrid((6, 7, 8), affine)
    labels = read_label_map(path, target, scheme_named("brats2020"))
    assert labels.values.shape == target.grid.shape
    for index in np.ndindex(3, 3, 3):
        place = RAS_TO_LPS @ np.diag([1.0, 1.0, 3.0, 1.0]) @ (*index, 1)
        voxel = np.rint(np.linalg.inv(target.grid.affine) @ place)[:3].astype(int)
        assert labels.values[tuple(voxel)] == stored[index]
    assert np.count_nonzero(labels.values) == 27


@pytest.mark.parametrize("broken", ["Layer:=7", "LabelValue:=99999999999999", "Color:=nan inf -1", "Tags:=~~~~"])
def test_nonsense_about_segments_is_a_sentence_or_nothing(broken: str, tmp_path: Path) -> None:
    from brainseg_gui.errors import ImageError

    layers = np.zeros((2, 4, 5, 6), np.uint8)
    path = slicer(tmp_path / "a.seg.nrrd", layers, [segment("one", 1), segment("two", 2, layer=1)])
    key = broken.partition(":")[0]
    path.write_bytes(re.sub(rb"Segment1_%s:=[^\n]*" % key.encode(), b"Segment1_" + broken.encode(), path.read_bytes()))
    if key == "Layer":
        with pytest.raises(ImageError, match="in a layer that is not there"):
            read_mask(path)
    else:
        assert not read_mask(path).values.any()


def test_own_masks_in_other_formats_come_back_with_their_scheme(tmp_path: Path) -> None:
    for name in (*TEXT, "m.mgz"):
        labels = write(tmp_path / name, np.full((3, 4, 5), 3, np.uint8), np.eye(4), "msd")
        said = said_scheme(labels, tmp_path / name)
        assert said is not None
        assert said[0].name == "msd"
