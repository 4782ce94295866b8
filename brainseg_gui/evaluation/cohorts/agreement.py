"""Agreement of two measurements over a cohort: Bland–Altman limits, also where patients have several visits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainseg_gui.evaluation.cohorts.statistics import patient_numbers

LIMITS_SD = 1.96


@dataclass(frozen=True)
class BlandAltman:
    """Agreement of two measurements of the same cases (Bland and Altman 1986).

    Parameters
    ----------
    means, differences
        Of each case: the mean of the two, and prediction minus reference, (n,).
    bias, sd
        Mean and standard deviation of the differences: over n - 1 where every case is a patient, else as
        `_sd_of_repeated` has it; NaN for fewer than one case and two patients.
    patients
        Whose these cases are.
    """

    means: NDArray[np.float64]
    differences: NDArray[np.float64]
    bias: float
    sd: float
    patients: int

    @property
    def limits(self) -> tuple[float, float]:
        """Limits of agreement, bias ± 1.96 SD."""
        return self.bias - LIMITS_SD * self.sd, self.bias + LIMITS_SD * self.sd

    @property
    def repeated(self) -> bool:
        """Whether some patient has several cases."""
        return self.patients < self.differences.size


def bland_altman(reference: ArrayLike, prediction: ArrayLike, *, patients: Sequence[str] | None = None) -> BlandAltman:
    """Compare two measurements, of the cases that have both, (n,) each; `patients` are as for `bootstrap_of_mean`."""
    ours, theirs = np.asarray(reference, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    known = np.isfinite(theirs - ours)
    ours, theirs = ours[known], theirs[known]
    if patients is not None:
        patients = [name for name, both in zip(patients, known, strict=True) if both]
    differences = theirs - ours
    whose = patient_numbers(differences, patients)
    count = np.unique(whose).size
    bias = float(differences.mean()) if differences.size else math.nan
    if count < whose.size:
        sd = _sd_of_repeated(differences, whose)
    else:
        sd = float(differences.std(ddof=1)) if differences.size > 1 else math.nan
    return BlandAltman((ours + theirs) / 2, differences, bias, sd, count)


def _sd_of_repeated(differences: NDArray[np.float64], whose: NDArray[np.intp]) -> float:
    """Standard deviation of differences of which some are of one patient, whose true volume is another at each visit.

    Of a one-way analysis of variance of the differences by patient: the variance within patients and that between
    them, put together (Bland and Altman, J Biopharm Stat 2007, 17:571, for true values
    that vary). Visits of one patient err alike;
    taken for as many patients they would say little of how much patients differ. An estimate of the variance between
    patients below zero counts as none; of one patient alone there is none.

    Parameters
    ----------
    whose
        Number of each one's patient, from 0 on, (n,).
    """
    sizes = np.bincount(whose)
    if sizes.size < 2:
        return math.nan
    means = np.bincount(whose, differences) / sizes
    within = float(((differences - means[whose]) ** 2).sum()) / (whose.size - sizes.size)
    among = float((sizes * (means - differences.mean()) ** 2).sum()) / (sizes.size - 1)
    each = (whose.size - float((sizes**2).sum()) / whose.size) / (sizes.size - 1)  # visits of a patient, as they count
    return math.sqrt(within + max(among - within, 0.0) / each)
