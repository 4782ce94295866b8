"""Several pieces of long work at once: their results in order, one fault or one cancel ends all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from threading import Barrier, Event

import pytest

from brainseg_gui.imaging.cases import side_by_side as module
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.progress import Progress, run_to_end


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 2)


def counting(result: int) -> Generator[Progress, None, int]:
    yield Progress("work", 0.5)
    return result


def test_results_come_in_the_order_of_the_works() -> None:
    assert run_to_end(side_by_side([counting(n) for n in range(5)], "work")) == list(range(5))
    assert run_to_end(side_by_side(list[Generator[Progress, None, int]](), "work")) == []


def test_two_run_at_the_same_time() -> None:
    both = Barrier(2, timeout=20)

    def meeting() -> Generator[Progress, None, bool]:
        yield Progress("work", 0.0)
        both.wait()  # for ever, if the other had to wait for this one
        return True

    assert run_to_end(side_by_side([meeting(), meeting()], "work")) == [True, True]


def test_what_is_under_way_is_told_in_words() -> None:
    seen = Event()

    def waiting() -> Generator[Progress, None, bool]:
        yield Progress("work", 0.0)
        return seen.wait(20)

    told: list[str] = []

    def hear(progress: Progress) -> None:
        told.append(progress.detail)
        if progress.detail == "0 1":
            seen.set()

    work = side_by_side([waiting(), waiting()], "work", lambda places: " ".join(map(str, places)))
    assert run_to_end(work, hear) == [True, True]
    assert "0 1" in told


def endless(ended: Event) -> Generator[Progress, None, int]:
    try:
        while True:
            yield Progress("work", 0.25)
    finally:
        ended.set()


def test_a_cancel_closes_all_works() -> None:
    ends = [Event(), Event()]
    with closing(side_by_side([endless(ended) for ended in ends], "work")) as work:
        assert next(work).stage == "work"
    assert all(ended.is_set() for ended in ends)


def test_the_fault_of_one_closes_the_others_and_is_raised() -> None:
    def failing() -> Generator[Progress, None, int]:
        yield Progress("work", 0.0)
        raise ValueError("broken")

    ended = Event()
    with pytest.raises(ValueError, match="broken"):
        run_to_end(side_by_side([endless(ended), failing()], "work"))
    assert ended.is_set()
