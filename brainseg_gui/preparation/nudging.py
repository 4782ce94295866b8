"""Putting series in their places by hand: what is looked at, the way there and back, and what is kept of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.preparation.raw_examination import RawExamination
from brainseg_gui.preparation.record import Preparation
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.preparation.registration.pyramid import isotropic
from brainseg_gui.preparation.registration.register import judge
from brainseg_gui.preparation.series import Series
from brainseg_gui.preparation.steps.work import PlacedSeries
from brainseg_gui.progress import Progress

Picture = NDArray[np.uint8]
READING, JUDGING = "reading series", "judging the place"
_PIXEL_MM = 1.0


@dataclass(frozen=True, eq=False)
class Seen:
    """An image as it is looked at."""

    volume: Volume
    window: Window

    def slice_on(
        self, grid: Grid, plane: Plane, slice_index: int, convention: DisplayConvention, placed: Affine | None = None
    ) -> Picture:
        """A slice of a grid, 8-bit, (rows, columns) as on the screen.

        Parameters
        ----------
        placed
            Where the image's voxels lie; as its file says where None.
        """
        shape, affine = list(grid.shape), grid.affine.copy()
        shape[plane.axis] = 1
        affine[:3, 3] += affine[:3, plane.axis] * slice_index
        own = self.volume.grid if placed is None else Grid(self.volume.grid.shape, placed)
        thin = Grid((shape[0], shape[1], shape[2]), affine)
        values = sampled(self.volume.stored, own, thin, float(self.volume.background))
        values *= np.float32(self.volume.slope)
        values += np.float32(self.volume.intercept - self.window.low)
        values *= np.float32(255 / self.window.width)
        picture = np.clip(values, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(take_slice(picture, plane, 0, convention))


@dataclass(frozen=True)
class Trail:
    """Poses, one after the other, and the one that is there now."""

    pose: Pose
    past: tuple[Pose, ...] = ()
    future: tuple[Pose, ...] = ()

    def moved(self, pose: Pose, *, further: bool = False) -> Trail:
        """The next one; `further` goes on with the step before, as a drag does."""
        if pose == self.pose:
            return self
        return Trail(pose, self.past if further else (*self.past, self.pose))

    def undone(self) -> Trail:
        """One step back."""
        return Trail(self.past[-1], self.past[:-1], (self.pose, *self.future)) if self.past else self

    def redone(self) -> Trail:
        """One step on."""
        return Trail(self.future[0], (*self.past, self.pose), self.future[1:]) if self.future else self


@dataclass(frozen=True, eq=False)
class Nudged:
    """A series on its way to another place.

    Parameters
    ----------
    before
        Where it lies in the prepared case.
    fit
        What is to be said of the pose that is there now, where that was asked.
    stands
        Whether a person says that it lies right although the search failed and nobody moved it.
    """

    seen: Seen
    before: Alignment
    trail: Trail
    fit: Alignment | None = None
    stands: bool = False

    @property
    def found(self) -> Alignment:
        """Where the search put it."""
        return self.before.found or self.before

    @property
    def found_pose(self) -> Pose:
        """The same in six numbers."""
        return Pose.of(self.found.to_series, self.seen.volume.grid)

    @property
    def proposed_pose(self) -> Pose:
        """Where the search ended, whether or not that was believed; where the files place it if that fits nowhere."""
        refused = self.found.refused
        return self.found_pose if refused is None else Pose.of(refused, self.seen.volume.grid)

    @property
    def is_as_refused(self) -> bool:
        """Whether it lies where the search ended without being believed; the figures of that are those of `found`."""
        return self.found.refused is not None and self.trail.pose == self.proposed_pose

    @property
    def is_changed(self) -> bool:
        """Whether there is something to keep: it lies elsewhere than in the prepared case, or is said to lie right."""
        return self.stands or self.is_moved

    @property
    def is_moved(self) -> bool:
        """Whether it lies elsewhere than in the prepared case."""
        return self.trail.pose != Pose.of(self.before.to_series, self.seen.volume.grid)

    @property
    def may_stand(self) -> bool:
        """Whether it lies where its files place it only because the search failed."""
        return bool(self.before.problem) and not self.before.by_hand and not self.is_moved

    @property
    def to_series(self) -> Affine:
        """The motion that is there now, as `Alignment.to_series`."""
        return self.trail.pose.to_series(self.seen.volume.grid)

    @property
    def placed(self) -> Affine:
        """Where its voxels lie now, in the space of the reference."""
        return np.linalg.inv(self.to_series) @ self.seen.volume.grid.affine


@dataclass(frozen=True, eq=False)
class NudgedExamination:
    """The series of a prepared case that can be put elsewhere.

    Parameters
    ----------
    grid
        Upright voxels around the reference, on which all are looked at.
    """

    preparation: Preparation
    reference: Seen
    grid: Grid
    series: Mapping[Modality, Nudged]

    def with_series(self, modality: Modality, nudged: Nudged) -> NudgedExamination:
        """The same with one of them elsewhere."""
        return replace(self, series={**self.series, modality: nudged})

    @property
    def is_changed(self) -> bool:
        """Whether there is something to keep of any."""
        return any(one.is_changed for one in self.series.values())


def read_nudged(examination: RawExamination, preparation: Preparation) -> Generator[Progress, None, NudgedExamination]:
    """The series that a prepared case was made of, as they were read, each where it lies there.

    Raises
    ------
    CaseError
        If its files are not those of the examination.
    ImageError
        If one cannot be read.
    """
    there = {one.place: one for one in examination.series}
    try:
        named = {one.modality: there[one.header.path] for one in preparation.series}
        reference = named[preparation.reference]
    except KeyError as error:
        raise CaseError("it was made of other files", "Prepare the examination again", examination.place) from error
    found = yield from side_by_side([_seen(one) for one in (reference, *named.values())], READING)
    seen = dict(zip(named, found[1:], strict=True))
    series = {
        one.modality: _untouched(seen[one.modality], one.alignment)
        for one in preparation.series
        if one.modality is not preparation.reference
    }
    return NudgedExamination(preparation, found[0], isotropic(found[0].volume.grid, _PIXEL_MM), series)


def _seen(series: Series) -> Generator[Progress, None, Seen]:
    volume = yield from series.read()
    return Seen(volume, auto_window(volume))


def _untouched(seen: Seen, alignment: Alignment) -> Nudged:
    return Nudged(seen, alignment, Trail(Pose.of(alignment.to_series, seen.volume.grid)))


def places_kept(nudged: NudgedExamination) -> Generator[Progress, None, PlacedSeries]:
    """Where all series lie now: what was moved as put by hand, with its figures; what was put back as it was found."""
    placed = nudged.preparation.placed
    if placed is None:
        raise CaseError("the record names no reference", "Prepare the examination again")
    alignments = dict(placed.alignments)
    for one in nudged.preparation.series:
        moved = nudged.series.get(one.modality)
        if moved is not None and moved.is_changed:
            judging = in_background(partial(_kept, nudged.reference.volume, moved), JUDGING)
            alignments[one.header.path] = yield from waited_for(judging, Progress(JUDGING, 0.0, one.modality.title))
    return replace(placed, alignments=alignments)


def _kept(fixed: Volume, moved: Nudged) -> Alignment:
    if moved.trail.pose == moved.found_pose and not moved.stands:
        return moved.found
    fit = moved.fit or judge(fixed, moved.seen.volume, moved.to_series)
    return replace(fit, to_series=moved.to_series, found=moved.found)


def checkerboard(one: Picture, other: Picture, edge: int) -> Picture:
    """Squares of one picture and of the other in turn."""
    rows, columns = np.arange(one.shape[0])[:, None], np.arange(one.shape[1])
    return np.where((rows // edge + columns // edge) % 2 == 0, one, other)


def in_two_colours(one: Picture, other: Picture) -> Picture:
    """Green and magenta, which are grey where both agree, (rows, columns, 3); told apart by the colour-blind too."""
    return np.stack([other, one, other], axis=-1)
