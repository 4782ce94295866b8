"""All series of a raw examination, from DICOM and from files, with what each is taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.formats.known_formats import is_image, stem, titles
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import words
from brainseg_gui.preparation.dicom.examination import found_below, why_not
from brainseg_gui.preparation.dicom.stacks import FEWEST_SLICES, Stack
from brainseg_gui.preparation.one_examination import check_one
from brainseg_gui.preparation.raw_files import files_at, is_packed, series_of_file
from brainseg_gui.preparation.roles import Certainty, Chosen, Role, choose, roles_of
from brainseg_gui.preparation.series import Series, SetAside
from brainseg_gui.progress import Progress, scaled

_NOTHING_SAID = frozenset(["native", "raw", "dicom", "dcm", "nifti", "images", "scans", "export", "."])
FINEST = (Modality.T1CE, Modality.T1, Modality.FLAIR, Modality.T2)
"""In this order one is taken as the reference."""
NONE = "none"
_PACKED_BESIDE = "it is packed: unpack it, if it belongs to this examination"  # only a person knows


@dataclass(frozen=True, eq=False)
class RawExamination:
    """What a place holds.

    Parameters
    ----------
    name
        What its prepared case is called.
    place
        The folder or file.
    series
        Volumes that may be taken for a modality, numbered from 1.
    aside
        Everything else that looks like an image.
    damaged
        DICOM files that cannot be read.
    """

    name: str
    place: Path
    series: tuple[Series, ...]
    aside: tuple[SetAside, ...] = ()
    damaged: tuple[Path, ...] = ()

    @property
    def files_digest(self) -> str:
        """A sum over which files each series has: another one where a slice or a series came or went."""
        series = sorted("\n".join(sorted(str(path.resolve()) for path in one.files)) for one in self.series)
        return sha256("\n\n".join(series).encode("utf-8", "surrogateescape")).hexdigest()

    def called(self, word: str) -> Series:
        """The series of a number, a name, the part of one name, or a file.

        Raises
        ------
        CaseError
            If none is called so, or several are.
        """
        if word.isdecimal() and 0 < int(word) <= len(self.series):
            return self.series[int(word) - 1]
        exact = [one for one in self.series if word.casefold() == one.name.casefold() or _is_of(word, one.files)]
        found = exact or [one for one in self.series if word.casefold() in one.name.casefold()]
        if len(found) == 1:
            return found[0]
        known = "; ".join(f"{one.number}: {one.name}" for one in self.series)
        what = f"{len(found)} series have “{word}” in their names" if found else f"no series is called “{word}”"
        raise CaseError(what, f"Give its number ({known})", self.place)


def _is_of(word: str, files: Sequence[Path]) -> bool:
    """Whether a word is one of some paths; records keep what was said in small letters."""
    return Path(word) in files or any(word == str(path).casefold() for path in files)


@dataclass(frozen=True)
class Choice:
    """The series of each modality, and the one that the others are brought onto."""

    chosen: Mapping[Modality, Chosen]
    reference: Modality
    by_person: frozenset[Modality] = frozenset()

    def swapped(self, one: Modality, other: Modality, roles: tuple[Role, Role]) -> Choice:
        """The same with the series of two modalities exchanged; `roles` of the new first and second."""
        now = dict(self.chosen)
        now[one], now[other] = Chosen(now[other].number, roles[0]), Chosen(now[one].number, roles[1])
        turned = {one: other, other: one}
        return replace(self, chosen=now, reference=turned.get(self.reference, self.reference))


def examine(place: Path) -> Generator[Progress, None, RawExamination]:
    """Look for all series at or below a place: headers alone are read.

    Yields
    ------
    Progress
        Closing the generator stops.

    Raises
    ------
    CaseError
        If there is no series at all.
    """
    if not place.exists():
        raise CaseError("there is no such file or folder", "Check the name, or mount the drive", place)
    found: list[Series | SetAside] = []
    damaged: tuple[Path, ...] = ()
    if not (place.is_file() and is_image(place)):
        dicom = yield from scaled(found_below(place), 0.0, 0.8)
        found += [_series_of(stack) for stack in dicom.stacks]
        damaged = tuple(path for path in dicom.damaged if not is_image(path))
        found += _unread(damaged)
    packed = list[SetAside]()
    for path in files_at(place):
        if is_image(path):
            yield Progress("looking through files", 0.9, path.name)
            found.append(series_of_file(path))
        elif is_packed(path.name):
            packed.append(SetAside(printable(path.name), _PACKED_BESIDE))
    series = [one for one in found if isinstance(one, Series)]
    aside = tuple(one for one in found if isinstance(one, SetAside))
    if not series:
        raise _nothing(place, aside)
    check_one(place, series)
    return RawExamination(name_of(place), place, _numbered(series), (*aside, *packed), damaged)


def _unread(damaged: Sequence[Path]) -> list[SetAside]:
    """One sentence for each folder with DICOM files that cannot be read."""
    counts = Counter(path.parent for path in damaged)
    return [
        SetAside(printable(folder.name), f"{count_of_files(count)} could not be read")
        for folder, count in counts.items()
    ]


def count_of_files(count: int) -> str:
    """So many files, in words."""
    return f"{count} file{'' if count == 1 else 's'}"


def _series_of(stack: Stack) -> Series | SetAside:
    first, words_of = stack.first, stack.first.description or "a series without a name"
    name = f"{words_of} ({stack.part})" if stack.part else words_of
    if why := why_not(stack):
        return SetAside(name, why)
    if stack.stored_grid is None or len(stack.slices) < FEWEST_SLICES:
        return SetAside(name, f"it has {len(stack.slices)} slices: a localiser, or a part of a series")
    header = ImageHeader(first.path, stack.stored_grid.shape, stack.stored_grid)
    files = tuple(dict.fromkeys(one.path for one in stack.slices))
    return Series(0, name, first, Role(None, Certainty.UNSURE, ""), header, files, stack)


def _numbered(series: Sequence[Series]) -> tuple[Series, ...]:
    """In the order of scanning, then of names: never in that of files, which archives shuffle."""

    def order(one: Series) -> tuple[str, str, str]:
        uid = one.stack.first.series if one.stack is not None else one.files[0].as_posix()
        return one.notes.words.get("SeriesTime", ""), one.name, uid

    ranked = sorted(series, key=order)
    told = roles_of([one.notes for one in ranked])
    roles = [one.role if one.stack is None else role for one, role in zip(ranked, told, strict=True)]
    return tuple(replace(one, number=n, role=role) for n, (one, role) in enumerate(zip(ranked, roles, strict=True), 1))


def name_of(place: Path) -> str:
    """The nearest name that says more than what kind of files lie there."""
    place = place.resolve()
    if place.is_file():
        return printable(stem(place))
    nothing = _NOTHING_SAID | words()["folders"]
    return printable(next((p.name for p in (place, *place.parents) if p.name.lower() not in nothing), "case") or "case")


def _nothing(place: Path, aside: Sequence[SetAside]) -> CaseError:
    if aside:
        said = "; ".join(f"{one.name}: {one.why}" for one in aside[:3])
        return CaseError(f"none of its images can be used ({said})", "Choose the folder of an MRI examination", place)
    what, remedy = f"it holds neither DICOM nor {titles()} images", "Choose the folder of one examination"
    names = sorted(path.name for path in place.iterdir()) if place.is_dir() else [place.name]
    if any(name.upper() == "DICOMDIR" for name in names):
        remedy = "Its DICOMDIR only lists images: copy the folders that lie beside it on the disc, too"
    elif packed := next((name for name in names if is_packed(name)), ""):
        remedy = f"Unpack {printable(packed)} first"
    return CaseError(what, remedy, place)


def choose_series(examination: RawExamination, said: Mapping[Modality, str] | None = None) -> Choice:
    """One series for each modality, and the reference: the best T1ce, or the best there is.

    Parameters
    ----------
    said
        What the person says: the number or name of a series, or ``none``.

    Raises
    ------
    CaseError
        If a name is not known, or no modality is left.
    """
    said = said or {}
    series = examination.series
    chosen = dict(_by_roles(series))
    for modality, word in said.items():
        chosen.pop(modality, None)
        if word.casefold() != NONE:
            number = examination.called(word).number - 1
            chosen = {m: one for m, one in chosen.items() if one.number != number or m in said}
            chosen[modality] = Chosen(number, Role(modality, Certainty.SURE, "chosen by the person"))
    if not chosen:
        names = listed([one.name for one in series[:6]])
        raise CaseError(
            f"nothing tells what its series are ({names})", "Say it with --role t1=SERIES", examination.place
        )
    reference = next(modality for modality in FINEST if modality in chosen)
    return Choice({m: chosen[m] for m in Modality if m in chosen}, reference, frozenset(said))


def _by_roles(series: Sequence[Series]) -> Mapping[Modality, Chosen]:
    return choose(
        [one.role for one in series],
        [one.spacing_mm for one in series],
        [min(one.extent_mm) for one in series],
        [one.likelihood for one in series],
    )


def said_anew(examination: RawExamination, said: Mapping[Modality, str]) -> dict[Modality, str]:
    """What was said of the series beyond what they tell by themselves for sure.

    Raises
    ------
    CaseError
        If a name is not known.
    """
    chosen = _by_roles(examination.series)
    sure = {m: one.number for m, one in chosen.items() if one.role.certainty is Certainty.SURE}
    return {
        modality: word
        for modality, word in said.items()
        if word.casefold() == NONE or sure.get(modality) != examination.called(word).number - 1
    }
