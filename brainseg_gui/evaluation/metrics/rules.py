"""Rule sets of the challenges, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from brainseg_gui.errors import named

DEFAULT = "brats2023"


@dataclass(frozen=True)
class RuleSet:
    """How a challenge scores.

    Parameters
    ----------
    name, title
        Short name, and name for people.
    missing_mm
        HD95 in mm when exactly one of the two masks is empty, and of a missed or false lesion.
    lesion_dilation
        Iterations of dilation by 3×3×3 that merge parts of the reference into one lesion.
    lesion_smallest_voxels
        Reference lesions of so many voxels or fewer are left out.
    """

    name: str
    title: str
    missing_mm: float
    lesion_dilation: int
    lesion_smallest_voxels: int


@cache
def rule_sets() -> Mapping[str, RuleSet]:
    """All rule sets by name."""
    text = files("brainseg_gui.resources").joinpath("rule_sets.toml").read_text("utf-8")
    return MappingProxyType({entry["name"]: RuleSet(**entry) for entry in tomllib.loads(text)["rules"]})


def rules_named(name: str) -> RuleSet:
    """The rule set of that name.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    return named(rule_sets(), name, "there is no rule set")
