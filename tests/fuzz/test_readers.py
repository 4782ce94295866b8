"""A sample of the bad images and folders; ``make fuzz`` reads all of them."""

from __future__ import annotations

import importlib
import sys
from collections import Counter

import pytest

from tests.fuzz.measure import measure, sampled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured with /proc")


@pytest.mark.parametrize(
    ("module", "count"),
    [
        ("tests.fuzz.images", 18),
        ("tests.fuzz.other_formats", 18),
        ("tests.fuzz.dicom", 12),
        ("tests.fuzz.dicom_masks", 12),
        ("tests.fuzz.visits", 24),
        ("tests.fuzz.preparations", 30),
        ("tests.fuzz.exports", 12),
        ("tests.fuzz.folders", 24),
    ],
)
def test_no_input_does_harm(module: str, count: int) -> None:
    trials = importlib.import_module(module).trials(0)
    results = measure(module, sampled(trials, count), children=1)
    faults = [
        f"{result.outcome} {result.family}: {result.name!a}\n{result.detail}" for result in results if result.is_fault
    ]
    assert not faults, "\n".join(faults)
    outcomes = Counter(result.outcome for result in results)
    assert len(results) >= count
    assert outcomes["opened"] > count / 10  # else nothing is read at all
    assert outcomes["sentence"] > count / 10
