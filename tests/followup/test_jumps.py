"""Core that one visit calls oedema: told where the whole stayed, and not where the tumour itself changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.tables import doubt_lines, remark_lines
from brainseg_gui.followup.documents.text import as_text
from brainseg_gui.followup.edits import TreatmentNoted
from brainseg_gui.followup.jumps import jumps_of
from brainseg_gui.followup.moments import moment_of, moment_on
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.volumes import VolumeRange, volume_by_border


def _record(*volumes: dict[str, float]) -> FollowUp:
    """Visits v0, v1, … a hundred days apart with these volumes in ml."""
    visits = [
        VisitMeasures(
            f"v{n}",
            moment_on(date(2021, 1, 1) + timedelta(100 * n)),
            mask=Path(f"m{n}"),
            volumes={key: VolumeRange(ml, ml, ml) for key, ml in of_visit.items()},
        )
        for n, of_visit in enumerate(volumes)
    ]
    return FollowUp("P", criteria_named("rano2"), tuple(visits))


def test_core_that_is_called_oedema_is_told() -> None:
    """25 ml of core, of which a network calls 20 oedema at the next visit: 40 ml of tumour stay 42."""
    found = jumps_of(_record({"WT": 40, "TC": 25}, {"WT": 42, "TC": 5}, {"WT": 44, "TC": 6}))
    assert list(found) == [1]
    assert found[1].startswith(
        "Labels in doubt: since v0 20.0 of 25.0 ml of tumour core (TC) are gone and 22.0 ml around it have come"
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"WT": 40, "TC": 25}, {"WT": 20, "TC": 5}),  # it responds: the oedema stays as it was
        ({"WT": 40, "TC": 25}, {"WT": 70, "TC": 5}),  # far more oedema than what is gone of the core
        ({"WT": 40, "TC": 25}, {"WT": 41, "TC": 15}),  # more than half of the core is still there
        ({"WT": 40, "TC": 1.5}, {"WT": 40, "TC": 0.6}),  # less than a millilitre
        ({"WT": 40, "TC": 25}, {"WT": 38, "TC": 3, "RC": 20}),  # it was cut out, and the brain around it swells
        ({"WT": 40, "TC": 5}, {"WT": 41, "TC": 25}),  # it grows into its oedema
        ({"WT": 40}, {"WT": 41, "TC": 25}),  # one of the masks does not tell core apart
    ],
)
def test_a_tumour_that_changed_is_no_jump(before: dict[str, float], now: dict[str, float]) -> None:
    assert jumps_of(_record(before, now)) == {}


def test_a_visit_without_a_mask_is_passed_over() -> None:
    record = _record({"WT": 40, "TC": 25}, {}, {"WT": 42, "TC": 0})
    assert list(jumps_of(record)) == [2]
    assert "since v0 25.0 of 25.0 ml" in jumps_of(record)[2]


def test_a_true_course_has_no_jump_until_one_mask_calls_its_core_oedema() -> None:
    """A ball of 12 voxels' core radius in one of 20 that grows by a voxel a visit, in voxels of a millimetre."""
    offsets = np.indices((60, 60, 60)) - 30
    radius = np.sqrt(np.square(offsets).sum(axis=0))
    masks = [np.where(radius <= 12 + n, 1, np.where(radius <= 20 + n, 2, 0)) for n in range(4)]
    assert jumps_of(_measured(masks)) == {}
    masks[2][masks[2] == 1] = 2
    assert list(jumps_of(_measured(masks))) == [2]


def _measured(masks: list[NDArray[np.int_]]) -> FollowUp:
    record = _record(*({} for _ in masks))
    visits = []
    for visit, mask in zip(record.visits, masks, strict=True):
        regions = {"WT": mask > 0, "TC": mask == 1}
        visits.append(replace(visit, volumes={key: volume_by_border(part, 0.001) for key, part in regions.items()}))
    return replace(record, visits=tuple(visits))


def test_the_report_says_it() -> None:
    record = _record({"WT": 40, "TC": 25}, {"WT": 42, "TC": 5})
    (line,) = [one for one in doubt_lines(record) if "called oedema" in one]
    assert line.startswith("v1: Labels in doubt: since v0 20.0 of 25.0 ml")
    assert line in as_text(record)
    assert "Labels in doubt: since v0 20.0 of 25.0 ml" in follow_up_page(record)


def test_a_treatment_whose_place_on_the_curves_nothing_tells_says_so() -> None:
    """A report gave the treatment, and no curve showed it."""
    dated = _record({"WT": 40, "TC": 25}, {"WT": 42, "TC": 24}).with_edit(TreatmentNoted(date(2021, 2, 1), "TMZ"))
    assert remark_lines(dated) == ["2021-02-01: TMZ"]
    counted = replace(dated, visits=tuple(replace(visit, moment=moment_of("M3")) for visit in dated.visits))
    assert remark_lines(counted) == ["2021-02-01: TMZ (not drawn beside the curves: the baseline has no date)"]
