"""Every combination of rules on every case: what each is worth."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.progress import Progress
from training.compare.cases import ComparedCase
from training.compare.methods import Method, Prediction
from training.compare.scores import REGIONS
from training.compare.store import Store
from training.studies.rules import Option, Stage, try_all

Numbers = NDArray[np.float64]
_NOTHING = 0.002  # of mean Dice
_IN_NETWORK = np.array([(0, 0, 0), (1, 1, 0), (1, 0, 0), (1, 1, 1)], bool)  # background, NCR, ED, ET in WT, TC, ET
_IN_REFERENCE = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)], bool)  # none, WT alone, TC alone, ET


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    options
        Of each variant.
    dice
        (variants, cases, 3): WT, TC, ET.
    enhancing
        (variants, cases): whether ET is claimed.
    reference_enhancing
        (cases,): whether the reference has ET.
    patients
        Whose each case is.
    """

    options: Sequence[tuple[Option, ...]]
    dice: Numbers
    enhancing: NDArray[np.bool_]
    reference_enhancing: NDArray[np.bool_]
    patients: Sequence[str]

    def words(self, variant: int) -> str:
        """What a variant is."""
        return " · ".join(o.words for o in self.options[variant] if o.step is not None) or "no rules"

    @cached_property
    def means(self) -> Numbers:
        """Mean Dice of each variant, (variants, 3)."""
        return np.asarray(self.dice.mean(axis=1))

    @cached_property
    def false_cases(self) -> NDArray[np.intp]:
        """Cases without ET in which each variant claims some."""
        return np.asarray((self.enhancing & ~self.reference_enhancing).sum(axis=1))

    @cached_property
    def missed_cases(self) -> NDArray[np.intp]:
        """Cases with ET in which each variant claims none."""
        return np.asarray((~self.enhancing & self.reference_enhancing).sum(axis=1))

    @cached_property
    def best(self) -> int:
        """The variant with the largest mean of the three regions' mean Dice; the simplest of equals."""
        mean = self.means.mean(axis=1)
        return min(np.flatnonzero(mean >= mean.max() - 1e-9).tolist(), key=self.rules)

    @cached_property
    def behind(self) -> tuple[Numbers, Numbers]:
        """How far each variant's mean Dice is behind the best, over paired cases, and the standard error of that.

        The error is over patients: visits of one are alike. It is the sandwich estimator of a mean of clusters (Liang
        and Zeger 1986, with G / (G - 1) for few of them), which is that over cases where each patient has one.
        """
        of_case = self.dice.mean(axis=2)
        differences = of_case[self.best] - of_case
        gap = differences.mean(axis=1)
        names, whose = np.unique(np.asarray(self.patients), return_inverse=True)
        if len(names) < 2:
            return gap, np.zeros(len(differences))
        of_patient = (differences - gap[:, None]) @ np.eye(len(names))[
            whose
        ]  # (variants, cases) -> (variants, patients)
        spread = np.sqrt((of_patient**2).sum(axis=1) * len(names) / (len(names) - 1))
        return gap, spread / differences.shape[1]

    @cached_property
    def simplest(self) -> int:
        """Of the variants within one standard error, or .002, of the best: the one with the fewest rules.

        Thresholds that measure the same on a few cases are no better for being more.
        """
        gap, error = self.behind
        near: list[int] = np.flatnonzero(gap <= np.maximum(error, _NOTHING)).tolist()
        return min(near, key=lambda variant: (self.rules(variant), gap[variant]))

    @property
    def bare(self) -> int:
        """The variant with the fewest rules."""
        return min(range(len(self.options)), key=self.rules)

    def rules(self, variant: int) -> int:
        """How many rules a variant has."""
        return sum(option.step is not None for option in self.options[variant])


@dataclass(frozen=True, eq=False)
class Measured:
    """One case of a study: the fields of `Study` without the axis of the cases."""

    dice: Numbers
    enhancing: NDArray[np.bool_]
    reference_enhancing: bool


def measure(
    cases: Sequence[ComparedCase], method: Method, store: Store, stages: Sequence[Stage]
) -> Generator[Progress, None, Study]:
    """Measure case after case.

    Raises
    ------
    BrainsegError
        If a case cannot be used: a study of some other cases would be another study.
    """
    measured: list[Measured] = []
    owners, _ = patients_of([case.source for case in cases])
    for case in cases:
        yield Progress("trying the rules", len(measured) / len(cases), case.case_id)
        images, reference = case.read()
        part = method.of_case(case.case_id)
        prediction = store.prediction(part.key, case.images_key, partial(part.predict, images))
        measured.append(measure_case(reference, prediction, stages))
    return Study(
        list(itertools.product(*stages)),
        np.stack([one.dice for one in measured], axis=1),
        np.stack([one.enhancing for one in measured], axis=1),
        np.array([one.reference_enhancing for one in measured]),
        [owners[case.source.identity] for case in cases],
    )


def measure_case(reference: LabelMap, prediction: Prediction, stages: Sequence[Stage]) -> Measured:
    """One case: everything happens in the box of what the network claims, the reference outside is missed anyway."""
    parts = reference_parts(reference)
    totals = np.bincount(parts.ravel(order="K"), minlength=4)
    box: Box = box_around(prediction.classes > 0) or (slice(0, 0), slice(0, 0), slice(0, 0))
    inside = np.multiply(parts[box], 4, dtype=np.uint8)

    def table(classes: NDArray[np.uint8]) -> NDArray[np.intp]:
        counts = np.bincount((inside | classes).ravel(order="K"), minlength=16)
        return counts.reshape(4, 4)  # (16,) -> (part of the reference, network class)

    tables = try_all(prediction.classes[box], prediction.confidence[box], reference.grid.voxel_ml, stages, table)
    joint = np.stack(tables)  # (variants, parts of the reference, network classes)
    both = np.einsum("vrc,rk,ck->vk", joint, _IN_REFERENCE, _IN_NETWORK)
    claimed = np.einsum("vrc,ck->vk", joint, _IN_NETWORK)
    wanted = totals @ _IN_REFERENCE
    sums = claimed + wanted
    dice = np.divide(2 * both, sums, out=np.ones(both.shape), where=sums > 0)
    return Measured(dice, claimed[:, REGIONS.index("ET")] > 0, bool(wanted[REGIONS.index("ET")]))


def reference_parts(reference: LabelMap) -> NDArray[np.uint8]:
    """0 outside of WT, 1 in WT alone, 2 in TC but not ET, 3 in ET; (I, J, K)."""
    tables = {region.key: reference.scheme.look_up(region) for region in regions()}
    table = np.zeros(256, np.uint8)
    for key in REGIONS:  # each holds the next
        table += tables[key]
    parts: NDArray[np.uint8] = table[reference.values]
    return parts
