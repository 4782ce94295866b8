"""Images whose series had names burned into their pixels do not leave without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.errors import CaseError
from brainseg_gui.exchange.burned_in import notes_of_burned_in, refuse_burned_in
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import Series, write_classic


@pytest.fixture(params=["YES", "NO"])
def case(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A prepared case, and in the name of its folder what the header said."""
    pixels = np.random.default_rng(1).integers(0, 900, (9, 20, 20)).astype(np.uint16)
    tags = {"SeriesDescription": "t1_tra_gd", "BurnedInAnnotation": request.param}
    write_classic(tmp_path / request.param, Series(pixels, tags=tags))
    wanted = PreparationRequest(tmp_path / "cohort", Wishes(Space.REFERENCE, strip=False))
    return run_to_end(prepare_place(tmp_path / request.param, wanted, None)).folder


def test_a_prepared_case_remembers_what_its_series_said(case: Path) -> None:
    said = case.name == "YES"
    (series,) = read_preparation(case).series
    assert (series.modality, series.burned_in) == (Modality.T1CE, said)
    assert len(notes_of_burned_in(case)) == said
    if said:
        with pytest.raises(CaseError, match="T1ce may tell who it is") as caught:
            refuse_burned_in(case)
        assert "without them" in caught.value.remedy
    else:
        refuse_burned_in(case)


def test_an_export_of_images_tells_it_and_one_without_faces_leaves_the_case_out(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = case.name == "YES"
    export = ["export", str(case.parent), "--to", "nnunet", "-o"]
    assert main([*export, str(tmp_path / "Dataset501_All")]) == 0
    assert ("look at T1ce before it leaves" in capsys.readouterr().err) is said
    if said:
        assert main([*export, str(tmp_path / "Dataset502_Faceless"), "--deface"]) == 2
        assert "T1ce may tell who it is" in capsys.readouterr().err
        assert not (tmp_path / "Dataset502_Faceless").exists()
