"""STAPLE: the hidden truth behind several segmentations, and how good each of them is.

Warfield, Zou and Wells, "Simultaneous truth and performance level estimation (STAPLE)", IEEE Transactions on Medical
Imaging 23 (2004), in its form for any number of labels (section II.C and appendix); with two labels it is the binary
STAPLE. Voxels are independent and the prior is the same everywhere, so that all voxels on which the raters say the
same are one: the expectation is taken once per *pattern* of decisions, whatever the size of the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FIRST_PERFORMANCE = 0.99999  # of every rater, as in the filter of the authors (ITK)
_TOLERANCE = 1e-9
_TINY = 1e-300  # its logarithm is finite
_NOTHING = 1e-100  # share of the domain in which nobody claims a label


@dataclass(frozen=True, eq=False)
class StapleEstimate:
    """What STAPLE found.

    Parameters
    ----------
    posterior
        Probability of each true label at each voxel, (L, N).
    outside
        The same where every rater says 0, (L,).
    performance
        ``[r, said, true]``: probability that rater r says a label where another one is true, (R, L, L); NaN where
        no voxel of that true label is expected.
    iterations
        Steps until nothing changed any more, or until the limit.
    """

    posterior: NDArray[np.float64]
    outside: NDArray[np.float64]
    performance: NDArray[np.float64]
    iterations: int

    @property
    def sensitivity(self) -> NDArray[np.float64]:
        """Of a binary estimate: probability that a rater says 1 where 1 is true, (R,)."""
        found: NDArray[np.float64] = self.performance[:, 1, 1]
        return found

    @property
    def specificity(self) -> NDArray[np.float64]:
        """Of a binary estimate: probability that a rater says 0 where 0 is true, (R,)."""
        found: NDArray[np.float64] = self.performance[:, 0, 0]
        return found


def staple(decisions: NDArray[np.uint8], labels: int, outside: int = 0, iterations: int = 500) -> StapleEstimate:
    """Estimate the truth and the performance of each rater by expectation maximisation.

    The prior of a label is its share of all decisions and stays as it is (Warfield et al., section II.D); every
    rater starts as nearly perfect; the steps end when no performance changes by more than 1e-9.

    Parameters
    ----------
    decisions
        What each rater says, 0 to `labels` − 1, (R, N).
    labels
        Number of labels, the background included.
    outside
        Number of further voxels on which all raters say 0. They belong to the domain: a specificity is that of the
        domain, and the larger the empty part is, the closer it is to 1.
    iterations
        Limit of the steps.
    """
    patterns, where, counts = _patterns(decisions, labels, outside)
    said = np.stack([patterns == label for label in range(labels)])  # (R, P) -> (L, R, P)
    weights = counts / counts.sum()
    prior = (said * weights).sum(axis=2).mean(axis=1)
    raters = len(decisions)
    performance = np.full((raters, labels, labels), (1 - _FIRST_PERFORMANCE) / max(labels - 1, 1))
    performance[:, range(labels), range(labels)] = _FIRST_PERFORMANCE
    moved, steps = 1.0, 0
    while moved > _TOLERANCE and steps < iterations:
        posterior = _expectation(patterns, prior, performance)
        changed = _maximisation(said, posterior * weights)
        moved = float(np.abs(np.nan_to_num(changed) - np.nan_to_num(performance)).max())
        performance, steps = changed, steps + 1
    posterior = _expectation(patterns, prior, performance)
    return StapleEstimate(posterior[:, where], posterior[:, -1], performance, steps)


def _patterns(
    decisions: NDArray[np.uint8], labels: int, outside: int
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.int64]]:
    """The different columns of `decisions`, which of them each column is, and how often each occurs.

    The last pattern is that of the voxels outside: all 0, (R, P).
    """
    code = np.zeros(decisions.shape[1], dtype=np.int64)
    for row in decisions:
        code = code * labels + row
    _, first, where, counts = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
    nothing = np.zeros((len(decisions), 1), dtype=np.uint8)
    return np.hstack([decisions[:, first], nothing]), where, np.append(counts, outside)


def _expectation(
    patterns: NDArray[np.uint8], prior: NDArray[np.float64], performance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability of each true label given what the raters say, (L, P); equation 15 of the article."""
    logs = np.log(np.maximum(np.nan_to_num(performance), _TINY))
    score = np.repeat(np.log(np.maximum(prior, _TINY))[:, None], patterns.shape[1], axis=1)
    for rater, row in enumerate(patterns):
        score += logs[rater, row, :].T  # (P, L) -> (L, P)
    score -= score.max(axis=0)
    likelihood = np.exp(score)
    posterior: NDArray[np.float64] = likelihood / likelihood.sum(axis=0)
    return posterior


def _maximisation(said: NDArray[np.bool_], weighted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each true label's voxels on which a rater says each label, (R, L, L); equation 18 of the article."""
    expected = weighted.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: NDArray[np.float64] = np.einsum("srp,tp->rst", said.astype(np.float64), weighted) / expected
    shares[:, :, expected <= _NOTHING] = np.nan
    return shares
