"""The later steps: finding the brain, comparing both T1, taking out shading, and taking the skull off."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume, corner_value
from brainseg_gui.preparation.heads.contrast import contrast_gain
from brainseg_gui.preparation.heads.skull import BrainMask, Mask, brain_mask, vote
from brainseg_gui.preparation.roles import Role, with_contrast_gain
from brainseg_gui.preparation.shading import without_shading
from brainseg_gui.preparation.steps.work import BrainFinder, BrainFound, PreparationWork, Stepped
from brainseg_gui.progress import Progress, scaled

FINDING, COMPARING, EVENING, STRIPPING = "finding the brain", "comparing T1 and T1ce", "evening out", "stripping"
NO_NETWORK = (
    "The skull stays: this version comes without a network that finds the brain. Strip it with another program, "
    "HD-BET or SynthStrip for example, and segment the result"
)
_CHANGED_PLACES = (
    "What was taken for T1 shines where the other T1 does not, so that they changed places. Look at both, and say "
    "--role t1=SERIES if they were right"
)
_BOTH = (Modality.T1, Modality.T1CE)
_USUAL_ML = (900.0, 2100.0)
_LARGEST_BRAIN_ML = 2500.0  # heads have 3,500 and more
_AGREEING_CORNERS = 5
_RIM_MM = 10.0  # around the brain: mucosa and skull shine after contrast agent too
Value = TypeVar("Value")


def find_brain(work: PreparationWork, finder: BrainFinder | None) -> Generator[Progress, None, Stepped]:
    """Where the brain is, by the vote of all series; what was stripped before tells it by itself."""
    if not work.wishes.strip:
        return Stepped(work, ("The skull stays, as was asked for",))
    if (bare := _stripped_before(work)) is not None:
        found = BrainFound("", _ml(bare, work.grid))
        return Stepped(replace(work, brain=bare, brain_found=found), ("The skull is off already",))
    if finder is None:
        return Stepped(work.with_doubts(NO_NETWORK), ())
    masks = yield from _masks(work, finder)
    return (yield from waited_for(in_background(partial(_voted, work, finder, masks), FINDING), Progress(FINDING, 0.9)))


def _stripped_before(work: PreparationWork) -> Mask | None:
    """The brain of a reference without skull, on the voxels of the result: all that is not of the air's one value."""
    volume = work.native[work.reference]
    air, agreeing = corner_value(volume.stored)
    inside = np.asarray(volume.stored != air)
    if agreeing < _AGREEING_CORNERS or not 0 < _ml(inside, volume.grid) <= _LARGEST_BRAIN_ML:
        return None
    return np.asarray(sampled(inside.astype(np.float32), work.grid_of(work.reference), work.grid, 0.0) > 0.5)


def _masks(work: PreparationWork, finder: BrainFinder) -> Generator[Progress, None, dict[Modality, BrainMask]]:
    masks, share = dict[Modality, BrainMask](), 0.9 / len(work.native)
    for number, (modality, volume) in enumerate(work.native.items()):
        looking = brain_mask(volume.intensities(), volume.grid.affine, finder.predict)
        masks[modality] = yield from scaled(looking, number * share, (number + 1) * share)
    return masks


def _voted(work: PreparationWork, finder: BrainFinder, masks: dict[Modality, BrainMask]) -> Stepped:
    on_one_grid = [sampled(one.probability, work.grid_of(m), work.grid, 0.0) for m, one in masks.items()]
    brain = vote(on_one_grid, [one.certainty for one in masks.values()])
    found = BrainFound(finder.network, _ml(brain, work.grid), {m: one.certainty for m, one in masks.items()})
    sentences = [f"{m.title}: {doubt}" for m, one in masks.items() for doubt in one.doubts]
    if not brain.any():
        return Stepped(work.with_doubts("No brain was found, so that the skull stays"), tuple(sentences))
    now = replace(work, brain=brain, brain_found=found)
    low, high = _USUAL_ML
    if not low <= found.volume_ml <= high:
        usual = f"{low:,.0f} to {high:,.0f} ml are usual"
        now = now.with_doubts(f"The brain measures {found.volume_ml:,.0f} ml; {usual}. Look at its outline")
    return Stepped(now, (f"The brain measures {found.volume_ml:,.0f} ml", *sentences))


def compare_both_t1(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Which of two T1 shines: a wrong guess is put right, a person's word is not."""
    yield Progress(COMPARING, 0.0)
    if work.brain is None or not all(one in work.prepared for one in _BOTH):
        return Stepped(work, ())
    gain = yield from waited_for(in_background(partial(_gain, work, work.brain), COMPARING), Progress(COMPARING, 0.2))
    plain, enhanced = (work.choice.chosen[one].role for one in _BOTH)
    roles = with_contrast_gain(plain, enhanced, gain)
    if roles[0] is plain:
        kept = {**work.choice.chosen, Modality.T1CE: replace(work.choice.chosen[Modality.T1CE], role=roles[1])}
        return Stepped(replace(work, choice=replace(work.choice, chosen=kept)), (f"T1ce: {roles[1].reason}",))
    if work.choice.by_person.isdisjoint(_BOTH):
        return Stepped(_exchanged(work, roles).with_doubts(_CHANGED_PLACES), ())
    return Stepped(work.with_doubts("What was said to be T1 shines where the series said to be T1ce does not"), ())


def _gain(work: PreparationWork, brain: Mask) -> float:
    """How much more the T1ce shines than the T1, in the brain and a little around it."""
    from scipy.ndimage import binary_dilation

    around = binary_dilation(brain, iterations=max(1, round(_RIM_MM / float(np.mean(work.grid.spacing_mm)))))
    first, second = (work.prepared[one].intensities() for one in _BOTH)
    return contrast_gain(first, second, around)


def _exchanged(work: PreparationWork, roles: tuple[Role, Role]) -> PreparationWork:
    """The same with both T1 in each other's place."""
    return replace(
        work,
        choice=work.choice.swapped(*_BOTH, roles),
        native=_turned(work.native),
        alignments=_turned(work.alignments),
        prepared=_turned(work.prepared),
    )


def _turned(by_modality: Mapping[Modality, Value]) -> dict[Modality, Value]:
    other = {_BOTH[0]: _BOTH[1], _BOTH[1]: _BOTH[0]}
    return {modality: by_modality[other.get(modality, modality)] for modality in by_modality}


def take_out_shading(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Even out what the coil brightened, where that is asked for."""
    if not work.wishes.even_out:
        return Stepped(work, ())
    even = yield from side_by_side([without_shading(one, work.brain) for one in work.prepared.values()], EVENING)
    prepared = {modality: one for modality, (one, _) in zip(work.prepared, even, strict=True)}
    said = [f"{m.title} by up to {most:.0%}" for m, (_, most) in zip(work.prepared, even, strict=True)]
    return Stepped(replace(work, prepared=prepared), (f"Shading was taken out: {', '.join(said)}",))


def strip(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Everything that is not brain at 0, where the brain was found."""
    yield Progress(STRIPPING, 0.0)
    if work.brain is None:
        return Stepped(work, ())
    bare = {modality: _bare(volume, work.brain) for modality, volume in work.prepared.items()}
    return Stepped(replace(work, prepared=bare), ("All that is not brain is 0",))


def _bare(volume: Volume, brain: Mask) -> Volume:
    values = np.where(brain, volume.intensities(), np.float32(0))
    values.flags.writeable = False
    return Volume(values, volume.grid, 1.0, 0.0, volume.path, volume.note)


def _ml(mask: Mask, grid: Grid) -> float:
    return float(np.count_nonzero(mask)) * grid.voxel_ml
