"""The labels of a scheme as people list them: number, name, colour, and what a tumour's label counts as."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from brainseg_gui.errors import printable
from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme, Meaning, built_in_meanings, is_colour, regions

LONGEST_NAME = 60
LARGEST_NUMBER = 255


@dataclass(frozen=True)
class LabelEntry:
    """One label.

    Parameters
    ----------
    number
        In the file, 1 to 255.
    name, colour
        For people; the colour as ``#rrggbb``.
    meaning
        Tissue that it counts as in WT, TC and ET; empty where it is none of a tumour.
    """

    number: int
    name: str
    colour: str
    meaning: str = ""


def entries_of(scheme: LabelScheme) -> tuple[LabelEntry, ...]:
    """The labels of a scheme by number."""
    tissues = built_in_meanings()
    return tuple(
        LabelEntry(value, scheme.look_of(value).key, scheme.look_of(value).colour, key if key in tissues else "")
        for value, key in sorted(scheme.labels.items())
    )


def problem_of(title: str, entries: Sequence[LabelEntry]) -> str:
    """Why labels make no scheme, in one sentence; empty where they do."""
    if not title.strip() or len(title) > LONGEST_NAME or not title.isprintable():
        return "The scheme needs a name of at most 60 letters"
    if title.strip() in {scheme.title for scheme in built_in_schemes().values()}:
        return f"{title.strip()} is a scheme of the program; give yours another name"
    if not entries:
        return "The scheme has no label"
    for found in map(_problem_of_one, entries):
        if found:
            return found
    return _double_of("number", [str(e.number) for e in entries]) or _double_of("name", [e.name for e in entries])


def scheme_of(title: str, entries: Sequence[LabelEntry]) -> LabelScheme:
    """A scheme of labels in which `problem_of` found nothing."""
    labels, looks, tissues = {}, {}, built_in_meanings()
    for entry in sorted(entries, key=lambda entry: entry.number):
        labels[entry.number] = entry.meaning or entry.name
        usual = tissues.get(entry.meaning)
        if usual is None or (entry.name, entry.colour) != (usual.key, usual.colour):
            title_of_label = usual.title if usual is not None and entry.name == usual.key else entry.name
            looks[entry.number] = Meaning(entry.name, title_of_label, entry.colour)
    return LabelScheme(short_name(title), title.strip(), MappingProxyType(labels), looks=MappingProxyType(looks))


def short_name(title: str) -> str:
    """Name of a scheme for the command line and for its file.

    >>> short_name("Hippocampus, left & right")
    'hippocampus-left-right'
    """
    name = re.sub(r"[^\w]+", "-", title.strip().lower()).strip("-")
    return f"own-{name}" if not name or name in built_in_schemes() else name


def _problem_of_one(entry: LabelEntry) -> str:
    which = f"label {entry.number}"
    if not 0 < entry.number <= LARGEST_NUMBER:
        return f"{printable(entry.name)} has the number {entry.number}; a mask holds 1 to {LARGEST_NUMBER}"
    if not entry.name.strip() or len(entry.name) > LONGEST_NAME or not entry.name.isprintable():
        return f"The name of {which} has to have 1 to {LONGEST_NAME} letters"
    if not is_colour(entry.colour):
        return f"The colour of {which} is no colour such as #e5484d"
    tissues = {key for key in built_in_meanings() if key != UNKNOWN}
    if entry.meaning and entry.meaning not in tissues:
        return f"{which.capitalize()} counts as {printable(entry.meaning)}, which is none of {', '.join(tissues)}"
    taken = {*tissues, UNKNOWN, *(region.key for region in regions())}
    if entry.name in taken and entry.name != entry.meaning:
        return f"{entry.name} is a word of the program; let {which} count as it, or give it another name"
    return ""


def _double_of(what: str, values: Sequence[str]) -> str:
    double = next((value for value, count in Counter(values).items() if count > 1), None)
    return f"Two labels have the {what} {printable(double)}" if double is not None else ""
