"""Which corrected cases are trained on and which are scored: a patient is either, also in the next round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.errors import CaseError
from brainseg_gui.evaluation.cohorts.statistics import FEWEST_DIFFERENCES
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.learning.case_marks import CaseMarks

FEWEST_TRAINED = 3
FEWEST_PATIENTS = FEWEST_TRAINED + FEWEST_DIFFERENCES
_SHARE_HELD_BACK = 0.3


@dataclass(frozen=True)
class Sides:
    """Cases to train on, and cases that the two networks are scored on."""

    training: tuple[CaseSource, ...]
    held_back: tuple[CaseSource, ...]


def accepted(sources: Sequence[CaseSource], entries: Mapping[str, CaseEntry]) -> list[CaseSource]:
    """The cases of a list that somebody said are done."""
    states = {case: entry.state for case, entry in entries.items()}
    return [source for source in sources if states.get(source.case_id) is CaseState.DONE]


def sides_of(sources: Sequence[CaseSource], marks: Mapping[Path, CaseMarks], known: Collection[str] = ()) -> Sides:
    """Divide corrected cases by patient.

    The side of a patient follows from their images, so that most stay where they are as cases are added.

    Parameters
    ----------
    marks
        Of each case, by its identity.
    known
        Marks of what the network which is gone on from was trained on: their patients score none.

    Raises
    ------
    CaseError
        If there are too few patients for both sides.
    """
    owners, _ = patients_of(sources)
    trained = {owners[source.identity] for source in sources if not marks[source.identity].all.isdisjoint(known)}
    order: dict[str, str] = {}
    for source in sources:
        owner, digest = owners[source.identity], marks[source.identity].images
        order[owner] = min(digest, order.get(owner, digest))
    new = sorted(set(order) - trained, key=lambda patient: order[patient])
    count = max(FEWEST_DIFFERENCES, round(_SHARE_HELD_BACK * len(order)))
    if len(order) < FEWEST_PATIENTS or len(new) < FEWEST_DIFFERENCES:
        raise _too_few(len(order), len(new))
    held_back = set(new[: min(count, len(order) - FEWEST_TRAINED, len(new))])
    return Sides(
        tuple(source for source in sources if owners[source.identity] not in held_back),
        tuple(source for source in sources if owners[source.identity] in held_back),
    )


def _too_few(patients: int, new: int) -> CaseError:
    needed = f"{FEWEST_TRAINED} to train on and {FEWEST_DIFFERENCES} to be scored on"
    if patients >= FEWEST_PATIENTS:
        what = f"the network was trained on all but {new} of the {patients} patients whose cases are done"
        return CaseError(what, f"Correct cases of {FEWEST_DIFFERENCES - new} more patients: it is scored on new ones")
    what = f"corrected cases of {FEWEST_PATIENTS} patients are needed, {needed}, and {patients} have one that is done"
    return CaseError(what, "Correct more cases, and say that they are done (Cases › Done)")
