"""What of a case is seen in 3-D: its labels, its lesions, what was missed and false, and the brain around them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import box_around, whole_box
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS, USUAL, ColourSet
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, Region, own_colour, region_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.surfaces.nets import surface_of
from brainseg_gui.surfaces.surface import Surface, SurfacePart

Bools = NDArray[np.bool_]
Followed = Mapping[int, NDArray[np.intp]]

MOST_LESIONS = 40
"""That are told apart: more are specks, and together the last part."""
_GLASS, _BRAIN_GLASS = 0.18, 0.07  # how opaque
_BRAIN_COLOUR, _SPECKS_COLOUR = "#bccde1", "#9a9a9a"
_BRAIN_STEP_MM = 2.0  # the shell need not follow every fold
_BRAIN_ROUNDS = 30
_BOX_STEP_MM = 4.0


def label_parts(
    labels: LabelMap,
    colours: ColourSet = USUAL,
    hidden: frozenset[str] = frozenset(),
    *,
    glass: bool = False,
    of: str = "",
) -> tuple[SurfacePart, ...]:
    """One part per label that is there; what lies around a tumour's core is glass, so that the core is seen.

    Parameters
    ----------
    hidden
        Meanings that are left out.
    glass
        Whether all of them are.
    of
        Whose labels they are, for their names; empty where that is plain.
    """
    scheme, (values, start) = labels.scheme, _filled(labels.values)
    # counted here: a label map counts once, and this one may be painted
    present = tuple(value for value in np.flatnonzero(np.bincount(values.ravel(order="K"))).tolist() if value)
    outside = _around_the_core(scheme, present)
    parts = []
    for value in present:
        if scheme.meaning_of(value) not in hidden:
            name = f"{of} {scheme.name_of(value)}".strip()
            colour = colours.of(scheme.look_of(value))
            opacity = _GLASS if glass or value in outside else 1.0
            parts.append(SurfacePart(name, colour, partial(np.equal, values, value), opacity, start))
    return tuple(parts)


def _filled(*masks: NDArray[np.uint8]) -> tuple[Any, ...]:
    """What of masks of one grid is filled in any of them, and the voxel that it starts at."""
    boxes = [box for box in map(box_around, masks) if box is not None]
    ends = [(min(one[axis].start for one in boxes), max(one[axis].stop for one in boxes)) for axis in range(3) if boxes]
    box = tuple(slice(*end) for end in ends) or whole_box((0, 0, 0))
    return (*(mask[box] for mask in masks), tuple(part.start for part in box))


def _around_the_core(scheme: LabelScheme, present: tuple[int, ...]) -> frozenset[int]:
    core, whole = (set(scheme.values_in(region_named(key))) & set(present) for key in ("TC", "WT"))
    return frozenset(whole - core) if core else frozenset()


def lesion_parts(labels: LabelMap, followed: Followed = MappingProxyType({})) -> tuple[SurfacePart, ...]:
    """One part per lesion: what touches of the core, or of the whole tumour where none is told apart; largest first.

    Parameters
    ----------
    followed
        Lesions that are followed over visits keep their number, and with it their colour: number -> some of its voxels,
        (voxels, 3). Where there are any, others are not told apart.
    """
    values, start = _filled(labels.values)
    core, whole = (labels.scheme.look_up(region_named(key))[values] for key in ("TC", "WT"))
    numbers, count = connected(core if core.any() else whole)
    sizes = sizes_of(numbers, count)
    order = np.argsort(-sizes[1:], kind="stable") + 1
    numbered = list(enumerate(order[:MOST_LESIONS].tolist(), start=1))
    if followed:
        numbered = _recognized(numbers, {number: voxels - np.array(start) for number, voxels in followed.items()})
    parts = []
    for place, number in numbered:
        name = f"lesion {place}, {sizes[number] * labels.grid.voxel_ml:.1f} ml"
        parts.append(SurfacePart(name, own_colour(place), partial(np.equal, numbers, number), start=start))
    if specks := sorted(set(order.tolist()) - {number for _, number in numbered}):
        parts.append(
            SurfacePart(f"{len(specks)} further", _SPECKS_COLOUR, partial(np.isin, numbers, specks), start=start)
        )
    if core.any():
        parts.append(SurfacePart("around them", _SPECKS_COLOUR, lambda: whole & ~core, _GLASS, start))
    return tuple(parts)


def _recognized(numbers: NDArray[np.intp], followed: Followed) -> list[tuple[int, int]]:
    """Numbers of followed lesions, each with the component that most of its voxels lie in, one lesion in each."""
    found: dict[int, int] = {}
    for number, voxels in sorted(followed.items()):
        inside = voxels[((voxels >= 0) & (voxels < numbers.shape)).all(axis=1)]
        here = numbers[tuple(inside.T)]
        if here.any():
            found.setdefault(int(np.bincount(here[here > 0]).argmax()), number)
    return [(number, component) for component, number in found.items()]


def error_parts(reference: LabelMap, prediction: LabelMap, region: Region) -> tuple[SurfacePart, ...]:
    """What of a region both masks have, as glass, and what was missed and what is false."""
    one, other, start = _filled(reference.values, prediction.values)
    true, said = reference.scheme.look_up(region)[one], prediction.scheme.look_up(region)[other]
    both, missed, false = AGREEMENT_COLOURS
    return (
        SurfacePart(f"{region.key} in both", both, lambda: true & said, _GLASS, start),
        SurfacePart(f"{region.key} missed", missed, lambda: true & ~said, start=start),
        SurfacePart(f"{region.key} false", false, lambda: said & ~true, start=start),
    )


def brain_surface(volumes: Mapping[Modality, Volume]) -> Surface | None:
    """The brain as a glass shell: the largest piece that is not air in the first of the images; None without one.

    Images with the skull show the head instead.
    """
    volume = next(iter(volumes.values()), None)
    if volume is None:
        return None
    steps = tuple(max(1, round(_BRAIN_STEP_MM / size)) for size in volume.grid.spacing_mm)
    mask = _largest(volume.stored[tuple(slice(None, None, step) for step in steps)] != volume.background)
    affine = volume.grid.affine @ np.diag([*map(float, steps), 1.0])
    mesh = surface_of(mask, affine, _BRAIN_ROUNDS)
    return Surface("brain", _BRAIN_COLOUR, mesh, _BRAIN_GLASS) if len(mesh.quads) else None


def brain_corners(volumes: Mapping[Modality, Volume]) -> NDArray[np.float64] | None:
    """Corners of a box around what is not air in the first of the images, in mm, (8, 3): known at once."""
    volume = next(iter(volumes.values()), None)
    if volume is None:
        return None
    steps = tuple(max(1, round(_BOX_STEP_MM / size)) for size in volume.grid.spacing_mm)
    box = box_around(volume.stored[tuple(slice(None, None, step) for step in steps)] != volume.background)
    if box is None:
        return None
    ends = [(part.start * step, (part.stop - 1) * step) for part, step in zip(box, steps, strict=True)]
    affine = volume.grid.affine
    return np.asarray(np.array(list(product(*ends))) @ affine[:3, :3].T + affine[:3, 3])


def _largest(mask: Bools) -> Bools:
    """The largest piece, without its holes and without threads to others."""
    from scipy.ndimage import binary_fill_holes, binary_opening

    opened = binary_opening(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
    numbers, count = connected(opened if opened.any() else mask, 6)
    sizes = sizes_of(numbers, count)
    filled: Bools = binary_fill_holes(numbers == sizes.argmax()) if count else mask
    return filled
