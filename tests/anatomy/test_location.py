"""Where things lie in the atlas, by places of MNI152 that any book gives; a head that was moved is found again."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from brainseg_gui.anatomy.atlas import read_atlas, structures
from brainseg_gui.anatomy.lobes import LOBES, beside_central, lobes_at
from brainseg_gui.anatomy.location import Location, locate
from brainseg_gui.anatomy.placing import place_in_atlas
from brainseg_gui.anatomy.words import brief_location
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

_PLACES = {
    "left thalamus": (-11, -19, 7),
    "right putamen": (27, 4, 2),
    "left caudate nucleus": (-12, 14, 8),
    "brain stem": (0, -30, -32),
    "right cerebellum": (25, -60, -36),
    "left hippocampus": (-28, -20, -15),
    "left white matter": (-26, -25, 32),
}


def _ball(centre: tuple[float, float, float], radius: float, grid: Grid) -> NDArray[np.bool_]:
    places = np.indices(grid.shape).reshape(3, -1).T @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return np.asarray(np.linalg.norm(places - centre, axis=1) <= radius).reshape(grid.shape)


def _moved(scale: float = 1.0) -> Affine:
    move = np.eye(4)
    move[:3, :3] = scale * Rotation.from_rotvec(np.radians([4, -6, 9])).as_matrix()
    move[:3, 3] = 12, -7, 15
    return move


def test_the_atlas_is_small_and_holds_probabilities() -> None:
    atlas = read_atlas()
    assert len(files("brainseg_gui.resources").joinpath("atlas", "atlas.npz").read_bytes()) < 500_000
    assert atlas.levels.shape[0] == len(structures())
    assert atlas.both_sides.sum(axis=0).max() <= 1.02  # rounding
    places = np.array(list(_PLACES.values()), np.float64)
    assert atlas.at(np.array([[300.0, 0, 0]])).sum() == 0
    ours, theirs = atlas.at(places), atlas.at(places * (-1, 1, 1))
    swapped = [atlas.names.index(name.replace("left", "L").replace("right", "left").replace("L", "right"))
               for name in atlas.names]  # fmt: skip
    assert ours == pytest.approx(theirs[:, swapped], abs=1e-6)


@pytest.mark.parametrize(("name", "place"), _PLACES.items())
def test_the_likeliest_structure_of_a_place(name: str, place: tuple[float, float, float]) -> None:
    atlas = read_atlas()
    assert atlas.names[int(atlas.at(np.array([place], np.float64))[0].argmax())] == name


@pytest.mark.parametrize(
    ("lobe", "place"),
    [
        ("frontal", (30, 45, 15)),
        ("parietal", (-35, -55, 50)),
        ("temporal", (55, -20, -20)),
        ("occipital", (-12, -90, 2)),
        ("insular", (37, 6, -2)),
    ],
)
def test_lobes_of_places(lobe: str, place: tuple[float, float, float]) -> None:
    found = lobes_at(np.array([place], np.float64))[0]
    assert LOBES[int(found.argmax())] == lobe
    assert found.sum() == pytest.approx(1)


def test_the_gyri_beside_the_central_sulcus() -> None:
    places = np.array([(40, -7, 44), (-45, -22, 45), (30, 45, 15)], np.float64)  # pre-, postcentral, frontal pole
    assert beside_central(places, "motor").tolist() == [True, False, False]
    assert beside_central(places, "sensory").tolist() == [False, True, False]


@pytest.mark.parametrize(("sign", "side", "other"), [(-1, "left", "right"), (1, "right", "left")])
def test_a_lesion_in_a_thalamus_lies_beside_the_third_ventricle(sign: int, side: str, other: str) -> None:
    grid = Grid((60, 60, 60), np.array([[0, 0, 2.0, -60], [-2.0, 0, 0, 60], [0, 2.0, 0, -50], [0, 0, 0, 1]]))
    found = locate(_ball((sign * 12.0, -19.0, 7.0), 8, grid), grid, np.eye(4))
    assert (found.side, found.main) == (side, f"{side} thalamus")
    assert f"{side} thalamus" in found.touching
    assert found.near_mm[f"{side} thalamus"] == 0
    assert "third ventricle" in found.near_mm
    assert f"{other} putamen" not in found.near_mm
    assert sum(found.lobes.values()) + sum(found.structures.values()) + found.outside == pytest.approx(1, abs=0.02)


def test_a_lesion_across_the_midline_is_on_both_sides() -> None:
    atlas = read_atlas()
    found = locate(_ball((0.0, 20.0, 22.0), 15, atlas.grid), atlas.grid, np.eye(4))
    assert found.side == "both sides"
    assert found.left == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("centre", [(-100, 0, 0), (-75, 0, 70), (90, -60, 0), (0, 100, 40), (0, -20, -80)])
def test_a_lesion_outside_of_the_brain_is_in_no_lobe(centre: tuple[float, float, float]) -> None:
    """Where no lobe has a part of it, the first of them was named."""
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = -120
    found = locate(_ball(centre, 4, grid := Grid((80, 80, 80), affine)), grid, np.eye(4))
    assert found.outside == pytest.approx(1, abs=0.05)
    assert found.main == ""
    assert brief_location(found) == "outside the brain"


def test_a_head_that_was_moved_is_found_again() -> None:
    atlas = read_atlas()
    move = _moved(scale=1.06)
    lesion = _ball((-30.0, 10.0, 20.0), 18, atlas.grid)
    seen = np.where(lesion, 1.4, atlas.template) * (atlas.template > 0.2)
    volume = Volume((900 * seen).astype(np.float32), Grid(atlas.grid.shape, move @ atlas.grid.affine), 1.0, 0.0, Path())
    place = run_to_end(place_in_atlas(volume, lesion))
    assert not place.problem
    corners = np.array([(-60, -90, -30, 1), (60, 60, 0, 1), (0, 0, 70, 1), (-50, 20, 40, 1)], np.float64)
    away = (place.to_atlas @ move @ corners.T).T - corners
    assert np.linalg.norm(away, axis=1).max() < 4


def test_what_is_no_brain_has_no_place() -> None:
    grid = Grid((40, 40, 40), np.diag([2.0, 2.0, 2.0, 1.0]))
    small = Volume(100 * _ball((40.0, 40.0, 40.0), 30, grid).astype(np.float32), grid, 1.0, 0.0, Path())
    assert "skull" in run_to_end(place_in_atlas(small)).problem
    empty = Volume(np.zeros(grid.shape, np.float32), grid, 1.0, 0.0, Path())
    assert run_to_end(place_in_atlas(empty)).problem


def test_words_of_a_location() -> None:
    found = Location(1.0, {"frontal": 0.7}, {"left putamen": 0.2}, 0.1, {"left putamen": 0.0, "left motor gyrus": 6.0})
    assert (found.side, found.main, found.touching) == ("left", "frontal", ("left putamen",))
