"""What the numbers of each training mask mean: one scheme per data set and year, all of them trained on together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cohort_scheme import Vote, agreed_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme
from brainseg_gui.imaging.read_case import read_case, stated_schemes
from brainseg_gui.progress import run_to_end

LOOKED_AT = 5  # cases of a kind whose images are read to find out what its labels mean


def cohort_schemes(sources: Sequence[CaseSource], labels: Mapping[Path, Sequence[int]]) -> dict[Path, LabelScheme]:
    """The label scheme of each case, by its place: what its data set states, else what most of the others follow.

    Of those that state nothing the cases with the most labels are looked at: one vote each, so that one odd case does
    not change what the numbers mean. Cases of several years are told apart, and each is read by its own.
    """
    looked_at: Counter[frozenset[int]] = Counter()
    votes: dict[Path, Vote] = {}
    for source in sorted(sources, key=lambda source: -len(labels[source.identity])):
        present = frozenset(labels[source.identity])
        stated = stated_schemes(source)
        vote = Vote(stated[0] if len(stated) == 1 else "", present, len(stated) == 1, source.convention)
        if not vote.stated and looked_at[present & {3, 4}] < LOOKED_AT:
            looked_at[present & {3, 4}] += 1
            vote = _vote(source, vote)
        votes[source.identity] = vote
    agreed = agreed_schemes([votes[source.identity] for source in sources])
    return {source.identity: scheme for source, scheme in zip(sources, agreed, strict=True)}


def _vote(source: CaseSource, vote: Vote) -> Vote:
    """The vote of a case whose images were looked at."""
    try:
        case = run_to_end(read_case(source))
    except BrainsegError:
        return vote  # it is told about when the case is prepared
    if case.reference is None:
        return vote
    return replace(vote, scheme=case.reference.scheme.name, stated=case.stated)


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
