"""What a click may change, and what it changes where no network knows the structure.

A click speaks of a region or a label: here it is missing, or here it is too much. Whoever proposes the change, only
what is connected to the surroundings of the click takes part in it (`near_hint`); locks and paint rules follow as for
any other tool. `grown_from_hint` is the proposal that the images alone make: the geodesic growth of `seeds`, between
the click and everything that is far from it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, LabelChange, Mask, Slab, Values, area_of, slab_shape
from brainseg_gui.annotation.tools.seeds import BACKGROUND_SEED, grow
from brainseg_gui.imaging.connected import connected
from brainseg_gui.imaging.hints import NESTED_REGIONS, REACH_MM, Hint, distance_mm, said_otherwise, surroundings
from brainseg_gui.imaging.labels import LabelScheme, region_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

SURROUNDINGS_MM = 5.0
"""What a click changes touches this ball around it."""

_SAMPLE_MM = 2.0
_MIDDLE = 1 / 3  # of a box, for what it surrounds

Spacing = tuple[float, float, float]
_SEED = 1
_JOINING = {"WT": "ED", "TC": "NCR", "ET": "ET"}
_SAME = {"NCR": ("NET", "CC"), "ED": ("WT",)}  # meanings that stand for the same region


def near_hint(changed: Mask, slab: Slab, hint: Hint, spacing_mm: Spacing) -> Mask:
    """The part of a change that is connected to the surroundings of a hint.

    Parameters
    ----------
    changed
        Voxels of the slab that would change, (I, J, K).
    """
    inside = changed if hint.box is None else changed & in_box(hint.box, slab)
    numbers, count = connected(inside)
    touching = np.zeros(count + 1, bool)
    touching[numbers[distance_mm(hint.voxels_ijk, slab, spacing_mm) <= SURROUNDINGS_MM]] = True
    touching[0] = False
    return np.asarray(touching[numbers], bool)


def in_box(box: Slab, slab: Slab) -> Mask:
    """Which voxels of a slab lie in a box."""
    inside = np.zeros(slab_shape(slab), bool)
    i, j, k = (slice(max(b.start - s.start, 0), max(b.stop - s.start, 0)) for b, s in zip(box, slab, strict=True))
    inside[i, j, k] = True
    return inside


def spoken_of(scheme: LabelScheme, label: int) -> str:
    """What a click with a label in the hand speaks of: oedema goes as far as the tumour, necrosis as far as the core.

    Structures that are in no region of a tumour, such as a cavity or a label of one's own, stand for themselves.
    """
    meaning = scheme.meaning_of(label)
    return next((key for key, inner in _JOINING.items() if meaning in (inner, *_SAME.get(inner, ()))), meaning)


def is_nested(hint: Hint) -> bool:
    """Whether a hint speaks of a region of the tumour: of nothing else does a network know."""
    return hint.region in NESTED_REGIONS


def from_images(
    volumes: Mapping[Modality, Volume], values: Values, scheme: LabelScheme, hints: Sequence[Hint]
) -> Generator[Progress, None, LabelChange | None]:
    """What the images alone say of the last of some hints, as a change of the labels; None when nothing changes.

    The volumes lie on the annotation's grid; the rest is as for `click_answers.answered`.
    """
    hint = hints[-1]
    earlier = hints[:-1]
    if is_nested(hint):
        mine = scheme.look_up(region_named(hint.region))[values]
        if hint.adds:
            mine |= ~_joinable(values, scheme, hint)[values]
        return joined_or_left(values, scheme, hint, (yield from grown_from_hint(volumes, mine, hint, earlier)))
    label = scheme.value_for(hint.region)
    area = yield from grown_from_hint(volumes, values == label, hint, earlier)
    return area.becomes(label if hint.adds else 0) if area is not None else None


def _joinable(values: Values, scheme: LabelScheme, hint: Hint) -> NDArray[np.bool_]:
    """Which of 256 numbers may join a region: nothing, tumour, and what else, such as a cavity, the hint points at."""
    table = scheme.look_up(region_named("WT")).copy()
    table[[0, *(int(values[voxel]) for voxel in hint.voxels_ijk)]] = True
    return table


def grown_from_hint(
    volumes: Mapping[Modality, Volume], mine: Mask, hint: Hint, earlier: Sequence[Hint] = ()
) -> Generator[Progress, None, Area | None]:
    """What the images alone say of a hint: voxels that join what a hint speaks of, or leave it.

    Parameters
    ----------
    volumes
        Images on one grid.
    mine
        The region or label as it is, (I, J, K).
    hint
        What the person says now.
    earlier
        What was said before of any region or label; what is nearer to a hint that says the contrary does not change.

    Yields
    ------
    Progress
        Often enough to cancel.

    Returns
    -------
    Area or None
        What changes; None when nothing does.
    """
    spacing_mm = next(iter(volumes.values())).grid.spacing_mm
    slab = surroundings(hint, spacing_mm, (mine.shape[0], mine.shape[1], mine.shape[2]))
    changeable = ~mine[slab] if hint.adds else mine[slab]
    seeds = _seeds(hint, earlier, changeable, slab, spacing_mm)
    if not (seeds == _SEED).any():
        return None
    if (seeds == BACKGROUND_SEED).any():
        whole = np.zeros(mine.shape, np.uint8, order="F")
        whole[slab] = seeds
        growth = yield from grow(volumes, whole, slab)
        changeable = changeable & (growth.labels == _SEED)
    changeable = changeable & ~said_otherwise([*earlier, hint], hint.region, hint.adds, slab, spacing_mm)
    return area_of(near_hint(changeable, slab, hint, spacing_mm), slab)


def _seeds(hint: Hint, earlier: Sequence[Hint], changeable: Mask, slab: Slab, spacing_mm: Spacing) -> Values:
    """Scribbles as if the person had drawn them: at the hint, and wherever it does not reach."""
    distance = distance_mm(hint.voxels_ijk, slab, spacing_mm)
    sample = distance <= _SAMPLE_MM if hint.box is None else in_box(_middle_of(hint.box), slab)
    beyond = distance >= REACH_MM - max(spacing_mm) if hint.box is None else ~in_box(hint.box, slab)
    for other in earlier:
        if other.says(hint.region) is (not hint.adds):
            beyond |= distance_mm(other.voxels_ijk, slab, spacing_mm) <= _SAMPLE_MM
    seeds = np.zeros(changeable.shape, np.uint8)
    seeds[beyond & changeable] = BACKGROUND_SEED
    seeds[sample & changeable] = _SEED
    return seeds


def _middle_of(box: Slab) -> Slab:
    middle = []
    for part in box:
        length = part.stop - part.start
        kept = max(1, round(length * _MIDDLE))
        start = part.start + (length - kept) // 2
        middle.append(slice(start, start + kept))
    return middle[0], middle[1], middle[2]


def joined_or_left(values: Values, scheme: LabelScheme, hint: Hint, area: Area | None) -> LabelChange | None:
    """The labels that voxels get when they join the region of a hint, or leave it; None when nothing changes.

    What joins the whole tumour is oedema, what joins the core is necrotic or non-enhancing core, until more is known.
    What leaves enhancing tumour stays in the core, what leaves the core stays in the tumour.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    scheme
        What its numbers mean.
    """
    if area is None:
        return None
    belongs = scheme.look_up(region_named(hint.region))[values[area.slab]]
    label = number_joining(scheme, hint.region) if hint.adds else _number_left(scheme, hint.region)
    return area.only(~belongs if hint.adds else belongs).becomes(label)


def number_joining(scheme: LabelScheme, region: str) -> int:
    """What a voxel becomes that joins a region: its usual tissue, or another one that the scheme has there.

    Raises
    ------
    BrainsegError
        If the scheme has none.
    """
    return _preferred(scheme, region, scheme.values_in(region_named(region))) or scheme.value_for(_JOINING[region])


def _number_left(scheme: LabelScheme, region: str) -> int:
    """What a voxel becomes that leaves a region: a tissue of the next region around it that the scheme tells apart."""
    own = scheme.values_in(region_named(region))
    for outer in reversed(NESTED_REGIONS[: NESTED_REGIONS.index(region)]):
        around = [number for number in scheme.values_in(region_named(outer)) if number not in own]
        if around:
            return _preferred(scheme, outer, around)
    return 0


def _preferred(scheme: LabelScheme, region: str, numbers: Sequence[int]) -> int:
    """Of some numbers of a region that of its usual tissue, else the first; 0 where there is none."""
    usual = _JOINING[region]
    meant = {scheme.labels[number]: number for number in reversed(numbers)}
    return next((meant[key] for key in (usual, *_SAME.get(usual, ())) if key in meant), min(numbers, default=0))
