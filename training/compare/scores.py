"""Scores of one case, and what a group of cases comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.cohorts.statistics import bootstrap_of_mean
from brainseg_gui.evaluation.metrics.comparison import Comparison, RegionScore, compare
from brainseg_gui.evaluation.metrics.distances import with_distances
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, LabelMap, regions
from brainseg_gui.imaging.naming.patients import patient_of
from brainseg_gui.progress import run_to_end

REGIONS = tuple(region.key for region in regions())
FOCUS_ML = 1.0  # of whole tumour, in one piece: less is not counted as a focus


@dataclass(frozen=True)
class RegionNumbers:
    """One region of one case: measures by their keys; what counts lesions, by the rule set."""

    dice: float
    hd95_mm: float
    lesion_dice: float
    reference_ml: float
    prediction_ml: float


@dataclass(frozen=True)
class CaseScore:
    """One method on one case.

    Parameters
    ----------
    group, case_id, method
        What was scored.
    regions
        WT, TC and ET.
    seconds
        From the images in memory to the classes, when they were computed.
    foci
        Pieces of the reference's whole tumour; see `foci_of`.
    patient
        Whose the case is, by its folders and names; empty where the id alone tells.
    """

    group: str
    case_id: str
    method: str
    regions: Mapping[str, RegionNumbers]
    seconds: float
    foci: int
    patient: str = ""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> CaseScore:
        """From what `dataclasses.asdict` gives."""
        numbers = {key: RegionNumbers(**content["regions"][key]) for key in REGIONS}
        names = content["group"], content["case_id"], content["method"]
        return cls(*names, numbers, content["seconds"], content["foci"], content.get("patient", ""))

    @property
    def false_enhancement_ml(self) -> float | None:
        """ET that is claimed where the reference has none; None where it has some."""
        enhancing = self.regions["ET"]
        return enhancing.prediction_ml if enhancing.reference_ml == 0 else None


def dice_scores(reference: LabelMap, classes: NDArray[np.uint8]) -> Comparison:
    """Overlap of network classes, (I, J, K), with a reference: WT, TC and ET."""
    compared = compare(reference, LabelMap(classes, reference.grid, scheme_named(NETWORK_SCHEME)))
    return replace(compared, rows=tuple(compared.row(key) for key in REGIONS))


def region_numbers(reference: LabelMap, classes: NDArray[np.uint8], rules: RuleSet) -> dict[str, RegionNumbers]:
    """Overlap, distances and lesions of network classes, (I, J, K), against a reference."""
    prediction = LabelMap(classes, reference.grid, scheme_named(NETWORK_SCHEME))
    measured = run_to_end(with_distances(dice_scores(reference, classes), reference, prediction, rules))
    return {row.region.key: _numbers(row) for row in measured.rows}


def foci_of(reference: LabelMap) -> int:
    """Pieces of whole tumour of at least `FOCUS_ML` that touch nowhere, corners included."""
    sizes = sizes_of(*connected(reference.mask(regions()[0]))) * reference.grid.voxel_ml
    return int(np.count_nonzero(sizes >= FOCUS_ML))


def _numbers(row: RegionScore) -> RegionNumbers:
    values = {field.name: MEASURES[field.name].value(row) for field in fields(RegionNumbers)}
    if any(math.isnan(value) for value in values.values()):
        raise ValueError(f"{row.region.key} was not measured")
    return RegionNumbers(**values)


@dataclass(frozen=True)
class RegionSummary:
    """One region over a group's cases; HD95 counts a missing or invented region at the rule set's distance.

    `dice_interval` is the 95 % bootstrap interval of the mean, drawn over patients with all of their cases, whom
    folders and names tell; None for fewer than two patients.
    """

    dice_mean: float
    dice_interval: tuple[float, float] | None
    dice_median: float
    hd95_median_mm: float
    lesion_dice_mean: float


@dataclass(frozen=True)
class FalseEnhancement:
    """ET claimed in cases whose reference has none.

    Parameters
    ----------
    cases
        Cases without ET in the reference.
    claimed
        Of these, with ET in the prediction.
    median_ml
        Of ET over those claimed; 0 when there are none.
    largest_ml
        Likewise.
    """

    cases: int
    claimed: int
    median_ml: float
    largest_ml: float

    @property
    def share(self) -> float | None:
        """Claimed of cases; None without any."""
        return self.claimed / self.cases if self.cases else None


@dataclass(frozen=True)
class MethodSummary:
    """One method over one group."""

    group: str
    method: str
    cases: int
    regions: Mapping[str, RegionSummary]
    false_enhancement: FalseEnhancement
    missed_enhancement: int
    seconds_median: float

    @property
    def mean_dice(self) -> float:
        """Mean of the three regions' means."""
        return fmean(region.dice_mean for region in self.regions.values())


def summarise(scores: Sequence[CaseScore]) -> tuple[MethodSummary, ...]:
    """A summary of every method in every group, in the order in which they come."""
    pairs = dict.fromkeys((score.group, score.method) for score in scores)
    return tuple(_summary([s for s in scores if (s.group, s.method) == pair]) for pair in pairs)


def _summary(scores: Sequence[CaseScore]) -> MethodSummary:
    patients = [score.patient or patient_of(score.case_id) for score in scores]
    regions_of = {key: _region([score.regions[key] for score in scores], patients) for key in REGIONS}
    missed = sum(s.regions["ET"].reference_ml > 0 and s.regions["ET"].prediction_ml == 0 for s in scores)
    seconds = median(score.seconds for score in scores)
    first = scores[0]
    return MethodSummary(first.group, first.method, len(scores), regions_of, false_enhancement(scores), missed, seconds)


def _region(numbers: Sequence[RegionNumbers], patients: Sequence[str]) -> RegionSummary:
    dice = [n.dice for n in numbers]
    distances = median(n.hd95_mm for n in numbers)
    interval = bootstrap_of_mean(dice, patients=patients) if len(set(patients)) > 1 else None
    return RegionSummary(fmean(dice), interval, median(dice), distances, fmean(n.lesion_dice for n in numbers))


def false_enhancement(scores: Sequence[CaseScore]) -> FalseEnhancement:
    """What is claimed where there is none."""
    without = [ml for score in scores if (ml := score.false_enhancement_ml) is not None]
    claimed = [ml for ml in without if ml > 0]
    return FalseEnhancement(len(without), len(claimed), median(claimed or [0.0]), max(claimed, default=0.0))
