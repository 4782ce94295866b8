"""What a run on the cohort tells the ranking of the list, also where a manifest holds anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.annotation.case_order import CaseSigns
from brainseg_gui.controllers.segmenting.cohort_works import signs_of_outcome
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.cohort import HasMask

VOLUMES = {"WT": 40.0, "TC": 20.0, "ET": 0.0}


def told(**said: Any) -> HasMask:
    return HasMask(CaseJob("A", None, Path("A_pred.nii.gz")), said)


def test_a_mask_of_an_earlier_run_tells_what_was_expected_of_it() -> None:
    outcome = told(volumes_ml=VOLUMES, expected_dice={"WT": {"dice": 0.8, "error": 0.1}})
    assert signs_of_outcome(outcome) == CaseSigns({"WT": 0.8}, VOLUMES)


@pytest.mark.parametrize(
    "said", [{}, {"volumes_ml": []}, {"volumes_ml": {**VOLUMES, "ET": "much"}}, {"volumes_ml": {"WT": 10**400}}]
)
def test_without_volumes_nothing_is_told(said: dict[str, Any]) -> None:
    assert signs_of_outcome(told(**said)) is None


@pytest.mark.parametrize("expected", [None, 3, {"WT": 0.8}, {"WT": {"dice": 10**400}}])
def test_an_expectation_that_makes_no_sense_is_none(expected: object) -> None:
    assert signs_of_outcome(told(volumes_ml=VOLUMES, expected_dice=expected)) == CaseSigns({}, VOLUMES)
