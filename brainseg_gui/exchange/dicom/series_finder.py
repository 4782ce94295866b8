"""Finding the DICOM series on whose grid a mask lies, among all that a folder holds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.exchange.dicom.source_series import SourceSeries, source_series
from brainseg_gui.imaging.formats.dicom_values import text_of
from brainseg_gui.imaging.grid import Grid, describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.dicom.examination import look_through
from brainseg_gui.preparation.dicom.stacks import Stack
from brainseg_gui.preparation.roles import roles_of
from brainseg_gui.progress import Progress

_NEARLY = 0.1  # of a voxel's shortest edge: what converters round
_ORDER = (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR)
_NAMED = 5  # grids in a sentence


@dataclass(frozen=True, eq=False)
class SeriesFinder:
    """The volumes of a folder of DICOM files."""

    folder: Path
    stacks: tuple[Stack, ...]

    def series_on(self, grid: Grid, case_id: str = "") -> SourceSeries:
        """The series of one study that lies on a grid; of several, T1ce before T1, T2 and FLAIR, as cases are drawn.

        Parameters
        ----------
        case_id
            Where a folder of that name lies among others, only what is in it counts.

        Raises
        ------
        CaseError
            If there is none, or there are some of several studies.
        """
        stacks = self._of_case(case_id)
        fitting = [stack for stack in stacks if _lies_on(stack, grid)]
        if not fitting:
            raise CaseError(
                self._why_none(stacks, grid), "Give the folder of the series that was drawn on", self.folder
            )
        found = [source_series(stack) for stack in fitting]
        if len({text_of(series.header, "StudyInstanceUID") for series in found}) > 1:
            what = "series of several examinations lie on the grid of the mask"
            remedy = "Put the DICOM files of each case into a folder with the case's name, or give one examination"
            raise CaseError(what, remedy, self.folder)
        roles = roles_of([stack.first for stack in fitting])
        return min(zip(roles, found, strict=True), key=lambda pair: _preference(pair[0].modality))[1]

    def _of_case(self, case_id: str) -> tuple[Stack, ...]:
        own = self.folder / case_id if case_id else self.folder
        inside = tuple(stack for stack in self.stacks if stack.first.path.is_relative_to(own))
        return inside or self.stacks

    def _why_none(self, stacks: tuple[Stack, ...], grid: Grid) -> str:
        def words(other: Grid) -> str:
            return f"{describe_shape(other.shape)} voxels of {describe_spacing(other)} mm"

        others = [words(stack.stored_grid.grid) for stack in stacks if stack.stored_grid is not None]
        there = listed([*dict.fromkeys(others)][:_NAMED]) if others else "no volume"
        name = printable(self.folder.name)
        return f"no series lies where the mask does ({words(grid)}): {name} holds {there}"


def find_series(folder: Path) -> Generator[Progress, None, SeriesFinder]:
    """Look through a folder of DICOM files.

    Raises
    ------
    CaseError
        If there is no DICOM image in it.
    """
    found = yield from look_through(folder)
    return SeriesFinder(folder, found.stacks)


def _preference(modality: Modality | None) -> int:
    return _ORDER.index(modality) if modality is not None else len(_ORDER)


def _lies_on(stack: Stack, grid: Grid) -> bool:
    own = stack.stored_grid
    return own is not None and grid.same_as(own.grid, tolerance_mm=_NEARLY * min(grid.spacing_mm))
