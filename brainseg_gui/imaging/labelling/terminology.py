"""Words for the tissues of a tumour in which programs understand each other: coded terms, and names as people write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labelling.label_entries import LONGEST_NAME, LabelEntry, problem_of, scheme_of
from brainseg_gui.imaging.labels import WHOLE, LabelScheme, built_in_meanings, label_tables, own_colour

OWN_CODES = "99BRAINSEG"
_LONGEST_CODE = 16
# Words of a label's name -> what it means; the first that is found counts.
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"cavity|resection|\brc\b", ("RC",)),
    (r"cyst", ("CC",)),
    (r"non[-_ ]?enhanc|necro|\bncr\b|\bnet\b|netc|nec\b", ("NCR", "NET")),
    (r"o?edema|snfh|\bed\b|infiltrat", ("ED",)),
    (r"whole|\bwt\b", ("WT",)),
    (r"core|\btc\b", ("TC",)),
    (r"enhanc|\bet\b", ("ET",)),
    (r"tumou?r|lesion|glioma|metast|gtv", ("WT",)),
)


@dataclass(frozen=True)
class Term:
    """A coded term: coding scheme, code, and what it is called, such as ``SCT``, ``79654002``, ``Edema``."""

    scheme: str
    value: str
    title: str


ABNORMAL = Term("SCT", "49755003", "Morphologically Abnormal Structure")
TISSUE = Term("SCT", "85756007", "Tissue")
BRAIN = Term("SCT", "12738006", "Brain")


def category_of(scheme: LabelScheme, value: int) -> Term:
    """What kind of thing a label is: of a tumour, or any tissue."""
    return ABNORMAL if scheme.meaning_of(value) in built_in_meanings() else TISSUE


def term_of(scheme: LabelScheme, value: int) -> Term:
    """The coded term of a label; one of the program's own where the standard has none."""
    if (known := _terms().get(scheme.meaning_of(value))) is not None:
        return known
    look = scheme.look_of(value)
    name = look.title if look.title.isprintable() else look.key
    code = re.sub(r"[^A-Z0-9]+", "-", scheme.name_of(value).upper()).strip("-") or f"LABEL-{value}"
    return Term(OWN_CODES, code[:_LONGEST_CODE], name[:64])


def meaning_of_code(value: str) -> str:
    """The meaning of a code, also of an older one; empty where it is none of a tumour's tissues."""
    return _meanings_by_code().get(value, "")


def meanings_of_name(name: str) -> tuple[str, ...]:
    """What a label of that name may mean, the likeliest first; none where the name tells nothing."""
    return next((keys for pattern, keys in _NAMES if re.search(pattern, name, re.IGNORECASE)), ())


def meaning_of_name(name: str) -> str:
    """The meaning of a label of that name; empty where the name is of no tissue of a tumour."""
    tissues = built_in_meanings()
    if name in tissues:
        return name
    exact = next((key for key, meaning in tissues.items() if meaning.title == name), "")
    return exact or next((key for key in meanings_of_name(name) if key in tissues), "")


def entry_of(number: int, name: str, colour: str = "", code: str = "") -> LabelEntry:
    """A label as another program describes it: its code tells what it means, else its name.

    Many programs give all segments the code of a tumour: a name that tells a tissue of it says more.
    """
    name = " ".join(name.split())[:LONGEST_NAME] or f"label {number}"
    coded = meaning_of_code(code)
    meaning = coded if coded not in ("", WHOLE) else meaning_of_name(name) or coded
    return LabelEntry(number, name if name.isprintable() else f"label {number}", colour or own_colour(number), meaning)


def scheme_of_entries(title: str, entries: Sequence[LabelEntry]) -> LabelScheme | None:
    """What a file's own names of its labels say: a known scheme where one has these meanings; None where nothing."""
    told = {entry.number: entry.meaning for entry in entries}
    if not told:
        return None
    if all(told.values()):
        fits = (s for s in label_schemes().values() if all(s.meaning_of(n) == key for n, key in told.items()))
        if (known := next(fits, None)) is not None:
            return known
    title = (title if title.isprintable() else "")[:LONGEST_NAME].strip() or "labels"
    usable = _told_apart(title, entries)
    return None if problem_of(title, usable) else scheme_of(title, usable)


def _told_apart(title: str, entries: Sequence[LabelEntry]) -> list[LabelEntry]:
    """Labels of different names, none of which is a word that means something else here."""
    result: list[LabelEntry] = []
    for entry in entries:
        if problem_of(title, [entry]) or any(entry.name == other.name for other in result):
            result.append(replace(entry, name=f"{entry.name[: LONGEST_NAME - 6]} ({entry.number})"))
        else:
            result.append(entry)
    return result


@cache
def _terms() -> Mapping[str, Term]:
    rows = label_tables()["term"]
    return MappingProxyType({row["meaning"]: Term(row["scheme"], row["value"], row["title"]) for row in rows})


@cache
def _meanings_by_code() -> Mapping[str, str]:
    rows = label_tables()["term"]
    return MappingProxyType({code: row["meaning"] for row in rows for code in (row["value"], *row.get("older", ()))})
