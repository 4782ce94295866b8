"""What the numbers of masks mean where nothing states it: the cases of a cohort vote, so that one odd case is no other.

`training` asks the cases that it knows; the window and ``segment``, which read one case after the other, ask a few of
the list once, when the first silent mask comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote, agreed_schemes, differs, words_of
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress, run_to_end

if TYPE_CHECKING:
    from brainseg_gui.imaging.case import Case, CaseSource

_LOOKED_AT = 5  # cases of a kind whose images are read to find out what their labels mean
_ASKED = 12  # cases of a list: a second or two, once


class CohortReading:
    """How the silent masks of a list of cases are read: as most of them.

    Parameters
    ----------
    sources
        The cases of the list.
    regrid
        What may be done with masks on another grid.
    votes
        What `votes` gave, where the cases were asked before.
    """

    def __init__(
        self,
        sources: Sequence[CaseSource],
        regrid: RegridPolicy = RegridPolicy.STRICT,
        votes: Mapping[Path, Vote] | None = None,
    ) -> None:
        self._sources, self._placing = tuple(sources), regrid
        self._votes = votes

    def read(self, case: Case) -> Generator[Progress, None, Case]:
        """A case of the list with its mask, and what a network finds in it, numbered as in the others."""
        if (self._votes is None and len(self._sources) < 2) or _own_vote(case).stated:
            return case
        if self._votes is None:
            step = Progress("reading masks of other cases", 1.0)
            self._votes = yield from waited_for(in_background(self.votes, "read cohort"), step)
        others = [vote for place, vote in self._votes.items() if place != case.source.identity]
        return _agreeing(case, others) if others else case

    def votes(self) -> dict[Path, Vote]:
        """How some of the silent masks are read by themselves, by the places of their cases; a second or two."""
        if len(self._sources) < 2:
            return {}
        silent = [source for source in self._sources if source.reference is not None and not _stated(source)]
        asked = silent[:: -(-len(silent) // _ASKED) or 1]
        labels = {source.identity: numbers for source in asked if (numbers := _numbers_in(source)) is not None}
        return votes_of([source for source in asked if source.identity in labels], labels, self._placing)


def votes_for(source: CaseSource, votes: Mapping[Path, Vote]) -> Mapping[Path, Vote]:
    """Those of `CohortReading.votes` that count for a case: none where its data set states its scheme."""
    return {} if _stated(source) else votes


def votes_of(
    sources: Sequence[CaseSource], labels: Mapping[Path, Sequence[int]], regrid: RegridPolicy = RegridPolicy.STRICT
) -> dict[Path, Vote]:
    """How each case is read by itself, by its place.

    Of those that state nothing the cases with the most labels are looked at, some of each kind.

    Parameters
    ----------
    labels
        Numbers in the mask of each case, by its place.
    """
    looked_at: Counter[frozenset[int]] = Counter()
    votes: dict[Path, Vote] = {}
    for source in sorted(sources, key=lambda source: -len(labels[source.identity])):
        present, stated = frozenset(labels[source.identity]), _stated(source)
        vote = Vote(stated, present, bool(stated), source.convention)
        if not stated and looked_at[present & {3, 4}] < _LOOKED_AT:
            looked_at[present & {3, 4}] += 1
            vote = _by_images(source, vote, regrid)
        votes[source.identity] = vote
    return votes


def _by_images(source: CaseSource, vote: Vote, regrid: RegridPolicy) -> Vote:
    """The vote of a case whose images were looked at."""
    from brainseg_gui.imaging.cases.read_case import read_case

    try:
        case = run_to_end(read_case(source, regrid=regrid))
    except BrainsegError:
        return vote  # whoever reads the case itself tells about it
    return replace(_own_vote(case), present=vote.present) if case.reference is not None else vote


def _stated(source: CaseSource) -> str:
    """The scheme that a case's data set states beyond doubt; empty where there is none."""
    from brainseg_gui.imaging.schemes.understanding import stated_schemes

    stated = stated_schemes(source)
    return stated[0] if len(stated) == 1 else ""


def _numbers_in(source: CaseSource) -> tuple[int, ...] | None:
    """The numbers of a mask; None where it cannot be read: whoever reads the case itself tells about it."""
    import numpy as np

    from brainseg_gui.imaging.formats.reading import read_labels

    if source.reference is None:
        return None
    try:
        values, _ = read_labels(source.reference)
    except BrainsegError:
        return None
    return tuple(int(value) for value in np.flatnonzero(np.bincount(values.ravel(order="K"))) if value)


def _own_vote(case: Case) -> Vote:
    """How a case was read by itself."""
    stated = _stated(case.source)
    if case.reference is None:
        return Vote(stated, frozenset(), bool(stated), case.source.convention)
    present = frozenset(case.reference.present())
    return Vote(case.reference.scheme.name, present, case.stated, case.source.convention)


def _agreeing(case: Case, others: Sequence[Vote]) -> Case:
    own = _own_vote(case)
    scheme = agreed_schemes([*others, own])[-1]
    if case.reference is None:
        return replace(case, scheme=scheme) if scheme.tells_apart else case
    if not differs(own, scheme):
        return case
    sentence = words_of(own, scheme)
    return replace(
        case,
        reference=case.reference.with_scheme(scheme),
        scheme=scheme if scheme.tells_apart else case.scheme,
        notes=tuple(sentence if note == case.mask_note else note for note in case.notes),
        mask_note=sentence,
        mask_doubtful=True,
        doubts=(*case.doubts, sentence),
    )
