"""Names near the longest that a drive takes (255 bytes; encrypted folders take 143): a note has one that is longer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brainseg_gui.annotation.saving.save_mask import SaveRequest, save_mask
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import network_of, read_note, wrote_mask
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.inference.cohorts.case_record import inputs_of
from brainseg_gui.links import behind_links
from brainseg_gui.progress import run_to_end

MASK = "P1_" + "x" * 240 + "_seg.nii.gz"
TOO_LONG = "y" * 300 + ".nii.gz"


@pytest.fixture
def case(toy_case: Callable[..., Path], tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path, case_id="P1"))))


@pytest.fixture
def long_mask(case: Case) -> Path:
    """A mask of the case whose name is as long as can be."""
    assert case.source.reference is not None
    return case.source.reference.rename(case.source.folder / MASK)


def test_a_mask_whose_note_would_have_too_long_a_name_is_opened(case: Case, long_mask: Path) -> None:
    assert not wrote_mask(long_mask)
    assert read_note(long_mask) is None
    assert network_of(long_mask) == ""
    assert find_case(long_mask).reference == long_mask
    assert long_mask in inputs_of(replace(case.source, reference=long_mask))


def test_a_mask_without_room_for_its_note_is_saved_and_that_is_said(case: Case) -> None:
    assert case.reference is not None
    place = case.source.folder / MASK
    saved = run_to_end(save_mask(SaveRequest(case, case.reference, "annotation", chosen=place), lambda study: {}))
    assert place.is_file()
    assert saved.problem is not None
    assert "shorter name" in saved.problem.remedy


@pytest.mark.parametrize("kind", ["annotation", "pred"])
def test_a_case_whose_name_leaves_no_room_for_a_mask_says_so(case: Case, kind: str) -> None:
    assert case.reference is not None
    long = replace(case, source=replace(case.source, case_id="P1" + "x" * 250))
    before = os.listdir(case.source.folder)
    with pytest.raises(SaveError, match="File name too long") as caught:
        run_to_end(save_mask(SaveRequest(long, case.reference, kind)))
    assert "shorter name" in caught.value.remedy
    assert os.listdir(case.source.folder) == before


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_name_that_is_too_long_is_an_error_in_words(case: Case, overwrite: bool) -> None:
    assert case.reference is not None
    with pytest.raises(SaveError, match="shorter name"):
        write_labels(case.source.folder / TOO_LONG, case.reference, case.header, overwrite=overwrite)
    assert behind_links(case.source.folder / TOO_LONG).name == TOO_LONG
