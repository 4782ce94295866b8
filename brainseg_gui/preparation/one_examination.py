"""Whether the series of a place are of one examination: those of two patients or two visits must not be mixed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import words
from brainseg_gui.imaging.naming.file_words import kind_of, prefix_of, words_of
from brainseg_gui.preparation.series import Series

_TIME_OF_A_SERIES = re.compile(r"(?<!\d)(\d{8})\d{6}(?!\d)")  # as converters write it; its date stays
_BETWEEN_WORDS = re.compile(r"[-_.\s+,()]+")
_ONLY_NUMBERS = re.compile(r"[\W\d_]*")
_ENTITY = re.compile(  # of BIDS, that tell series apart and not people
    r"(?<![a-z0-9])(?:acq|ce|rec|run|space|desc|res|echo|part|inv|mod|chunk|dir|split)-[a-z0-9+]+", re.IGNORECASE
)
_NUMBER_OF_A_CASE = re.compile(r"(?<![a-z0-9])([a-z]*)(0\d{2,})(?![0-9])", re.IGNORECASE)
_NUMBERED = frozenset(["s", "se", "ser", "serie", "series", "scan", "acq", "im", "img", "image", "run", "e", "i"])
_CHANNEL = re.compile(r"_000\d$")  # as nnU-Net counts them
_TIME_OR_DATE = re.compile(r"[01]\d[0-5]\d[0-5]\d|[0-3]\d[01]\d(?:19|20)\d{2}")
_FEWEST = 2  # modalities that make a group of files look like an examination of its own


def check_one(place: Path, series: Sequence[Series]) -> None:
    """Refuse what holds several examinations: their series would be taken for those of one.

    DICOM names its studies. Files are told apart where two folders both hold the same modalities, or where what stands
    before the modality in their names differs.

    Raises
    ------
    CaseError
        If it holds several.
    """
    studies = {one.notes.words.get("StudyInstanceUID", "") for one in series if one.stack is not None} - {""}
    files = [one for one in series if one.stack is None and one.role.modality is not None]
    folders = _again([(str(one.files[0].parent), one) for one in files])
    if (count := max(len(studies), len(folders))) > 1:
        raise CaseError(f"it holds {count} examinations", "Give the folder of each one by itself", place)
    names = _again([(name, one) for one in files if (name := case_in_name(one.files[0]))], whole=True)
    if len(names) > 1:
        raise CaseError(
            f"it holds {len(names)} examinations by the names of its files ({listed(sorted(map(printable, names)))})",
            "Put the files of each one into a folder of its own",
            place,
        )


def _again(keyed: Sequence[tuple[str, Series]], *, whole: bool = False) -> list[str]:
    """Groups of series that hold what another group holds too.

    Parameters
    ----------
    whole
        Whether one modality in common is enough, where both groups hold several.
    """
    groups: dict[str, set[Modality | None]] = {}
    for key, one in keyed:
        groups.setdefault(key, set()).add(one.role.modality)

    def alike(one: set[Modality | None], other: set[Modality | None]) -> bool:
        both = len(one & other)
        return both > 1 or (whole and both > 0 and min(len(one), len(other)) >= _FEWEST)

    return [key for key, held in groups.items() if any(alike(held, groups[other]) for other in groups if other != key)]


def case_in_name(path: Path) -> str:
    """What the name of a file says of whose it is; empty where it tells a modality alone, or no modality.

    What stands before the modality may be the name of the series, with its sequence: then it says nothing of a case.
    """
    if not isinstance(kind_of(path), Modality):
        return ""
    told = words_of(stem(path))
    if not told.prefix and told.suffix and _ONLY_NUMBERS.fullmatch(told.suffix):
        return told.suffix
    before = _TIME_OF_A_SERIES.sub(r"\1", prefix_of(path)).lower()
    sequences = frozenset().union(*(words()[key] for key in ("t1", "t1ce", "t2", "flair")))
    return "" if sequences.intersection(_BETWEEN_WORDS.split(before)) else before


def doubt_of_names(taken: Mapping[Modality, Series]) -> tuple[str, ...]:
    """Where the files that are taken are called as if they were of different cases.

    Numbers alone are those of series, unless they are written as those of patients are, with zeros before: ``001``. A
    name may go on from another one: ``Jane``, ``Jane_thin``.
    """
    files = [one.files[0] for one in taken.values() if one.stack is None]
    names = sorted({name for path in files if (name := case_in_name(path)) and not _ONLY_NUMBERS.fullmatch(name)})
    said = listed([printable(path.name) for path in files])
    if not all(_goes_on(names[0], other) for other in names[1:]):
        return (f"{said} are called as if they were of different cases. If they are, prepare each of them by itself",)
    numbers = {path: found for path in files if (found := _numbers_of_cases(path))}
    if any(one.isdisjoint(other) for one in numbers.values() for other in numbers.values()):
        said = listed([printable(path.name) for path in numbers])
        apart = listed(sorted(printable(number) for number in frozenset().union(*numbers.values())))
        return (f"{said} have different numbers ({apart}). If they are of different cases, prepare each by itself",)
    return ()


def _numbers_of_cases(path: Path) -> frozenset[str]:
    """The numbers in a name that may be those of patients: with zeros before, and neither a time nor a series'."""
    found = _NUMBER_OF_A_CASE.finditer(_CHANNEL.sub("", _ENTITY.sub("", stem(path))))
    return frozenset(
        number[0].lower()
        for number in found
        if number[1].lower() not in _NUMBERED and not _TIME_OR_DATE.fullmatch(number[2])
    )


def _goes_on(one: str, other: str) -> bool:
    return other.startswith(one) and not other[len(one)].isalnum()
