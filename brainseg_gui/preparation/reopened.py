"""A prepared case that is opened again: whether its raw series are still there, as they were, to go on from."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from brainseg_gui.errors import BrainsegError, listed, printable
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.raw_examination import NONE, RawExamination, choose_series, examine
from brainseg_gui.preparation.record import Preparation, PreparedSeries
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.progress import Progress, scaled

LOOKING = "looking for the raw series"


@dataclass(frozen=True, eq=False)
class RawLook:
    """What one look at the files of the raw series of a prepared case found.

    Parameters
    ----------
    gone, changed
        The series of which files are gone, and those of which files are others now.
    asked
        Whether they were looked at: not where they lie where nothing is looked for unasked.
    """

    preparation: Preparation
    gone: tuple[PreparedSeries, ...] = ()
    changed: tuple[PreparedSeries, ...] = ()
    asked: bool = True

    @property
    def why_outdated(self) -> str:
        """Why the case is to be prepared again, as far as its files alone tell; empty where nothing tells so."""
        return _anew(f"{_named(self.changed)} changed since this case was prepared") if self.changed else ""


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


def look_for_raw(folder: Path) -> RawLook:
    """Look for the files that a prepared case was made of; reads what was touched since, on a drive that may hang.

    Raises
    ------
    CaseError
        If the record of the case cannot be used.
    """
    made = read_preparation(folder)
    if any(on_strange_share(place, folder) for one in made.series for place in (made.place, *one.files)):
        return RawLook(made, asked=False)
    gone = tuple(one for one in made.series if not all(path.is_file() for path in one.files))
    changed = tuple(one for one in made.series if one not in gone and not one.still_there())
    return RawLook(made, gone, changed)


def reopened(folder: Path, look: Future[RawLook] | None = None) -> Generator[Progress, None, Reopened]:
    """Look for what a prepared case was made of.

    Parameters
    ----------
    look
        The `look_for_raw` that somebody began just now, so that nobody looks twice; None to begin one here.

    Yields
    ------
    Progress
        Closing the generator stops.

    Raises
    ------
    CaseError
        If the record of the case cannot be used.
    """
    if look is None:
        look = in_background(partial(look_for_raw, folder), LOOKING)
    seen = yield from waited_for(look, Progress(LOOKING, 0.1))
    made = seen.preparation
    if not seen.asked:
        what = f"Its raw series lie on another computer ({printable(str(made.place))}), which is not asked by itself"
        return Reopened(folder, made, None, f"{what}: open their folder to go on from them")
    if seen.gone:
        what = f"Of its raw series {_named(seen.gone)} cannot be found any more in {printable(str(made.place))}"
        return Reopened(folder, made, None, f"{what}: nothing is placed by hand or prepared anew until they are there")
    try:
        examination = yield from scaled(examine(made.place), 0.2, 1.0)
    except BrainsegError as error:
        what = f"Its raw series in {printable(str(made.place))} cannot be used ({error.what})"
        return Reopened(folder, made, None, f"{what}: nothing is placed by hand or prepared anew until they can")
    return Reopened(folder, made, examination, seen.why_outdated or _why_others(made, examination))


def _why_others(made: Preparation, examination: RawExamination) -> str:
    if made.is_of(examination):
        return ""
    return _anew("The raw folder holds other series or files than when this case was prepared")


def _anew(what: str) -> str:
    return f"{what}: prepare it again"


def _named(series: Sequence[PreparedSeries]) -> str:
    return listed([one.modality.title for one in series])
