"""Criteria of response as data: what is measured, what is large enough, and what a change is called."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from brainseg_gui.errors import named

DEFAULT = "rano2"


@dataclass(frozen=True)
class LesionKind:
    """Which tissue makes a lesion.

    Parameters
    ----------
    key, title
        Short name, and name for people.
    meanings
        Tissue that is measured.
    joined
        Tissue that holds the parts of one lesion together.
    crossed
        Tissue that lines may cross although it is not measured, within the hull of a connected part of what is.
    cavities
        What is no tissue: a lesion that lines it is measurable only by a nodule.
    """

    key: str
    title: str
    meanings: frozenset[str]
    joined: frozenset[str]
    crossed: frozenset[str]
    cavities: frozenset[str]


@dataclass(frozen=True)
class Criteria:
    """How lesions are measured, summed up and compared.

    Parameters
    ----------
    name, title, source
        Short name, name for people, and where they are published.
    kind
        What is measured.
    dimensions
        2: sums of products of two diameters; 1: sums of longest diameters.
    least_longest, least_across
        Least diameters of a measurable lesion, mm.
    least_slices
        Slices that it must be seen on.
    thick, times_thickness
        On slices thicker than this (mm, gaps included) diameters must be so many times their thickness.
    targets
        Most lesions that are summed up.
    response, progression
        Changes in per cent: from the baseline, and from the smallest sum so far.
    new_lesion
        Which new lesion is progression: a ``measurable`` one, or ``any``.
    minor
        Change that is a minor response; None where there is no such category.
    progression_least
        Least growth of one lesion's diameter, mm, that progression needs.
    volume_response, volume_minor, volume_progression
        The same changes for volumes; None where the criteria give none.
    """

    name: str
    title: str
    source: str
    kind: LesionKind
    dimensions: int
    least_longest: float
    least_across: float
    least_slices: int
    thick: float
    times_thickness: float
    targets: int
    response: float
    progression: float
    new_lesion: str
    minor: float | None = None
    progression_least: float = 0.0
    volume_response: float | None = None
    volume_minor: float | None = None
    volume_progression: float | None = None

    @property
    def unit(self) -> str:
        """Unit of a sum."""
        return "mm²" if self.dimensions == 2 else "mm"


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("brainseg_gui.resources").joinpath("response_criteria.toml").read_text("utf-8"))


@cache
def lesion_kinds() -> Mapping[str, LesionKind]:
    """Kinds of lesions by key."""
    return MappingProxyType({entry["key"]: _kind(entry) for entry in _tables()["kind"]})


def _kind(entry: Mapping[str, Any]) -> LesionKind:
    tissues = {name: frozenset(entry[name]) for name in ("meanings", "joined", "crossed", "cavities")}
    return LesionKind(entry["key"], entry["title"], **tissues)


@cache
def all_criteria() -> Mapping[str, Criteria]:
    """All criteria by name."""
    known = lesion_kinds()
    entries = ({**entry, "kind": known[entry["kind"]]} for entry in _tables()["criteria"])
    return MappingProxyType({entry["name"]: Criteria(**entry) for entry in entries})


def criteria_named(name: str) -> Criteria:
    """The criteria of that name.

    Raises
    ------
    BrainsegError
        If there are none.
    """
    return named(all_criteria(), name, "there are no criteria")
