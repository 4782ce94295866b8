"""What clicks that wait would do to the Dice, while the annotation is compared with a reference."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.slab import Mask, Slab, Values
from brainseg_gui.imaging.hints import NESTED_REGIONS
from brainseg_gui.imaging.labels import region_named
from brainseg_gui.state.session import Session

_FALLS = 0.005  # of a region that nobody spoke of: less is not worth a word


def score_words(session: Session, region: str, slab: Slab, after: Values) -> str:
    """Lines such as “TC Dice 0.658 → 0.806”, “WT 0.914 → 0.858”: of the region, and of those that fall by the way.

    Empty where nothing is compared. The scores before are those that the comparison shows.

    Parameters
    ----------
    slab, after
        Where voxels would change, and the labels there, (I', J', K').
    """
    changed = {key: dice for key in NESTED_REGIONS if (dice := _dice_of(session, key, slab, after)) is not None}
    falling = [key for key, (was, would_be) in changed.items() if key != region and was - would_be >= _FALLS]
    words = [f"{key} {changed[key][0]:.3f} → {changed[key][1]:.3f}" for key in (region, *falling) if key in changed]
    return "\n".join(words).replace(" ", " Dice ", 1)


def _dice_of(session: Session, key: str, slab: Slab, after: Values) -> tuple[float, float] | None:
    """Dice of a region as it is, and as it would be."""
    annotation, reference = session.annotating.annotation, session.layers.reference
    compared = session.annotating.layer is session.layers.prediction and session.comparison is not None
    if annotation is None or reference is None or not compared or session.comparison is None:
        return None
    row = next((row for row in session.comparison.rows if row.region.key == key), None)
    if row is None or reference.labels.values.shape != annotation.settled.shape:
        return None
    table, theirs = (labels.scheme.look_up(region_named(key)) for labels in (annotation.labels, reference.labels))
    expected = theirs[reference.labels.values[slab]]
    was, would_be = table[annotation.settled[slab]], table[after]
    both = row.counts.both + _count(would_be & expected) - _count(was & expected)
    total = row.counts.reference + row.counts.prediction + _count(would_be) - _count(was)
    return row.dice, 2 * both / total if total else 1.0


def _count(mask: Mask) -> int:
    return int(np.count_nonzero(mask))
