"""The best score of a run that goes on: over the cases that are held back now, so that later epochs can beat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from brainseg_gui.imaging.labels import regions
from brainseg_gui.runs.config import Length
from brainseg_gui.runs.events import Event
from training.evaluate import mean_dice
from training.run_state import Run


def compared_alike(run: Run, length: Length, held_back: Sequence[str], before: int) -> int:
    """Let the best score be that of its epoch over the cases that are held back now, where they are others.

    Without that a case that is gone for good would leave every later epoch uncompared, and the first ones the best.

    Parameters
    ----------
    held_back
        Ids of the cases.
    before
        How many cases the run held back when it began; 0 where that is not known.

    Returns
    -------
    int
        How many cases the best score is of; 0 where there is none.
    """
    position = run.position
    if position.best is None:
        return 0
    if length.keep != "best" or not length.validate_every or not held_back:
        return len(held_back)
    measured = dice_by_case(run.folder.events(), position.best_epoch)
    if not measured or measured.keys() == set(held_back):
        return len(held_back) if measured else before
    known = [measured[case] for case in held_back if case in measured]
    if len(known) == len(held_back):
        position.best = mean_dice(known)["mean"]
        sentence = f"other cases are held back than were: epoch {position.best_epoch}, the best so far, has a mean Dice"
        run.warn(f"{sentence} of {position.best:.3f} on those that are left")
    else:
        position.best = None
        run.warn("no epoch was measured on all cases that are held back now: the next one is taken for the best")
    return len(held_back)


def dice_by_case(events: Sequence[Event], epoch: int) -> dict[str, Mapping[str, float]]:
    """Case -> Dice of each region, as an epoch was validated last."""
    found = {}
    for event in events:
        dice = event.values.get("dice")
        if event.kind == "validated" and event.values.get("epoch") == epoch and _is_whole(dice):
            found[str(event.values.get("case"))] = dice
    return found


def _is_whole(dice: object) -> TypeGuard[Mapping[str, float]]:
    return isinstance(dice, Mapping) and all(isinstance(dice.get(region.key), float) for region in regions())
