"""A mask that tells the whole tumour alone: a report of it, and what its partner carries besides."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.evaluation.html.case import case_page
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.records import measures
from brainseg_gui.evaluation.reports.case_content import read_content
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end


def test_a_binary_prediction_has_a_page(toy_case: Any, tmp_path: Path) -> None:
    """It ended in a traceback, and HTML is the usual format."""
    source = find_case(toy_case(tmp_path))
    assert source.reference is not None
    image = nib.load(source.reference)
    values = (np.asarray(image.dataobj) > 0).astype(np.uint8)
    prediction = tmp_path / "binary.nii.gz"
    nib.save(nib.Nifti1Image(values, image.affine), prediction)
    chosen = ChosenSchemes(None, scheme_named("whole-tumour"))
    content = run_to_end(read_content(source, source.reference, prediction, chosen, rules_named("brats2023")))
    page = case_page(content)
    assert "WT, whole tumour" in page
    assert "TC, " not in page.split("</section>")[0]


def test_numbers_that_nobody_knows_are_told_where_the_whole_tumour_alone_is_scored() -> None:
    grid = Grid((4, 4, 4), np.eye(4))
    ours, theirs = np.zeros((2, 4, 4, 4), np.uint8)
    ours[:2], theirs[:2] = 3, 1  # 3 is no number of BraTS 2020
    ours[0, 0, 0] = 1
    binary = LabelMap(theirs, grid, scheme_named("whole-tumour"))
    rows = compare(LabelMap(ours, grid, scheme_named("brats2020")), binary).rows
    assert [row.region.key for row in rows] == ["WT", "?"]


@pytest.mark.parametrize(("said", "kept"), [(0.5, 0.5), (math.inf, math.nan), (-math.inf, math.nan), (1e13, math.nan)])
def test_what_no_file_can_hold_is_no_measure_of_a_plug_in(
    monkeypatch: pytest.MonkeyPatch, said: float, kept: float
) -> None:
    """One case with an empty region ended the whole cohort, and each resume."""
    plug_in: Any = None
    row: Any = None
    monkeypatch.setattr(measures, "load", lambda _: lambda _: said)
    assert measures._value_of(plug_in, row) == pytest.approx(kept, nan_ok=True)
