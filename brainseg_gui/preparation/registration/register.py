"""Registering a series to the reference of its examination."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment, angle_deg, displacement_mm
from brainseg_gui.preparation.registration.pyramid import coarser, head_of, itk_image, itk_mask, points_of
from brainseg_gui.preparation.registration.search import Level, Parameters, best_of, matrix_of, parameters_of, starts
from brainseg_gui.progress import Progress, run_to_end

if TYPE_CHECKING:
    import SimpleITK

_COARSE_MM, _MIDDLE_MM, _FINE_MM = 6.0, 3.0, 1.5
_SAMPLES = (80_000, 80_000, 160_000)  # of each level; fewer at the finest move the top by half a mm
_STEPS_MM = ((4.0, 0.1), (1.5, 0.05), (0.5, 0.02))  # first and last, of each level
_STARTS, _TURN_DEG = 3, 12.0
_NUDGE_MM, _NUDGE_RAD = 1.0, 0.015
_STILL = (0.0,) * 6
_AWAY_RAD, _AWAY_MM = 0.5, 25.0

_LEAST_OVERLAP = 0.5
_LEAST_GAIN = 0.1  # nats over chance: series of one head have 0.4 and more, noise has none
_LARGEST_DEG = 45.0
_AROUND_LESION_MM = 5.0  # what a tumour or a cavity pushes aside
_BY_HAND = "Move it nearer and refine it again, or leave it out"
_READING, _JUDGING = Progress("registering", 0.0, "reading"), Progress("registering", 0.95, "judging")
_NO_HEAD = "no head is seen in it or in the reference outside of lesions"
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Lesions:
    """Where an examination differs from another one of the same head: tumour, oedema, what was cut out.

    Parameters
    ----------
    voxels
        (I, J, K), on `grid`.
    """

    voxels: NDArray[np.bool_]
    grid: Grid


def register(
    fixed: Volume, moving: Volume, lesions: tuple[Lesions | None, Lesions | None] = (None, None)
) -> Generator[Progress, None, Alignment]:
    """The rigid motion from a reference to a series.

    Images on one grid that no small motion would bring nearer are taken as aligned, and stay as they are.

    Parameters
    ----------
    lesions
        Of the reference and of the series: they and a little around them are not looked at.

    Yields
    ------
    Progress
        Several times a second. Closing the generator stops the search.

    Returns
    -------
    Alignment
        With `problem` where it is not to be trusted, and `refused` where it fits and is only too large to be believed.
    """
    pair = yield from _Pairing.made(fixed, moving, lesions)
    if pair is None:
        return Alignment(np.eye(4), problem=_NO_HEAD)
    if fixed.grid.same_as(moving.grid) and _is_best(pair.middle, pair.centre):
        return Alignment(np.eye(4), information=pair.middle.information_at(pair.centre, _STILL))
    motion = yield from _coarse(pair)
    found = yield from _refined(pair, motion)
    refused = found.to_series if found.problem and not _misfit(found) else None
    return replace(found, refused=refused)


def refine(fixed: Volume, moving: Volume, start: Affine) -> Generator[Progress, None, Alignment]:
    """The rigid motion at the top of the slope that a motion lies on: what a hand put nearly right made exact.

    Parameters
    ----------
    start
        As `Alignment.to_series`.

    Yields
    ------
    Progress
        As `register`.
    """
    pair = yield from _Pairing.made(fixed, moving, (None, None))
    if pair is None:
        return Alignment(start, problem=_NO_HEAD)
    motion = parameters_of(pair.centre, start)
    motion, _ = yield from pair.coarse.improved(pair.centre, motion, Progress("registering", 0.1, "coarse"))
    found = yield from _refined(pair, motion)
    return replace(found, problem=_problem_by_hand(found))


def judge(fixed: Volume, moving: Volume, to_series: Affine) -> Alignment:
    """What is to be said of a motion that somebody chose: as of one that was found, but it may be of any size."""
    pair = _Pairing.of(fixed, moving, (None, None))
    if pair is None:
        return Alignment(to_series, problem=_NO_HEAD)
    found = run_to_end(_judged(pair, parameters_of(pair.centre, to_series)))
    return replace(found, to_series=to_series, problem=_problem_by_hand(found))


def _refined(pair: _Pairing, motion: Parameters) -> Generator[Progress, None, Alignment]:
    motion, _ = yield from pair.middle.improved(pair.centre, motion, Progress("registering", 0.4, "middle"))
    motion, _ = yield from pair.fine.improved(pair.centre, motion, Progress("registering", 0.6, "fine"))
    return (yield from _judged(pair, motion))


@dataclass(frozen=True, eq=False)
class _Pairing:
    """Two images at three resolutions, with places in their heads, and the point that motions turn about."""

    coarse: Level
    middle: Level
    fine: Level
    centre: Parameters
    fixed_points: NDArray[np.float64]
    moving_points: NDArray[np.float64]
    moving_image: SimpleITK.Image

    @classmethod
    def of(cls, fixed: Volume, moving: Volume, lesions: tuple[Lesions | None, Lesions | None]) -> _Pairing | None:
        """The pair; None where one shows nothing, or nothing that lasts."""
        return run_to_end(cls.made(fixed, moving, lesions))

    @classmethod
    def made(
        cls, fixed: Volume, moving: Volume, lesions: tuple[Lesions | None, Lesions | None]
    ) -> Generator[Progress, None, _Pairing | None]:
        """The same, to be given up between any two images."""
        first = yield from _after(_READING, itk_image, fixed)
        images = [first, (yield from _after(_READING, itk_image, moving))]
        fine = yield from _coarser(images, _FINE_MM)
        middle = yield from _coarser(images, _MIDDLE_MM)
        coarse = yield from _coarser(images, _COARSE_MM)
        heads = [head_of(image) for image in coarse]
        free = [_apart_from(part, head) for part, head in zip(lesions, heads, strict=True)]
        lasting = heads[0] & free[0]
        points = [points_of(head) for head in (lasting, heads[1] & free[1])]
        if not all(len(places) for places in points):
            return None
        levels = [
            Level(
                image,
                other,
                _like(lasting, image),
                min(1.0, samples / image.GetNumberOfPixels()),
                *steps_mm,
                moving_mask=free[1] if lesions[1] is not None else None,
            )
            for (image, other), samples, steps_mm in zip((coarse, middle, fine), _SAMPLES, _STEPS_MM, strict=True)
        ]
        levels[2] = replace(levels[2], along_axes=True)
        centre = tuple(points[0].mean(axis=0).tolist())
        return cls(levels[0], levels[1], levels[2], centre, points[0], points[1], images[1])


def _coarser(
    images: Sequence[SimpleITK.Image], spacing_mm: float
) -> Generator[Progress, None, tuple[SimpleITK.Image, SimpleITK.Image]]:
    first, second = images
    return (
        (yield from _after(_READING, coarser, first, spacing_mm)),
        (yield from _after(_READING, coarser, second, spacing_mm)),
    )


def _after(progress: Progress, make: Callable[..., Made], *of: object) -> Generator[Progress, None, Made]:
    """What a step makes that takes a while under load, after a chance to be given up."""
    yield progress
    return make(*of)


def _like(mask: SimpleITK.Image, image: SimpleITK.Image) -> SimpleITK.Image:
    from brainseg_gui.preparation.registration.itk import SimpleITK

    return SimpleITK.Resample(mask, image, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0, SimpleITK.sitkUInt8)


def _apart_from(lesions: Lesions | None, image: SimpleITK.Image) -> SimpleITK.Image:
    """1 where no lesion is near, on the voxels of a coarse image."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    if lesions is None:
        return SimpleITK.Cast(image, SimpleITK.sitkUInt8) * 0 + 1
    there = _like(itk_mask(lesions.voxels, lesions.grid), image)
    return SimpleITK.SignedMaurerDistanceMap(there, squaredDistance=False, useImageSpacing=True) > _AROUND_LESION_MM


def _is_best(level: Level, centre: Parameters) -> bool:
    """Whether images share most as they lie: no small motion brings them nearer."""
    here = level.information_at(centre, _STILL)
    if not np.isfinite(here):
        return False
    for number in range(6):
        for sign in (-1, 1):
            nudge = sign * (_NUDGE_RAD if number < 3 else _NUDGE_MM)
            near = tuple(nudge if number == other else 0.0 for other in range(6))
            if level.information_at(centre, near) > here:
                return False
    return True


def _coarse(pair: _Pairing) -> Generator[Progress, None, Parameters]:
    motions = starts(pair.fixed_points, pair.moving_points, _TURN_DEG)
    first = yield from best_of(pair.coarse, pair.centre, motions, _STARTS)
    found = []
    for number, start in enumerate(first):
        progress = Progress("registering", 0.1 + 0.3 * number / len(first), f"start {number + 1} of {len(first)}")
        found.append((yield from pair.coarse.improved(pair.centre, start, progress)))
    return max(found, key=lambda pair: pair[1])[0]


def _judged(pair: _Pairing, motion: Parameters) -> Generator[Progress, None, Alignment]:
    matrix = matrix_of(pair.centre, motion)
    overlap = _overlap(pair, matrix)
    chance = yield from _chance(pair.middle, pair.centre, motion)
    turned = angle_deg(matrix)
    shift = displacement_mm(matrix, np.eye(4), pair.fixed_points)
    here = pair.middle.information_at(pair.centre, motion)
    found = Alignment(matrix, turned, shift, overlap, here, chance)
    return replace(found, problem=_problem(found))


def _overlap(pair: _Pairing, matrix: Affine) -> float:
    """The part of the fixed head that lies inside of the moving image."""
    image = pair.moving_image
    direction = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    moved = pair.fixed_points @ matrix[:3, :3].T + matrix[:3, 3]
    voxels = np.linalg.solve(direction, (moved - np.array(image.GetOrigin())).T).T
    inside = ((voxels > -0.5) & (voxels < np.array(image.GetSize()) - 0.5)).all(axis=1)
    return float(inside.mean())


def _chance(level: Level, centre: Parameters, motion: Parameters) -> Generator[Progress, None, float]:
    """Mutual information where the series is turned or shifted far away from a motion, on average."""
    found = []
    for number in range(6):
        for sign in (-1, 1):
            away = sign * (_AWAY_RAD if number < 3 else _AWAY_MM)
            place = tuple(value + away * (number == other) for other, value in enumerate(motion))
            found.append((yield from _after(_JUDGING, level.information_at, centre, place)))
    finite = [value for value in found if np.isfinite(value)]
    return float(np.mean(finite)) if finite else 0.0


def _problem(found: Alignment) -> str:
    turned = f"it would have to be turned by {found.rotation_deg:.0f}°" if found.rotation_deg > _LARGEST_DEG else ""
    return _misfit(found) or turned


def _problem_by_hand(found: Alignment) -> str:
    """The same where a person looks at it, who knows how far the head was turned."""
    misfit = _misfit(found)
    return f"{misfit}. {_BY_HAND}" if misfit else ""


def _misfit(found: Alignment) -> str:
    if found.overlap < _LEAST_OVERLAP:
        return f"it covers {found.overlap:.0%} of the reference's head"
    if not found.information - found.chance > _LEAST_GAIN:
        return f"it fits the reference hardly better ({found.information:.2f}) than by chance ({found.chance:.2f})"
    return ""
