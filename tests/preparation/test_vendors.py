"""The same two series, as Siemens, GE and Philips write them, are the same series: roles, places and intensities."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import Series, write_classic, write_enhanced

FLAIR_MS = {"EchoTime": 120.0, "RepetitionTime": 9000.0, "InversionTime": 2500.0}
T1_MS = {"EchoTime": 10.0, "RepetitionTime": 550.0}
INTERCEPT, SLOPE = -3.0, 2.0
Writer = Callable[[Path, NDArray[np.uint16]], None]


def shuffled(count: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(count), count)


def siemens(folder: Path, pixels: NDArray[np.uint16]) -> None:
    """Names tell, series are normalised, and the sequence has a name of its own."""
    common = {"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]}
    told = (
        ("1.2.3.1", "t2_tirm_tra_dark-fluid", "*tir2d1_21", FLAIR_MS, pixels),
        ("1.2.3.2", "t1_se_tra_km", "*se2d1r", T1_MS, pixels[:, ::-1]),
    )
    for number, (uid, name, sequence, times, image) in enumerate(told):
        tags = {**common, **times, "SeriesDescription": name, "SequenceName": sequence, "SeriesTime": f"10{number}000"}
        series = Series(image, uid=uid, tags=tags)
        scaled = {"RescaleSlope": lambda _: SLOPE, "RescaleIntercept": lambda _: INTERCEPT}
        write_classic(folder, series, shuffled(len(image), number), **scaled)


def ge(folder: Path, pixels: NDArray[np.uint16]) -> None:
    """Positions are rounded by hundredths of a millimetre, numbers run from the top, words are capital."""
    common = {"Manufacturer": "GE MEDICAL SYSTEMS", "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]}
    told = (
        ("1.2.4.1", "Ax T2 FLAIR FS", FLAIR_MS, {}, pixels),
        ("1.2.4.2", "Ax T1 SE", T1_MS, {"ContrastBolusAgent": "GADAVIST"}, pixels[:, ::-1]),
    )
    for number, (uid, name, times, more, image) in enumerate(told):
        tags = {**common, **times, **more, "SeriesDescription": name, "SeriesTime": f"10{number}000"}
        series = Series(image, uid=uid, tags=tags)

        def position(slice_number: int, series: Series = series) -> list[float]:
            noise = np.random.default_rng(slice_number).uniform(-0.004, 0.004, 3)
            return [round(value, 4) for value in np.array(series.position(slice_number)) + noise]

        write_classic(
            folder / uid, series, list(range(len(image)))[::-1], ImagePositionPatient=position,
            RescaleSlope=lambda _: SLOPE, RescaleIntercept=lambda _: INTERCEPT,
        )  # fmt: skip


def philips(folder: Path, pixels: NDArray[np.uint16]) -> None:
    """Enhanced files whose names say nothing: times stand in groups, the inversion's in a list of its own."""
    told = (
        ("1.2.5.1", "WIP sag_101", FLAIR_MS, {}, pixels),
        ("1.2.5.2", "WIP 102", T1_MS, {"ContrastBolusAgent": "Dotarem"}, pixels[:, ::-1]),
    )
    for number, (uid, name, times, more, image) in enumerate(told):
        groups: dict[str, dict[str, Any]] = {
            "MREchoSequence": {"EffectiveEchoTime": times["EchoTime"]},
            "MRTimingAndRelatedParametersSequence": {"RepetitionTime": times["RepetitionTime"]},
        }
        if inversion := times.get("InversionTime"):
            groups["MRModifierSequence"] = {"InversionTimes": [inversion]}
        tags = {"Manufacturer": "Philips", "SeriesDescription": name, "SeriesTime": f"10{number}000", **more}
        series = Series(image, uid=uid, tags=tags)
        write_enhanced(folder / f"IM_{9 - number}", series, shuffled(len(image), 7 + number), groups)


def read(place: Path) -> dict[Modality, Volume]:
    examination = run_to_end(examine(place))
    chosen = choose_series(examination).chosen
    return {modality: run_to_end(examination.series[one.number].read()) for modality, one in chosen.items()}


@pytest.mark.parametrize("write", [siemens, ge, philips])
def test_what_each_maker_writes_is_the_same_examination(
    tmp_path: Path, pixels: NDArray[np.uint16], write: Writer
) -> None:
    write(tmp_path / "DICOM", pixels)
    found = read(tmp_path / "DICOM")
    assert set(found) == {Modality.FLAIR, Modality.T1CE}
    for modality, image in ((Modality.FLAIR, pixels), (Modality.T1CE, pixels[:, ::-1])):
        volume, series = found[modality], Series(image)
        inverse = np.linalg.inv(series.affine)
        places = np.moveaxis(np.indices(volume.grid.shape), 0, -1) @ volume.grid.affine[:3, :3].T
        i, j, k = np.moveaxis((places + volume.grid.affine[:3, 3]) @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)
        assert max(np.abs(one - np.rint(one)).max() for one in (i, j, k)) < 0.02
        i, j, k = (np.rint(one).astype(int) for one in (i, j, k))
        assert np.array_equal(volume.intensities(), image[k, j, i] * SLOPE + INTERCEPT)
