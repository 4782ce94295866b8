"""Laying a head onto an atlas: the affine motion at which both pictures share most, after Mattes et al. 2003."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    import SimpleITK

_BINS = 32
_SEED = 20_030  # of the samples: the same images give the same motion
_SAMPLES = 40_000
_RADIUS_MM = 80.0  # of a head: turning by a radian, or stretching by one, moves its rim by so many mm
_STEPS_MM = (6.0, 0.02)


@dataclass(frozen=True, eq=False)
class RegistrationPicture:
    """One of the two pictures.

    Parameters
    ----------
    image
        Intensities in the space of `pyramid.itk_image`.
    mask
        What is looked at of it, on the same voxels.
    points
        Places in the brain, (N, 3), RAS in mm: their middle and spread tell where to begin.
    """

    image: SimpleITK.Image
    mask: SimpleITK.Image
    points: NDArray[np.float64]


def affine_between(fixed: RegistrationPicture, moving: RegistrationPicture) -> Generator[Progress, None, Affine]:
    """4×4 from the fixed picture's world to the moving one's.

    Begun middle upon middle of the brains, each axis stretched so that they are about as large.

    Yields
    ------
    Progress
        Several times a second. Closing the generator stops the search.
    """
    method, transform = _method(fixed), _start(fixed.points, moving.points)
    method.SetInitialTransform(transform, True)
    climbing = in_background(partial(_climb, method, fixed.image, moving.image), "place in the atlas")
    try:
        yield from waited_for(climbing, Progress("placing in the atlas", 0.1))
    finally:
        method.StopRegistration()
        wait([climbing])
    result = np.eye(4)
    result[:3, :3] = np.array(transform.GetMatrix()).reshape(3, 3)
    result[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return result


def _climb(method: SimpleITK.ImageRegistrationMethod, fixed: SimpleITK.Image, moving: SimpleITK.Image) -> bool:
    try:
        method.Execute(fixed, moving)
    except RuntimeError:  # the start is kept: the brains lie middle upon middle
        return False
    return True


def _method(fixed: RegistrationPicture) -> SimpleITK.ImageRegistrationMethod:
    from brainseg_gui.preparation.registration.itk import SimpleITK

    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, _SAMPLES / fixed.image.GetNumberOfPixels()), _SEED)
    method.SetMetricFixedMask(fixed.mask)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(*_STEPS_MM, 200, 0.7, 1e-9)
    method.SetOptimizerScales([_RADIUS_MM**2] * 9 + [1.0] * 3)
    return method


def _start(fixed: NDArray[np.float64], moving: NDArray[np.float64]) -> SimpleITK.AffineTransform:
    from brainseg_gui.preparation.registration.itk import SimpleITK

    transform = SimpleITK.AffineTransform(3)
    transform.SetCenter(fixed.mean(axis=0).tolist())
    transform.SetMatrix(np.diag(moving.std(axis=0) / fixed.std(axis=0)).ravel().tolist())
    transform.SetTranslation((moving.mean(axis=0) - fixed.mean(axis=0)).tolist())
    return transform
