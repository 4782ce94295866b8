"""Clicks that were answered and wait to be accepted, one upon the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.effect import effect_of, effect_words
from brainseg_gui.annotation.slab import LabelChange, Values
from brainseg_gui.annotation.tools.click_answers import BY_IMAGES
from brainseg_gui.imaging.hints import Hint

TOOL = "click"
FORBIDDEN = "The locks and paint rules leave nothing to change here"
NOTHING, NOTHING_MORE = "Nothing to change here", "Nothing more to change here"
BY_IMAGES_MEANWHILE = f"{BY_IMAGES}: Segment keeps the network busy"
KEPT_SO = "; later clicks keep it so"
"""Where the annotation is as a click says already: what comes after leaves its surroundings alone."""


@dataclass(frozen=True, eq=False)
class ClickStage:
    """One click and what it changes, after the clicks before it.

    Parameters
    ----------
    hint, title
        The click, and what the history will call it.
    change
        What was permitted when it was answered: locks alone may still bar it.
    by
        Who answered.
    """

    hint: Hint
    title: str
    change: LabelChange
    by: str


def stacked(stages: Sequence[ClickStage], annotation: Annotation) -> tuple[Values | None, str]:
    """The annotation with some clicks under the locks as they are, None without any; and what the last of them does."""
    if not stages:
        return None, ""
    values, words = annotation.settled.copy(order="F"), ""
    for stage in stages:
        effect, words = effect_of(stage.change, values, annotation.rules), FORBIDDEN
        if effect is not None:
            np.copyto(values[effect.change.slab], effect.change.labels, where=effect.change.mask)
            words = f"{effect_words(effect, annotation.labels.grid.voxel_ml).capitalize()}, {stage.by}"
    return values, words


def accepted_words(words: str) -> str:
    """What is said of a click that is accepted, where these words were said of it while it waited."""
    return f"Accepted: {words[:1].lower()}{words[1:]}"
