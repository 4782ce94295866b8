"""Taking out shading: what lies near the coil is brighter. N4 (Tustison et al. 2010)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.pyramid import head_of, placed, thinned
from brainseg_gui.progress import Progress

_SHRINK_MM = 4.0  # shading is smooth: a field of coarse voxels tells it
_ITERATIONS = (15, 15, 10)
_RANGE_PERCENT = (5, 95)


def without_shading(volume: Volume, where: NDArray[np.bool_] | None) -> Generator[Progress, None, tuple[Volume, float]]:
    """An image without its shading, its mean as it was, and by how much the field varied (5th to 95th percentile).

    Parameters
    ----------
    where
        (I, J, K): what is looked at, such as the brain; the head where None.
    """
    correcting = in_background(lambda: _corrected(volume, where), "even out")
    return (yield from waited_for(correcting, Progress("evening out", 0.0, volume.path.name)))


def _corrected(volume: Volume, where: NDArray[np.bool_] | None) -> tuple[Volume, float]:
    from brainseg_gui.preparation.registration.itk import SimpleITK

    values = volume.intensities()
    image = placed(values, volume.grid)
    mask = (
        head_of(image)
        if where is None
        else SimpleITK.Cast(placed(where.astype(np.float32), volume.grid) > 0.5, SimpleITK.sitkUInt8)
    )
    factors = [max(1, round(_SHRINK_MM / size)) for size in volume.grid.spacing_mm]
    method = SimpleITK.N4BiasFieldCorrectionImageFilter()
    method.SetMaximumNumberOfIterations(_ITERATIONS)
    method.Execute(thinned(image, factors), thinned(mask, factors))
    logarithm = SimpleITK.GetArrayFromImage(method.GetLogBiasFieldAsImage(image)).transpose(2, 1, 0)
    inside = SimpleITK.GetArrayViewFromImage(mask).transpose(2, 1, 0) > 0
    field = np.exp(logarithm - logarithm[inside].mean()).astype(np.float32)
    low, high = np.percentile(field[inside], _RANGE_PERCENT)
    even = values / field
    even.flags.writeable = False
    return replace(volume, stored=even, slope=1.0, intercept=0.0), float(high / low - 1)
