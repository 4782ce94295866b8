"""Comparison by meaning, agreement maps and volumes, worked out by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.evaluation.metrics.comparison import (
    Agreement,
    Comparison,
    agreement,
    agreement_of,
    compare,
    region_table,
    volumes_ml,
)
from brainseg_gui.evaluation.metrics.overlap import Counts, count
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, label_region, regions

MakeLabels = Callable[..., LabelMap]
WT, TC, ET = regions()


def _keys(comparison: Comparison) -> list[str]:
    return [row.region.key for row in comparison.rows]


def test_regions_of_a_worked_example(label_map: MakeLabels) -> None:
    # BraTS 2020: 1 NCR, 2 ED, 4 ET
    reference = label_map([0, 1, 1, 2, 2, 2, 4, 4, 0, 0])
    prediction = label_map([0, 1, 4, 2, 2, 0, 4, 0, 2, 0])
    comparison = compare(reference, prediction)
    assert _keys(comparison) == ["WT", "TC", "ET", "NCR", "ED"]
    # WT: reference voxels 1-7 (7), prediction 1 2 3 4 6 8 (6), both 1 2 3 4 6 (5)
    assert comparison.row("WT").counts == Counts(5, 2, 1)
    assert comparison.row("WT").dice == pytest.approx(10 / 13)
    # TC: reference 1 2 6 7, prediction 1 2 6
    assert comparison.row("TC").counts == Counts(3, 1, 0)
    # ET: reference 6 7, prediction 2 6
    assert comparison.row("ET").counts == Counts(1, 1, 1)
    assert comparison.row("NCR").counts == Counts(1, 1, 0)
    assert comparison.row("ED").counts == Counts(2, 1, 1)
    assert comparison.row("WT").reference_ml == pytest.approx(0.007)  # 7 voxels of 2×1×0.5 mm
    assert comparison.row("WT").prediction_ml == pytest.approx(0.006)


def test_numbers_are_compared_by_what_they_mean(label_map: MakeLabels) -> None:
    # the same tissue: NCR ED ET is 1 2 4 in BraTS 2020 and 3 1 2 in the order oedema, enhancing, core
    reference = label_map([0, 1, 2, 4, 4, 2], "brats2020")
    prediction = label_map([0, 3, 1, 2, 2, 1], "ed-et-ncr")
    assert [row.dice for row in compare(reference, prediction).rows] == [1.0] * 5
    # read by the numbers alone, oedema and enhancing tumour change places
    misread = compare(reference, prediction.with_scheme(scheme_named("brats2020")))
    assert misread.row("ET").dice == 0.0


def test_empty_masks_follow_the_convention(label_map: MakeLabels) -> None:
    nothing, oedema = label_map([0, 0, 0]), label_map([0, 2, 2])
    assert [(row.region.key, row.dice) for row in compare(nothing, nothing).rows] == [
        ("WT", 1.0),
        ("TC", 1.0),
        ("ET", 1.0),
    ]
    for pair in ((nothing, oedema), (oedema, nothing)):
        scores = {row.region.key: row.dice for row in compare(*pair).rows}
        assert scores == {"WT": 0.0, "TC": 1.0, "ET": 1.0, "ED": 0.0}


def test_a_cavity_is_a_label_and_no_part_of_the_tumour(label_map: MakeLabels) -> None:
    comparison = compare(label_map([4, 4, 3], "brats2023"), label_map([4, 0, 3], "brats2023"))
    assert _keys(comparison) == ["WT", "TC", "ET", "RC"]
    assert comparison.row("WT").counts == Counts(1, 0, 0)
    assert comparison.row("RC").counts == Counts(1, 1, 0)


def test_parts_of_the_core_that_one_scheme_cannot_tell_apart_are_one_row(label_map: MakeLabels) -> None:
    # Decathlon calls all of it NET (2), BraTS 2020 calls it NCR (1): not two rows of Dice 0
    comparison = compare(label_map([2, 2, 3], "msd"), label_map([1, 0, 4], "brats2020"))
    assert _keys(comparison) == ["WT", "TC", "ET", "NCR/NET"]
    assert comparison.row("NCR/NET").counts == Counts(1, 1, 0)
    # two masks of one scheme keep what it tells apart
    both = compare(label_map([1, 3], "brats2013"), label_map([1, 1], "brats2013"))
    assert _keys(both) == ["WT", "TC", "ET", "NCR", "NET"]


def test_numbers_that_the_scheme_does_not_know_are_shown(label_map: MakeLabels) -> None:
    comparison = compare(label_map([1, 9, 9]), label_map([1, 9, 0]))
    assert _keys(comparison) == ["WT", "TC", "ET", "NCR", "?"]
    assert comparison.row("?").counts == Counts(1, 1, 0)
    assert comparison.row("WT").counts == Counts(1, 0, 0)


def test_masks_on_different_grids_are_refused_in_words(label_map: MakeLabels) -> None:
    with pytest.raises(GridMismatchError, match="4×1×1 voxels instead of 3×1×1"):
        compare(label_map([0, 1, 2]), label_map([0, 1, 2, 2]))
    with pytest.raises(GridMismatchError, match=r"5\.00 mm away"):
        agreement(label_map([0, 1, 2]), label_map([0, 1, 2], shift_mm=5.0), WT)


def test_agreement_tells_the_four_cases_apart(label_map: MakeLabels) -> None:
    reference = label_map([0, 1, 2, 4, 0, 0])
    prediction = label_map([0, 2, 1, 0, 3, 2], "brats2023")  # 3 is ET there
    expected = [Agreement.NEITHER, Agreement.BOTH, Agreement.BOTH, Agreement.MISSED, Agreement.FALSE, Agreement.FALSE]
    whole = agreement(reference, prediction, WT)
    assert whole.dtype == np.uint8
    assert whole.ravel().tolist() == expected == [0, 1, 1, 2, 3, 3]
    # ET: reference voxel 3, prediction voxel 4
    assert agreement(reference, prediction, ET).ravel().tolist() == [0, 0, 0, 2, 3, 0]


def test_agreement_of_a_slice_is_the_slice_of_the_agreement() -> None:
    random = np.random.default_rng(0)
    scheme = scheme_named("brats2020")
    reference, prediction = random.integers(0, 5, (2, 6, 7), dtype=np.uint8)
    table = region_table(scheme, TC)
    picture = agreement_of(reference, prediction, table, table)
    counts = count(table[reference], table[prediction])
    assert picture.shape == (6, 7)
    assert [int((picture == value).sum()) for value in (1, 2, 3)] == [
        counts.both,
        counts.only_reference,
        counts.only_prediction,
    ]


def test_volumes_are_in_ml_per_region_and_label(label_map: MakeLabels) -> None:
    volumes = volumes_ml(label_map([0, 1, 2, 2, 4, 4, 4, 9]))
    expected = {"WT": 0.006, "TC": 0.004, "ET": 0.003, "NCR": 0.001, "ED": 0.002, "?": 0.001}
    assert dict(volumes) == pytest.approx(expected)


def test_every_label_agrees_with_the_boolean_masks() -> None:
    """The table that all regions are counted from against plain masks, on noise."""
    random = np.random.default_rng(1)
    grid = Grid((12, 10, 8), np.eye(4))
    reference, prediction = (
        LabelMap(random.integers(0, 5, grid.shape, dtype=np.uint8), grid, scheme_named(name))
        for name in ("brats2023", "brats2013")
    )
    for row in compare(reference, prediction).rows:
        assert row.counts == count(reference.mask(row.region), prediction.mask(row.region))


def test_a_full_case_takes_less_than_50_ms_and_equals_plain_numpy(shared_folder: Path) -> None:
    path = shared_folder / "cases" / "BraTS-GLI-00000-000" / "BraTS-GLI-00000-000-seg.nii.gz"
    values, stored = read_labels(path)
    scheme = scheme_named("brats2023")
    reference = LabelMap(values, stored.grid, scheme)
    prediction = LabelMap(np.roll(values, (3, -2, 1), (0, 1, 2)), stored.grid, scheme)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        comparison = compare(reference, prediction)
        seconds.append(time.perf_counter() - start)
    for key, numbers in (("WT", (1, 2, 3)), ("TC", (1, 3)), ("ET", (3,)), ("NCR", (1,)), ("ED", (2,))):
        a, b = np.isin(values, numbers), np.isin(prediction.values, numbers)
        assert comparison.row(key).dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()), abs=1e-12)
    assert min(seconds) < 0.05


def test_the_row_of_a_label_that_does_not_occur_is_an_error(label_map: MakeLabels) -> None:
    with pytest.raises(KeyError):
        compare(label_map([1]), label_map([1])).row(label_region("RC").key)
