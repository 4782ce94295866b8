"""The search for a rigid motion: mutual information after Mattes et al. 2003, from several starts, coarse to fine."""

from __future__ import annotations

import atexit
import math
from collections.abc import Generator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    import SimpleITK

_BINS = 40
_SEED = 20_030  # of the samples: the same images give the same motion
_RADIUS_MM = 80.0  # of a head: turning by so many radians moves its rim by so many mm
_OUTSIDE = -math.inf
_LONGEST_S = 60.0
_LEFT: set[Future[Any]] = set()

Parameters = tuple[float, ...]
"""Three angles in radians and three shifts in mm."""


@dataclass(frozen=True, eq=False)
class Level:
    """Two images at one resolution.

    Parameters
    ----------
    head
        Where in the fixed one samples are taken.
    part
        How many of its voxels are taken, 0 to 1.
    first_step_mm, last_step_mm
        Of the search.
    along_axes
        Search along one parameter after the other (Powell), not down the gradient: slower, and not held up by the
        ripples that interpolation leaves near the top (Pluim et al. 2000).
    moving_mask
        Where the moving one is looked at; everywhere where None.
    """

    fixed: SimpleITK.Image
    moving: SimpleITK.Image
    head: SimpleITK.Image
    part: float
    first_step_mm: float
    last_step_mm: float
    along_axes: bool = False
    moving_mask: SimpleITK.Image | None = None

    def information_at(self, centre: Parameters, motion: Parameters) -> float:
        """Mutual information of the two images, in nats.

        What asks for no gradient has none filtered beforehand, which takes longer than the asking.
        """
        method = self._method(centre, motion)
        method.MetricUseMovingImageGradientFilterOff()
        try:
            return -float(method.MetricEvaluate(self.fixed, self.moving))
        except RuntimeError:  # too few samples lie on the other image
            return _OUTSIDE

    def improved(
        self, centre: Parameters, motion: Parameters, progress: Progress
    ) -> Generator[Progress, None, tuple[Parameters, float]]:
        """The motion at the top of the slope that `motion` lies on, and its mutual information."""
        method = self._method(centre, motion)
        climbing = in_background(partial(_climb, method, self.fixed, self.moving, motion), "register")
        try:
            found: tuple[Parameters, float] = yield from waited_for(climbing, progress)
        finally:
            method.StopRegistration()  # heard after a round along all axes, which may take seconds: nobody waits for it
            _leave(climbing)
        return found

    def _method(self, centre: Parameters, motion: Parameters) -> SimpleITK.ImageRegistrationMethod:
        from brainseg_gui.preparation.registration.itk import SimpleITK

        method = SimpleITK.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(_BINS)
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(self.part, _SEED)
        method.SetMetricFixedMask(self.head)
        if self.moving_mask is not None:
            method.SetMetricMovingMask(self.moving_mask)
        method.SetInterpolator(SimpleITK.sitkLinear)
        if self.along_axes:
            method.MetricUseMovingImageGradientFilterOff()
            method.SetOptimizerAsPowell(8, 20, self.first_step_mm, self.last_step_mm, 1e-5)
            method.SetOptimizerScales([_RADIUS_MM] * 3 + [1.0] * 3)
        else:
            method.SetOptimizerAsRegularStepGradientDescent(self.first_step_mm, self.last_step_mm, 200, 0.8, 1e-9)
            method.SetOptimizerScales([_RADIUS_MM**2] * 3 + [1.0] * 3)
        method.SetInitialTransform(_transform(centre, motion), True)
        return method


def _leave(climbing: Future[Any]) -> None:
    """Let a search that was told to stop end by itself."""
    _LEFT.add(climbing)
    climbing.add_done_callback(_LEFT.discard)


@atexit.register
def await_left() -> None:
    """Wait for searches that nobody waits for: left inside SimpleITK, one would crash the interpreter's end."""
    wait(tuple(_LEFT), timeout=_LONGEST_S)


def _climb(
    method: SimpleITK.ImageRegistrationMethod, fixed: SimpleITK.Image, moving: SimpleITK.Image, start: Parameters
) -> tuple[Parameters, float]:
    try:
        found = method.Execute(fixed, moving)
    except RuntimeError:
        return start, _OUTSIDE
    return tuple(found.GetParameters()), -float(method.GetMetricValue())


def _transform(centre: Parameters, motion: Parameters) -> SimpleITK.Euler3DTransform:
    from brainseg_gui.preparation.registration.itk import SimpleITK

    transform = SimpleITK.Euler3DTransform()
    transform.SetCenter(centre)
    transform.SetParameters(motion)
    return transform


def matrix_of(centre: Parameters, motion: Parameters) -> Affine:
    """4×4 from the fixed image's world to the moving one's."""
    transform = _transform(centre, motion)
    result = np.eye(4)
    result[:3, :3] = np.array(transform.GetMatrix()).reshape(3, 3)
    result[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return result


def parameters_of(centre: Parameters, matrix: Affine) -> Parameters:
    """The inverse of `matrix_of`."""
    transform = _transform(centre, (0.0,) * 6)
    turn, middle = matrix[:3, :3], np.array(centre)
    transform.SetMatrix(turn.ravel().tolist(), 1e-6)  # of rounding in numbers that were written and read
    transform.SetTranslation((turn @ middle + matrix[:3, 3] - middle).tolist())
    return tuple(transform.GetParameters())


def starts(fixed_head: NDArray[np.float64], moving_head: NDArray[np.float64], turn_deg: float) -> list[Parameters]:
    """Where to begin: as the headers say, and middle upon middle of the heads; upright, and turned about each axis."""
    shift = moving_head.mean(axis=0) - fixed_head.mean(axis=0)
    turns: list[Parameters] = [(0.0, 0.0, 0.0)]
    for axis, sign in product(range(3), (-1, 1)):
        turns.append(tuple(sign * math.radians(turn_deg) * (axis == other) for other in range(3)))
    return [(*turn, *place) for place in ((0.0, 0.0, 0.0), tuple(shift.tolist())) for turn in turns]


def best_of(
    level: Level, centre: Parameters, motions: Sequence[Parameters], count: int
) -> Generator[Progress, None, list[Parameters]]:
    """The most promising of some motions."""
    found = dict[Parameters, float]()
    for motion in motions:
        yield Progress("registering", 0.1, "starts")
        found[motion] = level.information_at(centre, motion)
    return sorted(motions, key=lambda motion: -found[motion])[:count]
