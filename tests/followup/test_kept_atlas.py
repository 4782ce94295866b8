"""Where a patient lies in the atlas is kept for the same images only, and is not asked for again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.followup import measure as module
from brainseg_gui.followup.aligning.kept_atlas import keep_in_atlas, kept_in_atlas
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.progress import run_to_end
from tests.patients import write_patient

PLACE = np.array([[0.9, 0, 0, 3.5], [0, 1.1, 0.1, -2], [0, 0, 1, 0.25], [0, 0, 0, 1]], float)


@pytest.fixture
def line(tmp_path: Path) -> TimeLine:
    return time_line_of(write_patient(tmp_path / "P1"))


def test_it_comes_back_for_the_same_images_alone(line: TimeLine, tmp_path: Path) -> None:
    first, second, kept = line.visits[0], line.visits[1], tmp_path / "kept"
    assert kept_in_atlas(first, kept) is None
    keep_in_atlas(first, PLACE, kept)
    found = kept_in_atlas(first, kept)
    assert found is not None
    np.testing.assert_array_equal(found, PLACE)
    assert kept_in_atlas(second, kept) is None
    image = next(iter(first.source.modalities.values()))
    os.utime(image, ns=(1, 1))
    assert kept_in_atlas(first, kept) is None
    image.unlink()
    assert kept_in_atlas(first, kept) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"format": "brainseg atlas place 0", "to_atlas": PLACE.tolist()},
        *(
            {"format": "brainseg atlas place 1", "to_atlas": way}
            for way in (None, [], [[1, 2], [3, 4]], [["1"] * 4] * 4)
        ),
        {"format": "brainseg atlas place 1", "to_atlas": np.zeros((4, 4)).tolist()},
        {"format": "brainseg atlas place 1", "to_atlas": [[1e300] * 4] * 4},
    ],
)
def test_what_is_damaged_counts_as_nothing(line: TimeLine, tmp_path: Path, said: Any) -> None:
    keep_in_atlas(line.visits[0], PLACE, tmp_path / "kept")
    (file,) = (tmp_path / "kept").iterdir()
    file.write_text(json.dumps(said))
    assert kept_in_atlas(line.visits[0], tmp_path / "kept") is None


def test_a_place_that_is_known_is_not_looked_for(line: TimeLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_for(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(module, "first_in_atlas", looked_for)
    record = run_to_end(measure_patient(line, FollowUpRequest(criteria_named("rano2"), to_atlas=PLACE)))
    assert record.to_atlas is PLACE
    assert all(lesion.location is not None for visit in record.visits for lesion in visit.lesions.values())
