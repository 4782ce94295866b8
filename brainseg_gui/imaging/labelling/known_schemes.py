"""The label schemes that the program knows: its own from a table, and those of the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from brainseg_gui.errors import BrainsegError, listed, named
from brainseg_gui.imaging.labels import NETWORK_CLASSES, UNKNOWN, LabelScheme, label_tables


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


def label_schemes() -> Mapping[str, LabelScheme]:
    """The schemes that the program knows, by name: its own, then those of the person, read when first asked for."""
    if _schemes_of_people is None:
        from brainseg_gui.imaging.labelling.own_schemes import load_own_schemes  # it makes schemes

        load_own_schemes()
    return MappingProxyType({**built_in_schemes(), **(_schemes_of_people or {})})


_schemes_of_people: dict[str, LabelScheme] | None = None


def know_schemes(schemes: Iterable[LabelScheme] | None) -> None:
    """Let schemes of the person be known by their names, in place of those before; None: read them again."""
    global _schemes_of_people  # one assignment: threads read it
    known = built_in_schemes()
    _schemes_of_people = {s.name: s for s in schemes if s.name not in known} if schemes is not None else None


def scheme_named(name: str) -> LabelScheme:
    """The scheme of that name.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    return named(label_schemes(), name, "there is no label scheme")


def network_numbering(scheme: LabelScheme, tissues: Sequence[str] = NETWORK_CLASSES[1:]) -> LabelScheme:
    """How what a network finds is numbered: by a study's scheme, or the usual one where a tissue would be lost.

    Masks of the whole tumour, and those without a core, have no number for all that a network tells apart. Masks are
    compared by meaning, so that nothing is lost by another scheme.

    Parameters
    ----------
    scheme
        Of the study.
    tissues
        What the network tells apart, out of `TISSUES`.

    Raises
    ------
    BrainsegError
        If no scheme has numbers for all of them.
    """
    usual = scheme_named("brats2020")
    for known in (scheme, usual, *built_in_schemes().values()):
        if _tells_apart(known, tissues):
            return known
    raise BrainsegError(f"no label scheme has a number for each of {listed(tissues)}", "Use a network of fewer tissues")


def _tells_apart(scheme: LabelScheme, tissues: Sequence[str]) -> bool:
    try:
        return len({scheme.value_for(tissue) for tissue in tissues}) == len(tissues)
    except BrainsegError:
        return False
