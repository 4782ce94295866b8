"""When a fine-tuned network is offered, and what is said where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport, RegionEntry
from brainseg_gui.learning.gate import AFTER, BEFORE, judge
from brainseg_gui.learning.verdict_text import as_text

BASE = (0.90, 0.80, 0.70)  # WT, TC, ET


def case(model: str, number: int, dice: Sequence[float], hd95_mm: float = 4.0, patient: str = "") -> CaseReport:
    known = dict.fromkeys(MEASURES, 0.5)
    regions = tuple(
        RegionEntry(key, key, known | {"dice": value, "lesion_dice": value, "hd95_mm": hd95_mm})
        for key, value in zip(REGION_KEYS, dice, strict=True)
    )
    place = Path("x.nii.gz")
    return CaseReport(model, f"P{number}", place, place, None, "", "", "", "", "", 0.001, regions, {}, patient=patient)


def report(
    changes: Sequence[Sequence[float]], hd95: float = 0.0, failed: tuple[Unpaired, ...] = (), visits: int = 1
) -> CohortReport:
    cases: list[CaseReport] = []
    for number, change in enumerate(changes):
        patient = f"patient {number // visits}" if visits > 1 else ""
        cases.append(case(BEFORE, number, BASE, patient=patient))
        after = [old + new for old, new in zip(BASE, change, strict=True)]
        cases.append(case(AFTER, number, after, 4.0 + hd95 * (1 + 0.01 * number), patient))
    return CohortReport(tuple(cases), (BEFORE, AFTER), rules_named("brats2023"), failed=failed)


def steady(wt: float, tc: float, et: float, count: int = 8) -> list[tuple[float, float, float]]:
    """The same change in every case, but for a little, so that no two differences are equal."""
    return [(wt + 1e-4 * n, tc + 1e-4 * n, et + 1e-4 * n) for n in range(count)]


def test_a_network_that_is_better_in_every_region_passes() -> None:
    verdict = judge(report(steady(0.01, 0.02, 0.03)))
    assert verdict.passed
    assert verdict.overall.p == pytest.approx(2 / 2**8)
    assert verdict.after - verdict.before == pytest.approx(0.02035)
    assert verdict.sentence.startswith("The new network is better: mean Dice .800 before, .820 after, over 8 cases (p ")


def test_visits_of_few_patients_tell_as_little_as_few_patients() -> None:
    better = steady(0.01, 0.02, 0.03, 12)
    assert judge(report(better)).passed
    assert judge(report(better, visits=2)).overall.p == pytest.approx(2 / 2**6)  # as of six cases
    few = judge(report(better, visits=4))
    assert few.reason == "it was scored on 12 cases of 3 patients, and fewer than 6 tell nothing"
    assert few.overall.p is None


@pytest.mark.parametrize(
    ("changes", "hd95", "reason"),
    [
        (steady(-0.01, -0.02, -0.03), 0.0, "it is worse than the one before"),
        ([(0.0, 0.0, 0.0)] * 8, 0.0, "it is not better than the one before"),
        (steady(0.05, 0.05, -0.02), 0.0, "the Dice of ET falls by more than .01"),
        (steady(0.05, -0.02, -0.02), 0.0, "the Dice of TC and ET falls by more than .01"),
        (steady(0.01, 0.01, 0.01, 5), 0.0, "it was scored on 5 cases, and fewer than 6 tell nothing"),
        ([(0.03, 0.03, 0.03), (-0.02, -0.02, -0.02)] * 4, 0.0, "the difference may be chance"),
        (steady(0.01, 0.01, 0.01), 2.0, "HD95 of WT, HD95 of TC and HD95 of ET are worse"),
        (steady(0.01, 0.01, 0.01, 6), 2.0, "HD95 of WT, HD95 of TC and HD95 of ET are worse"),
        (steady(0.05, 0.05, -0.005), 0.0, "Dice of ET and lesion-wise Dice of ET are worse"),
    ],
)
def test_a_network_that_is_not_better_is_not_offered_and_why(
    changes: list[tuple[float, float, float]], hd95: float, reason: str
) -> None:
    verdict = judge(report(changes, hd95))
    assert not verdict.passed
    assert reason.lower() in verdict.reason.lower()
    assert verdict.sentence.startswith(f"The new network is not offered: {verdict.reason}; mean Dice .800 before")


def test_a_mask_that_could_not_be_scored_bars_the_promotion() -> None:
    lost = (Unpaired("P9", Path("P9"), "it is cut off", AFTER),)
    assert judge(report(steady(0.02, 0.02, 0.02), failed=lost)).reason == "1 of the held-back masks could not be scored"


def test_the_worst_changes_come_first_and_better_follows_the_measure() -> None:
    changes = [*steady(0.03, 0.03, 0.03, 7), (-0.3, -0.2, -0.1)]
    verdict = judge(report(changes, hd95=1.0))
    assert verdict.cases[0].case_id == "P7"
    assert verdict.cases[0].change == pytest.approx(-0.2)
    rows = {(row.measure.key, row.region): row for row in verdict.rows}
    assert rows["dice", "WT"].better_worse == (7, 1)
    assert rows["hd95_mm", "WT"].better_worse == (0, 8)  # further away is worse
    text = as_text(verdict)
    assert "P7    0.900 → 0.600" in text
    assert "P6" not in text.partition("to the worse")[2]


def test_one_case_that_gains_much_does_not_outweigh_all_others() -> None:
    """The test is two-sided: its p of .03 was evidence of harm, and stood beside “is better”."""
    changes = [(-0.005 - 1e-4 * n,) * 3 for n in range(11)] + [(0.09, 0.19, 0.29)]
    verdict = judge(report(changes))
    assert verdict.overall.mean > 0 > verdict.overall.effect
    assert not verdict.passed
    assert all(row.is_worse for row in verdict.rows if row.measure.key == "dice")
