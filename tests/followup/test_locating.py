"""Where lesions lie, in what is written of a follow-up; a brain that is none of a person's has no such place."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.anatomy.atlas import read_atlas
from brainseg_gui.anatomy.location import Location
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents.csv_table import as_csv
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.tables import definition_lines, location_table
from brainseg_gui.followup.documents.text import as_text
from brainseg_gui.followup.from_json import follow_up_of
from brainseg_gui.followup.lesions import lesions_of
from brainseg_gui.followup.locating import located
from brainseg_gui.followup.measure import FollowUpRequest, measure_labels, measure_patient
from brainseg_gui.followup.moments import Moment
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.to_json import as_json
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end

_PLACE = Location(
    0.98,
    {"frontal": 0.6, "parietal": 0.02},
    {"left putamen": 0.3},
    0.08,
    {"left putamen": 0.0, "left lateral ventricle": 2.9, "left motor gyrus": 7.6},
)


@pytest.fixture(scope="module")
def record(patient_folder: Path) -> FollowUp:
    return run_to_end(measure_patient(time_line_of(patient_folder), FollowUpRequest(criteria_named("rano2"))))


@pytest.fixture
def placed(record: FollowUp) -> FollowUp:
    """With a place of the first visit's lesion."""
    first = record.visits[0]
    lesions = {number: replace(lesion, location=_PLACE) for number, lesion in first.lesions.items()}
    return replace(record, visits=(replace(first, lesions=lesions), *record.visits[1:]))


def test_a_toy_says_why_it_has_no_place(record: FollowUp) -> None:
    assert any("not said: the brain is not seen without its skull" in note for note in record.notes)
    assert location_table(record).rows == ()
    assert "atlas" not in " ".join(definition_lines(record))


def test_tables_and_page_say_where_a_lesion_lies(placed: FollowUp) -> None:
    assert [row[1:] for row in location_table(placed).rows] == [
        ("1", "left", "frontal 60%, left putamen 30%", "left putamen, left lateral ventricle", "left motor gyrus 8 mm")
    ]
    for text in (as_text(placed), follow_up_page(placed)):
        assert "frontal 60%, left putamen 30%" in text
        assert "atlas of 20 healthy brains" in text


def test_the_csv_says_where_a_lesion_lies(placed: FollowUp) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(placed))))
    assert (rows[0]["side"], rows[0]["touches"]) == ("left", "left putamen, left lateral ventricle")
    assert (rows[1]["side"], rows[1]["within_a_centimetre"]) == ("", "")


def test_json_keeps_a_place_and_older_files_have_none(placed: FollowUp) -> None:
    content = json.loads(as_json(placed))
    again = follow_up_of(content)
    assert again.visits[0].lesions[1].location == _PLACE
    for visit in content["visits"]:
        for lesion in visit["lesions"]:
            del lesion["location"]
    assert follow_up_of(content).visits[0].lesions[1].location is None
    content["visits"][0]["lesions"][0]["location"] = {"left": "much"}
    with pytest.raises((KeyError, TypeError, ValueError)):
        follow_up_of(content)


def test_a_later_visit_is_placed_through_the_first_one() -> None:
    grid = read_atlas().grid
    values = np.zeros(grid.shape, np.uint8)
    values[grid.clip(tuple(np.linalg.solve(grid.affine, (-11, -19, 7, 1))[:3]))] = 3  # type: ignore[arg-type]
    values = np.asarray(
        3 * (np.abs(np.indices(values.shape) - np.reshape(np.argwhere(values)[0], (3, 1, 1, 1))).sum(0) < 3)
    )
    labels = LabelMap(values.astype(np.uint8), grid, scheme_named("brats2023"))
    shift = np.eye(4)
    shift[0, 3] = 22.0  # this visit lies so far to the left of the first one
    request = FollowUpRequest(criteria_named("rano2"))
    visit, _ = measure_labels(VisitMeasures("b", Moment(), grid, Path("b"), to_first=shift), labels, request)
    lesions = lesions_of(labels, request.criteria.kind)
    (lesion,) = located(visit, lesions, np.eye(4)).lesions.values()
    assert lesion.location is not None
    assert lesion.location.main == "right thalamus"
