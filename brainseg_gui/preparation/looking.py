"""Looking at the images of series, so that they are told by more than their tags: a small picture, and the contrast."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import AGREEING_CORNERS, LARGEST_BRAIN_ML, Volume, corner_value
from brainseg_gui.preparation.heads.contrast import guess_contrast
from brainseg_gui.preparation.heads.field import SHAPE, FloatArray, HeadField, on_field, resampled
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.heads.skull import WORTHLESS, Mask, brain_on_field, certainty_of
from brainseg_gui.preparation.heads.slab import has_noisy_air, is_slab, shows_scalp
from brainseg_gui.preparation.image_roles import Seen, told_apart
from brainseg_gui.preparation.raw_examination import RawExamination
from brainseg_gui.preparation.roles import Certainty, Role
from brainseg_gui.preparation.series import Series, SeriesLook
from brainseg_gui.progress import Progress, scaled

LOOKING = "looking at images"
PICTURE_PX = 96
_READING_SHARE = 0.4
_MOST_LABELS = 32
_PICTURE_PERCENTILES = (1.0, 99.5)
Looks = Mapping[Path, SeriesLook]
"""By `Series.place`."""


def look_at(
    examination: RawExamination,
    finder: BrainFinder | None,
    wanted: Callable[[Series], bool] = lambda _: True,
) -> Generator[Progress, None, RawExamination]:
    """The series with what their images show: pictures first, then what the networks make of them.

    What cannot be read has no look; whoever needs it hears why.

    Parameters
    ----------
    finder
        None where there are no networks: then there are pictures alone.
    wanted
        Which series are looked at; of those that were before, only once.

    Yields
    ------
    Progress
        With the `RawExamination` so far as its partial result. Closing the generator stops.
    """
    chosen = [one for one in examination.series if not (one.look and one.look.seen) and wanted(one)]
    glances = dict[Path, _Glance]()
    for number, one in enumerate(chosen):
        first, last = (_READING_SHARE * (number + more) / len(chosen) for more in (0, 1))
        glance = yield from scaled(_glance(one), first, last)
        if glance is not None:
            glances[one.place] = glance
            look = SeriesLook(glance.picture, drawn=glance.drawn)
            examination = with_looks(examination, {one.place: look})
            yield Progress(LOOKING, last, one.name, partial=examination)
    for number, (place, glance) in enumerate(glances.items()):
        first, last = (_READING_SHARE + (1 - _READING_SHARE) * (number + n) / len(glances) for n in (0, 1))
        if finder is not None:
            seen = yield from scaled(_contrast_of(glance, finder), first, last)
            examination = with_looks(examination, {place: SeriesLook(glance.picture, seen, glance.drawn)})
    return told_by_images(examination)


def with_looks(examination: RawExamination, looks: Looks) -> RawExamination:
    """The same with what was seen of its series."""
    series = tuple(replace(one, look=looks.get(one.place, one.look)) for one in examination.series)
    return replace(examination, series=series)


def told_by_images(examination: RawExamination) -> RawExamination:
    """The same with each series taken for what tags and image say together."""
    seen = [one.look.seen if one.look is not None else {} for one in examination.series]
    roles = told_apart([one.role_by_tags for one in examination.series], seen)
    series = zip(examination.series, roles, strict=True)
    told = [replace(one, role=role, first_role=one.role_by_tags) for one, role in series]
    return replace(examination, series=tuple(_drawn(one) for one in told))


def _drawn(series: Series) -> Series:
    """The same; what is a mask by its values is none of the four, unless its tags say that it is."""
    if series.look is None or not series.look.drawn or series.role_by_tags.modality is not None:
        return series
    return replace(series, role=Role(None, Certainty.LIKELY, "it holds few values, all whole numbers: a mask"))


def is_unsure(series: Series) -> bool:
    """Whether the tags of a series leave open what it is."""
    return series.role_by_tags.certainty is Certainty.UNSURE


def several_t1(examination: RawExamination) -> frozenset[int]:
    """The numbers of the T1, where tags name two or more and no T1ce: names may not tell of contrast agent."""
    by_tags = {one.number: one.role_by_tags.modality for one in examination.series}
    plain = frozenset(number for number, modality in by_tags.items() if modality is Modality.T1)
    return plain if len(plain) > 1 and Modality.T1CE not in by_tags.values() else frozenset()


@dataclass(frozen=True, eq=False)
class _Glance:
    """What is kept of an image: its picture, what the networks see, and the brain there, if its skull is off."""

    picture: NDArray[np.uint8]
    field: HeadField | None
    brain: Mask | None
    drawn: bool = False


def _glance(series: Series) -> Generator[Progress, None, _Glance | None]:
    try:
        volume = yield from series.read()
    except BrainsegError:
        return None
    looking = in_background(partial(_seen_small, volume), LOOKING)
    return (yield from waited_for(looking, Progress(LOOKING, 0.9, series.name)))


def _seen_small(volume: Volume) -> _Glance:
    values = volume.intensities()
    if not np.isfinite(values).all() or not (values > values.min()).any():
        return _Glance(np.zeros((PICTURE_PX, PICTURE_PX), np.uint8), None, None)
    if _is_drawn(values):
        return _Glance(small_picture(volume), None, None, drawn=True)
    field, bare = on_field(values, volume.grid.spacing_mm), bare_brain(volume)
    brain = None
    if bare is not None:
        brain = resampled(bare.astype(np.float32), field.scale, field.start, SHAPE, "constant") > 0.5
    return _Glance(small_picture(volume), field, brain)


def _is_drawn(values: FloatArray) -> bool:
    """Whether an image holds few values, all whole numbers; most scans are told by some thousand voxels."""
    few = values[:: max(1, values.shape[0] // 16), :: max(1, values.shape[1] // 16), :: max(1, values.shape[2] // 16)]
    return all(np.unique(part).size <= _MOST_LABELS and bool((part % 1 == 0).all()) for part in (few, values))


def seen_in(volume: Volume, finder: BrainFinder) -> Generator[Progress, None, Seen]:
    """What the networks make of an image."""
    looking = in_background(partial(_seen_small, volume), LOOKING)
    glance = yield from waited_for(looking, Progress(LOOKING, 0.0))
    return (yield from _contrast_of(glance, finder))


def bare_brain(volume: Volume) -> Mask | None:
    """The brain of an image without skull: all that is not of the air's one value; None where there is more.

    That is told by the volume, or of a few slices by what lies at their edge.
    """
    air, agreeing = corner_value(volume.stored)
    inside = np.asarray(volume.stored != air)
    ml = float(np.count_nonzero(inside)) * volume.grid.voxel_ml
    if agreeing < AGREEING_CORNERS or not 0 < ml <= LARGEST_BRAIN_ML:
        return None
    return None if is_slab(volume) and (has_noisy_air(volume) or shows_scalp(volume)) else inside


def small_picture(volume: Volume) -> NDArray[np.uint8]:
    """A slice through the middle of what is there, as it was scanned, upright and right for left as radiologists see.

    It has square pixels and fills a square of `PICTURE_PX`; around it is air.
    """
    across = 2 - int(np.argmax(np.round(volume.grid.spacing_mm, 1)[::-1]))  # of equal ones the last: axial
    box, spacing, plane_axes = volume.content, volume.grid.spacing_mm, [axis for axis in range(3) if axis != across]
    plane = volume.stored.take(_middle(box[across]), across).astype(np.float32)
    edge_mm = max((box[axis].stop - box[axis].start) * spacing[axis] for axis in plane_axes) / PICTURE_PX
    steps = (np.arange(PICTURE_PX)[::-1] - (PICTURE_PX - 1) / 2) * edge_mm
    columns, rows = (np.rint(_middle(box[axis]) + steps / spacing[axis]).astype(int) for axis in plane_axes)
    low, high = np.percentile(plane, _PICTURE_PERCENTILES)
    grey = np.clip((plane - low) / max(float(high - low), 1e-6), 0.0, 1.0)
    shown = np.zeros((PICTURE_PX, PICTURE_PX), np.float32)  # (columns, rows)
    there = np.ix_((columns >= 0) & (columns < plane.shape[0]), (rows >= 0) & (rows < plane.shape[1]))
    shown[there] = grey[np.ix_(columns[there[0].ravel()], rows[there[1].ravel()])]
    return np.asarray(np.rint(255.0 * shown.T), np.uint8)


def _middle(part: slice) -> int:
    return int(part.start + part.stop - 1) // 2


def _contrast_of(glance: _Glance, finder: BrainFinder) -> Generator[Progress, None, Seen]:
    if glance.field is None or finder.contrast is None:
        return {}
    if glance.brain is not None:
        coarse = glance.brain.astype(np.float32)
    else:
        coarse = yield from scaled(brain_on_field(glance.field, finder.predict), 0.0, 0.8)
    return (yield from scaled(contrast_seen(glance.field, coarse, finder), 0.8, 1.0))


def contrast_seen(field: HeadField, coarse: FloatArray, finder: BrainFinder) -> Generator[Progress, None, Seen]:
    """How likely an image is of each contrast; empty where no brain is seen that could tell.

    Parameters
    ----------
    coarse
        The brain's probability on the field.
    """
    if finder.contrast is None or certainty_of(coarse) < WORTHLESS:
        return {}
    guess = yield from guess_contrast(field, coarse > 0.5, finder.contrast)
    return guess.probabilities
