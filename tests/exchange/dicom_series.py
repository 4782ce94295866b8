"""DICOM series for masks: in memory for many orientations, on disk as scanners write them."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.exchange.dicom.source_series import SourceSeries, source_series
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.preparation.dicom.examination import look_through
from brainseg_gui.preparation.dicom.slice_header import SliceHeader
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import MR, Series, write_classic, write_enhanced

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TAGS = {
    "FrameOfReferenceUID": "1.2.9",
    "PatientBirthDate": "19500401",
    "PatientSex": "F",
    "PatientWeight": 71.5,
    "StudyDate": "20200102",
    "StudyTime": "101112",
    "AccessionNumber": "A-77",
    "ReferringPhysicianName": "House^Gregory",
    "InstitutionName": "Mercy",
    "StudyDescription": "Follow-up of Jane",
}
# Directions of a row and of a column, six numbers: all 24 that a patient can lie along.
AXES = [
    [float(a * (n == i)) for n in range(3)] + [float(b * (n == j)) for n in range(3)]
    for (i, j), (a, b) in product(permutations(range(3), 2), product((1, -1), repeat=2))
]


def tilted(axes: list[float], degrees: float = 17.0) -> list[float]:
    """The same directions turned about (1, 1, 1)."""
    x, y, z = np.ones(3) / np.sqrt(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return [*(turn @ axes[:3]), *(turn @ axes[3:])]


def series_in_memory(axes: list[float], shape: tuple[int, int, int] = (6, 5, 4)) -> SourceSeries:
    """A series of (columns, rows, slices), 0.8 × 0.9 × 5.5 mm."""
    from pydicom.dataset import Dataset

    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = np.array(axes[:3]) * 0.8, np.array(axes[3:]) * 0.9
    affine[:3, 2] = np.cross(axes[:3], axes[3:]) * 5.5
    affine[:3, 3] = (-12.25, 7.5, 40.125)
    header = Dataset()
    for keyword, value in TAGS.items():
        setattr(header, keyword, value)
    header.PatientName, header.PatientID, header.StudyID = "Doe^Jane", "4711", "S1"
    header.StudyInstanceUID, header.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    slices = tuple(
        SliceHeader(Path(f"IM{n}"), None, "1.2.3.1", f"1.2.3.1.{n + 1}", (), (), (), (shape[1], shape[0]))
        for n in range(shape[2])
    )
    return SourceSeries(slices, StoredGrid(shape, LPS_TO_RAS @ affine), header, (MR,) * shape[2])


def series_on_disk(folder: Path, axes: list[float], *, framed: bool = False, **tags: Any) -> SourceSeries:
    """A series as a scanner writes it, read as the program does."""
    pixels = np.arange(7 * 6 * 5, dtype=np.uint16).reshape(7, 6, 5)
    series = Series(pixels, tuple(axes), tags={**TAGS, **tags})
    write_enhanced(folder / "IM1", series, [3, 1, 0, 2, 6, 5, 4]) if framed else write_classic(folder, series)
    (stack,) = run_to_end(look_through(folder)).stacks
    return source_series(stack)


def labels_on(series: SourceSeries, stored: NDArray[np.uint8], scheme: str = "brats2020") -> LabelMap:
    """A mask in the stored order of a series, (columns, rows, slices), as the program holds it."""
    grid = series.stored_grid
    return LabelMap(np.ascontiguousarray(grid.to_ras(stored)), grid.grid, scheme_named(scheme))


def drawn(series: SourceSeries, seed: int = 0) -> NDArray[np.uint8]:
    """Numbers 0, 1, 2 and 4 anywhere."""
    random = np.random.default_rng(seed)
    return random.choice(np.array([0, 1, 2, 4], np.uint8), size=series.stored_grid.shape)
