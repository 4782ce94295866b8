"""What is known of how a prepared case was made, so that it can be judged, repeated, and gone back from."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainseg_gui import __version__
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.raw_examination import RawExamination
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.steps.work import PlacedSeries, Wishes

FORMAT = "brainseg preparation 1"
"""What a ``preparation.json`` calls itself."""


@dataclass(frozen=True, eq=False)
class PreparedSeries:
    """A series that a prepared case was made of.

    Parameters
    ----------
    header
        How its file, or the first of its files, stores its voxels.
    files
        All of its files as they were when they were read.
    alignment
        Where it lies in the space of the prepared case.
    certainty, reason
        How sure it was that the series is of that modality, and why.
    burned_in
        Whether its header says that annotations are burned into its pixels.
    """

    modality: Modality
    name: str
    header: ImageHeader
    files: Mapping[Path, FileMark]
    alignment: Alignment
    certainty: str = ""
    reason: str = ""
    burned_in: bool = False

    def still_there(self) -> bool:
        """Whether its files are as they were."""
        try:
            return all(mark.fits(path) for path, mark in self.files.items())
        except OSError:
            return False


@dataclass(frozen=True, eq=False)
class Preparation:
    """What a ``preparation.json`` says that is needed again.

    Parameters
    ----------
    reference
        The modality that the others were brought onto.
    said
        Series that a person chose, by modality.
    doubts
        Sentences on what a person should look at.
    others
        The names of series that were there and not used.
    all_files
        `RawExamination.files_digest` as it was; empty in records from before it was noted.
    place
        The folder or file of the raw examination.
    """

    name: str
    reference: Modality
    series: tuple[PreparedSeries, ...]
    wishes: Wishes
    said: Mapping[Modality, str]
    stripped: bool
    program: str
    doubts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    all_files: str = ""
    place: Path = Path()

    @property
    def placed(self) -> PlacedSeries | None:
        """Where its series lie; None where the record holds no reference."""
        places = {one.modality: one.header.path for one in self.series}
        if self.reference not in places:
            return None
        return PlacedSeries(places[self.reference], {one.header.path: one.alignment for one in self.series})

    @property
    def not_registered(self) -> tuple[Modality, ...]:
        """What lies where its files place it because the search failed and nobody put it elsewhere."""
        return tuple(one.modality for one in self.series if one.alignment.problem and not one.alignment.by_hand)

    @property
    def nothing_fits(self) -> bool:
        """Whether no two of several series fit each other, so that nothing tells which of them lies right."""
        return len(self.series) > 2 and len(self.not_registered) == len(self.series) - 1

    def put_by_hand(self, there: Set[Path]) -> PlacedSeries | None:
        """Those of its series that a person put where they lie.

        Parameters
        ----------
        there
            The files of an examination: what was made of others, or of what changed since, says nothing of it.
        """
        same = [one for one in self.series if one.files.keys() <= there and one.still_there()]
        reference = next((one.header.path for one in same if one.modality is self.reference), None)
        if reference is None:
            return None
        return PlacedSeries(reference, {one.header.path: one.alignment for one in same if one.alignment.by_hand})

    def lies_as(self, placed: PlacedSeries) -> bool:
        """Whether its series lie where they are said to, by the word of the same: a search, or a person."""
        own = self.placed
        if own is None or own.reference != placed.reference or own.alignments.keys() != placed.alignments.keys():
            return False
        pairs = [(one, placed.alignments[path]) for path, one in own.alignments.items()]
        return all(np.array_equal(a.to_series, b.to_series) and a.by_hand == b.by_hand for a, b in pairs)

    def is_of(self, examination: RawExamination) -> bool:
        """Whether an examination holds the series that it was made of, each with the same files, and no other ones."""
        there = [{path.resolve() for path in one.files} for one in examination.series]
        used = [set(one.files) for one in self.series]
        if not all(files in there for files in used):
            return False
        if self.all_files:
            return self.all_files == examination.files_digest
        others = [one.name for one, files in zip(examination.series, there, strict=True) if files not in used]
        return sorted(others) == sorted(self.others)

    def still_fits(self, wishes: Wishes, said: Mapping[Modality, str]) -> bool:
        """Whether doing it again would give the same: as asked for, by this version, of files that did not change."""
        same = (self.wishes, self.program) == (wishes, __version__)
        if not same or {m: w.casefold() for m, w in said.items()} != self.said:
            return False
        return all(one.still_there() for one in self.series)
