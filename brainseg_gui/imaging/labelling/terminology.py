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
_TUMOUR = r"tumou?r|lesion|glioma|metast|gtv"
_PLACES = r"brain|skull|scalp|background|ventricles?|csf|hippocampus|cerebellum|(?:white|gr[ea]y)[- ]*matter|thalamus"
# Parts that a name says to be left out, as "tumour without oedema" does; without enhancement is a tissue.
_LEFT_OUT = r"(?<![a-z])(?:no|w/o|without|excl\w*|minus)[-. ]+(?:the )?(?:necro|o?edema|cyst|cavit)\w*"
# Words of a label's name -> what it means; the first that is found counts.
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(?:oral|nasal|tympanic|cranial|ventric\w*)[- ]+cavit|cavity[- ]+(?:oral|nasal)", ()),
    (r"cavity|(?<!post)(?<!post[-_ ])(?<!after[-_ ])resection|\brc\b", ("RC",)),
    (r"cyst", ("CC",)),
    (r"(?:non?|not|un|without)[- ]*(?:contrast[- ]*)?enhanc|necro|\bncr\b|\bn(?:c?et|ce)\b|netc|nec\b", ("NCR", "NET")),
    (r"o?edema|snfh|\bed\b|infiltrat", ("ED",)),
    (rf"(?<![a-z])(?:non?|not|without|outside)[-. ]*(?:the |any )?(?:{_TUMOUR})|(?:{_TUMOUR})[- ]*free", ()),
    (rf"whole.*(?:{_TUMOUR})|(?:{_TUMOUR}).*whole|^whole[-_ ]*(?:abnormality|mask|region|volume)?$|\bwt\b", ("WT",)),
    (r"enhanc|\bc?et\b", ("ET",)),
    (r"core|\btc\b", ("TC",)),
    (rf"peri[- ]*(?:{_TUMOUR})", ("ED",)),
    (_TUMOUR, ("WT",)),
    (rf"^(?:(?:whole|left|right|healthy|normal|{_PLACES})[- ]*)*(?:{_PLACES})(?:[- ]*(?:mask|tissue|stem))?$", ()),
)
_HOLDING = ("WT", "TC")  # regions that hold others, the outermost first


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
    return _said_by_name(name) or ()


def _said_by_name(name: str) -> tuple[str, ...] | None:
    """As `meanings_of_name`; none where the name says that it is of no tumour, None where it says nothing."""
    said = re.sub(_LEFT_OUT, " ", name.replace("_", " "), flags=re.IGNORECASE)  # a word ends at an underscore, too
    return next((keys for pattern, keys in _NAMES if re.search(pattern, said, re.IGNORECASE)), None)


def meaning_of_name(name: str) -> str:
    """The meaning of a label of that name; empty where the name is of no tissue of a tumour."""
    tissues = built_in_meanings()
    if name in tissues:
        return name
    exact = next((key for key, meaning in tissues.items() if meaning.title == name), "")
    return exact or next((key for key in meanings_of_name(name) if key in tissues), "")


def depth_of(name: str) -> int:
    """How far within others a region of that name lies: 0 the whole tumour, 1 its core, 2 all else."""
    return next((place for place, key in enumerate(_HOLDING) if meanings_of_name(name) == (key,)), len(_HOLDING))


def entry_of(number: int, name: str, colour: str = "", code: str = "") -> LabelEntry:
    """A label as another program describes it: its code tells what it means, else its name.

    Many programs give all segments the code of a tumour: a name that tells a tissue of it, or that it is none, says
    more.
    """
    name = " ".join(name.split())[:LONGEST_NAME] or f"label {number}"
    coded = meaning_of_code(code)
    if coded == WHOLE and _said_by_name(name) == ():
        coded = ""
    meaning = coded if coded not in ("", WHOLE) else meaning_of_name(name) or coded
    return LabelEntry(number, name if name.isprintable() else f"label {number}", colour or own_colour(number), meaning)


def scheme_of_entries(title: str, entries: Sequence[LabelEntry]) -> LabelScheme | None:
    """What a file's own names of its labels say: a known scheme where one has these meanings; None where nothing.

    Parameters
    ----------
    entries
        Of numbers of which each voxel has one: of regions that hold others they are on what is left of them.
    """
    entries = _rests_of_regions(entries)
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


def _rests_of_regions(entries: Sequence[LabelEntry]) -> list[LabelEntry]:
    """What is in the core and does not enhance is necrosis, what is in the tumour and not in its core is oedema."""
    core = [entry.number for entry in entries if entry.meaning in ("", WHOLE) and _is_core(entry.name)]
    whole = [entry.number for entry in entries if entry.meaning == WHOLE and entry.number not in core]
    enhancing = any(entry.meaning == "ET" for entry in entries)
    result = []
    for entry in entries:
        if entry.number in core:  # without an enhancing part it is left whole, and keeps its name
            result.append(replace(entry, name="NCR" if enhancing else entry.name, meaning="NCR"))
        elif core and whole == [entry.number]:
            result.append(replace(entry, name="ED", meaning="ED"))
        else:
            result.append(entry)
    return result


def _is_core(name: str) -> bool:
    """Whether a name is of a tumour's core, and not of that of a nucleus."""
    own = re.search(_TUMOUR, name, re.IGNORECASE) or re.fullmatch(r"core|.*\btc\b.*", name, re.IGNORECASE)
    return own is not None and meanings_of_name(name) == ("TC",)


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
