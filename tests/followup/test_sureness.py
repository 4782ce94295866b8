"""Limits of volumes where a network drew the masks: two parts, by hand, and wherever a follow-up is shown."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents.csv_table import as_csv
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.tables import definition_lines, growth_table, visit_table
from brainseg_gui.followup.from_json import follow_up_of
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.to_json import as_json
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.followup.volumes import VolumeRange, with_sureness
from brainseg_gui.imaging.cases.sureness_note import write_sureness
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.progress import run_to_end


def _follow(folder: Path) -> FollowUp:
    return run_to_end(measure_patient(time_line_of(folder), FollowUpRequest(criteria_named("rano2"), locate=False)))


@pytest.fixture
def folder(patient_folder: Path, tmp_path: Path) -> Path:
    """The patient, the mask of whose second visit a network made: its ET lies between 1 and 3 ml."""
    patient = tmp_path / "P1"
    shutil.copytree(patient_folder, patient)
    mask = patient / "visit2_2021-03-15" / "seg.nii.gz"
    stored = read_mask(mask)
    write_sureness(mask, stored.values, "net 1", {"ET": (1.0, 3.0)})
    return patient


def test_parts_are_put_together_by_their_squares() -> None:
    border = VolumeRange(20.0, 17.0, 24.0)
    assert with_sureness(border, 16.0, 23.0) == VolumeRange(20.0, 15.0, 25.0)  # 3 and 4 down, 4 and 3 up
    assert with_sureness(border, 20.0, 20.0) == border
    assert with_sureness(border, 21.0, 19.0) == border  # the rules after a network may draw more than it saw
    assert with_sureness(VolumeRange(1.0, 0.2, 2.0), 0.0, 1.0).low == 0


def test_limits_of_a_networks_mask_hold_its_sureness(folder: Path, patient_folder: Path) -> None:
    plain, found = _follow(patient_folder).visits[1], _follow(folder).visits[1]
    border, limits = plain.volumes["ET"], found.volumes["ET"]
    assert found.by_network == {"ET": (1.0, 3.0)}
    assert limits.value == border.value
    assert 1.0 < limits.value < 3.0
    assert limits.value - limits.low == pytest.approx(math.hypot(border.value - border.low, border.value - 1.0))
    assert limits.high - limits.value == pytest.approx(math.hypot(border.high - border.value, 3.0 - border.value))
    assert found.volumes["WT"] == plain.volumes["WT"]


def test_a_mask_that_was_corrected_has_its_border_alone(folder: Path) -> None:
    mask = folder / "visit2_2021-03-15" / "seg.nii.gz"
    image = nib.load(mask)
    values = np.asarray(image.dataobj).copy()
    values[22, 22, 15] = 2
    nib.save(nib.Nifti1Image(values, image.affine), mask)
    assert _follow(folder).visits[1].by_network == {}


def test_it_is_shown_wherever_volumes_are(folder: Path) -> None:
    record = _follow(folder)
    volume = record.visits[1].volumes["ET"]
    table = growth_table(record)
    rows = {(row[0][:6], row[1]): row[table.heads.index("ml, network")] for row in table.rows}
    assert rows["visit2", "ET"] == "1.0 to 3.0"
    assert rows["visit1", "ET"] == ""
    shown = visit_table(record).rows[1]
    assert f"{volume.value:.1f} ± {(volume.high - volume.low) / 2:.1f}" in shown
    assert any("by 84 % and by 16 %" in line for line in definition_lines(record))
    assert "±" in follow_up_page(record)
    cells = list(csv.DictReader(io.StringIO(as_csv(record))))[1]
    assert (cells["ET_network_ml_low"], cells["ET_network_ml_high"], cells["WT_network_ml_low"]) == ("1", "3", "")
    assert float(cells["ET_ml_high"]) == pytest.approx(volume.high, rel=1e-5)


def test_it_is_kept_in_json(folder: Path) -> None:
    content = json.loads(as_json(_follow(folder)))
    back = follow_up_of(content)
    assert back.visits[1].by_network == {"ET": (1.0, 3.0)}
    content["visits"][1]["volumes_by_network_ml"]["ET"] = [3.0, 1.0]
    with pytest.raises(ValueError, match="limits"):
        follow_up_of(content)
    del content["visits"][1]["volumes_by_network_ml"]
    assert follow_up_of(content).visits[1].by_network == {}
