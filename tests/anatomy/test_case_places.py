"""Where the lesions of a case lie, in its report."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.anatomy import case_places
from brainseg_gui.anatomy.case_places import with_places
from brainseg_gui.anatomy.placing import AtlasPlace
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.reports.case_content import CaseContent, NamedMask, content_of
from brainseg_gui.evaluation.reports.case_tables import facts, tables_of
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import Progress, run_to_end

_THALAMUS = (-12.0, -19.0, 7.0)


@pytest.fixture
def content(toy_case: Callable[..., Path], tmp_path: Path) -> CaseContent:
    case = run_to_end(read_case(find_case(toy_case(tmp_path))))
    assert case.reference is not None
    reference = NamedMask(case.reference, Path("seg.nii.gz"), "read", "Reference")
    return run_to_end(content_of(case, reference, None, rules_named("brats2023")))


def test_a_toy_says_why_its_lesions_have_no_place(content: CaseContent) -> None:
    found = run_to_end(with_places(content))
    assert found.places == ()
    assert "not said: the brain is not seen without its skull" in facts(found)[-1]
    assert [table.title for table in tables_of(found)] == [table.title for table in tables_of(content)]


def test_each_lesion_has_a_row(content: CaseContent, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = content.case.grid
    reference = content.figure.reference
    assert reference is not None
    core = np.isin(reference.values, reference.scheme.values_in(case_places.region_named("TC")))
    to_atlas = np.eye(4)  # the middle of the core comes to lie in the left thalamus
    to_atlas[:3, 3] = _THALAMUS - np.array(grid.to_world(tuple(np.argwhere(core).mean(axis=0))))

    def placed(*_: Any) -> Generator[Progress, None, AtlasPlace]:
        yield Progress("placing", 0.5)
        return AtlasPlace(to_atlas, 0.95)

    monkeypatch.setattr(case_places, "place_in_atlas", placed)
    monkeypatch.setattr(case_places, "_LEAST_ML", 0.0)
    table = tables_of(run_to_end(with_places(content)))[-1]
    assert table.title == "Where lesions lie"
    assert "89 %" in table.note
    number, _, side, parts, touches, _ = table.rows[0]
    assert (number, side) == ("1", "left")
    assert parts.startswith("left thalamus")
    assert "left thalamus" in touches
