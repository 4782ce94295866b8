"""Viewing emits on real change only, and all at once when many fields change."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from brainseg_gui.imaging.colours import safe_colours
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.slices.viewing import Viewing, ViewLayout

CHANGES: dict[str, Any] = {
    "crosshair": (1, 2, 3),
    "modality": Modality.FLAIR,
    "windows": {Modality.T1: Window(1.0, 2.0)},
    "layout": ViewLayout.COMPARE,
    "plane": Plane.SAGITTAL,
    "convention": DisplayConvention.NEUROLOGICAL,
    "masks_visible": False,
    "opacity": 0.7,
    "hidden": frozenset({"ED"}),
    "colours": safe_colours(),
    "smooth": False,
    "crosshair_visible": False,
    "peek": True,
    "agreement": regions()[1],
    "file_index": True,
    "blink": True,
}


def test_every_field_is_tried() -> None:
    assert set(CHANGES) == {field.name for field in fields(Viewing)}


@pytest.mark.parametrize("name", CHANGES)
def test_a_field_emits_when_it_really_changes_and_only_then(name: str) -> None:
    viewing, heard = Viewing(), []
    viewing.events.connect(lambda info: heard.append(info.signal.name))
    setattr(viewing, name, getattr(viewing, name))
    assert heard == []
    setattr(viewing, name, CHANGES[name])
    assert heard == [name]
    setattr(viewing, name, CHANGES[name])
    assert heard == [name]


def test_a_window_replaces_the_mapping_and_leaves_the_others() -> None:
    viewing = Viewing(windows={Modality.T1: Window(1.0, 2.0)})
    before = viewing.windows
    viewing.set_window(Modality.T2, Window(3.0, 4.0))
    assert viewing.windows == {Modality.T1: Window(1.0, 2.0), Modality.T2: Window(3.0, 4.0)}
    assert before == {Modality.T1: Window(1.0, 2.0)}


def test_toggling_a_meaning_twice_is_no_change() -> None:
    viewing = Viewing()
    viewing.toggle_meaning("ED")
    viewing.toggle_meaning("ET")
    assert viewing.hidden == {"ED", "ET"}
    viewing.toggle_meaning("ED")
    assert viewing.hidden == {"ET"}


def test_changes_made_together_are_heard_when_all_are_made() -> None:
    viewing, seen = Viewing(), []
    for field in (viewing.events.crosshair, viewing.events.modality):
        field.connect(lambda: seen.append((viewing.crosshair, viewing.modality)))
    with viewing.together():
        viewing.crosshair = (1, 1, 1)
        viewing.modality = Modality.T2
        viewing.crosshair = (2, 2, 2)
        assert seen == []
    assert seen == [((2, 2, 2), Modality.T2)] * 2
    viewing.crosshair = (3, 3, 3)
    assert len(seen) == 3
