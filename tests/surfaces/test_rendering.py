"""Pictures of surfaces: what stands where, what hides what, and which point a pixel shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window
from brainseg_gui.progress import run_to_end
from brainseg_gui.surfaces.camera import Camera, camera_around
from brainseg_gui.surfaces.cut import Cut, cut_through
from brainseg_gui.surfaces.mesh import Mesh
from brainseg_gui.surfaces.rendering import SeenBefore, drawn, render
from brainseg_gui.surfaces.surface import Surface

FRONT = Camera(width_mm=120, azimuth_deg=0, elevation_deg=0)
SIZE = (160, 120)
Balls = tuple[Surface, ...]


def _middle(pixels: NDArray[np.uint8], channel: int) -> tuple[float, float]:
    """Mean row and column of what is coloured in one channel alone."""
    others = pixels[..., [other for other in range(3) if other != channel]].max(axis=2)
    rows, columns = np.nonzero((pixels[..., channel] > 60) & (others < 30))
    return float(rows.mean()), float(columns.mean())


def test_from_the_front_the_right_is_on_the_left_and_up_is_up(balls: Balls) -> None:
    pixels = render(balls[:2], FRONT, SIZE).pixels
    assert pixels.shape == (120, 160, 3)
    assert _middle(pixels, 0) == pytest.approx((59.5, 79.5 - 30), abs=2)
    assert _middle(pixels, 1) == pytest.approx((59.5 - 10, 79.5 + 30), abs=2)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "nearest"),
    [(0, 0, (0, 1, 0)), (90, 0, (-1, 0, 0)), (180, 0, (0, -1, 0)), (0, 90, (0, 0, 1))],
)
def test_angles_say_from_where(azimuth: float, elevation: float, nearest: tuple[int, int, int]) -> None:
    camera = Camera(azimuth_deg=azimuth, elevation_deg=elevation)
    assert camera.axes[2] == pytest.approx(nearest, abs=1e-12)
    assert np.cross(camera.axes[0], -camera.axes[1]) == pytest.approx(camera.axes[2])


def test_a_pixel_goes_back_to_its_point() -> None:
    camera = Camera((3.0, -7.0, 11.0), 90.0, 40.0, -25.0)
    point = (12.0, -4.0, 30.0)
    x, y, towards = camera.project(np.array([point]), SIZE)[0].tolist()
    assert camera.point_at(x, y, towards, SIZE) == pytest.approx(point, abs=1e-4)
    moved = camera.moved(10, -5, SIZE).project(np.array([point]), SIZE)[0]
    assert moved[:2] == pytest.approx((x + 10, y - 5), abs=1e-3)


def test_the_nearer_of_two_is_seen_and_no_hole_is_in_it(balls: Balls) -> None:
    red, green = balls[:2]
    for azimuth, colour in ((-56.3, 0), (-56.3 + 180, 1)):  # along the line through both
        camera = Camera((0, 0, 5), 60, azimuth, 0)
        pixels = render((red, green), camera, (200, 200)).pixels
        seen = pixels.max(axis=2) > 0
        middle = slice(90, 110)
        assert seen[middle, middle].all()
        assert pixels[middle, middle].argmax(axis=2).mean() == pytest.approx(colour, abs=0.35)


def test_glass_lets_what_is_inside_be_seen_and_clicked(balls: Balls) -> None:
    bare, behind = render(balls[:2], FRONT, SIZE), render(balls, FRONT, SIZE)
    row, column = (round(n) for n in _middle(bare.pixels, 0))
    assert behind.pixels[row, column, 0] > 150
    assert behind.pixels[60, 80].max() < 40  # nothing but glass
    assert behind.pixels[60, 80].min() > 5
    hit = behind.point_at((column + 0.5) / SIZE[0], (row + 0.5) / SIZE[1])
    assert hit == pytest.approx((30, 28, 0), abs=1.5)
    on_glass = behind.point_at(0.5, 0.5)
    assert on_glass == pytest.approx((0, 50, 0), abs=1.5)
    assert behind.point_at(0.01, 0.01) is None


def test_a_fine_picture_shows_the_same_with_smooth_edges(balls: Balls) -> None:
    coarse, fine = (render(balls, FRONT, SIZE, fine=fine) for fine in (False, True))
    assert fine.pixels.shape == coarse.pixels.shape
    assert np.abs(fine.pixels.astype(int) - coarse.pixels).mean() < 4
    assert fine.point_at(0.5, 0.5) == pytest.approx(coarse.point_at(0.5, 0.5), abs=1.5)


def test_what_did_not_change_is_taken_from_the_picture_before(balls: Balls) -> None:
    before = SeenBefore()
    run_to_end(drawn(balls, FRONT, SIZE, before=before))
    assert before.reused == 0
    red, *others = balls
    larger = replace(red, mesh=Mesh(red.mesh.points_mm + np.float32([0, 40, 0]), red.mesh.quads))
    for shown in (balls[1:], balls, (replace(red, colour="#102030"), *others), (larger, *others)):
        again = run_to_end(drawn(shown, FRONT, SIZE, before=before))
        whole = render(shown, FRONT, SIZE)
        assert np.array_equal(again.pixels, whole.pixels)
        assert np.array_equal(again.towards_mm, whole.towards_mm)
        assert before.reused == sum(one.mesh is not larger.mesh for one in shown) - (shown is balls)


@pytest.mark.parametrize(
    ("camera", "size", "opacity"),
    [(FRONT.turned(5, 0), SIZE, 1.0), (FRONT, (150, 120), 1.0), (FRONT, SIZE, 0.4)],
)
def test_from_elsewhere_and_of_other_glass_nothing_is_taken_over(
    balls: Balls, camera: Camera, size: tuple[int, int], opacity: float
) -> None:
    before, (red, *_) = SeenBefore(), balls
    run_to_end(drawn([red], FRONT, SIZE, before=before))
    shown = [replace(red, opacity=opacity)]
    again = run_to_end(drawn(shown, camera, size, before=before))
    assert before.reused == 0
    assert np.array_equal(again.pixels, render(shown, camera, size).pixels)


def test_another_slice_amid_the_surfaces_is_another_place(balls: Balls, cut: Cut) -> None:
    before, elsewhere = SeenBefore(), replace(cut, slice_index=cut.slice_index + 3)
    for one, reused in ((cut, 0), (cut, len(balls)), (elsewhere, 0)):
        again = run_to_end(drawn(balls, FRONT, SIZE, one, before=before))
        assert before.reused == reused
        assert np.array_equal(again.pixels, render(balls, FRONT, SIZE, one).pixels)


def test_the_edge_of_glass_has_no_steps_in_a_fine_picture(balls: Balls) -> None:
    """Where it slants, each row begins with a dot that is darker than the next one; steps begin bright."""
    shell = balls[2]
    fine = render([shell], FRONT, SIZE, fine=True).pixels.max(axis=2).astype(float)
    parts = []
    for row in fine[25:45]:
        first = int(np.flatnonzero(row)[0])
        parts.append(row[first] / row[first : first + 3].max())
    assert np.mean(parts) < 0.5


def test_a_camera_sees_everything_from_anywhere(balls: Balls) -> None:
    camera = camera_around([ball.mesh for ball in balls])
    for azimuth in range(0, 360, 45):
        pixels = render(balls, camera.turned(azimuth, azimuth / 6), (80, 80)).pixels
        edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
        assert not any(edge.any() for edge in edges)


@pytest.fixture
def cut() -> Cut:
    """The axial slice through the origin of a grid of 2 mm whose intensities grow to the patient's right."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -40
    grid = Grid((41, 41, 41), affine)
    stored = np.broadcast_to(np.arange(1, 42, dtype=np.int16)[:, None, None], grid.shape).copy()
    stored[:, :, ::40] = stored[:, ::40] = stored[::40] = 0  # air
    return cut_through(Plane.AXIAL, (20, 20, 20), Volume(stored, grid, 1.0, 0.0, Path("ramp.nii")), Window(21, 40))


@pytest.mark.parametrize("elevation", [35.0, -35.0])
def test_a_cut_takes_away_what_is_before_it_and_shows_the_slice(balls: Balls, cut: Cut, elevation: float) -> None:
    camera = Camera((0, 0, 0), 120, 0, elevation)
    cut_open = render(balls[2:], camera, SIZE, cut)
    whole = render(balls[2:], camera, SIZE)
    side = 1 if elevation > 0 else -1
    ahead = whole.point_at(0.5, 0.35 if elevation > 0 else 0.65)
    assert ahead is not None
    assert ahead[2] * side > 10
    there = cut_open.point_at(0.5, 0.5)
    assert there == pytest.approx((0, 0, 0), abs=1.2)  # the slice: the origin lies in the middle
    bright, dark = (int(cut_open.pixels[60, column, 0]) for column in (60, 100))
    assert bright > 150 > 110 > dark  # the patient's right stands on the left
    assert cut_open.pixels[60, 60, 0] == cut_open.pixels[60, 60, 2]  # grey


def test_a_cut_that_is_seen_edge_on_is_a_line(balls: Balls, cut: Cut) -> None:
    picture = render(balls[:2], FRONT, SIZE, cut)
    assert _middle(picture.pixels, 0)[0] > 60  # the lower half of the ball at the plane
