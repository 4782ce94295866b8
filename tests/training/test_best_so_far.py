"""The best epoch of a resumed run is compared over the cases that are held back now."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from brainseg_gui.runs.config import Length
from brainseg_gui.runs.events import Event
from training.best_so_far import compared_alike, dice_by_case
from training.checkpoint import Position


def validated(epoch: int, case: str, dice: float) -> Event:
    return Event("validated", 0.0, {"epoch": epoch, "case": case, "dice": dict.fromkeys(("WT", "TC", "ET"), dice)})


# the hardest case first; epoch 2 is the best, and was measured twice, for a crash came between
EVENTS = [
    *(validated(1, case, dice) for case, dice in (("hard", 0.1), ("a", 0.7), ("b", 0.7))),
    validated(2, "hard", 0.0),
    *(validated(2, case, dice) for case, dice in (("hard", 0.3), ("a", 0.8), ("b", 0.7))),
    Event("validated", 0.0, {"epoch": 2, "case": "c", "dice": {"WT": 0.5}}),
]


def resumed(events: list[Event] = EVENTS, best: float | None = 0.6) -> Any:
    said: list[str] = []
    folder = SimpleNamespace(events=lambda: events)
    return SimpleNamespace(position=Position(best=best, best_epoch=2), folder=folder, warn=said.append, said=said)


def test_a_case_that_is_gone_for_good_is_gone_from_the_best_score_too() -> None:
    run = resumed()
    assert compared_alike(run, Length(), ["a", "b"], 3) == 2
    assert run.position.best == pytest.approx(0.75)
    assert "epoch 2, the best so far, has a mean Dice of 0.750 on those that are left" in run.said[0]


def test_where_the_cases_are_those_of_before_nothing_changes() -> None:
    run = resumed()
    assert compared_alike(run, Length(), ["hard", "a", "b"], 3) == 3
    assert run.position.best == 0.6
    assert run.said == []


def test_a_case_that_the_best_epoch_did_not_see_lets_the_next_one_be_the_best() -> None:
    run = resumed()
    assert compared_alike(run, Length(), ["hard", "a", "b", "c"], 4) == 4
    assert run.position.best is None
    assert "the next one is taken for the best" in run.said[0]


def test_a_run_that_compared_nothing_yet_expects_nothing() -> None:
    assert compared_alike(resumed(best=None), Length(), ["a"], 3) == 0


@pytest.mark.parametrize("changed", [{"keep": "loss"}, {"keep": "last"}, {"validate_every": 0}])
def test_what_is_not_judged_by_cases_keeps_its_score(changed: Mapping[str, Any]) -> None:
    run = resumed(best=-0.4)
    assert compared_alike(run, Length(**changed), ["a"], 3) == 1
    assert run.position.best == -0.4


def test_a_run_whose_events_are_gone_is_as_it_was() -> None:
    run = resumed(events=[])
    assert compared_alike(run, Length(), ["a", "b"], 3) == 3
    assert run.position.best == 0.6


def test_an_epoch_after_a_case_is_gone_is_compared_again() -> None:
    """As `Epochs` does it: before, each epoch after the resume was said not to be compared."""
    from training.callbacks import Epochs

    run = resumed()
    validation = SimpleNamespace(cases=("a", "b"), expected=compared_alike(run, Length(), ["a", "b"], 3))
    epochs = Epochs(run, validation, Length(), None, steps=None)  # type: ignore[arg-type]
    assert epochs._is_comparable(2)
    run.epoch = 7
    assert not epochs._is_comparable(1)  # one that could not be read this time
    assert epochs._is_comparable(2)


def test_the_last_word_of_an_epoch_on_a_case_counts() -> None:
    assert {case: dice["WT"] for case, dice in dice_by_case(EVENTS, 2).items()} == {"hard": 0.3, "a": 0.8, "b": 0.7}
