"""Lesions of a mask: what is one, what its lines may cross, and when it is measurable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from brainseg_gui.followup.criteria import all_criteria, criteria_named, lesion_kinds
from brainseg_gui.followup.lesions import LesionMap, MeasuredLesion, lesions_of, measured
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import Plane

NCR, ED, ET, RC = 1, 2, 3, 4
ENHANCING = lesion_kinds()["enhancing"]
RANO = criteria_named("rano2")
Values = np.ndarray[Any, np.dtype[np.uint8]]


def _labels(values: Values, spacing: tuple[float, float, float] = (1, 1, 1), scheme: str = "brats2023") -> LabelMap:
    grid = Grid(values.shape, np.diag([*spacing, 1.0]))
    return LabelMap(values, grid, scheme_named(scheme))


def _ball(centre: tuple[int, int, int], radius: float, size: int = 48) -> np.ndarray[Any, Any]:
    offsets = np.indices((size, size, size)) - np.reshape(centre, (3, 1, 1, 1))
    return np.asarray(np.sqrt((offsets**2).sum(axis=0)) <= radius)


def _painted(*parts: tuple[int, np.ndarray[Any, Any]]) -> Values:
    values = np.zeros((48, 48, 48), dtype=np.uint8)
    for label, mask in parts:
        values[mask] = label
    return values


def _only(values: Values, **spacing: Any) -> MeasuredLesion:
    found = lesions_of(_labels(values, **spacing), ENHANCING)
    assert len(found.lesions) == 1
    return measured(found.lesions[0], found.grid, RANO)


def _sizes(found: LesionMap) -> list[int]:
    return [int(lesion.tissue.sum()) for lesion in found.lesions]


def test_lines_cross_a_necrotic_core_and_no_cavity() -> None:
    whole, inner = _ball((24, 24, 24), 12.3), _ball((24, 24, 24), 9.2)
    assert _only(_painted((ET, whole))).cross.longest_mm == pytest.approx(24.6, abs=1)
    necrotic = _only(_painted((ET, whole), (NCR, inner)))
    assert (necrotic.cross.longest_mm, necrotic.cross.across_mm) == pytest.approx((24.6, 24.6), abs=1)
    assert necrotic.volume_ml == pytest.approx((whole.sum() - inner.sum()) / 1000)
    cavity = _only(_painted((ET, whole), (RC, inner)))
    assert cavity.cross.longest_mm < 2 * np.sqrt(12.7**2 - 8.8**2) + 0.5  # chords that touch the hole
    assert cavity.why_not == "it lines a cavity and has no nodule of 10 mm"
    nodule = _painted((ET, whole), (RC, inner), (ET, _ball((24, 15, 24), 6)))
    assert _only(nodule).measurable


def test_a_ring_with_a_gap_is_as_wide_as_a_closed_one() -> None:
    whole, inner = _ball((24, 24, 24), 12.3), _ball((24, 24, 24), 9.2)
    values = _painted((ET, whole), (NCR, inner))
    values[22:27, 24:, :][values[22:27, 24:, :] == ET] = NCR  # the wall does not enhance there
    assert _only(values).cross.longest_mm == pytest.approx(24.6, abs=1)


def test_arcs_of_one_ring_are_one_lesion_and_what_only_oedema_joins_are_two() -> None:
    first, second = _ball((12, 24, 24), 6), _ball((34, 24, 24), 5)
    bridge = np.zeros((48, 48, 48), dtype=bool)
    bridge[12:35, 23:26, 23:26] = True
    assert _sizes(lesions_of(_labels(_painted((ED, bridge), (ET, first), (ET, second))), ENHANCING)) == [
        int(first.sum()),
        int(second.sum()),
    ]
    joined = lesions_of(_labels(_painted((NCR, bridge), (ET, first), (ET, second))), ENHANCING)
    assert _sizes(joined) == [int(first.sum() + second.sum())]
    assert measured(joined.lesions[0], joined.grid, RANO).cross.longest_mm < 14  # the bridge lies outside of both hulls


def test_voxels_that_touch_at_a_corner_are_one_lesion() -> None:
    values = np.zeros((9, 9, 9), dtype=np.uint8)
    values[1:4, 1:4, 1:4] = values[4:7, 4:7, 4:7] = ET
    assert _sizes(lesions_of(_labels(values), ENHANCING)) == [54]


def test_crumbs_are_counted_and_no_lesions() -> None:
    values = _painted((ET, _ball((24, 24, 24), 6)))
    values[2:4, 2:4, 2:4] = ET
    found = lesions_of(_labels(values), ENHANCING)
    assert (len(found.lesions), found.crumbs) == (1, 1)
    assert not found.numbers[2:4, 2:4, 2:4].any()


def test_what_is_measurable_depends_on_size_slices_and_their_thickness() -> None:
    flat = np.zeros((20, 20, 4), dtype=np.uint8)
    flat[4:16, 4:16, 1:3] = ET
    grid = (1.0, 1.0, 4.0)
    assert _only(flat, spacing=grid).measurable
    flat[:, :, 2] = 0
    assert _only(flat, spacing=grid).why_not == "it is seen on 1 slice only"
    flat[4:16, 4:16, 1:3] = ET
    assert _only(flat, spacing=(1.0, 1.0, 8.0)).measurable  # 16.3 mm from side to side
    assert _only(flat, spacing=(1.0, 1.0, 9.0)).why_not == "its longest diameter is below 18 mm"
    flat[8:] = 0
    assert _only(flat, spacing=grid).why_not == "its diameter across is below 10 mm"


def test_the_best_slice_is_that_of_the_largest_product_or_diameter() -> None:
    values = np.zeros((48, 48, 48), dtype=np.uint8)
    values[10:40, 20:23, 10:12] = ET  # long and thin
    values[15:33, 14:30, 12:14] = ET  # shorter and wide
    lesion = lesions_of(_labels(values), ENHANCING)
    by_product = measured(lesion.lesions[0], lesion.grid, RANO).cross
    by_length = measured(lesion.lesions[0], lesion.grid, criteria_named("rano-bm")).cross
    assert by_product.slice_index in (12, 13)
    assert by_length.slice_index in (10, 11)
    assert by_length.longest_mm > by_product.longest_mm


def test_the_best_slice_is_that_of_looking_at_all_of_them() -> None:
    rng = np.random.default_rng(5)
    for _ in range(2):
        mask = gaussian_filter(rng.normal(size=(14, 14, 14)), 2) > 0.03
        found = lesions_of(_labels(mask.astype(np.uint8) * ET), ENHANCING)
        lesion = found.lesions[0]
        planes = tuple(Plane)
        best = measured(lesion, found.grid, RANO, planes).cross.product_mm2
        slices = []
        for plane in planes:
            for index in range(lesion.tissue.shape[plane.axis]):
                alone = np.zeros_like(lesion.tissue)
                where: list[Any] = [slice(None)] * 3
                where[plane.axis] = index
                alone[tuple(where)] = lesion.tissue[tuple(where)]
                if alone.any():
                    one = measured(replace(lesion, tissue=alone), found.grid, RANO, (plane,))
                    slices.append(one.cross.product_mm2)
        assert best == pytest.approx(max(slices))


def test_flair_lesions_hold_all_of_the_tumour_and_no_cavity() -> None:
    values = _painted((ED, _ball((24, 24, 24), 14)), (ET, _ball((24, 24, 24), 8)), (RC, _ball((24, 24, 24), 4)))
    found = lesions_of(_labels(values), lesion_kinds()["nonenhancing"])
    assert _sizes(found) == [int((values > 0).sum() - (values == RC).sum())]


def test_criteria_are_named_with_their_sources() -> None:
    assert {"rano2", "rano2-nonenhancing", "rano-hgg", "rano-lgg", "rano-bm"} <= set(all_criteria())
    assert all("doi:10." in entry.source for entry in all_criteria().values())
    assert (RANO.progression, RANO.response, RANO.volume_progression, RANO.volume_response) == (25, -50, 40, -65)
