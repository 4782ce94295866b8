"""A sample of the bad models and records of `make fuzz`, small enough for every run of the tests."""

from __future__ import annotations

import importlib
import sys

import pytest

from tests.fuzz.measure import measure, sampled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured with /proc")

_SLOW = ("large", "100,000")


@pytest.mark.parametrize(("name", "count"), [("models", 60), ("records", 60)])
def test_a_sample_of_bad_files_is_opened_or_refused_with_a_sentence(name: str, count: int) -> None:
    module = f"tests.fuzz.{name}"
    trials = importlib.import_module(module).trials(0)
    numbers = [
        number
        for number in sampled(trials, count)
        if not any(word in f"{trials[number].family} {trials[number].name}" for word in _SLOW)
    ]
    assert len(numbers) > 0.8 * count
    faults = [result for result in measure(module, numbers, children=1) if result.is_fault]
    assert faults == []
