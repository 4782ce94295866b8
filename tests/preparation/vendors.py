"""The same two series as Siemens, GE and Philips write them: one file for each slice, or one for all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.imaging.modality import Modality
from tests.preparation.conftest import Series, write_classic, write_enhanced

Times = Mapping[str, float]
FLAIR_MS: Times = {"EchoTime": 120.0, "RepetitionTime": 9000.0, "InversionTime": 2500.0}
T1_MS: Times = {"EchoTime": 10.0, "RepetitionTime": 550.0}
INTERCEPT, SLOPE = -3.0, 2.0
_GE_ROUNDS_MM = 0.004
Examination = Mapping[Modality, Series]
"""The FLAIR and the T1ce that are to be written: pixels and places; UIDs and words are the maker's."""
Writer = Callable[[Path, Examination], None]


def siemens(folder: Path, examination: Examination) -> None:
    """Names tell, series are normalised, and the sequence has a name of its own."""
    for number, (series, times) in enumerate(_siemens(examination)):
        _slices(folder, series, shuffled(len(series.pixels), number), times)


def siemens_enhanced(folder: Path, examination: Examination) -> None:
    """As newer consoles write them: all in one folder, with the names of classic ones."""
    for number, (series, times) in enumerate(_siemens(examination)):
        write_enhanced(folder / f"{number}.MR", series, shuffled(len(series.pixels), 3 + number), _groups(times))


def ge(folder: Path, examination: Examination) -> None:
    """Numbers run from the top, a folder for each series, words are capital."""
    for series, times in _ge(examination):
        _slices(folder / series.uid, series, list(range(len(series.pixels)))[::-1], times)


def ge_rounded(folder: Path, examination: Examination) -> None:
    """The same with positions that are off by thousandths of a millimetre."""
    for series, times in _ge(examination):

        def position(number: int, series: Series = series) -> list[float]:
            noise = np.random.default_rng(number).uniform(-_GE_ROUNDS_MM, _GE_ROUNDS_MM, 3)
            return [round(value, 4) for value in np.array(series.position(number)) + noise]

        order = list(range(len(series.pixels)))[::-1]
        _slices(folder / series.uid, series, order, times, ImagePositionPatient=position)


def ge_enhanced(folder: Path, examination: Examination) -> None:
    """Frames from the top."""
    for number, (series, times) in enumerate(_ge(examination)):
        order = list(range(len(series.pixels)))[::-1]
        write_enhanced(folder / f"s{number}" / "i0001.dcm", series, order, _groups(times))


def philips(folder: Path, examination: Examination) -> None:
    """Names say nothing; contrast agent and times do."""
    for number, (series, times) in enumerate(_philips(examination)):
        _slices(folder, series, shuffled(len(series.pixels), 5 + number), times)


def philips_enhanced(folder: Path, examination: Examination) -> None:
    """Times stand in groups, the inversion's in a list of its own; the second series has the first name."""
    for number, (series, times) in enumerate(_philips(examination)):
        write_enhanced(folder / f"IM_{9 - number}", series, shuffled(len(series.pixels), 7 + number), _groups(times))


def shuffled(count: int, seed: int) -> list[int]:
    """Numbers below `count` in an order that says nothing."""
    return random.Random(seed).sample(range(count), count)


def _siemens(examination: Examination) -> list[tuple[Series, Times]]:
    common = {"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]}
    return _told(
        examination,
        "1.2.3",
        {**common, "SeriesDescription": "t2_tirm_tra_dark-fluid", "SequenceName": "*tir2d1_21"},
        {**common, "SeriesDescription": "t1_se_tra_km", "SequenceName": "*se2d1r"},
    )


def _ge(examination: Examination) -> list[tuple[Series, Times]]:
    common = {"Manufacturer": "GE MEDICAL SYSTEMS", "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]}
    return _told(
        examination,
        "1.2.4",
        {**common, "SeriesDescription": "Ax T2 FLAIR FS"},
        {**common, "SeriesDescription": "Ax T1 SE", "ContrastBolusAgent": "GADAVIST"},
    )


def _philips(examination: Examination) -> list[tuple[Series, Times]]:
    return _told(
        examination,
        "1.2.5",
        {"Manufacturer": "Philips", "SeriesDescription": "WIP sag_101"},
        {"Manufacturer": "Philips", "SeriesDescription": "WIP 102", "ContrastBolusAgent": "Dotarem"},
    )


def _told(
    examination: Examination, root: str, flair: dict[str, Any], t1ce: dict[str, Any]
) -> list[tuple[Series, Times]]:
    series = ((Modality.FLAIR, flair, FLAIR_MS), (Modality.T1CE, t1ce, T1_MS))
    return [
        (replace(examination[modality], uid=f"{root}.{n}", tags={**tags, "SeriesTime": f"10{n}000"}), times)
        for n, (modality, tags, times) in enumerate(series, 1)
    ]


def _slices(folder: Path, series: Series, order: list[int], times: Times, **per_file: Any) -> None:
    series = replace(series, tags={**series.tags, **times})
    scaled = {"RescaleSlope": lambda _: SLOPE, "RescaleIntercept": lambda _: INTERCEPT}
    write_classic(folder, series, order, **scaled, **per_file)


def _groups(times: Times) -> dict[str, dict[str, Any]]:
    """What enhanced files say of times; `write_enhanced` scales as `SLOPE` and `INTERCEPT` do."""
    groups: dict[str, dict[str, Any]] = {
        "MREchoSequence": {"EffectiveEchoTime": times["EchoTime"]},
        "MRTimingAndRelatedParametersSequence": {"RepetitionTime": times["RepetitionTime"]},
    }
    if inversion := times.get("InversionTime"):
        groups["MRModifierSequence"] = {"InversionTimes": [inversion]}
    return groups
