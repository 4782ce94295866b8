"""Label schemes, regions and label maps: what the numbers of a mask mean.

Label maps keep the numbers of their file; the scheme beside them says what each means. Changing the scheme
changes no voxel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.grid import Grid

UNKNOWN = "?"
WHOLE = "WT"

NETWORK_CLASSES = ("background", "NCR", "ED", "ET")

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
    """A tissue class with its name and its two colours (usual and colour-blind safe), as ``#rrggbb``."""

    key: str
    title: str
    colour: str
    safe_colour: str


@dataclass(frozen=True)
class Region:
    """A union of meanings that the challenges score: WT, TC or ET."""

    key: str
    title: str
    meanings: frozenset[str]


@dataclass(frozen=True)
class LabelScheme:
    """Which number means what.

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
    """

    name: str
    title: str
    labels: Mapping[int, str] = field(hash=False)
    other: str = UNKNOWN

    def meaning_of(self, value: int) -> str:
        """Key of a number's meaning, ``?`` when the scheme does not know it."""
        return self.labels.get(value, self.other if value else UNKNOWN)

    @property
    def tells_apart(self) -> bool:
        """Whether it tells the tissues of a tumour apart; else only the whole tumour can be scored."""
        return WHOLE not in self.labels.values()

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
    """

    values: NDArray[np.uint8]
    grid: Grid
    scheme: LabelScheme
    notes: tuple[str, ...] = ()

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


def from_network_classes(classes: NDArray[np.uint8], scheme: LabelScheme) -> NDArray[np.uint8]:
    """Numbers of `scheme` for the network's classes 0 background, 1 NCR, 2 ED, 3 ET."""
    table = np.zeros(256, dtype=np.uint8)
    for index, meaning in enumerate(NETWORK_CLASSES[1:], start=1):
        table[index] = scheme.value_for(meaning)
    return table[classes]


@cache
def _tables() -> dict[str, Any]:
    text = files("brainseg_gui.resources").joinpath("label_schemes.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def label_schemes() -> Mapping[str, LabelScheme]:
    """The schemes that the program knows, by name."""
    schemes = {}
    for entry in _tables()["scheme"]:
        labels = {int(value): key for value, key in entry["labels"].items()}
        other = entry.get("other", UNKNOWN)
        schemes[entry["name"]] = LabelScheme(entry["name"], entry["title"], MappingProxyType(labels), other)
    return MappingProxyType(schemes)


@cache
def scheme_priors() -> Mapping[str, float]:
    """By how much a scheme is held for likelier than others before a mask is looked at."""
    return MappingProxyType({entry["name"]: float(entry.get("prior", 0)) for entry in _tables()["scheme"]})


@cache
def meanings() -> Mapping[str, Meaning]:
    """All meanings by key, in the order in which they are listed."""
    return MappingProxyType({entry["key"]: Meaning(**entry) for entry in _tables()["meaning"]})


@cache
def regions() -> tuple[Region, ...]:
    """WT, TC and ET."""
    return tuple(Region(r["key"], r["title"], frozenset(r["meanings"])) for r in _tables()["region"])


def label_region(meaning: str) -> Region:
    """A region that holds one meaning only, to score a single label."""
    return Region(meaning, meanings()[meaning].title, frozenset([meaning]))


def scheme_named(name: str) -> LabelScheme:
    """The scheme of that name.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    known = label_schemes()
    if name not in known:
        raise BrainsegError(f"there is no label scheme named {name}", f"Choose one of {', '.join(known)}")
    return known[name]
