"""From slices to volumes: by series, by what tells volumes of one series apart, and by place, never by number.

Geometry after DICOM PS3.3 C.7.6.2: a slice lies where ``ImagePositionPatient`` says, its rows and columns run as
``ImageOrientationPatient`` says, all in LPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.formats.dicom.geometry import sliced_grid
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.preparation.dicom.slice_header import SliceHeader

FEWEST_SLICES = 5
_SAME_MM = 1e-2  # positions nearer than this are one place
_UNEVEN = 0.1  # of the usual distance between slices: what a scanner rounds
_TILTED_MM = 0.1  # how far slices may shift sideways from one to the next
_COLOURS = "colour pictures, not measurements"
_NOT_ANATOMY = {
    "LOCALIZER": "a localiser",
    "MOSAIC": "a mosaic of slices (functional or diffusion series)",
    "PROJECTION IMAGE": "a projection",
    "MIP": "a projection",
    "MINIP": "a projection",
    "ADC": "a diffusion map",
    "FA": "a diffusion map",
    "TRACEW": "a diffusion image",
    "DIFFUSION": "a diffusion image",
    "PERFUSION": "a perfusion map",
    "CBF": "a perfusion map",
    "CBV": "a perfusion map",
    "SUBTRACTION": "a difference of two series",
    "SCREEN SAVE": "a screen shot",
    "PHASE MAP": "phase, not magnitude",
    "P": "phase, not magnitude",
    "R": "the real part, not magnitude",
    "I": "the imaginary part, not magnitude",
}


@dataclass(frozen=True, eq=False)
class Stack:
    """One volume of a series, its slices in order of place.

    Parameters
    ----------
    slices
        From one end to the other, along the normal of the slices.
    stored_grid
        Where the voxels lie: (columns, rows, slices), RAS in mm. None where `problem` says why it is no volume.
    problem
        Why it cannot be used, in a sentence; empty where it can.
    notes
        What was done about oddities, such as slices that came twice.
    part
        Which of several volumes of the series it is, such as ``echo 20, time point 2``; empty for the only one.
    doubt
        What a person should look at, in a sentence; empty where nothing is.
    """

    slices: tuple[SliceHeader, ...]
    stored_grid: StoredGrid | None
    problem: str = ""
    notes: tuple[str, ...] = ()
    part: str = ""
    doubt: str = ""

    @property
    def first(self) -> SliceHeader:
        """The slice at one end, which speaks for all."""
        return self.slices[0]


def stacks_of(headers: Iterable[SliceHeader]) -> tuple[Stack, ...]:
    """The volumes in the slices of an examination, in the order in which their series come."""
    series: dict[str, list[SliceHeader]] = {}
    for header in headers:
        series.setdefault(header.series or str(header.path.parent), []).append(header)
    return tuple(stack for slices in series.values() for stack in _volumes(slices))


def why_excluded(first: SliceHeader) -> str:
    """Why a series is no image of anatomy by MRI, in a few words; empty where it is one, or does not say."""
    if first.modality not in ("", "MR"):
        return f"{first.modality}, not MR"
    if first.samples != 1:
        return _COLOURS
    return next((words for name in first.image_type if (words := _NOT_ANATOMY.get(name))), "")


def _volumes(slices: Sequence[SliceHeader]) -> list[Stack]:
    """The volumes of one series: slices that differ in more than place are of different ones."""
    alike: dict[tuple[object, ...], list[SliceHeader]] = {}
    for header in slices:
        alike.setdefault(_kind(header), []).append(header)
    groups = list(alike.values())
    volumes = [part for group in groups for part in _by_place(group)]
    names = _parts([part[0] for part in volumes])
    return [_stack(part, name) for part, name in zip(volumes, names, strict=True)]


def _kind(header: SliceHeader) -> tuple[object, ...]:
    directions = tuple(round(value, 2) + 0.0 for value in header.orientation)
    numbers = tuple(sorted((name, round(value, 3)) for name, value in header.numbers.items()))
    return header.shape, directions, tuple(round(value, 3) for value in header.spacing_mm), numbers, header.image_type


def _by_place(group: Sequence[SliceHeader]) -> list[list[SliceHeader]]:
    """Slices that take every place several times, such as repetitions without a number, taken apart.

    Of two acquisitions in one series, such as one that was broken off and its repetition, the whole ones come first.
    Copies of one slice are no repetition: they are left to `_stack`.
    """
    if not all(len(header.position_mm) == 3 and header.orientation for header in group):
        return [sorted(group, key=lambda header: header.order)]
    heights = _heights(group)
    places: dict[int, list[SliceHeader]] = {}
    for height, header in sorted(zip(heights, group, strict=True), key=_by_height):
        places.setdefault(round(height / _SAME_MM), []).append(header)
    distinct = [list({_identity(h): h for h in place}.values()) for place in places.values()]
    times = {len(place) for place in distinct}
    most = max(times)
    if most > 1 and len(times) == 1:
        return [[place[number] for place in distinct] for number in range(most)]
    apart = _by_acquisition(distinct) if most > 1 else []
    return apart or [[header for place in places.values() for header in place]]


def _by_acquisition(places: Sequence[Sequence[SliceHeader]]) -> list[list[SliceHeader]]:
    """Slices by their acquisition, where each takes a place once and one takes them all; else nothing.

    Acquisitions that share a volume, every other slice each, stay together: none of them takes all places.
    """
    found: dict[int, list[SliceHeader]] = {}
    for place in places:
        if len({header.acquisition for header in place}) < len(place):
            return []
        for header in place:
            found.setdefault(header.acquisition, []).append(header)
    if max(map(len, found.values())) < len(places):
        return []
    return [found[number] for number in sorted(found, key=lambda number: (-len(found[number]), number))]


def _by_height(pair: tuple[float, SliceHeader]) -> tuple[int, int, int]:
    """The order of slices with their heights: of one place as they were acquired, whatever their files are called."""
    height, header = pair
    return round(height / _SAME_MM), header.acquisition, header.order


def _identity(header: SliceHeader) -> tuple[str, int | None]:
    """What copies of a slice share."""
    return header.instance or str(header.path), header.frame


def _heights(slices: Sequence[SliceHeader]) -> NDArray[np.float64]:
    """Places along the normal of the slices, in mm, (n,)."""
    normal = _normal(slices[0])
    return np.array([header.position_mm for header in slices]) @ normal


def _normal(header: SliceHeader) -> NDArray[np.float64]:
    row, column = np.array(header.orientation[:3]), np.array(header.orientation[3:])
    normal = np.cross(row, column)
    result: NDArray[np.float64] = normal / np.linalg.norm(normal)
    return result


def _parts(firsts: Sequence[SliceHeader]) -> list[str]:
    """What tells each volume of a series from the others; their number where nothing does."""
    if len(firsts) == 1:
        return [""]
    names = []
    for number, header in enumerate(firsts, start=1):
        words = [
            f"{name} {value:g}"
            for name, value in header.numbers.items()
            if len({other.numbers.get(name) for other in firsts}) > 1
        ]
        names.append(", ".join(words) or f"volume {number}")
    return [name if names.count(name) == 1 else f"{name}, volume {number}" for number, name in enumerate(names, 1)]


def _stack(slices: Sequence[SliceHeader], part: str) -> Stack:
    if why := _unplaced(slices):
        return Stack(tuple(slices), None, why, part=part)
    slices, notes, doubt = _without_copies(slices)
    if len(slices) < 2:
        return Stack(tuple(slices), None, "it is a single slice, not a volume", notes, part)
    heights = _heights(slices)
    steps = np.diff(heights)
    usual = float(np.median(steps))
    if why := _gap(steps, usual) or _tilt(slices, heights):
        return Stack(tuple(slices), None, why, notes, part)
    try:
        return Stack(tuple(slices), _grid(slices), "", notes, part, doubt)
    except ValueError as error:
        why = f"its position in space is unusable ({error}). Have it exported again"
        return Stack(tuple(slices), None, why, notes, part)


def _unplaced(slices: Sequence[SliceHeader]) -> str:
    for header in slices:
        if len(header.position_mm) != 3 or not header.orientation:
            return "its slices do not say where they lie. Export them again with their headers whole"
        if len(header.spacing_mm) != 2:
            return "its slices do not say how large their pixels are. Export them again with their headers whole"
    return ""


def _without_copies(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], tuple[str, ...], str]:
    """Slices without those that came twice, the first of each place kept; and a doubt where they were no copies."""
    kept: list[SliceHeader] = []
    others = 0
    heights = _heights(slices)
    for height, header in sorted(zip(heights, slices, strict=True), key=_by_height):
        if not kept or height - _heights([kept[0], kept[-1]])[1] > _SAME_MM:
            kept.append(header)
        elif _identity(header) != _identity(kept[-1]):
            others += 1
    left = len(slices) - len(kept)
    if not left:
        return kept, (), ""
    note = f"{left} slice{'' if left == 1 else 's'} came twice and {'is' if left == 1 else 'are'} used once"
    doubt = f"{_slices_lie(others)} where another slice lies: two acquisitions may be mixed" if others else ""
    return kept, (note,), doubt


def _slices_lie(count: int) -> str:
    return "1 slice lies" if count == 1 else f"{count} slices lie"


def _gap(steps: NDArray[np.float64], usual: float) -> str:
    uneven = np.flatnonzero(np.abs(steps - usual) > _UNEVEN * usual)
    if not uneven.size:
        return ""
    missing = round(float(np.sum(np.maximum(np.round(steps[uneven] / usual) - 1, 0))))
    if missing:
        return f"{missing} slice{' is' if missing == 1 else 's are'} missing. Copy the series again, whole"
    return (
        f"its slices lie unevenly, {steps.min():.2f} to {steps.max():.2f} mm apart. "
        "Have the scanner's series exported, not a selection of it"
    )


def _tilt(slices: Sequence[SliceHeader], heights: NDArray[np.float64]) -> str:
    """How far slices shift sideways: a tilted gantry, whose voxels are no boxes."""
    positions = np.array([header.position_mm for header in slices])
    sideways = positions - positions[0] - np.outer(heights - heights[0], _normal(slices[0]))
    shift = np.linalg.norm(np.diff(sideways, axis=0), axis=1).max()
    if shift <= _TILTED_MM:
        return ""
    return (
        f"its slices shift sideways by {shift:.1f} mm from one to the next (a tilted gantry). Have it exported upright"
    )


def _grid(slices: Sequence[SliceHeader]) -> StoredGrid:
    first, last = slices[0], slices[-1]
    step = (np.array(last.position_mm) - np.array(first.position_mm)) / (len(slices) - 1)
    rows, columns = first.shape
    return sliced_grid((columns, rows, len(slices)), first.orientation, first.spacing_mm, step, first.position_mm)
