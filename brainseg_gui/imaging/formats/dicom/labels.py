"""Labels in DICOM objects: names, colours and codes of segments and of regions, and the numbers that ours carry.

DICOM numbers segments from 1 without gaps. So that labels come back as they were, the program writes the number that a
mask had, and its scheme, into the description of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import printable
from brainseg_gui.imaging.formats.dicom.values import sequence_of, text_of
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labelling.terminology import entry_of, scheme_of_entries
from brainseg_gui.imaging.labels import LabelScheme

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "brainseg"
_DESCRIBED = re.compile(r"label (\d{1,3}) of ([\w.-]{1,40})")

_MOST_LETTERS = 64


@dataclass(frozen=True)
class DicomLabel:
    """A segment or region.

    Parameters
    ----------
    number
        As its object numbers it.
    name, colour, code
        As its object has them; empty where it has none.
    description
        Free text, in which ours say the number and the scheme of their mask.
    """

    number: int
    name: str = ""
    colour: str = ""
    code: str = ""
    description: str = ""

    @property
    def own_number(self) -> int:
        """The number that it had in the mask that the program wrote; 0 where it does not say."""
        found = _DESCRIBED.fullmatch(self.description)
        return int(found[1]) if found else 0

    @property
    def scheme_name(self) -> str:
        """The scheme that it was of; empty where it does not say."""
        found = _DESCRIBED.fullmatch(self.description)
        return found[2] if found else ""


def written_name(scheme: LabelScheme, value: int) -> str:
    """The name of a label in an object: 64 letters are the most that DICOM has for one."""
    return scheme.name_of(value)[:_MOST_LETTERS]


def described(scheme: LabelScheme, value: int) -> str:
    """The description that `own_number` and `scheme_name` read."""
    name = scheme.name if re.fullmatch(r"[\w.-]{1,40}", scheme.name) else "own"
    return f"label {value} of {name}"


def wanted_numbers(labels: Sequence[DicomLabel]) -> list[int]:
    """The numbers that labels are to have in a mask."""
    own = [label.own_number for label in labels]
    return own if all(own) else [label.number for label in labels]


def said_by(path: Path, labels: Sequence[DicomLabel], numbers: Sequence[int]) -> LabelScheme | None:
    """What an object says that its numbers mean.

    The scheme that ours name is believed only where all of it is still as it was written: other programs add labels,
    number them anew, and give them other names.
    """
    named = {label.scheme_name for label in labels}
    known = label_schemes().get(named.pop()) if len(named) == 1 else None
    if known is not None and all(_is_as_written(known, n, label) for n, label in zip(numbers, labels, strict=True)):
        return known
    entries = [entry_of(n, label.name, label.colour, label.code) for n, label in zip(numbers, labels, strict=True)]
    return scheme_of_entries(path.stem, entries)


def _is_as_written(scheme: LabelScheme, number: int, label: DicomLabel) -> bool:
    ours = number in scheme.labels and number == label.own_number
    return ours and label.name == printable(written_name(scheme, number).strip())


def code_of(item: Dataset, keyword: str) -> str:
    """The code in the first item of a sequence of codes; empty where there is none."""
    return next((text_of(code, "CodeValue") for code in sequence_of(item, keyword)[:1]), "")
