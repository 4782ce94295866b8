"""Which images of a case a network is given, and what to say of those that it is not given or should not be."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.errors import listed
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import cautions


def images_used(case: Case, passport: Passport) -> dict[Modality, Volume]:
    """The images of a case that a network is given: those that it asks for, less what `left_out` says."""
    out = left_out(case, passport)
    return {m: case.volumes[m] for m in passport.modalities if m in case.volumes and m not in out}


def left_out(case: Case, passport: Passport) -> tuple[Modality, ...]:
    """What a network does not get although it is there: it could not be registered, and the network can do without.

    Empty where nothing would be left to segment.
    """
    there = [modality for modality in passport.modalities if modality in case.volumes]
    out = [m for m in there if m in case.not_registered and m in passport.may_be_missing]
    return tuple(out) if len(out) < len(there) else ()


def cautions_of(case: Case, passport: Passport) -> tuple[str, ...]:
    """What it costs that images are missing, are left out, or are used though they may lie wrongly."""
    out = left_out(case, passport)
    used = [m for m in passport.modalities if m in case.not_registered and m in case.volumes and m not in out]
    sentences = list(cautions(case.volumes, passport))
    if out:
        sentences.append(_of_left_out(out, passport))
    if used:
        sentences.append(_of_used(used))
    return tuple(sentences)


def _of_left_out(out: Sequence[Modality], passport: Passport) -> str:
    costs = {m: passport.may_be_missing[m] for m in out}
    if len(out) == 1:
        left, cost, used = "is left out as if it were missing", costs[out[0]], "it is used"
    else:
        left, used = "are left out as if they were missing", "they are used"
        cost = "; ".join(f"without {m.title} {one}" for m, one in costs.items())
    lost = f"{_named(out)} could not be registered and {left}: {cost}"
    return f"{lost}. Placed by hand in the Prepare panel, {used} when you segment again"


def _of_used(used: Sequence[Modality]) -> str:
    them, are = ("it", "is") if len(used) == 1 else ("them", "are")
    lost = f"{_named(used)} could not be registered and {are} used all the same, for the model needs {them}"
    return f"{lost}: the mask may be wrong. Place {them} by hand in the Prepare panel, then segment again"


def _named(modalities: Sequence[Modality]) -> str:
    return listed([one.title for one in modalities])
