"""What the words of a file's name say: which modality it is or that it is a mask, of which case, and how it was made.

The words stand in ``conventions.toml``. A row of the table that knows the name goes before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import CHANNEL, MASK, VOLUMES, Kind, match_of, words

_WORD = re.compile(r"[^-_.\s+,()]+")
# The named parts of BIDS that may stand between the case and what the image is.
_ENTITY = re.compile(
    r"_(acq|ce|rec|run|space|desc|res|echo|part|inv|mod|label|atlas|hemi|den|chunk|proc|dir|trc|recon|split)-([a-z0-9+]+)",
    re.IGNORECASE,
)
_NO_CONTRAST = frozenset(["none", "no", "pre", "without", "0"])
_TUMOUR = re.compile(r"tumou?r|lesion|glioma|gtv|core|edema|oedema|enhanc", re.IGNORECASE)
_INITIALS = "?"
_NUMBER = re.compile(r"\d+[a-z]?")


@dataclass(frozen=True)
class Words:
    """What a name says.

    Parameters
    ----------
    kind
        A modality, ``"mask"`` (of a tumour), or None.
    prefix
        What stands before: the case's name.
    suffix
        The numbers behind, such as a patient's where the modality comes first.
    stripped
        1 where the name says that the skull is off, -1 where it says that it is on, else 0.
    aligned
        Whether it says that the image was put onto a common grid.
    """

    kind: Modality | str | None
    prefix: str
    suffix: str = ""
    stripped: int = 0
    aligned: bool = False


def kind_of(path: Path) -> Modality | str | None:
    """What a file's name says it is: a modality, ``"mask"`` (of a tumour, not of the brain), or None."""
    kind = row_kind(path)
    return kind if kind is not None else words_of(stem(path)).kind


def row_kind(path: Path) -> Kind | None:
    """What the row of the table that knows a name says it is; None where none does, or its channels decide."""
    match = match_of(path)
    return None if match is None or match.kind in (VOLUMES, CHANNEL) else match.kind


def prefix_of(path: Path) -> str:
    """A file's name without the word that tells its modality: the case it belongs to."""
    match = match_of(path)
    if match is not None and not match.whole:
        return match.case_id
    return words_of(stem(path)).prefix


@lru_cache(maxsize=50_000)
def words_of(name: str) -> Words:
    """What the words of a name (without its ending) say."""
    entities = {key.lower(): value.lower() for key, value in _ENTITY.findall(name)}
    plain = _ENTITY.sub("", name)
    found = [
        (_INITIALS if match.start() == 0 and _is_initials(match[0]) else match[0].lower(), match.start())
        for match in _WORD.finditer(plain)
    ]
    last = _last_telling(found)
    if last is None:
        return Words(None, name)
    behind = [word for word, _ in found[last + 1 :]]
    kind, first = _kind_at(found, last, behind, entities)
    if kind is None:
        return Words(None, name)
    first = _start(found, first)
    prefix = plain[: found[first][1]].rstrip("-_. ") if first else ""
    numbers = "_".join(word for word in behind if _NUMBER.fullmatch(word))
    every = [word for word, _ in found[first:]]
    return Words(kind, prefix, numbers, _strippedness(every), any(word in words()["aligned"] for word in every))


def _is_initials(word: str) -> bool:
    return len(word) == 2 and word.isupper() and word.lower() in words()["contrast"]


def _last_telling(found: list[tuple[str, int]]) -> int | None:
    """The last word that tells a kind; what stands behind it must be words of processing, or numbers."""
    known = words()
    passed = known["after"] | known["contrast"] | known["contrast_behind"] | known["plain"]
    for index in range(len(found) - 1, -1, -1):
        word = found[index][0]
        if _is_sequence(word) or word in known["mask"]:
            return index
        if not (word in passed or _NUMBER.fullmatch(word)):
            return None
    return None


def _is_sequence(word: str) -> bool:
    return any(word in words()[key] for key in ("t1", "t1ce", "t2", "flair"))


def _kind_at(
    found: list[tuple[str, int]], last: int, behind: list[str], entities: dict[str, str]
) -> tuple[Modality | str | None, int]:
    """The kind that a word tells, and the first word that belongs to it."""
    if found[last][0] in words()["mask"]:
        return _mask_at(found, last, behind, entities)
    first = last
    while first and found[first - 1][0] in words()["contrast"] | words()["plain"] | words()["before"]:
        first -= 1
    before = [word for word, _ in found[first:last]]
    previous = found[first - 1][0] if first else ""
    if first and _is_sequence(previous) and _is_sequence(found[last][0]):  # "T1_FLAIR", "FLAIR_T2"
        return _of_two(previous, found[last][0], [*before, *behind], entities), first - 1
    return _modality(found[last][0], [*before, *behind], entities), first


def _of_two(first: str, second: str, around: list[str], entities: dict[str, str]) -> Modality:
    """Two sequences side by side: a T1 FLAIR is weighted as T1, a T2 FLAIR is what is called FLAIR."""
    one, other = _modality(first, around, entities), _modality(second, around, entities)
    pair = {one, other}
    if pair == {Modality.T2, Modality.FLAIR}:
        return Modality.FLAIR
    return Modality.T1CE if Modality.T1CE in pair else Modality.T1 if Modality.T1 in pair else other


def _modality(word: str, around: list[str], entities: dict[str, str]) -> Modality:
    known = words()
    if word in known["t1ce"]:
        return Modality.T1CE
    if word not in known["t1"]:
        return Modality.FLAIR if word in known["flair"] else Modality.T2
    agent = entities.get("ce", "none")
    given = agent not in _NO_CONTRAST or entities.get("acq", "") in known["contrast"]
    said = any(other in known["contrast"] | known["contrast_behind"] for other in around)
    return Modality.T1CE if given or said else Modality.T1


def _mask_at(
    found: list[tuple[str, int]], last: int, behind: list[str], entities: dict[str, str]
) -> tuple[str | None, int]:
    known, first = words(), last
    while first and found[first - 1][0] in known["mask"]:
        first -= 1
    label = entities.get("label", "")
    if (label and not _TUMOUR.search(label)) or entities.get("desc", "") in known["other"]:
        return None, first
    of = first - 1
    while (
        of > 0
        and found[of][0] in known["after"] | known["contrast"] | known["plain"]
        and found[of][0] not in known["other"]
    ):
        of -= 1
    owner = found[of][0] if of >= 0 else ""
    bare = first == last and found[last][0] == "mask"
    extracted = bare and (_is_sequence(owner) or any(word in known["other"] for word in behind))
    return (None if owner in known["other"] or extracted else MASK), first


def _start(found: list[tuple[str, int]], first: int) -> int:
    """Where the words begin that are no part of the case's name."""
    while first and found[first - 1][0] in words()["before"]:
        first -= 1
    return first


def _strippedness(every: list[str]) -> int:
    if any(word in words()["unstripped"] for word in every):
        return -1
    return int(any(word in words()["stripped"] for word in every))
