"""Seconds from a raw examination to a prepared case, and of registering beside a plain use of SimpleITK, in one run.

``register`` looks for the motion from several starts and judges it; the plain code is one descent as SimpleITK's
examples have it, which starts where the middles lie on each other. Both are told how far they are off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import displacement_mm
from brainseg_gui.preparation.registration.register import register
from brainseg_gui.progress import run_to_end
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section
from tests.preparation.heads import T1CE, T2, brain_points, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.preparation.test_registration import motion

RUNS = 3
FINE, THICK = grid_of((176, 216, 200), (1.0, 1.0, 1.0)), grid_of((196, 240, 36), (0.9, 0.9, 5.5))
MOVED = motion((6, -4, 5), (5, -6, 4))
Result = TypeVar("Result")


def measure(cases: Cases) -> Section:
    """Median seconds of registering; of preparing the second time, when the network has started."""
    fixed, moving = head(FINE, T1CE, seed=1), head(THICK, T2, MOVED, seed=2)
    ours_s, ours = _timed(lambda: run_to_end(register(fixed, moving)).to_series, RUNS)
    plain_s, plain = _timed(lambda: plain_registration(fixed, moving), RUNS)
    prepared_s, steps = _prepared(cases.folder, fixed, moving)
    found = {
        "register_s": ours_s,
        "register_plain_s": plain_s,
        "register_off_mm": displacement_mm(ours, MOVED, brain_points()),
        "register_plain_off_mm": displacement_mm(plain, MOVED, brain_points()),
        "prepare_s": prepared_s,
        **steps,
    }
    rows = [
        Row("registering a thick series", ours_s, beside="plain SimpleITK", theirs=plain_s, times=0.5),
        Row("raw examination of two series to a case", prepared_s, at_most=30.0),
    ]
    return Section(rows, found)


def _timed(work: Callable[[], Result], runs: int) -> tuple[float, Result]:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return median(seconds), result


def _prepared(folder: Path, fixed: Volume, moving: Volume) -> tuple[float, dict[str, float]]:
    """Seconds of all, and of each step."""
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place

    raw = folder / "raw" / "Jane"
    for name, volume in (("t1_gd", fixed), ("t2", moving)):
        save(volume, raw / f"{name}.nii.gz")
    request = PreparationRequest(folder / "prepared", fresh=True)
    with closing(Engine()) as engine:
        finder = finder_of(engine)
        run_to_end(prepare_place(raw, request, finder))
        seconds, made = _timed(lambda: run_to_end(prepare_place(raw, request, finder)), 1)
    steps = made.work.done if made.work is not None else ()
    return seconds, {f"prepare, {step.name}": step.seconds for step in steps}


def plain_registration(fixed: Volume, moving: Volume) -> Affine:
    """Rigid registration by mutual information as one would write it down: fixed RAS to moving RAS, in mm."""
    import SimpleITK

    images = [_itk(volume) for volume in (fixed, moving)]
    start = SimpleITK.CenteredTransformInitializer(
        *images, SimpleITK.Euler3DTransform(), SimpleITK.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.05)
    method.SetNumberOfThreads(os.cpu_count() or 1)  # ours keeps to one, for series are registered side by side
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsGradientDescent(1.0, 100, 1e-6, 10)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    found = method.Execute(*images)
    origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    matrix = np.eye(4)
    matrix[:3, 3] = origin
    for axis in range(3):
        matrix[:3, axis] = np.array(found.TransformPoint(tuple(float(axis == n) for n in range(3)))) - origin
    return matrix


def _itk(volume: Volume) -> object:
    """As the grid has it: both images in RAS, so that the motion is."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(volume.intensities().transpose(2, 1, 0))
    image.SetSpacing([float(mm) for mm in volume.grid.spacing_mm])
    image.SetOrigin([float(mm) for mm in volume.grid.affine[:3, 3]])
    return image
