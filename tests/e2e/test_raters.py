"""The real window with several masks: dropped together, compared, made one, saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import SAVING

pytestmark = pytest.mark.plain


@pytest.fixture
def files(toy_case: Any, tmp_path: Path) -> list[Path]:
    """A case without a mask, and five raters' masks beside it."""
    folder = Path(toy_case(tmp_path))
    stored = nib.load(folder / "Toy_001_seg.nii.gz")
    values = np.asanyarray(stored.dataobj)
    (tmp_path / "raters").mkdir()
    paths = []
    for number, shift in enumerate((0, 0, 0, 1, 4)):
        paths.append(tmp_path / "raters" / f"rater{number}.nii.gz")
        nib.save(nib.Nifti1Image(np.roll(values, shift, axis=0), stored.affine, stored.header), paths[-1])
    (folder / "Toy_001_seg.nii.gz").unlink()
    return [folder, *paths]


def test_five_raters_dropped_compared_and_made_one(
    qtbot: QtBot, application: Application, files: list[Path], open_paths: Callable[..., None]
) -> None:
    folder, *raters = files
    open_paths(application, folder)
    session, window = application.session, application.window
    drop(window, raters)
    qtbot.waitUntil(lambda: len(session.layers) == 5)
    assert [layer.name for layer in session.layers] == ["rater0", "rater1", "rater2", "rater3", "rater4"]
    assert session.case.source.folder == folder

    application.run_action("layers.raters")
    panel = window.panels.named("Raters")()
    qtbot.waitUntil(lambda: session.rating.study is not None)
    table = panel._table
    assert table.item(0, 1).text() == "1.00"
    assert float(table.item(0, 4).text()) < float(table.item(0, 3).text()) < 1
    assert "lowest" in panel._summary.text()
    cell = table.visualItemRect(table.item(4, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert (session.layers.reference.name, session.layers.prediction.name) == ("rater0", "rater4")

    qtbot.mouseClick(panel._heat_map, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.overlay is not None)
    assert session.overlay.highest == 5
    application.run_action("layers.majority")
    qtbot.waitUntil(lambda: len(session.layers) == 6)
    application.run_action("layers.staple")
    qtbot.waitUntil(lambda: len(session.layers) == 7)
    consensus = list(session.layers)[5]
    assert consensus.name == "majority of 5"
    np.testing.assert_array_equal(consensus.labels.values, next(iter(session.layers)).labels.values)

    saved = folder.parent / "majority.nii.gz"
    application.controllers[SAVING].save_to(consensus, saved)
    qtbot.waitUntil(lambda: consensus.saved_as == saved)
    original = nib.load(raters[0])
    np.testing.assert_array_equal(np.asanyarray(nib.load(saved).dataobj), np.asanyarray(original.dataobj))
    np.testing.assert_array_equal(nib.load(saved).affine, original.affine)


def drop(window: Any, paths: list[Path]) -> None:
    """Drop files onto the window as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(300, 300), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    assert event.isAccepted()
