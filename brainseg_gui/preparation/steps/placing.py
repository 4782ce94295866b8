"""The first steps: reading the chosen series, laying them onto each other, and giving all the same voxels."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np

from brainseg_gui.errors import listed
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Grid, describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.raw_examination import NONE
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.pyramid import isotropic
from brainseg_gui.preparation.steps.agreement import RegisteredSeries, laid_onto_each_other
from brainseg_gui.preparation.steps.work import PreparationWork, Space, Stepped
from brainseg_gui.progress import Progress, scaled

READING, RESAMPLING = "reading series", "resampling"
_NEARLY_1_MM = 0.05
_UPRIGHT = 1e-3  # of the sine of the angle to the patient's axes


def read_series(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """The voxels of the chosen series.

    Raises
    ------
    ImageError
        If one cannot be read.
    """
    native, sentences = dict[Modality, Volume](), list[str]()
    for number, modality in enumerate(work.choice.chosen):
        series, share = work.series_of(modality), 1 / len(work.choice.chosen)
        native[modality] = volume = yield from scaled(series.read(), number * share, (number + 1) * share)
        role = work.choice.chosen[modality].role
        size = f"{describe_shape(volume.grid.shape)} voxels of {describe_spacing(volume.grid)} mm"
        sentences.append(f"{modality.title}: {series.name}, {size} ({role.reason})")
    missing = [modality.title for modality in Modality if modality not in native]
    sentences += [f"There is no {title}" for title in missing]
    return Stepped(replace(work, native=native), tuple(sentences))


def register_series(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """Each series onto the reference, or onto another one where most do not fit that; see `laid_onto_each_other`.

    One that cannot be registered lies as its files place it, and is told.
    """
    work = work.on_reference_of_placed()
    found = yield from laid_onto_each_other(work.native, work.reference, work.placed_before())
    moved = {m: _believed(found.alignments[m]) for m in work.native if m is not found.reference}
    alignments = {m: moved.get(m, Alignment(np.eye(4))) for m in work.native}
    placed = replace(work.onto(found.reference), alignments=alignments).with_doubts(*_doubts_of(moved, found))
    title = found.reference.title
    first = f"All others are brought onto {title}"
    if found.given_up is not None:
        first = f"{first}, for most of them could not be registered onto {found.given_up.title}"
    return Stepped(
        placed, (first, *(f"{m.title} {_motion_in_words(one)}" for m, one in moved.items())) if moved else ()
    )


def _believed(found: Alignment) -> Alignment:
    return replace(found, to_series=np.eye(4)) if found.problem and not found.by_hand else found


def _doubts_of(moved: Mapping[Modality, Alignment], found: RegisteredSeries) -> list[str]:
    """One for each series that a hand put where it fits badly, and one for all that could not be registered."""
    doubtful = {m: one for m, one in moved.items() if one.problem}
    lost = {m: _why_lost(one) for m, one in doubtful.items() if not one.by_hand}
    doubts = [
        f"{m.title} lies where it was put by hand, but {one.problem}" for m, one in doubtful.items() if one.by_hand
    ]
    if lost and len(lost) == len(moved):
        doubts.append(_nothing_fits_in_words([found.reference, *lost]))
    if found.given_up in lost:
        doubts.append(_given_up_in_words(found.given_up, found))
    return [*doubts, *([_lost_in_words(lost)] if lost else [])]


def _why_lost(one: Alignment) -> str:
    """Why it was not registered; and that the search found a place all the same, which is one click away."""
    return (
        one.problem if one.refused is None else f"{one.problem}, as “As it was found” shows where it is placed by hand"
    )


def _nothing_fits_in_words(series: Sequence[Modality]) -> str:
    """That no two series agree, the reference being the first of them."""
    titles = listed([one.title for one in series])
    what = f"No two of {titles} fit each other" if len(series) > 2 else f"{titles} do not fit each other"
    return (
        f"{what}, and nothing tells which lies right: a mask made of {series[0].title} alone may show tumour where "
        "there is none. Look whether all are of one head"
    )


def _given_up_in_words(meant: Modality, found: RegisteredSeries) -> str:
    fitting = listed([one.title for one in (found.reference, *found.fitting)])
    return f"{fitting} fit each other, but not {meant.title}: {found.reference.title} is the reference instead of it"


def _lost_in_words(lost: Mapping[Modality, str]) -> str:
    """What could not be registered, why, and what to do, which is said once."""
    names, roles = listed([m.title for m in lost]), " ".join(f"--role {m.value}={NONE}" for m in lost)
    if len(lost) == 1:
        (why,), them, where = lost.values(), "it", "lies where its files place it"
    else:
        why, them = "; ".join(f"{m.title}: {one}" for m, one in lost.items()), "them"
        where = "lie where their files place them"
    return (
        f"{names} could not be registered and {where}: {why}. Place {them} by hand, in the "
        f"Prepare panel of the window, or leave {them} out (“not used” there, or {roles})"
    )


def _motion_in_words(found: Alignment) -> str:
    if found.by_hand:
        return f"was put by hand: turned by {found.rotation_deg:.1f}° and moved by {found.shift_mm:.1f} mm"
    if found.problem:
        return "stays where its files place it"
    if found.is_still:
        return "lies there already and stays as it is"
    return (
        f"was turned by {found.rotation_deg:.1f}° and moved by {found.shift_mm:.1f} mm; it covers {found.overlap:.0%} "
        f"of the head, mutual information {found.information:.2f} (by chance {found.chance:.2f})"
    )


def resample_series(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """All series on the voxels of the result. What has them already stays bit for bit."""
    grid = target_grid(work.native[work.reference].grid, work.wishes.space)
    works = [_moved(volume, work.grid_of(modality), grid) for modality, volume in work.native.items()]
    moved = yield from side_by_side(works, RESAMPLING)
    prepared = dict(zip(work.native, moved, strict=True))
    kept = [m.title for m, volume in prepared.items() if volume.stored is work.native[m].stored]
    size = f"{describe_shape(grid.shape)} voxels of {describe_spacing(grid)} mm"
    sentences = (f"All images have {size}",) + ((f"{', '.join(kept)} had them and stayed as it was",) if kept else ())
    return Stepped(replace(work, prepared=prepared), sentences)


def target_grid(reference: Grid, space: Space) -> Grid:
    """The voxels of the result: the reference's own, or 1 mm along the patient's axes around all of it."""
    if space is Space.REFERENCE or _is_anatomical(reference):
        return reference
    return isotropic(reference, 1.0)


def _is_anatomical(grid: Grid) -> bool:
    """Whether voxels measure 1 mm already and run along the patient's axes."""
    axes = grid.affine[:3, :3] / grid.spacing_mm
    fine = all(abs(size - 1.0) <= _NEARLY_1_MM for size in grid.spacing_mm)
    return fine and bool(np.abs(axes - np.eye(3)).max() <= _UPRIGHT)


def _moved(volume: Volume, own: Grid, grid: Grid) -> Generator[Progress, None, Volume]:
    yield Progress(RESAMPLING, 0.0)
    if own.same_as(grid):
        return volume if volume.grid is grid else replace(volume, grid=grid)
    stop = Event()
    try:
        moving = in_background(partial(replace(volume, grid=own).on_grid, grid, stop.is_set), RESAMPLING)
        return (yield from waited_for(moving, Progress(RESAMPLING, 0.1)))
    finally:
        stop.set()
