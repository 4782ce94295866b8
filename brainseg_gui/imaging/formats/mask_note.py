"""What a mask that this program wrote says about itself: in the note beside it, or in its header.

Nothing of it is believed further than its own words go: a note that is damaged, too large, a link or a pipe is as if
it were not there.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelMap, LabelScheme, Meaning, is_colour, meanings
from brainseg_gui.plain_files import read_json

NOTE_ENDING = ".provenance.json"
_LONGEST_NAME = 100
_LARGEST_BYTES = 4 * 2**20
_MADE_HERE = "brainseg mask"
_OWN_NAME = re.compile(r"[-_. ](?:annotation|pred)(?:[-_. ]?\d+)?$", re.IGNORECASE)
_TRUTH = "brainseg truth"  # of a patient who never lived: a reference, and no mask that somebody drew
_SCHEME_NAME = re.compile(r"[\w.-]{1,40}")
_IN_HEADER = re.compile(rf"(?:{_MADE_HERE}|{_TRUTH}), ([\w.-]+)")


@dataclass(frozen=True)
class MaskNote:
    """The note beside a mask.

    Parameters
    ----------
    annotator
        How the person who saved it is named, or empty.
    saved
        When; None where it does not say.
    study
        Digest of the images that it was drawn on, or empty.
    voxels_digest
        Digest of the voxels that were saved, or empty.
    scheme
        What its numbers mean; None where it does not say, or says what nobody knows.
    fields
        All that it says.
    """

    annotator: str
    saved: datetime | None
    study: str
    voxels_digest: str
    scheme: LabelScheme | None
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class MaskFile:
    """The file of a mask, to which it is saved again.

    Parameters
    ----------
    mark
        How it was left; None where that is not known, so that a person is asked before it is replaced.
    note
        What the note beside it said; None where there was none.
    """

    path: Path
    mark: FileMark | None
    note: MaskNote | None = None


def note_path(mask: Path) -> Path:
    """The note beside a mask.

    >>> note_path(Path("P1_seg.nii.gz")).name
    'P1_seg.provenance.json'
    """
    return mask.with_name(f"{stem(mask)}{NOTE_ENDING}")


def read_note(mask: Path) -> MaskNote | None:
    """The note beside a mask; None where there is none that can be read."""
    path = note_path(mask)
    try:
        fields = None if path.is_symlink() else read_json(path, _LARGEST_BYTES)
    except (OSError, ValueError):
        return None
    if not isinstance(fields, dict) or "voxels_digest" not in fields:
        return None
    saved = _time_of(fields.get("saved"))
    annotator, study, digest = (_text(fields.get(key)) for key in ("annotator", "study", "voxels_digest"))
    return MaskNote(annotator, saved, study, digest, scheme_of_fields(fields), fields)


def said_scheme(labels: LabelMap, mask: Path) -> tuple[LabelScheme, str] | None:
    """The scheme that the program itself gave to a mask, and where it says so; None where it says nothing.

    Programs that renumber a mask often keep its header and the file beside it: what does not know a number that
    occurs is not believed.
    """
    note = read_note(mask)
    noted = (note.scheme, "the note beside it", note.fields) if note is not None else None
    found = (noted, _said_in_header(mask), (labels.said, "the file itself", dict[str, Any]()))
    for scheme, place, fields in filter(None, found):
        if scheme is not None and all(
            scheme.meaning_of(n) != UNKNOWN or n in _listed(fields) for n in labels.present()
        ):
            return scheme, place
    return None


def _said_in_header(mask: Path) -> tuple[LabelScheme | None, str, Mapping[str, Any]] | None:
    if found := _IN_HEADER.match(_words_in_header(mask)):
        return label_schemes().get(found[1]), "its header", {}
    return None


def wrote_mask(path: Path) -> bool:
    """Whether the program wrote a file as a mask, by its name, the note beside it, or its header."""
    noted = os.path.isfile(note_path(path))  # not that of `Path`, which raises where the note's name is too long
    named = noted or _OWN_NAME.search(stem(path)) is not None
    return named or _words_in_header(path).startswith(_MADE_HERE)


def network_of(path: Path) -> str:
    """The network that made a mask, as its header says; empty where a person or another program did."""
    words = _words_in_header(path)
    return words.partition(" by ")[2].strip() if words.startswith(_MADE_HERE) else ""


def _words_in_header(path: Path) -> str:
    from brainseg_gui.imaging.formats.reading import read_header  # nibabel is not there at the start

    with contextlib.suppress(BrainsegError):
        return read_header(path).description
    return ""


def _listed(fields: Mapping[str, Any]) -> list[object]:
    """The numbers that occurred when the note was written, also those that its scheme does not know."""
    entries = fields.get("labels")
    return [entry.get("label") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def header_words(scheme: LabelScheme, made_by: str = "") -> str:
    """What is written into a mask's header, which `said_scheme` reads.

    A scheme of one's own is named too, so that it is found where its file is; the note tells it anywhere. Only a name
    that means something else here is left out.
    """
    known = label_schemes().get(scheme.name)
    other = known is not None and dict(known.labels) != dict(scheme.labels)
    named = _SCHEME_NAME.fullmatch(scheme.name) is not None and not other
    return ", ".join([_MADE_HERE, *([scheme.name] if named else []), *([f"by {made_by}"] if made_by else [])])


def truth_words(scheme_name: str) -> str:
    """What is written into the header of a synthetic patient's mask: its scheme, which `said_scheme` reads."""
    return f"{_TRUTH}, {scheme_name}"


def scheme_fields(scheme: LabelScheme) -> dict[str, Any]:
    """A scheme for JSON, whole, so that one that is not known elsewhere is understood there too."""
    fields: dict[str, Any] = {
        "label_scheme": scheme.name,
        "label_title": scheme.title,
        "label_meanings": {str(value): meaning for value, meaning in sorted(scheme.labels.items())},
    }
    if scheme.looks:
        fields["label_looks"] = looks_fields(scheme)
    return fields


def looks_fields(scheme: LabelScheme) -> dict[str, list[str]]:
    """Names and colours of a scheme's labels for JSON."""
    looks = sorted(scheme.looks.items())
    return {str(value): [look.key, look.title, look.colour] for value, look in looks}


def looks_of(fields: object) -> Mapping[int, Meaning]:
    """What `looks_fields` wrote; a fourth word, a second colour, was written once.

    Raises
    ------
    ValueError
        If it makes no sense.
    """
    if not isinstance(fields, dict):
        raise ValueError("looks are a table")
    looks = {int(value): Meaning(*map(_word, entry[:3])) for value, entry in fields.items() if len(entry) >= 3}
    if not all(is_colour(look.colour) for look in looks.values()):
        raise ValueError("a colour is six digits")
    return MappingProxyType(looks)


def scheme_of_fields(fields: Mapping[str, Any]) -> LabelScheme | None:
    """The scheme that `scheme_fields` wrote, or that an older note names; None where it makes no sense."""
    known = label_schemes().get(_text(fields.get("label_scheme")))
    said = fields.get("label_meanings")
    if said is None:
        return known
    try:
        labels = {int(value): _word(meaning) for value, meaning in said.items()}
        looks = looks_of(fields.get("label_looks", {}))
    except (AttributeError, TypeError, ValueError):
        return known
    if known is not None and labels == dict(known.labels):
        return known
    own = {key for value, key in labels.items() if value in looks}
    if not labels or not all(0 < value < 256 for value in labels) or not set(labels.values()) <= {*meanings(), *own}:
        return None
    name = printable(_text(fields.get("label_scheme"))) or "own"
    return LabelScheme(name, printable(_text(fields.get("label_title"))) or name, MappingProxyType(labels), looks=looks)


def _word(found: object) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_NAME or not found.isprintable():
        raise ValueError("no name")
    return found


def _text(found: object) -> str:
    return found if isinstance(found, str) and len(found) <= _LONGEST_NAME else ""


def _time_of(found: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
