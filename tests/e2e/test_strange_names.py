"""Names of files and folders are shown as they are written: not as HTML, not as line breaks, not turned round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex
from PySide6.QtGui import QAction, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QGroupBox, QLabel, QTabBar, QWidget

from brainseg_gui.app import Application

pytestmark = pytest.mark.plain

NAMES = {
    "HTML": "<b>bold<img src=x> &amp; <i>Toy",
    "lines and directions": "a\nb\r\u202egpj\x1b[31m &Toy\u2028",
    "no UTF-8": "caf\udce9",
}
_STEERING = {"\n", "\r", "\u202e", "\x1b", "\u2028", "\udce9"}


def _texts(window: QWidget) -> Iterator[tuple[str, str, bool]]:
    """Every text of a window, where it stands, and whether Qt takes it for HTML."""
    for widget in (window, *window.findChildren(QWidget)):
        where = f"{type(widget).__name__} {widget.objectName()}"
        for kind, text in (("tool tip", widget.toolTip()), ("what's this", widget.whatsThis())):
            yield f"{kind} of {where}", text, Qt.mightBeRichText(text)
        yield f"accessible name of {where}", widget.accessibleName(), False
        if isinstance(widget, QLabel):
            rich = widget.textFormat() == Qt.TextFormat.RichText or (
                widget.textFormat() == Qt.TextFormat.AutoText and Qt.mightBeRichText(widget.text())
            )
            yield where, widget.text(), rich
        elif isinstance(widget, QAbstractButton):
            yield where, widget.text(), False
        elif isinstance(widget, QGroupBox):
            yield where, widget.title(), False
        elif isinstance(widget, QComboBox):
            yield from ((where, widget.itemText(n), False) for n in range(widget.count()))
        elif isinstance(widget, QTabBar):
            yield from ((where, widget.tabText(n), False) for n in range(widget.count()))
        elif isinstance(widget, QAbstractItemView):
            yield from _items(where, widget.model())
    for action in window.findChildren(QAction):
        for kind, text in (("tool tip", action.toolTip()), ("status", action.statusTip())):
            yield f"{kind} of action {action.text()}", text, Qt.mightBeRichText(text)
        yield "action", action.text(), False
    yield "title", window.windowTitle(), False


def _items(where: str, model: QAbstractItemModel | None) -> Iterator[tuple[str, str, bool]]:
    for row in range(model.rowCount() if model is not None else 0):
        for column in range(model.columnCount(QModelIndex()) if not isinstance(model, QAbstractListModel) else 1):
            index = model.index(row, column)
            yield where, str(index.data() or ""), False
            tip = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            yield f"tool tip of {where}", tip, Qt.mightBeRichText(tip)


def _check(window: QWidget, name: str) -> int:
    """Look at every text that holds a part of the name; returns how many there are."""
    seen = 0
    for where, text, rich in _texts(window):
        if not any(part in text for part in ("bold", "gpj", "caf", name)):
            continue
        seen += 1
        assert not rich or "<b>bold" not in text, f"{where} takes a name for HTML: {text!a}"
        steering = _STEERING & set(text) - ({"\n"} if "tool tip" in where else set())
        assert not steering, f"{where} shows letters that steer: {text!a}"
    return seen


@pytest.mark.parametrize("kind", NAMES)
def test_a_case_with_a_strange_name(
    application: Application,
    start_application: Any,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
    kind: str,
) -> None:
    name = NAMES[kind]
    folder = toy_case(tmp_path, case_id=name)
    open_paths(application, folder)
    assert application.session.case is not None, application.session.notice
    assert application.session.case.source.folder == folder
    assert _check(application.window, name) > 3

    bad = next(folder.glob("*_t1ce.nii.gz"))
    bad.write_bytes(bad.read_bytes()[:-100])
    open_paths(application, folder)
    assert application.session.notice is not None
    assert application.session.notice.problem
    _check(application.window, name)
    application.leave()

    again = start_application()  # the recent cases come from the settings
    assert _check(again.window, name) > 0


def test_a_cohort_and_masks_with_strange_names(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]
) -> None:
    for name in NAMES.values():
        toy_case(tmp_path, case_id=name)
    open_paths(application, tmp_path)
    assert len(application.session.cohort) == 3
    for name in NAMES.values():
        assert _check(application.window, name) > 0
