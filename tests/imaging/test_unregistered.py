"""The record of a prepared case tells which of its images could not be registered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.unregistered import PREPARATION, not_registered, records_of_failure
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.cohorts.case_record import inputs_of

LOST = {"problem": "it covers 3 %", "found_before": None}
HELD = {"problem": "", "found_before": None}
BY_HAND = {"problem": "it covers 3 %", "found_before": LOST}


@pytest.fixture
def source(tmp_path: Path) -> CaseSource:
    images = {m: tmp_path / f"Jane_{m.value}.nii.gz" for m in (Modality.T1CE, Modality.T2, Modality.FLAIR)}
    return CaseSource("Jane", tmp_path, images)


def _write(source: CaseSource, **motions: dict[str, Any]) -> Path:
    series = [{"modality": key, "registration": motion} for key, motion in motions.items()]
    path = source.folder / PREPARATION
    path.write_text(json.dumps({"series": series}))
    return path


def test_it_is_told_of_each_image(source: CaseSource) -> None:
    assert not_registered(source) == ()
    _write(source, t1ce=HELD, t2=LOST, flair=BY_HAND, t1=LOST)
    assert not_registered(source) == (Modality.T2,)


def test_a_mask_is_made_of_the_record_that_leaves_an_image_out(source: CaseSource) -> None:
    """Once a person has accepted the series where it lies, the images are the same and the mask is another."""
    record = _write(source, t1ce=HELD, t2=LOST)
    assert records_of_failure(source) == {record}
    assert record in inputs_of(source)
    _write(source, t1ce=HELD, t2=BY_HAND)
    assert inputs_of(source) == sorted(source.modalities.values())


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"series": 3}', '{"series": [{}]}', '{"series": [{"modality": "t2", "registration": {}}]}'],
)
def test_a_record_that_makes_no_sense_says_nothing(content: str, source: CaseSource) -> None:
    (source.folder / PREPARATION).write_text(content)
    assert not_registered(source) == ()
