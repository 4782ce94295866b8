"""Nets that are mended after a stroke are what making them whole would give."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.progress import run_to_end
from brainseg_gui.surfaces.net_update import updated
from brainseg_gui.surfaces.nets import SmoothNet, smooth_net, surface_of
from brainseg_gui.surfaces.surface import SurfaceBuilder, SurfacePart

_NEAR = 0.005  # voxels
Bools = NDArray[np.bool_]


@pytest.fixture
def tumour() -> Bools:
    """A rough mask with holes and specks, away from the edges of its grid."""
    mask = np.zeros((70, 65, 60), dtype=bool)
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(46, 44, 40)), 3)
    mask[10:56, 10:54, 10:50] = noise > 0
    return mask


def _boxed(mask: Bools) -> tuple[Bools, Voxel]:
    box = box_around(mask)
    assert box is not None
    return mask[box].copy(), (box[0].start, box[1].start, box[2].start)


def _quads(net: SmoothNet) -> set[tuple[tuple[float, ...], ...]]:
    """The cubes of each quad in turn, from its first in the order of places."""
    found = set()
    for quad in net.cubes[net.quads].tolist():
        corners = [tuple(corner) for corner in quad]
        first = corners.index(min(corners))
        found.add(tuple(corners[first:] + corners[:first]))
    return found


def _strokes(mask: Bools, count: int) -> list[tuple[slice, slice, int, bool]]:
    random = np.random.default_rng(1)
    edge = np.argwhere(mask[:-1] != mask[1:])
    places = random.choice(edge, count, replace=False).tolist()
    return [(slice(i - 4, i + 5), slice(j - 3, j + 4), k, bool(n % 2)) for n, (i, j, k) in enumerate(places)]


def test_strokes_give_the_net_of_the_whole_mask(tumour: Bools) -> None:
    before, at = _boxed(tumour)
    net = smooth_net(before, at)
    for i, j, k, painted in _strokes(tumour, 4):  # two paint, two take away
        tumour[i, j, k] = painted
        mask, start = _boxed(tumour)
        mended, whole = updated(net, before, at, mask, start), smooth_net(mask, start)
        assert mended is not None
        assert _quads(mended) == _quads(whole)
        ours, theirs = (np.lexsort(one.cubes.T) for one in (mended, whole))
        assert mended.cubes[ours].tolist() == whole.cubes[theirs].tolist()
        assert np.abs(mended.points[ours] - whole.points[theirs]).max() < _NEAR
        net, before, at = mended, mask, start


def test_a_stroke_beyond_the_box_and_one_that_takes_its_edge_away(tumour: Bools) -> None:
    before, at = _boxed(tumour)
    net = smooth_net(before, at)
    for box, painted in ((np.s_[52:62, 40:46, 30], True), (np.s_[52:, :, :], False)):
        tumour[box] = painted
        mask, start = _boxed(tumour)
        mended = updated(net, before, at, mask, start)
        assert mended is not None
        assert _quads(mended) == _quads(smooth_net(mask, start))
        net, before, at = mended, mask, start


def test_what_costs_as_much_whole_is_made_whole(tumour: Bools) -> None:
    before, at = _boxed(tumour)
    net = smooth_net(before, at)
    assert updated(net, before, at, ~before, at) is None  # all of it changed
    small = np.zeros_like(tumour)
    small[30:40, 30:40, 30:40] = True
    ball, corner = _boxed(small)
    assert updated(smooth_net(ball, corner), ball, corner, ball, corner) is None


def test_the_builder_looks_at_what_is_around_a_stroke_alone(tumour: Bools, monkeypatch: pytest.MonkeyPatch) -> None:
    affine = np.diag([-1.0, 1.0, 2.0, 1.0])  # left-handed axes turn quads
    affine[:3, 3] = (12, 34, -5)
    builder = SurfaceBuilder(affine)
    run_to_end(builder.build([SurfacePart("T", "#ffffff", lambda: tumour)]))
    looked: list[int] = []

    def noted(mask: Bools, start: Voxel) -> SmoothNet:
        looked.append(mask.size)
        return smooth_net(mask, start)

    monkeypatch.setattr("brainseg_gui.surfaces.net_update.smooth_net", noted)
    monkeypatch.setattr("brainseg_gui.surfaces.surface.smooth_net", None)
    tumour[38:47, 40:47, 30] = True
    (surface,) = run_to_end(builder.build([SurfacePart("T", "#ffffff", lambda: tumour)]))
    assert len(looked) == 1
    assert looked[0] <= 27 * 25 * 19  # what the stroke changed, nine voxels more on each side
    whole = surface_of(tumour, affine)
    assert surface.mesh.volume_ml == pytest.approx(whole.volume_ml, rel=1e-5)
    assert surface.mesh.area_mm2 == pytest.approx(whole.area_mm2, rel=1e-4)
    assert len(surface.mesh.quads) == len(whole.quads)
