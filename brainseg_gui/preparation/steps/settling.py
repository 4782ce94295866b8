"""Settling which image is what: its tags against what it looks like, and both T1 against each other."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.doubts import doubts_of
from brainseg_gui.preparation.heads.contrast import contrast_gain
from brainseg_gui.preparation.heads.skull import Mask
from brainseg_gui.preparation.image_roles import (
    Compared,
    agent_share,
    contrast_in_words,
    standing_alone,
    with_contrast_gain,
    with_image,
)
from brainseg_gui.preparation.roles import Certainty
from brainseg_gui.preparation.steps.work import PreparationWork, Stepped
from brainseg_gui.progress import Progress

SETTLING = "comparing images with tags"
_BOTH = (Modality.T1, Modality.T1CE)
_EDGE_MM = 3.0  # of the brain, where a mask may hold fat and marrow
_CHANGED_PLACES = "What was taken for T1 shines more than what was taken for T1ce, so that they changed places"
_SHOWN = 0.5
Value = TypeVar("Value")


def settle_roles(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Tell where image and tags contradict each other, and which of two T1 shines; what stays open is a doubt."""
    yield Progress(SETTLING, 0.0)
    work, sentences = _against_tags(work)
    work, compared = yield from compare_both_t1(work)
    return Stepped(work.with_doubts(*doubts_of(work.choice, work.examination)), (*sentences, *compared))


def _against_tags(work: PreparationWork) -> Stepped:
    """Each role with what its image says, unless that was asked before."""
    chosen, sentences = dict(work.choice.chosen), list[str]()
    for modality, seen in work.seen.items():
        one, looked = chosen[modality], work.series_of(modality).look
        if modality in work.choice.by_person:
            words = contrast_in_words(one.role, seen)
            sentences += [f"{modality.title} was said by a person, but {words}"] if words else []
        elif looked is None or not looked.seen:
            chosen[modality] = replace(one, role=with_image(one.role, seen))
    told = [m for m in chosen if m not in work.choice.by_person]
    roles = standing_alone([chosen[m].role for m in told], [work.seen.get(m, {}) for m in told])
    chosen |= {m: replace(chosen[m], role=role) for m, role in zip(told, roles, strict=True)}
    return Stepped(replace(work, choice=replace(work.choice, chosen=chosen)), tuple(sentences))


def compare_both_t1(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Which of two T1 shines: a wrong guess is put right, a person's word is not."""
    if work.brain is None or not all(one in work.prepared for one in _BOTH):
        return Stepped(work, ())
    if not work.astray.isdisjoint(_BOTH):
        return Stepped(work, ("T1 and T1ce were not compared, for they do not lie on each other",))
    gain = yield from waited_for(in_background(partial(_gain, work, work.brain), SETTLING), Progress(SETTLING, 0.2))
    plain, enhanced = (work.choice.chosen[one].role for one in _BOTH)
    compared = _no_surer(work, with_contrast_gain(plain, enhanced, gain, _more_agent(work)))
    if not compared.changed:
        return Stepped(_kept(work, compared), (f"T1ce: {compared.enhanced.reason}",))
    if not work.choice.by_person.isdisjoint(_BOTH):
        return Stepped(work.with_doubts("What was said to be T1 shines where the series said to be T1ce does not"), ())
    return Stepped(_exchanged(work, compared), (_CHANGED_PLACES,))


def _no_surer(work: PreparationWork, compared: Compared) -> Compared:
    """The same, unsure for series of which images alone say that they are T1: what shines tells both T1 apart only."""
    told = {one: work.series_of(one).role_by_tags.modality is not None for one in _BOTH}
    by_tags = [told[one] for one in (reversed(_BOTH) if compared.changed else _BOTH)]
    roles = (compared.plain, compared.enhanced)
    plain, enhanced = (
        role if said else replace(role, certainty=Certainty.UNSURE) for role, said in zip(roles, by_tags, strict=True)
    )
    return Compared(plain, enhanced, compared.changed)


def _kept(work: PreparationWork, compared: Compared) -> PreparationWork:
    """The same with both T1 as sure as they are now; what a person said stays as it is."""
    roles = {Modality.T1: compared.plain, Modality.T1CE: compared.enhanced}
    chosen = dict(work.choice.chosen)
    for modality, role in roles.items():
        if modality not in work.choice.by_person:
            chosen[modality] = replace(chosen[modality], role=role)
    return replace(work, choice=replace(work.choice, chosen=chosen))


def _more_agent(work: PreparationWork) -> float:
    """By how much more the T1ce looks like contrast agent than the T1, each by itself; 0 where nobody could tell."""
    plain, enhanced = (work.seen.get(one) for one in _BOTH)
    return agent_share(enhanced) - agent_share(plain) if plain and enhanced else 0.0


def _gain(work: PreparationWork, brain: Mask) -> float:
    """How much more the T1ce shines than the T1, in the brain without its edge, as far as both show it."""
    from scipy.ndimage import binary_erosion

    inside = binary_erosion(brain, iterations=max(1, round(_EDGE_MM / float(np.mean(work.grid.spacing_mm)))))
    for modality in _BOTH:
        if (shown := work.shown(modality)) is not None:
            inside &= binary_erosion(shown > _SHOWN, iterations=2)  # at the end of a series voxels hold part of nothing
    first, second = (work.prepared[one].intensities() for one in _BOTH)
    return contrast_gain(first, second, inside)


def _exchanged(work: PreparationWork, compared: Compared) -> PreparationWork:
    """The same with both T1 in each other's place."""
    return replace(
        work,
        choice=work.choice.swapped(*_BOTH, (compared.plain, compared.enhanced)),
        native=_turned(work.native),
        alignments=_turned(work.alignments),
        prepared=_turned(work.prepared),
        seen=_turned(work.seen),
    )


def _turned(by_modality: Mapping[Modality, Value]) -> dict[Modality, Value]:
    other = {_BOTH[0]: _BOTH[1], _BOTH[1]: _BOTH[0]}
    return {modality: by_modality[other.get(modality, modality)] for modality in by_modality}
