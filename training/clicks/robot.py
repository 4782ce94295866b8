"""A robot that clicks where the largest error is, and what its clicks come to: Dice of each region after each click."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import LabelChange, area_of
from brainseg_gui.annotation.tools.click_answers import begins_lesion, change_towards, heeds
from brainseg_gui.annotation.tools.clicks import from_images, joined_or_left, near_hint
from brainseg_gui.evaluation.metrics.overlap import Counts
from brainseg_gui.imaging.hints import NESTED_REGIONS, REACH_MM, Hint, distance_mm, surroundings
from brainseg_gui.inference.clicks.mender import Mender, mended_regions
from brainseg_gui.inference.clicks.own_lesion import begun_regions
from brainseg_gui.progress import run_to_end
from training.clicks.case import SCHEME, Classes, ClickCase
from training.clicks.people import Person, next_hint, region_mask
from training.clicks.sittings import Sitting, regions_of

Answer = Callable[[ClickCase, Classes, Sequence[Hint]], LabelChange | None]
"""The change that a method proposes for the last of some hints, given the present mask."""


@dataclass(frozen=True, eq=False)
class ClickSession:
    """What a robot came to on one case.

    Parameters
    ----------
    dice
        Of each region after 0, 1, … clicks, (clicks + 1, 3); what needs no more clicks keeps its last value.
    seconds
        Of each click's answer.
    changed, strayed
        Voxels that changed, and those of them that are farther from their click than it reaches and not connected to
        its surroundings.
    """

    dice: NDArray[np.float64]
    seconds: tuple[float, ...]
    changed: int = 0
    strayed: int = 0


def correct(
    case: ClickCase, start: Classes, answer: Answer, clicks: int, person: Person, rng: np.random.Generator
) -> ClickSession:
    """Let the robot correct a mask.

    Parameters
    ----------
    case
        The case, with its reference.
    start
        The mask to begin with, (I, J, K); it is left alone.
    answer
        The method.
    """
    present = start.copy()
    hints: list[Hint] = []
    dice, seconds, changed, strayed = [dice_of(present, case.truth)], [], 0, 0
    for _ in range(clicks):
        hint = next_hint(present, case.truth, person, rng, case.spacing_mm)
        if hint is not None:
            hints.append(hint)
            started = time.perf_counter()
            change = answer(case, present, hints)
            seconds.append(time.perf_counter() - started)
            if change is not None:
                changed += int(np.count_nonzero(change.mask & (present[change.slab] != change.labels)))
                strayed += _strayed(change, hint, case.spacing_mm)
                np.copyto(present[change.slab], change.labels, where=change.mask)
        dice.append(dice_of(present, case.truth))
    return ClickSession(np.array(dice), tuple(seconds), changed, strayed)


def _strayed(change: LabelChange, hint: Hint, spacing_mm: tuple[float, float, float]) -> int:
    """Voxels of a change that are out of reach of a hint and not connected to its surroundings."""
    far = distance_mm(hint.voxels_ijk, change.slab, spacing_mm) > REACH_MM
    return int(np.count_nonzero(change.mask & far & ~near_hint(change.mask, change.slab, hint, spacing_mm)))


def dice_of(present: Classes, truth: Classes) -> list[float]:
    """Dice of WT, TC and ET; 1 where both are empty."""
    found = []
    for region in NESTED_REGIONS:
        mine, wanted = region_mask(present, region), region_mask(truth, region)
        parts = (mine & wanted, wanted & ~mine, mine & ~wanted)
        found.append(Counts(*(int(np.count_nonzero(part)) for part in parts)).dice)
    return found


def by_seeds(case: ClickCase, present: Classes, hints: Sequence[Hint]) -> LabelChange | None:
    """What the images alone say: the answer that the program gives without a network for clicks."""
    return run_to_end(from_images(case.volumes, present, SCHEME, hints))


def by_balls(case: ClickCase, present: Classes, hints: Sequence[Hint]) -> LabelChange | None:
    """A dab of a ball brush that just fits the error at the click: the person chooses its size."""
    hint = hints[-1]
    slab = surroundings(hint, case.spacing_mm, (present.shape[0], present.shape[1], present.shape[2]))
    mine, wanted = region_mask(present[slab], hint.region), region_mask(case.truth[slab], hint.region)
    distance = distance_mm(hint.voxels_ijk, slab, case.spacing_mm)
    right = (wanted & ~mine) if hint.adds else (mine & ~wanted)
    edge = distance[~right & ~(mine if hint.adds else ~mine)]
    radius = float(edge.min()) if edge.size else float(distance.max())
    return joined_or_left(present, SCHEME, hint, area_of(distance < radius, slab))


def by_network(weights: Path) -> Answer:
    """As the program answers: by a network where a lesion is begun and it heeds the click, else by the images."""
    import keras

    network = keras.saving.load_model(weights, compile=False)

    def answer(case: ClickCase, present: Classes, hints: Sequence[Hint]) -> LabelChange | None:
        if not begins_lesion(hints[-1], present, case.spacing_mm):
            return by_seeds(case, present, hints)
        sitting = Sitting(case, present, list(hints))
        change = sitting.change(np.asarray(network.predict_on_batch(sitting.given())))
        if heeds(change, present, SCHEME, hints[-1]):
            return change
        return by_seeds(case, present, hints)

    return answer


def by_mender(mender: Mender, otherwise: Answer) -> Answer:
    """As the program answers: by the segmenting network's own lesion and by what mends it, else by somebody else."""

    def answer(case: ClickCase, present: Classes, hints: Sequence[Hint]) -> LabelChange | None:
        hint, regions, spacing_mm = hints[-1], regions_of(present), case.spacing_mm
        if begins_lesion(hint, present, spacing_mm):
            found = begun_regions(case.features, mender, regions, hints, spacing_mm)
        else:
            found = mended_regions(mender, case.features, regions, hints, spacing_mm)
        change = change_towards(present, SCHEME, *found, hint, spacing_mm) if found is not None else None
        return change if heeds(change, present, SCHEME, hint) else otherwise(case, present, hints)

    return answer
