"""What a proposal would really do, after locks and paint rules had their say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.annotation.rules import PaintRules, permitted
from brainseg_gui.annotation.slab import LabelChange, Mask, Values, within
from brainseg_gui.imaging.box import box_around


@dataclass(frozen=True, eq=False)
class Effect:
    """A proposal, cut down to the voxels that would change.

    Parameters
    ----------
    change
        Only voxels that the rules permit and that get another label than they have.
    before
        The labels of its slab as they are, (I', J', K').
    """

    change: LabelChange
    before: Values

    @property
    def added(self) -> Mask:
        """Voxels of the slab that are background and get a label."""
        added: Mask = self.change.mask & (self.before == 0)
        return added

    @property
    def removed(self) -> Mask:
        """Voxels of the slab that lose their label."""
        removed: Mask = self.change.mask & (self.before > 0) & (self.change.labels == 0)
        return removed

    @property
    def renamed(self) -> Mask:
        """Voxels of the slab that get another label."""
        renamed: Mask = self.change.mask & (self.before > 0) & (self.change.labels > 0)
        return renamed

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many voxels are added, removed and renamed."""
        added, removed, renamed = (int(np.count_nonzero(part)) for part in (self.added, self.removed, self.renamed))
        return added, removed, renamed


def effect_of(change: LabelChange | None, values: Values, rules: PaintRules) -> Effect | None:
    """What would change; None when nothing would.

    Parameters
    ----------
    values
        The annotation before, (I, J, K).
    """
    if change is None or change.mask.size == 0:
        return None
    before = values[change.slab]
    label = int(change.labels) if change.labels.ndim == 0 else change.labels
    allowed = permitted(before, change.mask, label, rules, paint_over=change.paint_over)
    allowed &= before != change.labels
    inner = box_around(allowed)
    if inner is None:
        return None
    labels = change.labels if change.labels.ndim == 0 else change.labels[inner]
    cut = replace(change, slab=within(change.slab, inner), mask=allowed[inner], labels=labels)
    return Effect(cut, before[inner].copy(order="K"))


def effect_words(effect: Effect, voxel_ml: float) -> str:
    """Such as “adds 1.2 ml, removes 0.3 ml”."""
    named = zip(("adds", "removes", "renames"), effect.counts, strict=True)
    return ", ".join(f"{word} {_amount(voxels, voxel_ml)}" for word, voxels in named if voxels)


def _amount(voxels: int, voxel_ml: float) -> str:
    ml = voxels * voxel_ml
    if ml >= 0.1:
        return f"{ml:,.1f} ml"
    return f"{ml:.2f} ml" if ml >= 0.02 else f"{voxels} voxel{'s' if voxels != 1 else ''}"
