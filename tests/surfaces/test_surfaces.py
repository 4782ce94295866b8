"""Surfaces of masks: closed, outward, as large as what they enclose, at the affine's place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, own_colour, region_named
from brainseg_gui.progress import run_to_end
from brainseg_gui.surfaces.mesh import Mesh
from brainseg_gui.surfaces.nets import surface_of
from brainseg_gui.surfaces.parts import MOST_LESIONS, error_parts, label_parts, lesion_parts
from brainseg_gui.surfaces.surface import SurfaceBuilder

OBLIQUE = np.array([[0.8, -0.5, 0.1, -40.0], [0.6, 0.7, 0.2, 15.0], [-0.1, -0.2, 1.9, 60.0], [0, 0, 0, 1.0]])


def _ball(radius: float, shape: tuple[int, int, int] | None = None) -> NDArray[np.bool_]:
    shape = shape or (2 * int(radius) + 5,) * 3
    offsets = np.indices(shape) - np.array(shape).reshape(3, 1, 1, 1) // 2
    return np.square(offsets).sum(axis=0) <= radius**2


def _directed_edges(mesh: Mesh) -> Counter[tuple[int, int]]:
    one, other = mesh.quads, np.roll(mesh.quads, -1, axis=1)
    return Counter(zip(one.ravel().tolist(), other.ravel().tolist(), strict=True))


@pytest.mark.parametrize(
    ("radius", "area_part", "volume_part"), [(2, 0.15, 0.03), (4, 0.05, 0.02), (8, 0.02, 0.011), (15, 0.015, 0.011)]
)
def test_a_ball_is_as_large_as_it_is(radius: int, area_part: float, volume_part: float) -> None:
    mask = _ball(radius)
    mesh = surface_of(mask, np.eye(4))
    assert mesh.area_mm2 == pytest.approx(4 * np.pi * radius**2, rel=area_part)
    assert mesh.volume_ml == pytest.approx(mask.sum() / 1000, rel=volume_part)


@pytest.mark.parametrize("affine", [OBLIQUE, OBLIQUE @ np.diag([-1.0, 1, 1, 1])], ids=["right-handed", "left-handed"])
def test_any_mask_is_closed_and_faces_outwards_at_its_place(affine: NDArray[np.float64]) -> None:
    mask = np.random.default_rng(3).random((9, 8, 7)) < 0.4  # touches the edges of the grid; corners meet
    mesh = surface_of(mask, affine)
    edges = _directed_edges(mesh)
    assert all(edges[(other, one)] == count for (one, other), count in edges.items())
    assert mesh.volume_ml > 0
    ball = surface_of(_ball(6, (21, 17, 19)), affine)
    centre = (affine @ [10, 8, 9, 1])[:3]
    assert np.allclose(ball.points_mm.mean(axis=0), centre, atol=0.05)
    assert np.einsum("ij,ij->i", ball.normals, ball.points_mm - centre).min() > 0
    assert np.allclose(np.linalg.norm(ball.normals, axis=1), 1, atol=1e-5)


def test_a_voxel_alone_and_a_sheet_of_one_voxel_are_still_there() -> None:
    mask = np.zeros((12, 12, 12), dtype=bool)
    mask[2, 2, 2] = True
    mask[6, 3:10, 3:10] = True
    mesh = surface_of(mask, np.eye(4))
    alone = np.abs(mesh.points_mm - 2).max(axis=1) <= 1.0
    assert alone.sum() == 8
    assert np.ptp(mesh.points_mm[alone], axis=0) == pytest.approx([1.0] * 3, abs=0.1)
    sheet = mesh.points_mm[~alone]
    assert (sheet[:, 0].min(), sheet[:, 0].max()) == pytest.approx((5.5, 6.5), abs=0.25)
    assert mesh.volume_ml == pytest.approx(mask.sum() / 1000, rel=0.05)


def test_nothing_has_no_surface() -> None:
    mesh = surface_of(np.zeros((4, 4, 4), dtype=bool), np.eye(4))
    assert mesh.points_mm.shape == (0, 3)
    assert mesh.quads.shape == (0, 4)


@pytest.fixture
def tumour() -> LabelMap:
    """A core of two labels in oedema, and a second core; BraTS 2020."""
    values = np.zeros((30, 30, 30), dtype=np.uint8)
    values[2:16, 2:16, 2:16] = 2
    values[5:12, 5:12, 5:12] = 4
    values[7:10, 7:10, 7:10] = 1
    values[22:26, 22:26, 22:26] = 4
    return LabelMap(values, Grid((30, 30, 30), np.diag([1.0, 1.0, 2.0, 1.0])), scheme_named("brats2020"))


def test_labels_are_parts_and_what_is_around_the_core_is_glass(tumour: LabelMap) -> None:
    found = {part.name: part for part in label_parts(tumour, of="reference")}
    assert list(found) == ["reference NCR", "reference ED", "reference ET"]
    assert [part.opacity < 1 for part in found.values()] == [False, True, False]
    oedema = found["reference ED"]
    assert oedema.start == (2, 2, 2)
    assert np.array_equal(oedema.mask(), tumour.values[2:26, 2:26, 2:26] == 2)
    assert [part.name for part in label_parts(tumour, hidden=frozenset({"ED"}))] == ["NCR", "ET"]
    only_oedema = LabelMap(np.where(tumour.values == 2, tumour.values, 0), tumour.grid, tumour.scheme)
    assert [part.opacity for part in label_parts(only_oedema)] == [1.0]


def test_lesions_are_told_apart_largest_first(tumour: LabelMap) -> None:
    parts = lesion_parts(tumour)
    assert [part.name for part in parts] == ["lesion 1, 0.7 ml", "lesion 2, 0.1 ml", "around them"]
    assert len({part.colour for part in parts}) == 3
    assert [int(part.mask().sum()) for part in parts] == [343, 64, 14**3 - 343]


def test_followed_lesions_keep_their_numbers_and_colours(tumour: LabelMap) -> None:
    places = np.array([[23, 23, 23], [23, 24, 24], [-1, 5, 40]])  # of the smaller one, and what lies outside
    parts = lesion_parts(tumour, {7: places})
    assert [part.name for part in parts] == ["lesion 7, 0.1 ml", "1 further", "around them"]
    assert parts[0].colour == own_colour(7)
    assert [int(part.mask().sum()) for part in parts] == [64, 343, 14**3 - 343]
    both = lesion_parts(tumour, {3: places, 2: np.array([[8, 8, 8]]), 9: np.array([[0, 0, 0]])})
    assert [part.name.split(",")[0] for part in both] == ["lesion 2", "lesion 3", "around them"]


def test_many_lesions_end_in_one_part(tumour: LabelMap) -> None:
    values = np.zeros((30, 30, 30), dtype=np.uint8)
    values[::5, ::5, ::5] = 4  # 216 specks
    parts = lesion_parts(LabelMap(values, tumour.grid, tumour.scheme))
    assert parts[MOST_LESIONS].name == f"{216 - MOST_LESIONS} further"
    assert sum(int(part.mask().sum()) for part in parts[:-1]) == 216


def test_errors_are_what_one_of_the_masks_has(tumour: LabelMap) -> None:
    said = np.roll(tumour.values, 2, axis=0)
    parts = error_parts(tumour, LabelMap(said, tumour.grid, tumour.scheme), region_named("WT"))
    true, false = tumour.values > 0, said > 0
    wanted = [true & false, true & ~false, false & ~true]
    assert [part.mask().sum() for part in parts] == [mask.sum() for mask in wanted]
    surfaces = run_to_end(SurfaceBuilder(tumour.grid.affine).build(parts))
    assert [surface.name for surface in surfaces] == ["WT in both", "WT missed", "WT false"]
    agreed = error_parts(tumour, tumour, region_named("ET"))
    assert [one.name for one in run_to_end(SurfaceBuilder(tumour.grid.affine).build(agreed))] == ["ET in both"]


def test_what_did_not_change_is_not_made_again(tumour: LabelMap) -> None:
    builder = SurfaceBuilder(tumour.grid.affine)
    first = {surface.name: surface for surface in run_to_end(builder.build(label_parts(tumour)))}
    painted = tumour.values.copy()
    painted[28, 28, 28] = 1
    second = run_to_end(builder.build(label_parts(LabelMap(painted, tumour.grid, tumour.scheme))))
    assert [surface.mesh is first[surface.name].mesh for surface in second] == [False, True, True]
    whole = surface_of(painted == 1, tumour.grid.affine)
    assert np.allclose(second[0].mesh.points_mm, whole.points_mm, atol=1e-4)
