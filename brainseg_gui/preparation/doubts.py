"""What a person should look at before a raw examination is prepared, or given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from brainseg_gui.errors import CaseError, listed
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.one_examination import doubt_of_names
from brainseg_gui.preparation.raw_examination import Choice, RawExamination, count_of_files
from brainseg_gui.preparation.roles import Certainty
from brainseg_gui.preparation.series import Series

BURNED_IN = "its header says that annotations are burned into its pixels (BurnedInAnnotation): names may be among them"


def doubts_of(choice: Choice, examination: RawExamination) -> tuple[str, ...]:
    """All that is to be looked at: guesses that are not sure, and what `doubts_of_series` says."""
    guesses = tuple(
        f"“{examination.series[one.number].name}” is taken for {modality.title}, which is {one.role.certainty.value}: "
        f"{one.role.reason}. If it is wrong, say so in the Prepare panel or with --role {modality.value}=SERIES"
        for modality, one in choice.chosen.items()
        if one.role.certainty is Certainty.UNSURE
    )
    return (*guesses, *doubts_of_series(choice, examination))


def doubts_of_series(choice: Choice, examination: RawExamination) -> tuple[str, ...]:
    """What is to be looked at whatever each series is: mixed, damaged or named ones, and those of different cases."""
    taken = {modality: examination.series[one.number] for modality, one in choice.chosen.items()}
    mixed = [
        f"Of “{one.name}” ({modality.title}) {one.stack.doubt}. Have it exported again, each acquisition by itself"
        for modality, one in taken.items()
        if one.stack is not None and one.stack.doubt
    ]
    burned = [
        f"“{one.name}” ({modality.title}): {BURNED_IN}. Look at it before anything leaves, have it exported without "
        f"them, or leave it out (--role {modality.value}=none, or “not used” in the Prepare panel)"
        for modality, one in taken.items()
        if one.burned_in
    ]
    return (*mixed, *burned, *_beside_damaged(taken, examination.damaged), *doubt_of_names(taken))


def refuse_burned_in(choice: Choice, examination: RawExamination) -> None:
    """Refuse to give away what has names burned into its pixels: nothing here takes them out.

    Raises
    ------
    CaseError
        If a chosen series says that it has.
    """
    burned = {m: series for m, one in choice.chosen.items() if (series := examination.series[one.number]).burned_in}
    if not burned:
        return
    names = listed([f"“{one.name}” ({modality.title})" for modality, one in burned.items()])
    roles = " ".join(f"--role {modality.value}=none" for modality in burned)
    raise CaseError(
        f"no copy of {names} may leave: {BURNED_IN}",
        f"Have it exported without them, or leave it out ({roles}, or “not used” in the Prepare panel)",
        examination.place,
    )


def _beside_damaged(taken: Mapping[Modality, Series], damaged: Sequence[Path]) -> list[str]:
    """Series in whose folders files lie that cannot be read: slices at one end may be missing."""
    counts = Counter(path.parent for path in damaged)
    doubts = list[str]()
    for modality, one in taken.items():
        count = sum(counts[folder] for folder in {path.parent for path in one.files}) if one.stack is not None else 0
        if count:
            beside = f"{count_of_files(count)} beside “{one.name}” ({modality.title}) could not be read"
            doubts.append(f"{beside}: if slices of it are missing, copy the series again, whole")
    return doubts
