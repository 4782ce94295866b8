"""Files of labels: schemes of one's own (TOML), ITK-SNAP label descriptions, and colour tables of 3D Slicer.

ITK-SNAP: a line per label, ``IDX R G B A VIS MSH "LABEL"``. 3D Slicer: ``# Color table file``, then
``index name R G B A`` with underscores for spaces. In both, 0 is the background, which is no label here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.colours import rgb
from brainseg_gui.imaging.labelling.label_entries import LONGEST_NAME, LabelEntry, entries_of, problem_of, scheme_of
from brainseg_gui.imaging.labels import OWN_COLOURS, LabelScheme, built_in_meanings, own_colour
from brainseg_gui.plain_files import read_text, toml_of, visible
from brainseg_gui.storage.writing import write_text

FORMAT = 1
LABEL_ENDINGS = (".txt", ".label", ".lbl", ".ctbl", ".toml")
_SNAP = re.compile(r'\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.eE+-]+)\s+([01])\s+([01])\s+"(.*)"\s*')
_SLICER = re.compile(r"\s*(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?\s*")
_SNAP_HEAD = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
"""


class LabelFileError(BrainsegError):
    """A file of labels that cannot be read or written."""


def read_labels_file(path: Path) -> LabelScheme:
    """The scheme that a file describes, whatever program wrote it.

    Raises
    ------
    LabelFileError
        If it cannot be read, or a line of it makes no sense: nothing is guessed.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "it is not UTF-8") or "no reason is given"
        raise LabelFileError(f"the labels cannot be read ({reason})", "Choose another file", path) from error
    title, entries = _of_toml(text, path) if path.suffix.lower() == ".toml" else (path.stem, _of_lines(text, path))
    if problem := problem_of(title, entries):
        raise LabelFileError(problem, "Mend the file in a text editor", path)
    return scheme_of(title, entries)


def write_labels_file(path: Path, scheme: LabelScheme) -> None:
    """Write a scheme for this program (``.toml``), 3D Slicer (``.ctbl``) or ITK-SNAP (any other ending).

    Raises
    ------
    LabelFileError
        If it could not be written; what was there is untouched.
    """
    write = _WRITERS.get(path.suffix.lower(), _as_snap)
    try:
        write_text(path, write(scheme), chosen=True)
    except OSError as error:
        what = f"the labels were not saved ({error.strerror or error})"
        raise LabelFileError(what, "Choose another folder", path) from error


# reading


def _of_toml(text: str, path: Path) -> tuple[str, list[LabelEntry]]:
    try:
        fields = toml_of(text)
    except ValueError as error:
        raise LabelFileError(f"it is no TOML ({error})", "Mend the file in a text editor", path) from error
    if fields.get("format") != FORMAT or not isinstance(fields.get("label"), list):
        raise LabelFileError("it describes no labels (format = 1 and [[label]] tables)", "Choose another file", path)
    try:
        return str(fields["title"]), [_entry_of(table) for table in fields["label"]]
    except (KeyError, TypeError) as error:
        what = f"a label lacks its {error.args[0]}" if isinstance(error, KeyError) else "a label is no table"
        raise LabelFileError(what, "Each label has a number, a name and a colour", path) from error


def _entry_of(table: Mapping[str, Any]) -> LabelEntry:
    number = table["number"]
    if not isinstance(number, int) or isinstance(number, bool):
        raise KeyError("number, which is a whole one")
    name, colour, meaning = (str(text) for text in (table["name"], table["colour"], table.get("meaning", "")))
    return LabelEntry(number, name, colour, meaning)


def _of_lines(text: str, path: Path) -> list[LabelEntry]:
    if "color procedural file" in text[:200].lower():
        raise LabelFileError("it is a continuous colour scale, not a table of labels", "Choose a colour table", path)
    entries: list[LabelEntry] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            entries.extend(_of_line(line, number, path))
    return _told_apart(entries)


def _of_line(line: str, number: int, path: Path) -> Iterator[LabelEntry]:
    if match := _SNAP.fullmatch(line):
        value, *parts, name = int(match[1]), *match.group(2, 3, 4), match[8]
    elif match := _SLICER.fullmatch(line):
        value, *parts, name = int(match[1]), *match.group(3, 4, 5), match[2].replace("_", " ")
    else:
        raise _senseless(line, number, path)
    if any(int(part) > 255 for part in parts):
        raise _senseless(line, number, path)
    if value:
        name = name.strip()[:LONGEST_NAME] or f"label {value}"
        red, green, blue = map(int, parts)
        yield LabelEntry(value, name, f"#{red:02x}{green:02x}{blue:02x}", name if name in built_in_meanings() else "")


def _senseless(line: str, number: int, path: Path) -> LabelFileError:
    return LabelFileError(
        f"line {number} is no label: {visible(line.strip())}",
        "ITK-SNAP label descriptions, colour tables of 3D Slicer and TOML files of brainseg can be read",
        path,
    )


def _told_apart(entries: Sequence[LabelEntry]) -> list[LabelEntry]:
    """Other programs do not mind two labels of one name; here the second gets its number behind it."""
    seen: set[str] = set()
    result = []
    for entry in entries:
        behind = f" ({entry.number})"
        name = f"{entry.name[: LONGEST_NAME - len(behind)]}{behind}" if entry.name in seen else entry.name
        seen.add(name)
        result.append(LabelEntry(entry.number, name, entry.colour, entry.meaning if name == entry.name else ""))
    return result


# writing


def _as_toml(scheme: LabelScheme) -> str:
    lines = [f"format = {FORMAT}", f"title = {json.dumps(scheme.title, ensure_ascii=False)}"]
    for entry in entries_of(scheme):
        meaning = [f'meaning = "{entry.meaning}"'] if entry.meaning else []
        name = f"name = {json.dumps(entry.name, ensure_ascii=False)}"
        lines += ["", "[[label]]", f"number = {entry.number}", name, f'colour = "{entry.colour}"', *meaning]
    return "\n".join(lines) + "\n"


def _as_snap(scheme: LabelScheme) -> str:
    lines = [f'{0:5d} {0:5d} {0:4d} {0:4d} {0:8d} {0:2d} {0:2d}    "Clear Label"']
    for entry in entries_of(scheme):
        red, green, blue = rgb(entry.colour)
        name = entry.name.replace('"', "'")
        lines.append(f'{entry.number:5d} {red:5d} {green:4d} {blue:4d} {1:8d} {1:2d} {1:2d}    "{name}"')
    return _SNAP_HEAD + "\n".join(lines) + "\n"


def _as_slicer(scheme: LabelScheme) -> str:
    entries = entries_of(scheme)
    lines = ["# Color table file", f"# {len(entries) + 1} values", "0 Background 0 0 0 0"]
    for entry in entries:
        red, green, blue = rgb(entry.colour)
        lines.append(f"{entry.number} {'_'.join(entry.name.split())} {red} {green} {blue} 255")
    return "\n".join(lines) + "\n"


_WRITERS: Mapping[str, Callable[[LabelScheme], str]] = {".toml": _as_toml, ".ctbl": _as_slicer}


def new_entry(entries: Sequence[LabelEntry]) -> LabelEntry | None:
    """A further label: the number after the last, a colour that no other has; None where no number is free.

    A hole between the numbers is taken last: it means something in other schemes, and keys follow the numbers.
    """
    taken, names = {entry.number for entry in entries}, {entry.name for entry in entries}
    after = max(taken, default=0) + 1
    number = next((n for n in (*range(after, 256), *range(1, after)) if n not in taken), None)
    if number is None:
        return None
    name = next(name for n in range(number, 512) if (name := f"label {n}") not in names)
    colours = {entry.colour.lower() for entry in entries}
    return LabelEntry(number, name, next((c for c in OWN_COLOURS if c not in colours), own_colour(number)))
