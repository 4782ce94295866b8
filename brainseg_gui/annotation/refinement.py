"""A mask corrected by hints, one after the other, under the same rules as in the window."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.annotation.effect import effect_of, effect_words
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.tools.click_answers import RegionNetwork, answered
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.hints import Hint
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress, scaled

NO_CHANGE = "changes nothing"


@dataclass(frozen=True, eq=False)
class Refinement:
    """A corrected mask.

    Parameters
    ----------
    labels
        The mask.
    words
        What each hint came to, such as “adds 1.2 ml”.
    """

    labels: LabelMap
    words: tuple[str, ...]


def refined(
    case: Case,
    labels: LabelMap,
    hints: Sequence[Hint],
    rules: PaintRules | None = None,
    network: RegionNetwork | None = None,
) -> Generator[Progress, None, Refinement]:
    """Correct a mask by hints.

    Parameters
    ----------
    case
        The images, on the mask's grid.
    labels
        Where to begin; it is left alone.
    hints
        What the person says, in this order.
    rules
        Locks, and what may be painted over; none if None.
    network
        What knows the regions of tumours; without it the images alone tell.

    Yields
    ------
    Progress
        `done` counts over all hints.

    Raises
    ------
    BrainsegError
        If the scheme has no number for what a hint speaks of.
    """
    values, words = labels.values.copy(order="F"), []
    for number in range(len(hints)):
        work = answered(case, values, labels.scheme, hints[: number + 1], network)
        answer = yield from scaled(work, number / len(hints), (number + 1) / len(hints))
        effect = effect_of(answer.change, values, rules or PaintRules())
        if effect is None:
            words.append(NO_CHANGE)
            continue
        np.copyto(values[effect.change.slab], effect.change.labels, where=effect.change.mask)
        words.append(f"{effect_words(effect, labels.grid.voxel_ml)}, {answer.by}")
    return Refinement(replace(labels, values=values), tuple(words))
