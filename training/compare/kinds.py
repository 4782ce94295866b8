"""Kinds of tumours that a mean hides: small, several in one brain, hardly enhancing, and those that a person names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from brainseg_gui.errors import BrainsegError
from training.compare.cases import parse_pairs
from training.compare.scores import FOCUS_ML, CaseScore

SMALL_ML = 20.0  # of whole tumour
HARDLY_ML = 2.0  # of enhancing tumour: the challenge's readers leave so little out as often as not


@dataclass(frozen=True)
class Kind:
    """Cases that are listed apart.

    Parameters
    ----------
    title
        What they have in common.
    holds
        Whether a case is one of them, by what its reference is like.
    """

    title: str
    holds: Callable[[CaseScore], bool]


OF_REFERENCE = (
    Kind(f"small: WT under {SMALL_ML:g} ml", lambda score: 0 < score.regions["WT"].reference_ml < SMALL_ML),
    Kind(f"several foci of {FOCUS_ML:g} ml or more", lambda score: score.foci > 1),
    Kind(f"ET none or under {HARDLY_ML:g} ml", lambda score: score.regions["ET"].reference_ml < HARDLY_ML),
)
"""Kinds that a reference tells."""


def named_kinds(texts: Sequence[str], cases: Collection[str]) -> tuple[Kind, ...]:
    """Kinds that a person names, ``TITLE=CASE,CASE``: what no mask tells, such as the grade.

    Raises
    ------
    BrainsegError
        If one has no title, or names a case that is not compared.
    """
    named = {title: frozenset(text.split(",")) for title, text in parse_pairs(texts, "--apart").items()}
    for title, of_kind in named.items():
        if not title:
            raise BrainsegError("--apart has no title", "Give --apart TITLE=CASE,CASE")
        if unknown := sorted(of_kind.difference(cases)):
            raise BrainsegError(f"--apart {title}: there is no case {unknown[0] or 'without a name'}", "Check the name")
    return tuple(_of_cases(title, of_kind) for title, of_kind in named.items())


def _of_cases(title: str, cases: frozenset[str]) -> Kind:
    return Kind(title, lambda score: score.case_id in cases)
