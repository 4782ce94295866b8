"""The verdict on days that are made up: each leak is found and named, and a good day is a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.soak.sample import Sample
from tests.soak.verdict import Limits, offences, table

REST = Sample(
    minute=0.0,
    visits=0,
    window_mb=400.0,
    heap_mb=120.0,
    caches_mb=3.0,
    engine_mb=900.0,
    handles=("pipe", "socket", "socket"),
    threads=6,
    children=(),
    zombies=0,
    widgets=1600,
    qobjects=1600,
    objects=190_000,
    references={"True": 14_000, "False": 19_000, "None": 120_000},
    kinds={"PySide6.QtWidgets.QMenu": 100, "builtins.dict": 9000},
    left=(),
    scroll_ms=20.0,
    scroll_cpu_ms=4.0,
)


def day(change: Callable[[Sample, int], Sample], rounds: int = 20) -> list[Sample]:
    """A day of as many samples, each changed by its number."""
    return [change(replace(REST, minute=3.0 * number, visits=4 * number), number) for number in range(rounds)]


def references(sample: Sample, name: str, more: int) -> Sample:
    return replace(sample, references={**sample.references, name: sample.references[name] + more})


def test_a_day_that_only_goes_up_and_down_is_a_good_one() -> None:
    noise = np.random.default_rng(0).uniform(-20, 20, 20)
    samples = day(
        lambda s, n: replace(s, window_mb=400 + noise[n], engine_mb=900 + 10 * noise[n], scroll_ms=1000.0 * n)
    )
    assert offences(samples) == []  # the clock never counts


LEAKS: dict[str, tuple[Callable[[Sample, int], Sample], str]] = {
    "memory": (lambda s, n: replace(s, window_mb=400 + 2.0 * n), "window, resident: grew by 34.0 MB from 402.0"),
    "heap": (lambda s, n: replace(s, heap_mb=120 + 0.5 * n), "window, heap in use: grew by 8.5 MB from 120.5"),
    "caches": (lambda s, n: replace(s, caches_mb=3 + 1.0 * n), "bounded caches: grew by 17.0 MB from 4.0, 12.0 are"),
    "engine": (lambda s, n: replace(s, engine_mb=900 + 30.0 * n), "engine, resident: grew by 510.0 MB from 930.0"),
    "handles": (
        lambda s, n: replace(s, handles=(*s.handles, *n * ("font.ttf",))),
        "open handles: grew by 17.0 from 4.0, 4.0 are allowed: 19 × font.ttf",
    ),
    "threads": (lambda s, n: replace(s, threads=6 + n // 3), "threads: grew by"),
    "children": (lambda s, n: replace(s, children=n * ("worker",)), "children beside the engine: grew by"),
    "files": (lambda s, n: replace(s, left=n * ("/dev/shm/x",)), "files left: grew by"),
    "widgets": (
        lambda s, n: replace(s, widgets=1600 + 5 * n, kinds={**s.kinds, "PySide6.QtWidgets.QMenu": 100 + 5 * n}),
        "more: PySide6.QtWidgets.QMenu +85",
    ),
    "True": (lambda s, n: references(s, "True", 60 * n), "references to True: grew by 1,020.0"),
    "lost True": (lambda s, n: references(s, "True", -60 * n), "references to True: fell by 1,020.0"),
    "lost None": (lambda s, n: references(s, "None", -60 * n), "references to None: fell by 1,020.0"),
    "slower": (lambda s, n: replace(s, scroll_cpu_ms=4.0 + 0.4 * n), "scroll, p95 of own time: grew by 6.8 ms"),
    "zombie": (lambda s, n: replace(s, zombies=int(n == 7)), "1 children ended and nobody waited for them"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_what_leaks_is_named(leak: str) -> None:
    change, words = LEAKS[leak]
    (sentence,) = offences(day(change))
    assert words in sentence


def test_more_references_to_none_cost_nothing() -> None:
    assert offences(day(lambda s, n: references(s, "None", 5000 * n))) == []


def test_one_step_that_never_comes_again_is_no_leak() -> None:
    assert offences(day(lambda s, n: replace(s, window_mb=400.0 if n < 4 else 440.0))) == []


def test_an_engine_that_was_killed_and_started_again_is_judged_where_there_is_one() -> None:
    samples = day(lambda s, n: replace(s, engine_mb=0.0 if n % 2 else 900.0 + n))
    assert offences(samples) == []
    assert "engine, resident" in table(samples)


def test_the_table_shows_both_ends_and_marks_what_is_too_much() -> None:
    samples = day(lambda s, n: replace(s, window_mb=400 + 2.0 * n))
    lines = {line[:28].strip(): line for line in table(samples, Limits()).splitlines()}
    assert lines["window, resident"].split()[2:] == ["402.0", "436.0", "+34.0", "20.1", "MB", "too", "much"]
    assert lines["threads"].split() == ["threads", "6.0", "6.0", "+0.0", "2.0"]
    assert lines["references to None"].split()[-1] == "any"
