"""Paint rules: what may be painted over, and which labels are locked.

`permitted` is the one door to the annotation. Every tool's proposal passes it, whoever made the proposal, so that
no tool can break a lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Mask, Values


class PaintOver(Enum):
    """Which voxels painting may change."""

    EVERYTHING = "everything"
    BACKGROUND = "background only"
    CHOSEN = "only these labels"


@dataclass(frozen=True)
class PaintRules:
    """What painting may change.

    Painting puts a label on voxels whose present label is allowed by `over`. Erasing follows the same rule from
    the other side: with "everything" it clears any label; else it clears the active label, which painting under
    this rule has put there, and the chosen ones.

    Parameters
    ----------
    active
        Label that is painted, 1 to 255.
    over
        Which voxels may be painted over.
    chosen
        The labels of "only these"; 0 stands for the background.
    locked
        Labels whose voxels do not change, and that no voxel may become. 0 locks the background.
    """

    active: int = 1
    over: PaintOver = PaintOver.EVERYTHING
    chosen: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()

    def with_locks_only(self) -> PaintRules:
        """The same locks, and painting over everything."""
        return replace(self, over=PaintOver.EVERYTHING, chosen=frozenset())

    def locking(self, label: int, locked: bool = True) -> PaintRules:
        """The same rules with one label locked or unlocked."""
        return replace(self, locked=self.locked | {label} if locked else self.locked - {label})


def permitted(before: Values, mask: Mask, label: int | Values, rules: PaintRules, *, paint_over: bool = True) -> Mask:
    """Which of the proposed voxels may really change.

    Parameters
    ----------
    before
        Labels before the stroke, uint8, any shape.
    mask
        Voxels that a tool proposes to change, boolean, same shape.
    label
        What they would become: one number, or an array of the same shape.
    rules
        The rules.
    paint_over
        Whether `rules.over` applies; locks always do.

    Returns
    -------
    numpy.ndarray
        Boolean, same shape, a subset of `mask`.
    """
    rules = rules if paint_over else rules.with_locks_only()
    if np.ndim(label) == 0:
        return mask & _replaceable(rules, int(label))[before]
    labels = np.asarray(label, dtype=np.uint8)
    painted = _replaceable(rules, None)[before] & ~_locked(rules)[labels]
    erased = _replaceable(rules, 0)[before]
    allowed: Mask = mask & np.where(labels == 0, erased, painted)
    return allowed


@lru_cache(maxsize=512)
def _replaceable(rules: PaintRules, label: int | None) -> NDArray[np.bool_]:
    """Table of 256 booleans: may a voxel of this number become `label` (None: any label that is not locked)."""
    if label is not None and label in rules.locked:
        return np.zeros(256, dtype=bool)
    table = np.ones(256, dtype=bool)
    if rules.over is not PaintOver.EVERYTHING:
        allowed = {0} if rules.over is PaintOver.BACKGROUND else set(rules.chosen)
        table[:] = False
        table[sorted((allowed | {rules.active}) if label == 0 else allowed)] = True
    return table & ~_locked(rules)


@lru_cache(maxsize=512)
def _locked(rules: PaintRules) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[sorted(rules.locked)] = True
    return table
