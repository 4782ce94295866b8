"""Label schemes, regions and label maps: what the numbers of a mask mean.

Label maps keep the numbers of their file; the scheme beside them says what each means. Changing the scheme
changes no voxel.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, named
from brainseg_gui.imaging.grid import Grid

UNKNOWN = "?"
WHOLE = "WT"
CORE = ("NCR", "NET", "CC")
"""What the tumour core is made of, its enhancing part aside."""

NETWORK_CLASSES = ("background", "NCR", "ED", "ET")
"""What the program's own networks tell apart, in the order of their numbers."""
NETWORK_SCHEME = "brats2023"
"""The label scheme that has the same numbers."""
TISSUES = (*NETWORK_CLASSES, "NET", "CC", "RC", "WT")
"""What any network may tell apart; WT is tumour that is not told apart."""

# Where a scheme has no number for a meaning, the nearest one that it has.
_NEAREST = {
    "NCR": ("NET", "CC", WHOLE),
    "NET": ("NCR", WHOLE),
    "CC": ("NCR", "NET", WHOLE),
    "ET": (WHOLE,),
    "ED": (WHOLE,),
    "RC": (),
}


@dataclass(frozen=True)
class Meaning:
    """A tissue class with its name and its usual colour, as ``#rrggbb``."""

    key: str
    title: str
    colour: str


@dataclass(frozen=True)
class Region:
    """A union of meanings that the challenges score: WT, TC or ET."""

    key: str
    title: str
    meanings: frozenset[str]


_NO_LOOKS: Mapping[int, Meaning] = MappingProxyType({})


@dataclass(frozen=True)
class LabelScheme:
    """Which number means what.

    A label of a person's own need not be a tissue of a tumour: its meaning is its name then, and masks are compared
    by that.

    Parameters
    ----------
    name
        Short name for the command line, such as ``brats2020``.
    title
        Name for people.
    labels
        Number in the file (1 to 255) -> key of its meaning.
    other
        What every further number means.
    looks
        Number -> name and colour, where they are not those of its meaning.
    """

    name: str
    title: str
    labels: Mapping[int, str] = field(hash=False)
    other: str = UNKNOWN
    looks: Mapping[int, Meaning] = field(default_factory=lambda: _NO_LOOKS, hash=False)

    def __post_init__(self) -> None:
        _introduce({key: self.looks.get(value) for value, key in self.labels.items()})

    def meaning_of(self, value: int) -> str:
        """Key of a number's meaning, ``?`` when the scheme does not know it."""
        return self.labels.get(value, self.other if value else UNKNOWN)

    @property
    def tells_apart(self) -> bool:
        """Whether it tells the tissues of a tumour apart; else only the whole tumour can be scored."""
        return WHOLE not in self.labels.values()

    def look_of(self, value: int) -> Meaning:
        """Name and colour of a number."""
        return self.looks.get(value) or meanings()[self.meaning_of(value)]

    def name_of(self, value: int) -> str:
        """Short name of a number for a sentence, also of one that the scheme does not know."""
        name = self.look_of(value).key
        return name if name != UNKNOWN else f"label {value}"

    def look_for(self, meaning: str) -> Meaning:
        """Name and colour of a meaning, as its lowest number has them."""
        value = next((value for value, key in sorted(self.labels.items()) if key == meaning), None)
        return self.look_of(value) if value is not None else meanings()[meaning]

    def values_in(self, region: Region) -> tuple[int, ...]:
        """Numbers that belong to a region."""
        return tuple(value for value, key in sorted(self.labels.items()) if key in region.meanings)

    def value_for(self, meaning: str) -> int:
        """Number that stands for a meaning, or for the nearest one that the scheme has.

        Raises
        ------
        BrainsegError
            If the scheme has no number for it.
        """
        for key in (meaning, *_NEAREST.get(meaning, ())):
            for value, candidate in sorted(self.labels.items()):
                if candidate == key:
                    return value
        raise BrainsegError(f"the label scheme {self.title} has no number for {meaning}", "Choose another scheme")

    def look_up(self, region: Region) -> NDArray[np.bool_]:
        """Table of 256 booleans: is this number in the region."""
        table = np.full(256, self.other in region.meanings)
        table[[0, *self.labels]] = False
        table[list(self.values_in(region))] = True
        return table


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A mask with several labels on the grid of its case.

    Parameters
    ----------
    values
        Numbers as stored, uint8, RAS-ordered, (I, J, K).
    grid
        RAS grid.
    scheme
        What the numbers mean.
    notes
        What was done to the file's numbers or place to read it, in sentences.
    said
        What its own file says that the numbers mean, where its format names labels.
    """

    values: NDArray[np.uint8]
    grid: Grid
    scheme: LabelScheme
    notes: tuple[str, ...] = ()
    said: LabelScheme | None = None

    def with_scheme(self, scheme: LabelScheme) -> LabelMap:
        """The same voxels read by another scheme."""
        other = replace(self, scheme=scheme)
        if "counts" in self.__dict__:  # the same voxels: counted already
            other.__dict__["counts"] = self.counts
        return other

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many voxels carry each number from 1 to 255; counted once. Element 0 is left 0."""
        flat = self.values.ravel(order="K")
        return np.bincount(flat[flat > 0], minlength=256)  # the background would cost eight bytes a voxel

    def present(self) -> tuple[int, ...]:
        """Numbers that occur, without 0."""
        return tuple(np.flatnonzero(self.counts).tolist())

    def mask(self, region: Region) -> NDArray[np.bool_]:
        """Boolean mask of a region, (I, J, K)."""
        return self.scheme.look_up(region)[self.values]

    def volume_ml(self, region: Region) -> float:
        """Volume of a region, of the voxels as they were when they were counted."""
        return int(self.counts[self.scheme.look_up(region)].sum()) * self.grid.voxel_ml


def from_network_classes(classes: NDArray[np.uint8], scheme: LabelScheme) -> NDArray[np.uint8]:
    """Numbers of `scheme` for a network's classes, numbered as `TISSUES` are."""
    table = np.zeros(256, dtype=np.uint8)
    for index in (int(n) for n in np.flatnonzero(np.bincount(classes.ravel(order="K"), minlength=1)) if n):
        table[index] = scheme.value_for(TISSUES[index])
    return table[classes]


@cache
def label_tables() -> dict[str, Any]:
    """What `resources/label_schemes.toml` holds."""
    text = files("brainseg_gui.resources").joinpath("label_schemes.toml").read_text("utf-8")
    return tomllib.loads(text)


_labels_of_people: dict[str, Meaning] = {}
OWN_COLOURS = ("#e5484d", "#46a758", "#f5d90a", "#22c5d8", "#d66ad6", "#5b8def", "#f0883e", "#a8d08d", "#b39ddb")


def meanings() -> Mapping[str, Meaning]:
    """All meanings by key: tissues of tumours as they are listed, then labels of people's own as they came."""
    return MappingProxyType({**built_in_meanings(), **_labels_of_people}) if _labels_of_people else built_in_meanings()


@cache
def built_in_meanings() -> Mapping[str, Meaning]:
    """The tissues of tumours, by key."""
    return MappingProxyType({entry["key"]: Meaning(**entry) for entry in label_tables()["meaning"]})


def is_colour(text: str) -> bool:
    """Whether a text is a colour: ``#rrggbb``."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def own_colour(number: int) -> str:
    """A colour for a label that nobody chose one for."""
    return OWN_COLOURS[(number - 1) % len(OWN_COLOURS)]


def _introduce(looks: Mapping[str, Meaning | None]) -> None:
    """Know labels of people's own by their names; places in the list stay, the newest colour of a name counts."""
    global _labels_of_people  # one assignment: threads read it
    known, own = built_in_meanings(), dict(_labels_of_people)
    for key, look in looks.items():
        if key not in known and (look is not None or key not in own):
            colour = own_colour(len(own) + 1)
            own[key] = look or Meaning(key, key, colour)
    if own != _labels_of_people:
        _labels_of_people = own


@cache
def regions() -> tuple[Region, ...]:
    """WT, TC and ET."""
    return tuple(Region(r["key"], r["title"], frozenset(r["meanings"])) for r in label_tables()["region"])


def region_named(key: str) -> Region:
    """WT, TC or ET, by its key in any case.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    return named({region.key: region for region in regions()}, key.upper(), "there is no region")


def label_region(meaning: str) -> Region:
    """A region that holds one meaning only, to score a single label."""
    return Region(meaning, meanings()[meaning].title, frozenset([meaning]))
