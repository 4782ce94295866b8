"""Numbers over a cohort: summaries with bootstrap intervals, paired tests.

Everything that is drawn at random is seeded: the same cases give the same intervals. Visits of one patient are alike,
so that they tell less than as many patients would: where it is said whose the cases are, patients are drawn and tested.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 10_000
SEED = 20_230_101
CONFIDENCE = 0.95
# The two-sided signed-rank test of five differences cannot fall below 2/2^5 = .0625, of six it can.
FEWEST_DIFFERENCES = 6
_CHUNK_DRAWS = 2_000_000


@dataclass(frozen=True)
class CohortSummary:
    """One number over the cases of a cohort; NaN where there is no case.

    Parameters
    ----------
    n
        Cases that have the number.
    mean, median, lower, upper
        Mean, median and quartiles (linear interpolation).
    interval
        95 % bootstrap interval of the mean (percentile method); NaN for fewer than two cases.
    smallest, largest
        Ends of the range.
    patients
        Whose these cases are.
    """

    n: int
    mean: float
    median: float
    lower: float
    upper: float
    interval: tuple[float, float]
    smallest: float
    largest: float
    patients: int


def summarise(values: ArrayLike, seed: int = SEED, *, patients: Sequence[str] | None = None) -> CohortSummary:
    """Summary of the values that are not NaN, (n,); `patients` are as for `bootstrap_of_mean`."""
    known = _known(values)
    whose = patient_numbers(values, patients)
    count = np.unique(whose).size
    if known.size == 0:
        nan = math.nan
        return CohortSummary(0, nan, nan, nan, nan, (nan, nan), nan, nan, 0)
    lower, median, upper = (float(value) for value in np.percentile(known, (25, 50, 75)))
    ends = float(known.min()), float(known.max())
    interval = bootstrap_of_mean(values, seed, patients=patients)
    return CohortSummary(known.size, float(known.mean()), median, lower, upper, interval, *ends, count)


def bootstrap_of_mean(
    values: ArrayLike, seed: int = SEED, resamples: int = RESAMPLES, *, patients: Sequence[str] | None = None
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (Efron 1979), (n,).

    The cases are drawn anew with replacement `resamples` times; the interval runs from the 2.5th to the 97.5th
    percentile of the means. NaN and NaN for fewer than two cases: one case says nothing about its own spread.

    Parameters
    ----------
    patients
        Whose each value is, (n,); None where every case is a patient. Patients are drawn, each with all of their cases
        (Field and Welsh 2007), so that the mean of a draw is that of its cases.
    """
    known, whose = _known(values), patient_numbers(values, patients)
    count = np.unique(whose).size
    if count < 2:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    at_once = max(_CHUNK_DRAWS // count, 1)
    sums, cases = np.bincount(whose, known), np.bincount(whose)
    for start in range(0, resamples, at_once):
        part = means[start : start + at_once]
        drawn = random.integers(count, size=(part.size, count))
        part[:] = known[drawn].mean(axis=1) if count == known.size else sums[drawn].sum(1) / cases[drawn].sum(1)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, (tail, 100 - tail))
    return float(low), float(high)


@dataclass(frozen=True)
class PairedTest:
    """Second minus first of two models on the same cases.

    Parameters
    ----------
    n, differing
        Cases that both have scored, and those of them that differ.
    higher, lower
        Cases in which the second is higher, and lower.
    mean, median
        Of the differences.
    interval
        95 % bootstrap interval of the mean difference.
    effect
        Matched-pairs rank-biserial correlation, (W+ - W-) / (W+ + W-), from -1 to 1 (Kerby 2014); NaN when no case
        differs.
    p
        Two-sided p of Wilcoxon's signed-rank test; None when too few cases differ for it to say anything.
    patients
        Whose these cases are; where some have several, `effect` and `p` are those of the patients' mean differences.
    """

    n: int
    differing: int
    higher: int
    lower: int
    mean: float
    median: float
    interval: tuple[float, float]
    effect: float
    p: float | None
    patients: int


def paired_test(
    first: ArrayLike, second: ArrayLike, seed: int = SEED, *, patients: Sequence[str] | None = None
) -> PairedTest:
    """Compare two models on the cases that both have, (n,) each in the same order; NaN is left out in pairs.

    The test is ``scipy.stats.wilcoxon(second - first)`` with its defaults: cases that do not differ are left out. The
    test takes its cases for independent, which visits of one patient are not: of those it gets the mean difference.

    Parameters
    ----------
    patients
        As for `bootstrap_of_mean`.
    """
    from scipy.stats import rankdata, wilcoxon

    both = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    differences, whose = _known(both), patient_numbers(both, patients)
    differing = differences[differences != 0]
    tested = _means_of(differences, whose)
    apart = tested[tested != 0]
    ranks = rankdata(np.abs(apart))
    total = float(ranks.sum())
    effect = float((ranks * np.sign(apart)).sum() / total) if apart.size else math.nan
    p = float(wilcoxon(tested).pvalue) if apart.size >= FEWEST_DIFFERENCES else None
    return PairedTest(
        n=differences.size,
        differing=differing.size,
        higher=int((differing > 0).sum()),
        lower=int((differing < 0).sum()),
        mean=float(differences.mean()) if differences.size else math.nan,
        median=float(np.median(differences)) if differences.size else math.nan,
        interval=bootstrap_of_mean(both, seed, patients=patients),
        effect=effect,
        p=p,
        patients=tested.size,
    )


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """p adjusted for testing several times (Holm 1979), by name; None stays None and counts for nothing."""
    known = sorted((p, name) for name, p in p_values.items() if p is not None)
    adjusted: dict[str, float | None] = dict.fromkeys(p_values)
    highest = 0.0
    for place, (p, name) in enumerate(known):
        highest = max(highest, min((len(known) - place) * p, 1.0))
        adjusted[name] = highest
    return adjusted


def _known(values: ArrayLike | Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[~np.isnan(array)]


def patient_numbers(values: ArrayLike, patients: Sequence[str] | None) -> NDArray[np.intp]:
    """Number of the patient of each value that is not NaN, from 0 on in the order of their first cases.

    Parameters
    ----------
    patients
        As for `bootstrap_of_mean`.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    names = range(array.size) if patients is None else patients
    numbers: dict[object, int] = {}
    kept = [name for name, value in zip(names, array, strict=True) if not math.isnan(value)]
    return np.array([numbers.setdefault(name, len(numbers)) for name in kept], np.intp)


def _means_of(values: NDArray[np.float64], whose: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean of each patient's values, which are the values themselves where nobody has two."""
    count = np.unique(whose).size
    return values if count == values.size else np.bincount(whose, values) / np.bincount(whose)
