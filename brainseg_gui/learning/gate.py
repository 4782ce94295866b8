"""Whether a fine-tuned network may take the place of the one before: by the official measures on held-back cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from brainseg_gui.errors import listed
from brainseg_gui.evaluation.cohorts.statistics import FEWEST_DIFFERENCES, PairedTest, paired_test
from brainseg_gui.evaluation.records.measure import Better, Measure
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport

BEFORE, AFTER = "before", "after"
"""Names of the two networks in the report that is judged."""
COMPARED = ("dice", "lesion_dice", "hd95_mm")
LEVEL = 0.05
LARGEST_LOSS = 0.01  # of the mean Dice of a region


@dataclass(frozen=True)
class MeasureChange:
    """One measure of one region over the held-back cases.

    Parameters
    ----------
    before, after
        Means.
    test
        After minus before; its p is not adjusted for the number of rows: harm is barred at the first suspicion, and
        of six cases no adjusted one could fall below .05.
    """

    measure: Measure
    region: str
    before: float
    after: float
    test: PairedTest

    @property
    def better_worse(self) -> tuple[int, int]:
        """How many cases changed to the better, and to the worse."""
        counts = self.test.higher, self.test.lower
        return counts if self.measure.better is Better.HIGHER else counts[::-1]

    @property
    def is_worse(self) -> bool:
        """Whether the change is one to the worse that is hardly chance: for most patients, whatever the mean says."""
        down = self.test.effect < 0 if self.measure.better is Better.HIGHER else self.test.effect > 0
        return down and self.test.p is not None and self.test.p < LEVEL


@dataclass(frozen=True)
class CaseChange:
    """One held-back case, scored twice."""

    before: CaseReport
    after: CaseReport

    @property
    def case_id(self) -> str:
        """Name of the case."""
        return self.after.case_id

    @property
    def change(self) -> float:
        """Of the mean Dice of WT, TC and ET."""
        return self.after.mean_dice - self.before.mean_dice

    @property
    def dice(self) -> Mapping[str, tuple[float, float]]:
        """Before and after, by region."""
        return {key: (self.before.number(key, "dice"), self.after.number(key, "dice")) for key in REGION_KEYS}


@dataclass(frozen=True)
class Verdict:
    """What the comparison says.

    Parameters
    ----------
    overall
        Mean Dice of WT, TC and ET of each case, after minus before.
    rows
        By measure, then by region.
    cases
        The worst change first.
    reason
        Why the network is not offered; empty where it is.
    """

    overall: PairedTest
    before: float
    after: float
    rows: tuple[MeasureChange, ...]
    cases: tuple[CaseChange, ...]
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the new network may be promoted."""
        return not self.reason

    @property
    def sentence(self) -> str:
        """The verdict for people."""
        numbers = f"mean Dice {_three(self.before)} before, {_three(self.after)} after, over {len(self.cases)} cases"
        p = f" (p {self.overall.p:.3f})" if self.overall.p is not None else ""
        if self.passed:
            return f"The new network is better: {numbers}{p}"
        return f"The new network is not offered: {self.reason}; {numbers}{p}"


def judge(report: CohortReport) -> Verdict:
    """Judge the network `AFTER` against the one `BEFORE`.

    It passes where the mean Dice rises, in the mean and by Wilcoxon's signed-rank test over patients (p below .05), the
    mean Dice of no region falls by more than .01, and no measure of a region is worse by the test.
    """
    pairs = [CaseChange(*pair) for pair in report.common(BEFORE, AFTER)]
    before, after = ([getattr(pair, name).mean_dice for pair in pairs] for name in (BEFORE, AFTER))
    overall = paired_test(before, after, patients=[pair.before.whose for pair in pairs])
    rows = tuple(row for name in COMPARED for row in _rows(pairs, MEASURES[name]))
    cases = tuple(sorted(pairs, key=lambda pair: (pair.change, pair.case_id)))
    means = (_mean(before), _mean(after))
    return Verdict(overall, *means, rows, cases, _why_not(overall, rows, len(report.failed)))


def _rows(pairs: list[CaseChange], measure: Measure) -> list[MeasureChange]:
    values = {
        key: [[side.number(key, measure.key) for side in (pair.before, pair.after)] for pair in pairs]
        for key in REGION_KEYS
    }
    whose = [pair.before.whose for pair in pairs]
    tests = {
        key: paired_test([a for a, _ in found], [b for _, b in found], patients=whose) for key, found in values.items()
    }
    return [
        MeasureChange(measure, key, _mean([a for a, _ in values[key]]), _mean([b for _, b in values[key]]), test)
        for key, test in tests.items()
    ]


def _why_not(overall: PairedTest, rows: tuple[MeasureChange, ...], failed: int) -> str:
    if failed:
        return f"{failed} of the held-back masks could not be scored"
    if overall.patients < FEWEST_DIFFERENCES:
        whose = f" of {overall.patients} patients" if overall.patients < overall.n else ""
        return f"it was scored on {overall.n} cases{whose}, and fewer than {FEWEST_DIFFERENCES} tell nothing"
    if overall.mean <= 0:
        return "it is not better than the one before" if overall.mean == 0 else "it is worse than the one before"
    fallen = [row.region for row in rows if row.measure.key == "dice" and row.before - row.after > LARGEST_LOSS]
    if fallen:
        return f"the Dice of {listed(fallen)} falls by more than {LARGEST_LOSS:.2f}".replace("0.", ".")
    worse = [f"{row.measure.title} of {row.region}" for row in rows if row.is_worse]
    if worse:
        return f"{listed(worse)} {'is' if len(worse) == 1 else 'are'} worse"
    if overall.p is None or overall.p >= LEVEL:
        return "the difference may be chance"
    if not overall.effect > 0:  # the test is two-sided: then its p speaks against the network
        return "it is worse for most patients; a few that gain much lift the mean"
    return ""


def _mean(values: list[float]) -> float:
    known = [value for value in values if value == value]
    return fmean(known) if known else float("nan")


def _three(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
