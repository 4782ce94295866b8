"""The label schemes that come with the program, from a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme, label_tables


@cache
def built_in_schemes() -> Mapping[str, LabelScheme]:
    """The schemes that come with the program, by name."""
    schemes = {}
    for entry in label_tables()["scheme"]:
        labels = {int(value): key for value, key in entry["labels"].items()}
        other = entry.get("other", UNKNOWN)
        schemes[entry["name"]] = LabelScheme(entry["name"], entry["title"], MappingProxyType(labels), other)
    return MappingProxyType(schemes)


@cache
def scheme_priors() -> Mapping[str, float]:
    """By how much a scheme is held for likelier than others before a mask is looked at."""
    return MappingProxyType({entry["name"]: float(entry.get("prior", 0)) for entry in label_tables()["scheme"]})
