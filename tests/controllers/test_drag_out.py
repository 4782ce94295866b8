"""Masks and cases that leave the window as files: which file it is, and that none is stale."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import LabelChange
from brainseg_gui.controllers.layers.drag_out import DragOutController
from brainseg_gui.controllers.shell.features.core_panels import CASES
from brainseg_gui.exchange.mask_as_file import mask_as_file
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.case_list_view import CaseListView
from brainseg_gui.views.layers.layer_row import LayerRow
from tests.controllers.conftest import Parts

Given = list[Path]


@pytest.fixture
def given() -> Given:
    """What was dragged or copied."""
    return []


@pytest.fixture
def out(parts: Parts, session: Session, case: Case, given: Given) -> Iterator[DragOutController]:
    def note(content: QMimeData) -> None:
        given.extend(Path(url.toLocalFile()) for url in content.urls())

    class Clipboard:
        def setMimeData(self, content: QMimeData) -> None:
            note(content)

    session.open(case)
    controller = DragOutController(
        *parts, drag=lambda _source, content: note(content), held=lambda: True, clipboard=Clipboard
    )
    yield controller
    controller.close()


def written(path: Path, case: Case) -> np.ndarray:
    return read_label_map(path, case.stored_grid, case.scheme).values


def test_a_saved_mask_leaves_as_its_own_file(
    out: DragOutController, session: Session, case: Case, given: Given, qtbot: QtBot
) -> None:
    layer = session.layers.reference
    assert layer is not None
    out.give(layer, dragged=True)
    qtbot.waitUntil(lambda: bool(given))
    assert given == [case.source.reference]


def test_an_unsaved_mask_leaves_as_a_copy_beside_no_image(
    out: DragOutController, predict: Callable[..., Layer], case: Case, given: Given, qtbot: QtBot
) -> None:
    layer = predict()
    out.give(layer, dragged=True)
    qtbot.waitUntil(lambda: bool(given))
    assert given[0].name == f"{case.case_id}_prediction.nii.gz"
    assert case.source.folder not in given[0].parents
    assert given[0].parent.stat().st_mode & 0o077 == 0
    assert np.array_equal(written(given[0], case), layer.labels.values)
    assert layer.saved_as is None


def test_an_edit_after_the_save_is_in_the_file(
    out: DragOutController, session: Session, case: Case, given: Given, qtbot: QtBot
) -> None:
    assert case.reference is not None
    labels = LabelMap(case.reference.values.copy(order="F"), case.grid, case.scheme)
    layer = session.layers.add(Layer("mine", LayerRole.ANNOTATION, labels, saved_as=case.source.reference))
    annotation = Annotation(labels)
    session.annotating.begin(annotation, layer)
    box = (slice(0, 1),) * 3
    annotation.edit(LabelChange(box, np.ones((1, 1, 1), bool), np.array(1, np.uint8)), "a voxel", "brush")
    out.give(layer, dragged=False)
    qtbot.waitUntil(lambda: bool(given))
    assert given[0] != case.source.reference
    assert written(given[0], case)[0, 0, 0] == 1
    assert session.notice is not None
    assert "on the clipboard" in session.notice.what


def test_a_file_that_somebody_changed_since_is_not_given(tmp_path: Path, case: Case) -> None:
    assert case.reference is not None
    assert case.source.reference is not None
    path = tmp_path / "elsewhere.nii.gz"
    stored = nib.load(case.source.reference)
    nib.save(stored, path)
    place = tmp_path / "place"
    assert mask_as_file(case, case.reference, "mask", path, place) == path
    values = np.asarray(stored.dataobj).copy()
    values[0, 0, 0] = 2
    nib.save(nib.Nifti1Image(values, stored.affine, stored.header), path)
    for damage in (lambda: None, lambda: path.write_bytes(b"no mask"), path.unlink):
        damage()
        given = mask_as_file(case, case.reference, "mask", path, place)
        assert given.parent.parent == place
        assert np.array_equal(written(given, case), case.reference.values)


def test_copies_are_kept_for_a_week_and_a_link_is_not_followed(tmp_path: Path, case: Case) -> None:
    assert case.reference is not None
    place, others = tmp_path / "place", tmp_path / "others"
    others.mkdir()
    (others / "work").write_text("mine")
    first = mask_as_file(case, case.reference, "mask", None, place)
    (place / "link").symlink_to(others)
    second = mask_as_file(case, case.reference, "mask", None, place)
    assert first.exists()
    assert first != second
    old = time.time() - 8 * 24 * 3600
    os.utime(first.parent, (old, old))
    os.utime(others, (old, old))
    mask_as_file(case, case.reference, "mask", None, place)
    assert not first.exists()
    assert second.exists()
    assert (others / "work").exists()


def test_what_is_let_go_before_the_file_is_there_is_not_dragged(
    parts: Parts, session: Session, case: Case, predict: Callable[..., Layer], qtbot: QtBot
) -> None:
    session.open(case)
    asked: list[bool] = []

    def held() -> bool:
        asked.append(True)
        return False

    def drag(_source: QWidget, _content: QMimeData) -> None:
        raise AssertionError("it was let go")

    controller = DragOutController(*parts, drag=drag, held=held)
    controller.give(predict(), dragged=True)
    qtbot.waitUntil(lambda: bool(asked))
    controller.close()


# the mouse


def test_a_row_is_dragged_from_its_name_and_not_by_a_click(qtbot: QtBot, case: Case) -> None:
    assert case.reference is not None
    layer = Layer("mask", LayerRole.PREDICTION, case.reference)
    row = LayerRow(layer)
    qtbot.addWidget(row)
    row.resize(300, 30)
    row.show()
    asked: list[tuple[Layer, bool]] = []
    row.file_requested.connect(lambda of, dragged: asked.append((of, dragged)))
    name = row._name
    at = name.rect().center()
    far = QPoint(QApplication.startDragDistance() + 2, 0)
    for kind, button in (("move", Qt.MouseButton.LeftButton), ("click", Qt.MouseButton.RightButton)):
        QTest.mousePress(name, button, pos=at)
        QTest.mouseMove(name, at + (QPoint(1, 0) if kind == "move" else far))
        QTest.mouseRelease(name, button, pos=at)
        assert asked == []
    QTest.mousePress(name, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(name, at + far)
    QTest.mouseMove(name, at + 2 * far)
    assert asked == [(layer, True)]
    QTest.mouseRelease(name, Qt.MouseButton.LeftButton, pos=at)
    row._fill_menu()
    next(action for action in row._menu.actions() if action.text() == "Copy as a file").trigger()
    assert asked[1:] == [(layer, False)]


def test_a_case_of_the_list_is_dragged_as_its_files(parts: Parts, case: Case) -> None:
    parts.session.set_cohort([case.source])
    shown = parts.window.panels[CASES]().findChild(CaseListView)
    assert shown is not None
    urls = shown.mimeData([shown.item(0)]).urls()
    assert [Path(url.toLocalFile()) for url in urls] == [*case.source.modalities.values(), case.source.reference]


@pytest.mark.parametrize("own", [True, False])
def test_what_comes_out_of_the_window_is_not_dropped_into_it(parts: Parts, case: Case, *, own: bool) -> None:
    class Entering(QDragEnterEvent):
        def source(self) -> QWidget | None:  # type: ignore[override]
            return parts.window if own else None

    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(case.source.folder))])
    said = (Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event = Entering(QPoint(5, 5), *said)
    event.ignore()
    parts.window.dragEnterEvent(event)
    assert event.isAccepted() is not own
    dropped: list[list[Path]] = []
    parts.window.paths_dropped.connect(dropped.append)
    parts.window.dropEvent(QDropEvent(QPointF(5, 5), *said))
    assert dropped == [[case.source.folder]]
