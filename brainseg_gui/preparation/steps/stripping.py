"""The later steps: finding the brain, taking out shading, and taking the skull off."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.heads.skull import USUAL_ML, BrainMask, Mask, brain_mask, vote
from brainseg_gui.preparation.image_roles import Seen
from brainseg_gui.preparation.looking import bare_brain, contrast_seen, seen_in
from brainseg_gui.preparation.shading import without_shading
from brainseg_gui.preparation.steps.defacing import deface
from brainseg_gui.preparation.steps.work import BrainFound, PreparationWork, Stepped
from brainseg_gui.progress import Progress, scaled

FINDING, EVENING, STRIPPING = "finding the brain", "evening out", "stripping"
NO_NETWORK = (
    "The skull stays: this version comes without a network that finds the brain. Strip it with another program, "
    "HD-BET or SynthStrip for example, and segment the result"
)


def find_brain(work: PreparationWork, finder: BrainFinder | None) -> Generator[Progress, None, Stepped]:
    """Where the brain is, by the vote of all series; what was stripped before tells it by itself."""
    if (bare := _stripped_before(work)) is not None:
        found = BrainFound("", _ml(bare, work.grid))
        seen = yield from _seen_bare(work, finder)
        return Stepped(replace(work, brain=bare, brain_found=found, seen=seen), ("The skull is off already",))
    if finder is None:
        return Stepped(work.with_doubts(NO_NETWORK) if work.wishes.strip else work, ())
    masks = yield from _masks(work, finder)
    voting = in_background(partial(_voted, work, finder, masks), FINDING)
    voted, sentences = yield from waited_for(voting, Progress(FINDING, 0.9))
    seen = yield from _seen(masks, finder)
    return Stepped(replace(voted, seen=seen), sentences)


def _stripped_before(work: PreparationWork) -> Mask | None:
    """The brain of a reference without skull, on the voxels of the result."""
    inside = bare_brain(work.native[work.reference])
    if inside is None:
        return None
    return np.asarray(sampled(inside.astype(np.float32), work.grid_of(work.reference), work.grid, 0.0) > 0.5)


def _masks(work: PreparationWork, finder: BrainFinder) -> Generator[Progress, None, dict[Modality, BrainMask]]:
    masks, share = dict[Modality, BrainMask](), 0.9 / len(work.native)
    for number, (modality, volume) in enumerate(work.native.items()):
        looking = brain_mask(volume.intensities(), volume.grid.affine, finder.predict)
        masks[modality] = yield from scaled(looking, number * share, (number + 1) * share)
    return masks


def _seen_bare(work: PreparationWork, finder: BrainFinder | None) -> Generator[Progress, None, dict[Modality, Seen]]:
    """The same of images without skull."""
    seen = dict[Modality, Seen]()
    if finder is None or finder.contrast is None:
        return seen
    for modality, volume in work.native.items():
        if bare_brain(volume) is not None:
            seen[modality] = yield from seen_in(volume, finder)
    return seen


def _seen(masks: Mapping[Modality, BrainMask], finder: BrainFinder) -> Generator[Progress, None, dict[Modality, Seen]]:
    """What each image looks like in which the brain was found."""
    seen = dict[Modality, Seen]()
    for modality, one in masks.items():
        looking = contrast_seen(one.field, one.coarse, finder)
        seen[modality] = yield from scaled(looking, 0.95, 1.0)
    return seen


def _voted(work: PreparationWork, finder: BrainFinder, masks: dict[Modality, BrainMask]) -> Stepped:
    voting = {m: one for m, one in masks.items() if m not in work.astray}
    on_one_grid = [sampled(one.probability, work.grid_of(m), work.grid, 0.0) for m, one in voting.items()]
    brain = vote(on_one_grid, [one.certainty for one in voting.values()], [work.shown(m) for m in voting])
    found = BrainFound(finder.network, _ml(brain, work.grid), {m: one.certainty for m, one in masks.items()})
    sentences = [f"{m.title}: {doubt}" for m, one in masks.items() for doubt in one.doubts]
    sentences += [f"{m.title} has no say in it, for it does not lie on {work.reference.title}" for m in work.astray]
    if not brain.any():
        return Stepped(work.with_doubts("No brain was found, so that the skull stays"), tuple(sentences))
    now = replace(work, brain=brain, brain_found=found)
    low, high = USUAL_ML
    if not low <= found.volume_ml <= high:
        usual = f"{low:,.0f} to {high:,.0f} ml are usual"
        now = now.with_doubts(f"The brain measures {found.volume_ml:,.0f} ml; {usual}. Look at its outline")
    return Stepped(now, (f"The brain measures {found.volume_ml:,.0f} ml", *sentences))


def take_out_shading(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Even out what the coil brightened, where that is asked for."""
    if not work.wishes.even_out:
        return Stepped(work, ())
    even = yield from side_by_side([without_shading(one, work.brain) for one in work.prepared.values()], EVENING)
    prepared = {modality: one for modality, (one, _) in zip(work.prepared, even, strict=True)}
    said = [f"{m.title} by up to {most:.0%}" for m, (_, most) in zip(work.prepared, even, strict=True)]
    return Stepped(replace(work, prepared=prepared), (f"Shading was taken out: {', '.join(said)}",))


def strip(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Everything that is not brain at 0, where the brain was found; or the face alone gone, where that is asked for."""
    yield Progress(STRIPPING, 0.0)
    if not work.wishes.strip:
        if work.wishes.deface:
            return (yield from deface(work))
        return Stepped(work, ("The skull stays, as was asked for",))
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
