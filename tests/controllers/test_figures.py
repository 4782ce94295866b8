"""Exporting figures from the window: the dialog, its preview, its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.comparing.figures import FiguresController
from brainseg_gui.evaluation.figures.request import FigureRequest
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.session import Session

WAIT_MS = 30_000


@pytest.fixture
def figures(qtbot: QtBot, parts: Any) -> Iterator[FiguresController]:
    controller = FiguresController(*parts)
    yield controller
    if controller._dialog is not None:
        controller._dialog.reject()
    controller.close()


@pytest.fixture
def opened(figures: FiguresController, session: Session, folder: Path, read: Callable[[Path], Case]) -> Any:
    session.open(read(folder))
    figures.choose()
    return figures._dialog


def _choose(dialog: Any, layout: str) -> None:
    dialog._layout.setCurrentIndex(dialog._layout.findData(layout))


def test_without_a_case_there_is_a_sentence(figures: FiguresController, session: Session) -> None:
    figures.choose()
    assert session.notice is not None
    assert session.notice.what == "A figure shows an open case"


def test_the_preview_is_drawn_and_redrawn(opened: Any, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not opened._picture.isNull(), timeout=WAIT_MS)
    first = opened._picture.toImage()
    assert first.width() == pytest.approx(1100, abs=2)
    _choose(opened, "modalities")
    qtbot.waitUntil(lambda: opened._picture.toImage() != first, timeout=WAIT_MS)


def test_only_what_the_layout_follows_can_be_set(opened: Any) -> None:
    _choose(opened, "planes")
    assert [name for name, field in opened._fields.items() if opened._form.isRowVisible(field)] == [
        *("modality", "at", "extent")
    ]
    _choose(opened, "animation")
    assert opened._form.isRowVisible(opened._fps)
    assert not opened._form.isRowVisible(opened._count)


def test_what_cannot_be_drawn_is_said_and_cannot_be_saved(opened: Any, qtbot: QtBot) -> None:
    _choose(opened, "worst")  # there is no prediction yet
    qtbot.waitUntil(lambda: "no prediction to compare" in opened._status.text(), timeout=WAIT_MS)
    assert not opened._save.isEnabled()
    _choose(opened, "planes")
    qtbot.waitUntil(lambda: opened._save.isEnabled() and not opened._picture.isNull(), timeout=WAIT_MS)


def test_a_figure_is_saved_under_the_chosen_name(
    opened: Any, figures: FiguresController, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "figure"), "SVG (*.svg)")
    )  # no ending: that of the chosen kind
    opened._buttons.accepted.emit()
    qtbot.waitUntil(lambda: opened._status.text() == "Saved figure.svg", timeout=WAIT_MS)
    assert (tmp_path / "figure.svg").read_text("utf-8").startswith("<?xml")
    assert figures._preferences.get("last figure folder", "") == str(tmp_path)


def test_an_animation_is_still_written_when_the_dialog_is_closed(
    opened: Any, figures: FiguresController, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    figures.save_as(FigureRequest("animation", slices=(4, 12), every=4), tmp_path / "a.gif")
    opened.reject()
    qtbot.waitUntil(lambda: session.notice is not None and "Saved" in session.notice.what, timeout=WAIT_MS)
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")


def test_a_file_that_cannot_be_written_is_said_in_the_dialog(
    opened: Any, figures: FiguresController, qtbot: QtBot, tmp_path: Path
) -> None:
    figures.save_as(opened.request, tmp_path / "missing" / "f.png")
    qtbot.waitUntil(lambda: "was not written" in opened._status.text(), timeout=WAIT_MS)
