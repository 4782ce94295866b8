"""Several masks: matrices worked out by hand, majorities with ties, consensus over different schemes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError, GridMismatchError
from brainseg_gui.evaluation.metrics.decisions import decisions
from brainseg_gui.evaluation.metrics.raters import (
    MajorityRule,
    agreement_count,
    compare_raters,
    dice_matrix,
    majority,
    staple_consensus,
)
from brainseg_gui.imaging.formats.reading import read_label_map, read_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.progress import run_to_end

WT, TC, ET = regions()


def mask(values: Sequence[int], scheme: str = "brats2020", spacing: float = 1.0) -> LabelMap:
    """A mask of one row of voxels."""
    array = np.array(values, dtype=np.uint8).reshape(-1, 1, 1)
    return LabelMap(array, Grid(array.shape, np.diag([spacing] * 3 + [1.0])), scheme_named(scheme))


def row(labels: LabelMap) -> list[int]:
    return labels.values.ravel().tolist()


def test_matrix_of_three_masks_by_hand() -> None:
    """Sizes 4, 2 and 0; the first two share 2: 2·2 / (4 + 2) = 2/3; one empty: 0."""
    members = np.array([[1, 1, 1, 1, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
    np.testing.assert_allclose(dice_matrix(members), [[1, 2 / 3, 0], [2 / 3, 1, 0], [0, 0, 1]])


def test_two_empty_masks_agree() -> None:
    assert dice_matrix(np.zeros((2, 3), bool)).tolist() == [[1, 1], [1, 1]]


def test_every_region_by_what_the_numbers_mean() -> None:
    """4 is ET in one scheme and 3 in the other: the masks say the same."""
    masks = [mask([1, 2, 4, 4, 0]), mask([1, 2, 3, 3, 0], "brats2023"), mask([0, 2, 4, 0, 0])]
    wt, tc, et = run_to_end(compare_raters(masks))
    assert [matrix.region.key for matrix in (wt, tc, et)] == ["WT", "TC", "ET"]
    assert wt.dice[0, 1] == tc.dice[0, 1] == et.dice[0, 1] == 1
    assert wt.dice[0, 2] == pytest.approx(2 * 2 / (4 + 2))
    assert tc.dice[0, 2] == pytest.approx(2 * 1 / (3 + 1))
    assert et.dice[0, 2] == pytest.approx(2 * 1 / (2 + 1))
    assert wt.mean == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert wt.least == (pytest.approx(2 / 3), 0, 2)
    assert wt.mean_of(2) == pytest.approx(2 / 3)
    np.testing.assert_allclose(wt.volumes_ml, [0.004, 0.004, 0.002])


def test_the_mask_that_finds_least_has_the_lowest_sensitivity() -> None:
    random = np.random.default_rng(0)
    truth = (random.random(4000) < 0.3) * 2
    good = [mask(np.where(random.random(4000) < 0.03, 2 - truth, truth)) for _ in range(3)]
    poor = mask(np.where(random.random(4000) < 0.5, truth, 0))
    wt = run_to_end(compare_raters([*good, poor]))[0]
    assert wt.sensitivity.argmin() == 3
    assert wt.sensitivity[3] == pytest.approx(0.5, abs=0.05)
    assert wt.sensitivity[:3].min() > 0.93


def test_counts_say_how_many_and_where() -> None:
    masks = [mask([0, 1, 2, 2, 0, 0]), mask([0, 0, 2, 2, 4, 0]), mask([0, 0, 2, 0, 0, 0])]
    counts = agreement_count(masks, WT)
    assert [counts.value_at((i, 0, 0)) for i in range(6)] == [0, 1, 3, 2, 1, 0]
    assert counts.words_at((2, 0, 0)) == "WT 3 of 3 masks"
    assert counts.levels.size == 4  # cropped
    assert [agreement_count(masks, TC).value_at((i, 0, 0)) for i in range(6)] == [0, 1, 0, 0, 1, 0]


def test_majority_tumour_first() -> None:
    """Five masks; what each voxel is meant to show stands below."""
    columns = [
        (0, 0, 0, 2, 2),  # two of five say tumour: background
        (0, 0, 2, 2, 1),  # three do; ED has two votes
        (1, 1, 2, 2, 0),  # a tie of labels: ED, which has more voxels in the case
        (4, 4, 4, 4, 4),
        (1, 2, 4, 0, 0),  # one vote each: again ED
        (2, 2, 2, 2, 2),
    ]
    masks = [mask(values) for values in zip(*columns, strict=True)]
    assert row(majority(masks)) == [0, 2, 2, 4, 2, 2]


def test_majority_per_label_leaves_holes() -> None:
    columns = [(0, 0, 2, 2, 1), (1, 1, 2, 2, 0), (1, 1, 1, 2, 0), (0, 0, 4, 4, 4)]
    masks = [mask(values) for values in zip(*columns, strict=True)]
    assert row(majority(masks, MajorityRule.PER_LABEL)) == [0, 0, 1, 4]


def test_an_even_split_is_background() -> None:
    masks = [mask([2, 2, 2]), mask([0, 2, 1])]
    assert row(majority(masks)) == [0, 2, 2]  # one vote for ED and one for NCR: ED has more voxels
    assert row(majority(masks, MajorityRule.PER_LABEL)) == [0, 2, 0]


def test_the_majority_of_the_whole_tumour_is_that_of_the_counts() -> None:
    random = np.random.default_rng(5)
    masks = [mask(random.choice([0, 0, 1, 2, 4], 500)) for _ in range(5)]
    counts = agreement_count(masks, WT)
    said = [counts.value_at((i, 0, 0)) >= 3 for i in range(500)]
    assert [value > 0 for value in row(majority(masks))] == said


def test_a_consensus_takes_the_scheme_that_has_all_labels() -> None:
    """RC is known to the second scheme only; its ET is 3."""
    masks = [mask([4, 0, 1]), mask([3, 4, 1], "brats2023"), mask([3, 4, 1], "brats2023")]
    result = majority(masks)
    assert result.scheme.name == "brats2023"
    assert row(result) == [3, 4, 1]


def test_labels_without_a_common_scheme_are_refused() -> None:
    masks = [mask([4, 9, 9]), mask([4, 9, 9])]
    with pytest.raises(BrainsegError, match="no label scheme"):
        majority(masks)


def test_cores_that_only_some_schemes_part_are_one() -> None:
    """2013 tells necrosis (1) from non-enhancing tumour (3); 2020 calls both 1."""
    masks = [mask([1, 1, 2]), mask([3, 1, 2], "brats2013"), mask([0, 1, 2])]
    assert row(majority(masks)) == [1, 1, 2]


def test_staple_of_several_labels() -> None:
    random = np.random.default_rng(7)
    truth = np.repeat([0, 2, 1, 4], 300)
    masks = [mask(np.where(random.random(1200) < 0.1, random.choice([0, 1, 2, 4], 1200), truth)) for _ in range(4)]
    labels, estimate = staple_consensus(masks)
    assert np.mean(np.array(row(labels)) == truth) > 0.98
    assert estimate.performance.shape == (4, 4, 4)


def test_nothing_in_any_mask() -> None:
    masks = [mask([0, 0]), mask([0, 0])]
    assert row(majority(masks)) == [0, 0]
    assert row(staple_consensus(masks)[0]) == [0, 0]
    assert run_to_end(compare_raters(masks))[0].mean == 1


def test_masks_of_other_grids_are_refused() -> None:
    with pytest.raises(GridMismatchError):
        decisions([mask([1, 2]), mask([1, 2], spacing=2.0)])


def test_the_domain_is_the_box_with_its_margin() -> None:
    """Voxels of 2 mm: 10 mm are 5 voxels on each side of the two in the middle; the grid is one voxel thick."""
    values = [0] * 20 + [2, 2] + [0] * 20
    said = decisions([mask(values, spacing=2.0), mask(values, spacing=2.0)])
    assert said.outside_voxels() == 10


def test_the_published_majority_of_five(shared_folder: Path) -> None:
    folder = shared_folder / "cases" / "TCGA-DU-7294" / "segmentation"
    if not folder.is_dir():
        pytest.skip("the case with five raters is not there")
    grid, scheme = read_labels(folder / "fusion_majority.nii.gz")[1].grid, scheme_named("brats2020")
    read = {path.name: read_label_map(path, grid, scheme) for path in sorted(folder.glob("*.nii.gz"))}
    published = read.pop("fusion_majority.nii.gz")
    assert len(read) == 5
    own = majority(list(read.values()), MajorityRule.PER_LABEL)
    np.testing.assert_array_equal(own.values, published.values)
    filled = majority(list(read.values()))
    assert np.count_nonzero((filled.values > 0) & (published.values == 0)) == 258  # holes, and nothing else
    assert np.count_nonzero(filled.values != published.values) == 258


def test_a_mask_of_the_whole_tumour_alone_says_nothing_of_the_core() -> None:
    """By hand: the first two share 2 of their 2 and 3 voxels of TC; the third has a whole tumour like the first's."""
    masks = [mask([1, 4, 2, 2, 0]), mask([1, 4, 4, 2, 0]), mask([1, 1, 1, 1, 0], "whole-tumour")]
    wt, tc, et = run_to_end(compare_raters(masks))
    assert wt.dice[0, 2] == wt.dice[1, 2] == 1
    np.testing.assert_array_equal(np.isnan(tc.dice), [[False, False, True], [False, False, True], [True, True, True]])
    assert tc.mean == tc.mean_of(0) == pytest.approx(2 * 2 / (2 + 3))
    assert tc.least == (pytest.approx(2 * 2 / (2 + 3)), 0, 1)
    assert et.least == (pytest.approx(2 * 1 / (1 + 2)), 0, 1)
    assert np.isnan(tc.mean_of(2))
    assert np.isnan(tc.volumes_ml[2])
    assert np.isnan(tc.sensitivity[2])
    assert not np.isnan(tc.sensitivity[:2]).any()
    assert agreement_count(masks, TC).words_at((2, 0, 0)) == "TC 1 of 2 masks"
    assert agreement_count(masks, WT).words_at((2, 0, 0)) == "WT 3 of 3 masks"


def test_a_core_that_one_mask_alone_tells_is_compared_with_nothing() -> None:
    tc = run_to_end(compare_raters([mask([1, 4, 2]), mask([1, 1, 1], "whole-tumour")]))[1]
    assert tc.least is None
    assert np.isnan(tc.mean)
    np.testing.assert_allclose(tc.volumes_ml, [0.002, np.nan])


def test_a_mask_of_the_whole_tumour_leaves_the_label_to_those_who_tell_it() -> None:
    """Each label has one vote, the whole tumour too, which the masks use most: it decides that there is tumour only."""
    masks = [mask([1, 4, 0, 0]), mask([2, 2, 4, 0]), mask([1, 1, 1, 0], "whole-tumour")]
    assert row(majority(masks)) == [2, 2, 4, 0]
