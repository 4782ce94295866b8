"""A prepared case that is opened again: whether its raw series are still there, as they were, to go on from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from brainseg_gui.errors import BrainsegError, CaseError, listed, printable
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.raw_examination import NONE, RawExamination, choose_series, examine
from brainseg_gui.preparation.record import Preparation, PreparedSeries, read_preparation
from brainseg_gui.progress import Progress, scaled

LOOKING = "looking for the raw series"


@dataclass(frozen=True, eq=False)
class Reopened:
    """What a prepared case was made of, as it is found now.

    Parameters
    ----------
    examination
        The raw series; None where they are gone.
    problem
        Why nothing can be done anew of them, or must be; empty where they are as they were.
    """

    folder: Path
    preparation: Preparation
    examination: RawExamination | None
    problem: str = ""

    @property
    def said(self) -> dict[Modality, str]:
        """What has to be said of the roles so that they are those of the prepared case."""
        made, said = self.preparation, dict(self.preparation.said)
        if self.examination is None:
            return said
        wanted = numbers_in(made, self.examination)
        by_themselves = choose_series(self.examination, said).chosen
        for modality in Modality:
            found = by_themselves[modality].number if modality in by_themselves else None
            if found != wanted.get(modality):
                said[modality] = str(wanted[modality] + 1) if modality in wanted else NONE
        return said


def on_strange_share(place: PurePath, folder: PurePath) -> bool:
    """Whether a path that a record names is on a network share of Windows other than that of the record's folder.

    Whoever wrote the record would be told who opens it: Windows signs in wherever such a path leads.
    """
    return place.drive.startswith("\\\\") and place.drive.casefold() != folder.drive.casefold()


def numbers_in(made: Preparation, examination: RawExamination) -> dict[Modality, int]:
    """Which series of an examination a prepared case was made of, as a choice counts them."""
    there = {one.place: one.number - 1 for one in examination.series}
    return {one.modality: there[one.header.path] for one in made.series if one.header.path in there}


def reopened(folder: Path) -> Generator[Progress, None, Reopened]:
    """Look for what a prepared case was made of.

    Yields
    ------
    Progress
        Closing the generator stops.

    Raises
    ------
    CaseError
        If the record of the case cannot be used.
    """
    yield Progress(LOOKING, 0.0)
    made = read_preparation(folder)
    if _is_elsewhere(made, folder):
        what = f"Its raw series lie on another computer ({printable(str(made.place))}), which is not asked by itself"
        return Reopened(folder, made, None, f"{what}: open their folder to go on from them")
    looking = in_background(partial(_lost, made), LOOKING)  # reads what was touched, on a drive that may hang
    gone, changed = yield from waited_for(looking, Progress(LOOKING, 0.1))
    if gone:
        what = f"Of its raw series {_named(gone)} cannot be found any more in {printable(str(made.place))}"
        return Reopened(folder, made, None, f"{what}: nothing is placed by hand or prepared anew until they are there")
    try:
        examination = yield from scaled(examine(made.place), 0.2, 1.0)
    except BrainsegError as error:
        what = f"Its raw series in {printable(str(made.place))} cannot be used ({error.what})"
        return Reopened(folder, made, None, f"{what}: nothing is placed by hand or prepared anew until they can")
    return Reopened(folder, made, examination, _why_anew(made, examination, changed))


def why_outdated(folder: Path) -> str:
    """Why a prepared case is to be prepared again, as far as its files alone tell; empty where nothing tells so."""
    try:
        made = read_preparation(folder)
    except CaseError:
        return ""
    _, changed = _lost(made) if not _is_elsewhere(made, folder) else ([], [])
    return _anew(f"{_named(changed)} changed since this case was prepared") if changed else ""


def _is_elsewhere(made: Preparation, folder: Path) -> bool:
    """Whether the raw series lie where nothing is looked for unasked."""
    return any(on_strange_share(place, folder) for one in made.series for place in (made.place, *one.files))


def _lost(made: Preparation) -> tuple[list[PreparedSeries], list[PreparedSeries]]:
    """The series of which files are gone, and those of which files are others now."""
    gone = [one for one in made.series if not all(path.is_file() for path in one.files)]
    return gone, [one for one in made.series if one not in gone and not one.still_there()]


def _why_anew(made: Preparation, examination: RawExamination, changed: list[PreparedSeries]) -> str:
    if changed:
        return _anew(f"{_named(changed)} changed since this case was prepared")
    if not made.is_of(examination):
        return _anew("The raw folder holds other series or files than when this case was prepared")
    return ""


def _anew(what: str) -> str:
    return f"{what}: prepare it again"


def _named(series: list[PreparedSeries]) -> str:
    return listed([one.modality.title for one in series])
