"""Where visits lie is kept for the same images only, and what does not fit counts as nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.controllers.following import following as module
from brainseg_gui.followup import measure as measuring
from brainseg_gui.followup.aligning.kept_placements import keep_placements, kept_placements
from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.measure import FollowUpRequest
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.progress import run_to_end
from tests.patients import write_patient

_TURNED = np.array([[0, -1, 0, 3.5], [1, 0, 0, -2], [0, 0, 1, 0.25], [0, 0, 0, 1]], float)
_FOUND = (Placement(np.eye(4)), Placement(_TURNED, "It was registered to a: turned by 90.0°", doubtful=True))


@pytest.fixture
def line(tmp_path: Path) -> TimeLine:
    """Two visits without masks."""
    for name in ("2021-01-10", "2021-03-15"):
        folder = tmp_path / "P1" / name
        folder.mkdir(parents=True)
        for modality in ("t1", "t1ce"):
            nib.save(nib.Nifti1Image(np.ones((4, 5, 6), np.int16), np.eye(4)), folder / f"{modality}.nii.gz")
    return time_line_of(tmp_path / "P1")


def test_what_was_found_comes_back(line: TimeLine, tmp_path: Path) -> None:
    assert kept_placements(line.visits, tmp_path / "kept") == ()
    keep_placements(line.visits, _FOUND, tmp_path / "kept")
    first, second = kept_placements(line.visits, tmp_path / "kept")
    np.testing.assert_array_equal(first.to_first, np.eye(4))
    np.testing.assert_array_equal(second.to_first, _TURNED)
    assert (second.note, second.doubtful, second.failed) == (_FOUND[1].note, True, False)


def test_other_images_or_other_visits_are_registered_anew(line: TimeLine, tmp_path: Path) -> None:
    keep_placements(line.visits, _FOUND, tmp_path)
    assert kept_placements(line.visits[::-1], tmp_path) == ()
    assert kept_placements(line.visits[:1], tmp_path) == ()
    image = next(iter(line.visits[1].source.modalities.values()))
    os.utime(image, ns=(1, 1))
    assert kept_placements(line.visits, tmp_path) == ()
    image.unlink()
    assert kept_placements(line.visits, tmp_path) == ()


def test_a_visit_that_could_not_be_laid_is_tried_again(line: TimeLine, tmp_path: Path) -> None:
    keep_placements(line.visits, (_FOUND[0], Placement(np.eye(4), "why", failed=True)), tmp_path)
    assert kept_placements(line.visits, tmp_path) == ()


def _at(*way: Any, value: Any) -> Callable[[Any], Any]:
    def change(content: Any) -> Any:
        part = content
        for step in way[:-1]:
            part = part[step]
        part[way[-1]] = value
        return content

    return change


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: [],
        lambda _: {},
        _at("format", value="brainseg placements 0"),
        _at("visits", value="two"),
        lambda content: {**content, "visits": content["visits"][:1]},
        lambda content: {**content, "visits": content["visits"] * 2},
        _at("visits", 1, value=None),
        _at("visits", 1, "note", value=3),
        _at("visits", 1, "doubtful", value="no"),
        _at("visits", 1, "to_first", value=[[1, 0], [0, 1]]),
        _at("visits", 1, "to_first", 0, 3, value=float("nan")),
        _at("visits", 1, "to_first", 0, 3, value="far"),
        _at("visits", 1, "to_first", 2, 2, value=-1.0),
        _at("visits", 1, "to_first", 2, 2, value=1.5),
        _at("visits", 1, "to_first", 3, value=[0, 0, 0, 0]),
    ],
)
def test_what_is_damaged_counts_as_nothing(line: TimeLine, tmp_path: Path, damage: Callable[[Any], Any]) -> None:
    kept = tmp_path / "kept"
    keep_placements(line.visits, _FOUND, kept)
    (file,) = kept.iterdir()
    file.write_text(json.dumps(damage(json.loads(file.read_text()))))
    assert kept_placements(line.visits, kept) == ()


def test_the_window_registers_a_patient_once(line: TimeLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def registered(line: TimeLine, _request: FollowUpRequest):  # type: ignore[no-untyped-def]
        asked.append(line)
        yield from ()
        return _FOUND

    monkeypatch.setattr(module, "register_visits", registered)
    request = FollowUpRequest(criteria_named("rano2"))
    for _ in range(2):
        found = run_to_end(module._measured(line, request, tmp_path / "journals", tmp_path / "kept", lambda _: ()))
        np.testing.assert_array_equal(found.placements[1].to_first, _TURNED)
    assert len(asked) == 1
    (tmp_path / "kept").chmod(0o700)
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(b"")
    run_to_end(module._measured(line, request, tmp_path / "journals", tmp_path / "kept", lambda _: ()))
    assert len(asked) == 2


def test_the_window_looks_for_the_atlas_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line, asked, place = time_line_of(write_patient(tmp_path / "P1")), [], np.diag([1.0, 1.0, 1.1, 1.0])

    def placed(visits: Any, _masks: object):  # type: ignore[no-untyped-def]
        asked.append(visits)
        yield from ()
        return place, ""

    monkeypatch.setattr(measuring, "first_in_atlas", placed)
    request = FollowUpRequest(criteria_named("rano2"), placements=(Placement(np.eye(4)),) * 4)
    for _ in range(2):
        found = run_to_end(module._measured(line, request, tmp_path / "journals", tmp_path / "kept", lambda _: ()))
        assert found.record is not None
        assert found.record.to_atlas is not None
        np.testing.assert_array_equal(found.record.to_atlas, place)
    assert len(asked) == 1
