"""What a figure shows: a case, its masks, and the part of the slices that is worth the paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.evaluation.figures.style import FigureExtent
from brainseg_gui.evaluation.figures.tile import Frame, frame_of, head_box
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel, describe_shape
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import CONVENTION_WORDS, voxel_words
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window

HEAD_MARGIN_MM = 11.0
TUMOUR_MARGIN_MM = 20.0

Box = tuple[Voxel, Voxel]


@dataclass(frozen=True, eq=False)
class FigureContent:
    """What a figure shows.

    Parameters
    ----------
    case
        The study.
    reference, prediction
        Masks on its grid: the first is drawn as outline, the second as fill.
    windows
        Windows of modalities, as somebody chose them; the others are automatic.
    titles
        What the two masks are called in legends.
    """

    case: Case
    reference: LabelMap | None = None
    prediction: LabelMap | None = None
    windows: tuple[tuple[Modality, Window], ...] = ()
    titles: tuple[str, str] = ("reference", "prediction")

    @property
    def titles_drawn(self) -> tuple[str, str]:
        """The titles of the masks that are there; empty for one that is not."""
        reference, prediction = self.titles
        return reference * (self.reference is not None), prediction * (self.prediction is not None)

    @property
    def masks(self) -> tuple[LabelMap | None, LabelMap | None]:
        """Reference and prediction."""
        return self.reference, self.prediction

    def both_masks(self) -> tuple[LabelMap, LabelMap]:
        """Reference and prediction, both of which are needed.

        Raises
        ------
        BrainsegError
            If one is missing; says which.
        """
        if self.reference is None or self.prediction is None:
            missing = [n for n, m in (("reference", self.reference), ("prediction", self.prediction)) if m is None]
            raise BrainsegError(
                f"there is no {' and no '.join(missing)} to compare", "Give a reference and a prediction"
            )
        return self.reference, self.prediction

    def volume(self, modality: Modality) -> Volume:
        """A modality of the case.

        Raises
        ------
        CaseError
            If the case has no such modality; names those it has.
        """
        if modality not in self.case.volumes:
            has = ", ".join(present.title for present in self.case.volumes)
            raise CaseError(f"it has no {modality.title}", f"Choose one of {has}", self.case.source.folder)
        return self.case.volumes[modality]

    def window(self, modality: Modality) -> Window:
        """The window of a modality."""
        return dict(self.windows).get(modality) or auto_window(self.volume(modality))

    def box(self, extent: FigureExtent, modalities: Iterable[Modality]) -> Box:
        """First and last voxel of what is shown: the head in these modalities, or the tumour of all masks.

        Raises
        ------
        BrainsegError
            If the tumour is asked for and there is none.
        """
        if extent is FigureExtent.HEAD:
            return _around([head_box(self.volume(modality)) for modality in modalities])
        boxes = [box for labels in self.masks if labels is not None and (box := _tumour_box(labels)) is not None]
        if not boxes:
            raise BrainsegError("there is no tumour to show closely", "Give a mask, or show the whole head")
        return _around(boxes)

    def frame(self, extent: FigureExtent, modalities: Iterable[Modality], plane: Plane) -> Frame:
        """The part of a slice that shows it, with a margin."""
        margin_mm = HEAD_MARGIN_MM if extent is FigureExtent.HEAD else TUMOUR_MARGIN_MM
        return frame_of(self.box(extent, modalities), plane, self.case.grid, margin_mm)

    def checked(self, at: Voxel | None) -> Voxel:
        """A voxel of the grid: the one given, or the `voxel_of_interest`.

        Raises
        ------
        BrainsegError
            If it lies outside the grid.
        """
        grid = self.case.grid
        if at is None:
            return voxel_of_interest(self)
        if grid.clip(at) != tuple(at):
            raise BrainsegError(
                f"voxel {voxel_words(at)} lies outside the images of {describe_shape(grid.shape)} voxels",
                f"They are {CONVENTION_WORDS}",
            )
        return at


def voxel_of_interest(content: FigureContent) -> Voxel:
    """Centre of the largest axial cross-section of the whole tumour, of the first mask that has one.

    Without any, the middle of the grid.
    """
    whole_tumour = regions()[0]
    for labels in content.masks:
        if labels is None:
            continue
        mask = labels.mask(whole_tumour)
        areas = np.count_nonzero(mask, axis=(0, 1))
        if areas.any():
            slice_index = int(areas.argmax())
            i, j = np.argwhere(mask[:, :, slice_index]).mean(axis=0)
            return labels.grid.clip((float(i), float(j), slice_index))
    return content.case.grid.centre


def _tumour_box(labels: LabelMap) -> Box | None:
    around = box_around(labels.mask(regions()[0]))
    if around is None:
        return None
    i, j, k = around
    return (i.start, j.start, k.start), (i.stop - 1, j.stop - 1, k.stop - 1)


def _around(boxes: Iterable[Box]) -> Box:
    """The box around several."""
    return reduce(
        lambda one, other: (
            (min(one[0][0], other[0][0]), min(one[0][1], other[0][1]), min(one[0][2], other[0][2])),
            (max(one[1][0], other[1][0]), max(one[1][1], other[1][1]), max(one[1][2], other[1][2])),
        ),
        boxes,
    )
