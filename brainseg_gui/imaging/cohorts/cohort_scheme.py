"""One label scheme for a cohort: what most of its cases follow, so that one odd case does not change what numbers mean.

Cases of several years may lie together. What a data set states counts for its own cases; of the others, those that
hold a 4 and those that hold a 3 are read apart, unless one case holds both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelScheme


@dataclass(frozen=True)
class Vote:
    """How one case was read by itself.

    Parameters
    ----------
    scheme
        Name of the scheme; empty where nobody looked.
    present
        Numbers that occur in its mask.
    stated
        Whether the mask, its names or its data set state it.
    convention
        Row of the table of conventions that its names follow; else empty.
    """

    scheme: str
    present: frozenset[int]
    stated: bool = False
    convention: str = ""


def agreed_schemes(votes: Sequence[Vote]) -> list[LabelScheme]:
    """The scheme of each case, in the order of the votes."""
    open_votes = [vote for vote in votes if not vote.stated]
    mixed = any({3, 4} <= vote.present for vote in open_votes)
    groups: dict[tuple[str, int], list[Vote]] = {}
    for vote in open_votes:
        groups.setdefault(_group_of(vote, mixed=mixed), []).append(vote)
    most = _majority([vote for vote in open_votes if len(vote.present) > 1] or open_votes)
    chosen = {key: _majority(members) or most for key, members in groups.items()}
    return [_scheme_of(vote, chosen[_group_of(vote, mixed=mixed)] if not vote.stated else "", most) for vote in votes]


def differs(vote: Vote, scheme: LabelScheme) -> bool:
    """Whether a case by itself would be read otherwise: the numbers that occur in it mean something else."""
    own = label_schemes().get(vote.scheme)
    return own is None or any(own.meaning_of(value) != scheme.meaning_of(value) for value in vote.present)


def words_of(vote: Vote, scheme: LabelScheme) -> str:
    """What is doubtful about a case that is read as the others are, in a sentence."""
    alone = label_schemes().get(vote.scheme)
    title = alone.title if alone is not None else vote.scheme
    return f"Its reference is read as {scheme.title}, as the others are; by itself it would be {title}"


def _group_of(vote: Vote, *, mixed: bool) -> tuple[str, int]:
    """Cases that must be read alike: of one data set, and of one way to number what enhances."""
    if mixed or not vote.present & {3, 4}:
        return vote.convention, 0
    return vote.convention, 4 if 4 in vote.present else 3


def _majority(votes: Sequence[Vote]) -> str:
    """The scheme that most were read by; of as many the more common one."""
    counts = Counter(vote.scheme for vote in votes if vote.scheme)
    order = list(label_schemes())
    return max(counts, key=lambda name: (counts[name], -order.index(name) if name in order else 0), default="")


def _scheme_of(vote: Vote, group: str, most: str) -> LabelScheme:
    """The scheme of a case: its own where it is stated, else its group's, else that of most, as far as it knows all."""
    known = label_schemes()
    names = (vote.scheme, "") if vote.stated else (most if not vote.present & {3, 4} else "", group, most, vote.scheme)
    fitting = [known[name] for name in names if name in known]
    for scheme in fitting:
        if all(scheme.meaning_of(value) != UNKNOWN for value in vote.present):
            return scheme
    return fitting[0] if fitting else known["brats2020"]
