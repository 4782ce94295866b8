"""The label schemes that the program knows: its own from a table, and those of the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from brainseg_gui.errors import BrainsegError, listed, named
from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labels import NETWORK_CLASSES, LabelScheme


def label_schemes() -> Mapping[str, LabelScheme]:
    """The schemes that the program knows, by name: its own, then those of the person, read when first asked for."""
    from brainseg_gui.imaging.labelling.own_schemes import own_schemes  # what reads files; a start may not need it

    return MappingProxyType({**built_in_schemes(), **own_schemes()})


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
