"""Growth with voxels, labels and layers: reading, drawing, counting, evaluating."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from brainseg_gui.annotation.tally import Tally
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.evaluation.metrics.distances import with_distances
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.inference.memory import PeakMemory
from brainseg_gui.progress import run_to_end
from tests.benchmarks.cases import Cases
from tests.benchmarks.make_cohort import save_nifti
from tests.benchmarks.scaling_work import Growth, Work

_REPEATS = {1: (1, 1, 1), 2: (1, 1, 2), 4: (1, 2, 2), 8: (2, 2, 2), 16: (2, 2, 4)}
_LARGE = (512, 512, 400)


def growths(cases: Cases) -> Sequence[Growth]:
    """Tables of images."""
    return (
        Growth("read an image and its mask", "x BraTS", lambda: _voxels(cases, "read")),
        Growth("a slice of three planes, drawn", "x BraTS", lambda: _voxels(cases, "draw")),
        Growth("count an annotation", "x BraTS", lambda: _voxels(cases, "tally")),
        Growth("the table of a comparison", "x BraTS", lambda: _voxels(cases, "evaluate")),
        Growth("draw a slice with its labels", "labels", _labels),
        Growth("draw a slice with its layers", "layers", _layers),
    )


def _voxels(cases: Cases, work: str) -> Iterator[tuple[int, Work]]:
    for factor, repeats in _REPEATS.items():
        folder = _enlarged(cases, factor, repeats)
        source = find_case(folder)
        if work == "read":
            yield factor, Work(lambda source=source: run_to_end(read_case(source)), threaded=True)
        else:
            yield factor, _work_on(run_to_end(read_case(source)), work)
        shutil.rmtree(folder)


def _enlarged(cases: Cases, factor: int, repeats: tuple[int, int, int]) -> Path:
    """T1ce and mask of the case, every voxel repeated along the axes."""
    source, folder = find_case(cases.one), cases.folder / f"times-{factor}"
    for name, path in (("t1c", next(iter(source.modalities.values()))), ("seg", source.reference)):
        values: Any = np.asarray(nib.load(path).dataobj)
        for axis, times in enumerate(repeats):
            values = values.repeat(times, axis)
        save_nifti(folder / f"{folder.name}-{name}.nii.gz", values.astype(np.int16 if name == "t1c" else np.uint8))
    return folder


def _work_on(case: Case, work: str) -> Work:
    reference = case.reference
    if reference is None:
        raise ValueError("the case has no mask")
    values = np.roll(reference.values, (2, 1, 1), (0, 1, 2)).copy(order="K")
    prediction = LabelMap(values, reference.grid, reference.scheme)
    if work == "tally":
        return Work(lambda: Tally(values, reference.values))
    if work == "evaluate":
        rules = rules_named("brats2023")

        def evaluate() -> None:
            run_to_end(with_distances(compare(reference, prediction), reference, prediction, rules))

        return Work(evaluate, threaded=True)
    painter = _Painter(case, [reference.values, values])
    middle = [n // 2 for n in case.grid.shape]
    return Work(lambda: [painter.draw(plane, middle[plane.axis]) for plane in Plane])


class _Painter:
    """The pictures of a slice, painted as a view paints them, without a window."""

    def __init__(self, case: Case | None, labels: Sequence[Any], table: Any = None) -> None:
        from PySide6.QtGui import QImage, QPainter

        from brainseg_gui.imaging.colours import overlay_table
        from brainseg_gui.imaging.labelling.known_schemes import scheme_named
        from brainseg_gui.imaging.window import Window
        from brainseg_gui.views.slices.overlays.outline import Outlines
        from brainseg_gui.views.slices.slice_images import FillImage, GreyImage
        from tests.benchmarks.live_window import qt_application

        qt_application()
        self._canvas, self._painter = QImage(487, 397, QImage.Format.Format_RGB32), QPainter
        self._case, self._labels = case, labels
        self._table = table if table is not None else overlay_table(scheme_named("brats2020"), 0.45)
        self._grey, self._fills = GreyImage(), [FillImage() for _ in labels]
        self._new_outlines, self._window = Outlines, Window(300, 600)

    def draw(self, plane: Plane, slice_index: int) -> None:
        """Take the slice, and paint grey, fills and outlines."""
        from brainseg_gui.imaging.window import to_grey

        painter = self._painter(self._canvas)
        if self._case is not None:
            volume = next(iter(self._case.volumes.values()))
            stored = take_slice(volume.stored, plane, slice_index, DisplayConvention.RADIOLOGICAL)
            painter.scale(self._canvas.width() / stored.shape[1], self._canvas.height() / stored.shape[0])
            self._grey.show(to_grey(stored, volume, self._window))
            self._grey.draw(painter, smooth=True)
        for values, fill in zip(self._labels, self._fills, strict=True):
            cut = np.ascontiguousarray(take_slice(values, plane, slice_index, DisplayConvention.RADIOLOGICAL))
            fill.show(cut, self._table)
            fill.draw(painter)
            outlines = self._new_outlines()  # the old ones would find that nothing changed
            outlines.show(cut, self._table)
            outlines.draw(painter)
        painter.end()


def _labels() -> Iterator[tuple[int, Work]]:
    """A slice of the same 64 blobs, that have few or many numbers."""
    table = np.full((256, 4), 120, np.uint8)
    table[0] = 0
    rows, columns = np.mgrid[0:240, 0:240]
    inside = ((rows % 30 - 15) ** 2 + (columns % 30 - 15) ** 2) < 120
    for count in (4, 8, 16, 32, 64):
        values = (inside * (1 + (rows // 30 * 8 + columns // 30) % count)).astype(np.uint8)[:, :, None]
        painter = _Painter(None, [values], table)
        yield count, Work(lambda painter=painter: painter.draw(Plane.AXIAL, 0))


def _layers() -> Iterator[tuple[int, Work]]:
    rows, columns = np.mgrid[0:240, 0:240]
    distance = np.hypot(rows - 120, columns - 110)
    for count in (1, 2, 4, 8):
        masks = [np.digitize(-distance, [-60 + n, -45 + n, -25 + n]).astype(np.uint8)[:, :, None] for n in range(count)]
        painter = _Painter(None, masks)
        yield count, Work(lambda painter=painter: painter.draw(Plane.AXIAL, 0))


def large_study(cases: Cases) -> dict[str, float]:
    """Opens a study of 512×512×400 voxels of float32 in the window, and scrolls through it."""
    import time

    from tests.benchmarks.live_window import gestures, open_case, started

    random = np.random.default_rng(0)
    values = np.tile(random.random((64, 64, 50), dtype=np.float32) * 1000, (8, 8, 8))
    folder = cases.folder / "large"
    folder.mkdir()
    nib.save(nib.Nifti1Image(values, np.diag([0.5, 0.5, 0.6, 1.0])), folder / "large_t1ce.nii")
    stored = values.nbytes
    del values
    application = started()
    with PeakMemory() as memory:
        start, own = time.perf_counter(), time.process_time()
        open_case(application, folder)
        seconds, processor = time.perf_counter() - start, time.process_time() - own
    viewing = application.session.viewing
    viewing.crosshair = (256, 256, 200)

    def move(step: int) -> None:
        i, j, k = (40 + (step * 3) % (n - 80) for n in _LARGE)
        viewing.crosshair = (i, j, k)

    found = gestures(move, 200)
    application.leave()
    return {
        "opened in s": seconds,
        "of the processor s": processor,
        "memory per stored byte": memory.growth_bytes / stored,
        "scroll p95 ms": found["p95"],
        "scroll p95 of the processor ms": found["processor p95"],
    }
