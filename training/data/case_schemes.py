"""What the numbers of each training mask mean: one scheme per data set and year, all of them trained on together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cohorts.cohort_reading import votes_of
from brainseg_gui.imaging.cohorts.cohort_scheme import agreed_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme


def cohort_schemes(sources: Sequence[CaseSource], labels: Mapping[Path, Sequence[int]]) -> dict[Path, LabelScheme]:
    """The label scheme of each case, by its place: what its data set states, else what most of the others follow.

    Cases of several years are told apart, and each is read by its own.
    """
    votes = votes_of(sources, labels)
    agreed = agreed_schemes([votes[source.identity] for source in sources])
    return {source.identity: scheme for source, scheme in zip(sources, agreed, strict=True)}


def minorities(sources: Sequence[CaseSource], schemes: Mapping[Path, LabelScheme]) -> dict[str, list[str]]:
    """Cases that are read by another scheme than most, by the scheme's title."""
    usual = Counter(schemes[source.identity].title for source in sources).most_common(1)
    found: dict[str, list[str]] = {}
    for source in sources:
        title = schemes[source.identity].title
        if title != usual[0][0]:
            found.setdefault(title, []).append(source.case_id)
    return found


def why_not(labels: Sequence[int], scheme: LabelScheme) -> str:
    """Why a mask cannot be trained on by a scheme, in words; empty where it can."""
    unknown = [value for value in labels if scheme.meaning_of(value) == UNKNOWN]
    if unknown:
        return f"its mask holds the label {unknown[0]}, which {scheme.title} does not know"
    if labels and not scheme.tells_apart:
        return "its mask does not tell the parts of the tumour apart, which the network is to learn"
    return ""
