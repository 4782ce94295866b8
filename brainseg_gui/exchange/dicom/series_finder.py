"""Finding the DICOM series on whose grid a mask lies, among all that a folder holds."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.exchange.dicom.source_series import SourceSeries, source_series
from brainseg_gui.imaging.formats.dicom.values import text_of
from brainseg_gui.imaging.grid import Grid, describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.dicom.examination import look_through
from brainseg_gui.preparation.dicom.stacks import Stack
from brainseg_gui.preparation.roles import roles_of
from brainseg_gui.progress import Progress

_NEARLY = 0.1  # of a voxel's shortest edge: what converters round
_ORDER = (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR)
_SORT = "Put the DICOM files of each case into a folder with the case's name, or give one examination"
_NAMED = 5  # grids in a sentence


@dataclass(frozen=True, eq=False)
class SeriesFinder:
    """The volumes of a folder of DICOM files.

    Parameters
    ----------
    case_ids
        All cases that are looked for. What lies in a folder with the name of one of them is of no other.
    taken
        Examinations that no folder's name gave to their case, by their UIDs: the id of the case.
    """

    folder: Path
    stacks: tuple[Stack, ...]
    case_ids: tuple[str, ...] = ()
    taken: dict[str, str] = field(default_factory=dict)

    def series_on(self, grid: Grid, case_id: str = "") -> SourceSeries:
        """The series of one study that lies on a grid; of several, T1ce before T1, T2 and FLAIR, as cases are drawn.

        Parameters
        ----------
        case_id
            Where a folder of that name lies among others, only what is in it counts; else what lies in no folder of
            another case, and was given to none.

        Raises
        ------
        CaseError
            If there is none, or there are some of several studies.
        """
        stacks, is_named = self._of_case(case_id)
        fitting = [stack for stack in stacks if _lies_on(stack, grid)]
        if not fitting:
            raise CaseError(
                self._why_none(stacks, grid), "Give the folder of the series that was drawn on", self.folder
            )
        found = [source_series(stack) for stack in fitting]
        studies = {text_of(series.header, "StudyInstanceUID") for series in found}
        if len(studies) > 1:
            raise CaseError("series of several examinations lie on the grid of the mask", _SORT, self.folder)
        if not is_named and case_id:
            self._take(studies.pop(), case_id)
        roles = roles_of([stack.first for stack in fitting])
        return min(zip(roles, found, strict=True), key=lambda pair: _preference(pair[0].modality))[1]

    def doubt_about(self, case_id: str) -> str:
        """Why the series of a case may be another's, where only its place in space tells; else empty."""
        if len(self.case_ids) < 2 or self._of_case(case_id)[1]:
            return ""
        return "no folder of DICOM files has its name: its series was found by its place alone; look whose it is"

    def _of_case(self, case_id: str) -> tuple[tuple[Stack, ...], bool]:
        """What may be of a case, and whether folders say so by their names."""
        if case_id and (own := tuple(stack for stack in self.stacks if self._owners[stack.first.path] == case_id)):
            return own, True
        return tuple(stack for stack in self.stacks if not self._owners[stack.first.path]), False

    def _take(self, study: str, case_id: str) -> None:
        if (other := self.taken.setdefault(study, case_id)) != case_id:
            what = f"the series that lies there was given to {printable(other)} already, by its place alone"
            raise CaseError(what, f"{_SORT}; look at {printable(other)}, too", self.folder)

    @cached_property
    def _owners(self) -> dict[Path, str]:
        """The case that the folders of each file name; empty where they name none."""
        exact, alike = set(self.case_ids), dict[str, list[str]]()
        for name in self.case_ids:
            alike.setdefault(_plain(name), []).append(name)
        owners = {}
        for path in {stack.first.path for stack in self.stacks}:
            below = path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
            named = [*_names_in(below.parts[:-1]), self.folder.absolute().name]
            same = (alike[_plain(name)][0] for name in named if len(alike.get(_plain(name), ())) == 1)
            owners[path] = next((name for name in named if name in exact), "") or next(same, "")
        return owners

    def _why_none(self, stacks: tuple[Stack, ...], grid: Grid) -> str:
        def words(other: Grid) -> str:
            return f"{describe_shape(other.shape)} voxels of {describe_spacing(other)} mm"

        others = [words(stack.stored_grid.grid) for stack in stacks if stack.stored_grid is not None]
        there = listed([*dict.fromkeys(others)][:_NAMED]) if others else "no volume"
        name = printable(self.folder.name)
        besides = " besides what is in the folders of other cases" if len(stacks) < len(self.stacks) else ""
        return f"no series lies where the mask does ({words(grid)}): {name} holds {there}{besides}"


def find_series(folder: Path, case_ids: Sequence[str] = ()) -> Generator[Progress, None, SeriesFinder]:
    """Look through a folder of DICOM files.

    Parameters
    ----------
    case_ids
        All cases that are looked for.

    Raises
    ------
    CaseError
        If there is no DICOM image in it.
    """
    found = yield from look_through(folder)
    return SeriesFinder(folder, found.stacks, tuple(case_ids))


def _names_in(parts: Sequence[str]) -> list[str]:
    """What folders may name: each of them, and such as follow one another (``P1/baseline``), the longest first."""
    spans = ((begin, end) for begin in range(len(parts)) for end in range(begin + 1, len(parts) + 1))
    return ["_".join(parts[begin:end]) for begin, end in sorted(spans, key=lambda span: span[0] - span[1])]


def _plain(name: str) -> str:
    """A name as programs and people change it: in small letters, with one sign for all that is no letter or digit."""
    return re.sub(r"[\W_]+", "_", name).casefold()


def _preference(modality: Modality | None) -> int:
    return _ORDER.index(modality) if modality is not None else len(_ORDER)


def _lies_on(stack: Stack, grid: Grid) -> bool:
    own = stack.stored_grid
    return own is not None and grid.same_as(own.grid, tolerance_mm=_NEARLY * min(grid.spacing_mm))
