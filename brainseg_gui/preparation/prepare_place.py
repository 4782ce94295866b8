"""From a place with raw series to a prepared case in a folder; what was prepared before is found again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.looking import Looks, is_unsure, look_at, several_t1, with_looks
from brainseg_gui.preparation.native import file_name
from brainseg_gui.preparation.prepared_case import check_free, write_prepared
from brainseg_gui.preparation.raw_examination import NONE, RawExamination, choose_series, examine
from brainseg_gui.preparation.record import Preparation
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.series import Series
from brainseg_gui.preparation.steps.prepare import prepare
from brainseg_gui.preparation.steps.work import PlacedSeries, PreparationWork, Wishes
from brainseg_gui.progress import Progress, scaled


@dataclass(frozen=True)
class PreparationRequest:
    """What is asked for.

    Parameters
    ----------
    output
        The folder that gets a folder for each prepared case.
    said
        Which series is what, where a person says it.
    overwrite
        Whether a prepared case that was made otherwise is replaced.
    name
        What the prepared case is called; as its place where it is empty.
    placed
        Where series lie that are not to be registered anew. Without it, what a person put by hand before stays there.
    looks
        What is known of the images already.
    fresh
        Whether a prepared case that would be the same is made anew.
    """

    output: Path
    wishes: Wishes = field(default_factory=Wishes)
    said: Mapping[Modality, str] = field(default_factory=dict)
    overwrite: bool = False
    name: str = ""
    placed: PlacedSeries | None = None
    looks: Looks = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True, eq=False)
class PreparedExamination:
    """A prepared case.

    Parameters
    ----------
    work
        How it was made; None where it was there already, of these files and as asked for.
    """

    folder: Path
    preparation: Preparation
    work: PreparationWork | None


def prepare_place(
    place: Path, request: PreparationRequest, finder: BrainFinder | None, taken: set[Path] | None = None
) -> Generator[Progress, None, PreparedExamination]:
    """Examine, prepare, and write one case.

    Parameters
    ----------
    taken
        Folders of cases that were prepared before by the same call; the new one is added.

    Yields
    ------
    Progress
        As `prepare` and `write_prepared`. Closing the generator leaves nothing.

    Raises
    ------
    BrainsegError
        If there is nothing to prepare, or it cannot be written.
    """
    examination = yield from scaled(examine(place), 0.0, 0.05)
    folder = request.output / file_name(request.name or examination.name, set())
    if taken is not None and folder in taken:
        raise SaveError(f"two examinations are called {folder.name}", "Prepare them into different folders", place)
    before = _made_before(folder, overwrite=request.overwrite)
    there = {path.resolve() for series in examination.series for path in series.files}
    overwrite = request.overwrite or (request.fresh and before is not None)
    if before is not None and not request.fresh and _would_be_the_same(before, examination, request, finder):
        prepared = PreparedExamination(folder, before, None)
    else:
        _check_free(folder, before, examination, overwrite=overwrite)
        examination = yield from scaled(looked_at(examination, request.said, finder, request.looks), 0.05, 0.15)
        choice = choose_series(examination, request.said)
        placed = request.placed or (before.put_by_hand(there) if before is not None else None)
        work = yield from scaled(prepare(examination, choice, request.wishes, finder, placed), 0.15, 0.9)
        yield from scaled(write_prepared(work, folder, request.said, overwrite=overwrite), 0.9, 1.0)
        prepared = PreparedExamination(folder, read_preparation(folder), work)
    if taken is not None:
        taken.add(folder)
    return prepared


def looked_at(
    examination: RawExamination, said: Mapping[Modality, str], finder: BrainFinder | None, looks: Looks | None = None
) -> Generator[Progress, None, RawExamination]:
    """Those series whose tags leave open what they are, where no person says it, told by their images too.

    Of several T1 without a T1ce the tags tell too little as well.
    """
    by_person = {examination.called(word).number for word in said.values() if word.casefold() != NONE}
    known, alike = with_looks(examination, looks or {}), several_t1(examination)

    def wanted(one: Series) -> bool:
        return (is_unsure(one) or one.number in alike) and one.number not in by_person

    return (yield from look_at(known, finder, wanted))


def _check_free(folder: Path, before: Preparation | None, examination: RawExamination, *, overwrite: bool) -> None:
    """As `check_free`; where series changed since they were prepared, that is why, and is said."""
    try:
        check_free(folder, overwrite=overwrite)
    except SaveError as error:
        same = before is None or (before.is_of(examination) and all(one.still_there() for one in before.series))
        if same:
            raise
        what = f"its series changed since it was prepared, and {error.what}"
        raise SaveError(what, error.remedy, error.path) from error


def _made_before(folder: Path, *, overwrite: bool) -> Preparation | None:
    """What lies there already; a record that cannot be used does not bar what may replace it."""
    if folder.is_symlink() or not (folder / RECORD).is_file():
        return None
    try:
        return read_preparation(folder)
    except CaseError:
        if not overwrite:
            raise
        return None


def _would_be_the_same(
    found: Preparation, examination: RawExamination, request: PreparationRequest, finder: BrainFinder | None
) -> bool:
    """Whether doing it again, of the series that are there, would give what was made before."""
    could_strip = finder is not None and request.wishes.strip and not found.stripped
    lies_elsewhere = request.placed is not None and not found.lies_as(request.placed)
    if could_strip or lies_elsewhere or not found.is_of(examination):
        return False
    return found.still_fits(request.wishes, request.said)
