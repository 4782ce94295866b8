"""A mask of another case, of other voxels or of somebody else stays as it is: what is made of it goes elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.settings.person import call_person
from brainseg_gui.controllers.shell.features.core_features import LAYERS, MASKS, SAVING
from brainseg_gui.state.layers.layers import LayerRole
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain

START, OTHER = (10, 11, 12), (12, 13, 12)
Open = Callable[..., None]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    call_person("")


def save(hand: Hand, qtbot: QtBot) -> None:
    hand.trigger("file.save")
    qtbot.waitUntil(lambda: not hand.application.controllers[SAVING].running, timeout=30_000)


def drawn(application: Application, folder: Path, open_paths: Open, qtbot: QtBot) -> tuple[Path, bytes]:
    """The file of an annotation of a case, and its bytes."""
    open_paths(application, folder)
    application.session.viewing.crosshair = START
    hand = Hand(application)
    hand.start(brush_mm=3.0)
    hand.click(START)
    save(hand, qtbot)
    path = application.session.annotating.layer.saved_as
    return path, path.read_bytes()


def gone_on(application: Application, qtbot: QtBot) -> Path:
    """The file of the annotation that Ctrl+E goes on with, after a stroke and Ctrl+S that asks nothing."""
    hand = Hand(application)
    hand.trigger("annotate.start")
    hand.annotating.options.brush_mm = 0.5
    application.session.viewing.crosshair = OTHER
    hand.click(OTHER)
    save(hand, qtbot)
    return hand.annotating.layer.saved_as


@pytest.mark.parametrize("resampled", [False, True], ids=["of another case", "of other voxels"])
def test_a_mask_from_elsewhere_is_begun_from_and_never_replaced(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot, resampled: bool
) -> None:
    here = toy_case(tmp_path / "one", case_id="P1", seed=1, mask=False)
    finer = {"shape": (48, 56, 40), "spacing": (0.5, 0.5, 0.5)} if resampled else {}
    there = toy_case(tmp_path / "two", case_id="P2", seed=2, mask=False, **finer)
    path, before = drawn(application, there, open_paths, qtbot)
    open_paths(application, here)
    session, masks = application.session, application.controllers[MASKS]
    masks.add_mask(path)
    if resampled:
        qtbot.waitUntil(lambda: session.notice is not None and session.notice.actions != ())
        masks.add_resampled()
    qtbot.waitUntil(lambda: len(session.layers) == 1)
    assert next(iter(session.layers)).role is LayerRole.ANNOTATION
    second = gone_on(application, qtbot)
    assert path.read_bytes() == before
    assert second == here / "P1_annotation.nii.gz"
    assert (np.asarray(nib.load(second).dataobj) > 0).sum() > 1  # it went on with the voxels of the other
    note = json.loads((here / "P1_annotation.provenance.json").read_text())
    assert note["started_from"]["kind"] == "annotation"


def test_an_own_mask_that_is_added_is_gone_on_with(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    folder = toy_case(tmp_path, case_id="P1", mask=False)
    path, before = drawn(application, folder, open_paths, qtbot)
    session = application.session
    session.layers.remove(session.annotating.layer)
    application.controllers[MASKS].add_mask(path)
    qtbot.waitUntil(lambda: len(session.layers) == 1)
    assert gone_on(application, qtbot) == path
    assert path.read_bytes() != before


def test_edit_in_the_menu_of_somebody_elses_annotation_makes_a_copy(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    folder = toy_case(tmp_path, case_id="P1", mask=False)
    call_person("anna")
    path, before = drawn(application, folder, open_paths, qtbot)
    call_person("ben")
    open_paths(application, folder)
    (hers,) = application.session.layers
    application.window.panels[LAYERS]().edit_requested.emit(hers, False)
    assert "annotation by anna stays as anna left it" in application.session.notice.what
    hand = Hand(application)
    hand.annotating.options.brush_mm = 0.5
    application.session.viewing.crosshair = OTHER
    hand.click(OTHER)
    save(hand, qtbot)
    assert hand.annotating.layer.saved_as == folder / "P1_annotation_2.nii.gz"
    assert path.read_bytes() == before
