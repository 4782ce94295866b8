"""The measuring of bad inputs finds each kind of fault, and goes on after it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.faulty import trials
from tests.fuzz.measure import Result, Trial, measure, sampled
from tests.fuzz.results_log import ResultsLog

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured with /proc")

EXPECTED = {
    "_good": ("opened", ""),
    "_refused": ("sentence", "it is bad. Take another one."),
    "_raises": ("crash", "KeyError: 'surprise'"),
    "_wrong": ("crash", "it was opened, but must not be"),
    "_poor": ("crash", "lacks what happened or the remedy"),
    "_dies": ("crash", "ended with -6"),
    "_blocks": ("hang", "in _blocks"),
    "_large": ("memory", "64 MiB for a case of 1.0 MiB"),
    "_too_large": ("memory", "only after an allocation had failed"),
    "_starved": ("opened", ""),
    "_spins": ("hang", "in _spins"),
}


def test_each_fault_is_told() -> None:
    results = measure("tests.fuzz.faulty", range(len(trials(0))), children=1, limit_s=1.0)
    assert [result.name for result in results] == [trial.name for trial in trials(0)]
    for result in results:
        outcome, words = EXPECTED[result.name]
        assert (result.outcome, words in result.detail) == (outcome, True), result
        assert result.is_fault == (outcome not in ("opened", "sentence"))


@pytest.fixture
def busy_processor() -> Iterator[None]:
    """Processes of this test share one processor with three that never rest."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    yield
    os.sched_setaffinity(0, before)
    for process in busy:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.usefixtures("busy_processor")
def test_on_a_busy_computer_only_what_waits_or_computes_for_ever_hangs() -> None:
    names = ["_starved", "_blocks", "_spins"]
    numbers = [number for name in names for number, trial in enumerate(trials(0)) if trial.name == name]
    results = measure("tests.fuzz.faulty", numbers, children=1, limit_s=1.0)
    assert [result.outcome for result in results] == ["opened", "hang", "hang"], results
    assert results[0].seconds > 1.0, "the computer was not busy enough to tell"


def test_a_sample_holds_every_family() -> None:
    def trial(family: str) -> Trial:
        return Trial(family, "", lambda folder: folder, lambda path: None)

    many = [trial("many")] * 90 + [trial("few")] * 9 + [trial("one")]
    numbers = sampled(many, 20)
    assert numbers == sampled(many, 20)
    assert [sum(many[n].family == family for n in numbers) for family in ("many", "few", "one")] == [18, 2, 1]


def test_what_was_read_is_not_read_again_unless_the_code_is_another(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    first, second = (Result("family", name, "sentence", "é\n", 0.5, 7) for name in ("a", "b"))
    log = ResultsLog(path, 0, "code")
    log.add("images", first)
    log.add("images", second)
    log.close()
    path.write_bytes(path.read_bytes()[:-5])  # cut off
    again = ResultsLog(path, 0, "code")
    assert again.take("images", "family", "a") == first
    assert again.take("images", "family", "b") is None
    assert again.take("folders", "family", "a") is None
    again.add("images", second)
    again.close()
    for seed, code, found in ((0, "code", second), (0, "changed", None), (1, "changed", None)):
        log = ResultsLog(path, seed, code)
        assert log.take("images", "family", "b") == found
        log.close()
