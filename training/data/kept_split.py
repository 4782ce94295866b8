"""The split of a run that goes on: what was trained on is never validated on, whatever came to the cases meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from brainseg_gui.errors import listed
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.runs.events import Event
from training.data.data_set import DataSet, TrainingCase

_NAMED = 4  # cases, in a sentence


def first_split(events: Sequence[Event]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Ids of the cases that a run began to train on and of those that it held back; None where it had none."""
    checked = next((event.values for event in events if event.kind == "checked"), None)
    if checked is None:
        return None
    training, validation = (checked.get(side) for side in ("training", "validation"))
    if not (isinstance(training, list) and isinstance(validation, list) and validation):
        return None
    return frozenset(map(str, training)), frozenset(map(str, validation))


def as_before(
    data: DataSet, training: Collection[str], held_back: Collection[str], warn: Callable[[str], None]
) -> DataSet:
    """The same cases on the sides on which they were when the run began.

    New cases are trained on, but for those of patients who are held back: nobody was told of them at the beginning.

    Parameters
    ----------
    training, held_back
        Ids, as `first_split` gives them.
    warn
        Is told what is no longer as it was.
    """
    cases = (*data.training, *data.validation)
    if len({case.case_id for case in cases}) < len(cases) or set(training) & set(held_back):
        warn("Two cases have one id: whether the held-back ones are those of before cannot be told")
        return data
    owners, _ = patients_of([case.source for case in cases])
    theirs = {owners[case.source.identity] for case in cases if case.case_id in held_back}
    sides: dict[str, list[TrainingCase]] = {"training": [], "held back": [], "left out": []}
    for case in cases:
        known = "held back" if case.case_id in held_back else "training" if case.case_id in training else ""
        sides[known or ("left out" if owners[case.source.identity] in theirs else "training")].append(case)
    if missing := sorted(set(held_back) - {case.case_id for case in cases}):
        warn(f"{_some(missing)} of the held-back cases cannot be used any more")
    if left_out := [case.case_id for case in sides["left out"]]:
        warn(f"{_some(left_out)} came after the run began and is of a held-back patient: left out")
    if {case.case_id for case in data.validation} != {case.case_id for case in sides["held back"]}:
        warn("The cases were changed since the run began; who was held back then stays so")
    return replace(data, training=tuple(sides["training"]), validation=tuple(sides["held back"]))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{listed(list(names[:_NAMED]))}{more}"
