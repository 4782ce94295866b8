"""Several masks of one case: how far they agree, and what they say together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.decisions import MEANINGS, Decisions, code_of, decisions, label_map_of
from brainseg_gui.evaluation.metrics.staple import StapleEstimate, staple
from brainseg_gui.imaging.labels import WHOLE, LabelMap, Region, regions
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.progress import Progress


class MajorityRule(Enum):
    """When a voxel of the majority is tumour, and which label it gets."""

    TUMOUR_FIRST = "tumour first"
    PER_LABEL = "per label"


@dataclass(frozen=True, eq=False)
class RaterMatrix:
    """Dice of every pair of masks for one region.

    Parameters
    ----------
    region
        What is compared.
    dice
        (R, R), symmetric, 1 on the diagonal. Both empty: 1. One empty: 0. NaN in the row and the column of a mask that
        does not tell the region apart, such as TC of one that holds the whole tumour alone.
    volumes_ml
        Volume of the region in each mask, (R,); NaN as above.
    sensitivity, specificity
        Of each mask against the hidden truth that STAPLE finds for the region, (R,); NaN as above, and where nothing is
        found.
    """

    region: Region
    dice: NDArray[np.float64]
    volumes_ml: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean over all pairs that tell the region; NaN if there is none."""
        return _mean(self.dice[np.triu_indices(len(self.dice), 1)])

    @property
    def least(self) -> tuple[float, int, int] | None:
        """The lowest Dice and the pair that has it; None if no pair tells the region."""
        rows, columns = np.triu_indices(len(self.dice), 1)
        found = self.dice[rows, columns]
        if np.isnan(found).all():
            return None
        place = int(np.nanargmin(found))
        return float(found[place]), int(rows[place]), int(columns[place])

    def mean_of(self, rater: int) -> float:
        """Mean Dice of one mask with all others that tell the region; NaN if it or they do not."""
        return _mean(np.delete(self.dice[rater], rater))


def dice_matrix(members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Dice of every pair of rows, (R, N) to (R, R). Both empty: 1. One empty: 0."""
    exact = members.shape[1] < 2**24  # whole numbers that float32 can count
    counts: NDArray[np.floating] = members.astype(np.float32 if exact else np.float64)
    both: NDArray[np.float64] = (counts @ counts.T).astype(np.float64)
    sizes = np.diag(both)
    total = sizes[:, None] + sizes[None, :]
    return np.where(total > 0, 2 * both / np.maximum(total, 1), 1.0)


def compare_raters(masks: Sequence[LabelMap]) -> Generator[Progress, None, tuple[RaterMatrix, ...]]:
    """Matrices of WT, TC and ET, and what STAPLE says of each mask.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    yield Progress("comparing masks", 0.0)
    said = decisions(masks)
    outside = said.outside_voxels()
    found = []
    for number, region in enumerate(regions(), start=1):
        found.append(_matrix(said, region, outside))
        yield Progress("comparing masks", number / 4, region.key)
    return tuple(found)


def _matrix(said: Decisions, region: Region, outside: int) -> RaterMatrix:
    telling = said.telling(region)
    members = said.members(region)[telling]
    dice = np.full((said.raters, said.raters), np.nan)
    volumes, sensitivity, specificity = (np.full(said.raters, np.nan) for _ in range(3))
    volumes[telling] = members.sum(axis=1) * said.grid.voxel_ml
    if telling.sum() > 1:
        dice[np.ix_(telling, telling)] = dice_matrix(members)
        estimate = staple(members.astype(np.uint8), 2, outside)
        sensitivity[telling], specificity[telling] = estimate.sensitivity, estimate.specificity
    return RaterMatrix(region, dice, volumes, sensitivity, specificity)


def _mean(dice: NDArray[np.float64]) -> float:
    known = dice[~np.isnan(dice)]
    return float(known.mean()) if known.size else float("nan")


def agreement_count(masks: Sequence[LabelMap], region: Region) -> ScalarMap:
    """How many of the masks that tell a region apart count a voxel to it, to be drawn."""
    said = decisions(masks)
    counts = np.zeros(said.inside.shape, dtype=np.uint8, order="F")
    counts[said.inside] = said.members(region).sum(axis=0)
    start = (said.box[0].start, said.box[1].start, said.box[2].start)
    telling = int(said.telling(region).sum())
    unit = f"of {telling} masks"
    return ScalarMap(region.key, counts, start, said.grid, 1.0, max(telling, 1), unit, whole=True, outlined=False)


def majority(masks: Sequence[LabelMap], rule: MajorityRule = MajorityRule.TUMOUR_FIRST) -> LabelMap:
    """What most masks say.

    *Tumour first*: a voxel is labelled where more than half of the masks give it any label; an even split is
    background. It gets the label that most of those masks give it; of labels with equally many votes, the one that
    the masks together use for more voxels of the case. So the whole tumour of the result is the majority of the
    whole tumours, without holes where the masks only differ in the label. A mask that holds the whole tumour alone says
    that a voxel is tumour, and leaves its label to those that tell the tissues apart.

    *Per label*: a voxel gets a label that more than half of the masks give it, else it is background. There are no
    ties. This is how BraTS' fused masks were made.

    Raises
    ------
    BrainsegError
        If no scheme of the masks has numbers for all labels that occur.
    """
    said = decisions(masks)
    totals = np.bincount(said.codes.ravel(), minlength=MEANINGS + 1)
    totals[0] = 0
    most = np.zeros(said.codes.shape[1], dtype=np.uint8)
    result = np.zeros_like(most)
    whole = code_of(WHOLE)
    order = np.argsort(-totals, kind="stable")[: np.count_nonzero(totals)]
    if rule is MajorityRule.TUMOUR_FIRST:
        order = np.append(order[order != whole], order[order == whole])  # last, where nobody tells more
    for code in order:
        votes = (said.codes == code).sum(axis=0, dtype=np.uint8)
        ahead = votes > most  # the label with more voxels came first and keeps a tie
        if rule is MajorityRule.TUMOUR_FIRST and code == whole:
            ahead &= most == 0
        result[ahead], most[ahead] = code, votes[ahead]
    if rule is MajorityRule.TUMOUR_FIRST:
        most = (said.codes > 0).sum(axis=0, dtype=np.uint8)
    result[2 * most.astype(int) <= said.raters] = 0
    return label_map_of(said, result)


def staple_consensus(masks: Sequence[LabelMap]) -> tuple[LabelMap, StapleEstimate]:
    """The most probable label of every voxel by STAPLE for several labels, and the estimate behind it.

    Raises
    ------
    BrainsegError
        If no scheme of the masks has numbers for all labels that occur.
    """
    said = decisions(masks)
    present = np.flatnonzero(np.bincount(said.codes.ravel(), minlength=MEANINGS + 1)[1:]) + 1
    # meanings that do not occur are no labels of the estimate
    dense = np.zeros(MEANINGS + 1, dtype=np.uint8)
    dense[present] = np.arange(1, len(present) + 1)
    estimate = staple(dense[said.codes], len(present) + 1, said.outside_voxels())
    winners = np.append(0, present).astype(np.uint8)[estimate.posterior.argmax(axis=0)]
    return label_map_of(said, winners), estimate
