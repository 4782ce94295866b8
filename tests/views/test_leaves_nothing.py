"""What is closed, replaced or no longer compared is gone: each of these once grew all day."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMenu

from brainseg_gui.evaluation.metrics.raters import compare_raters
from brainseg_gui.imaging.colours import safe_colours
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.comparing.rating import RaterStudy
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.rater_matrix import RaterMatrixTable
from brainseg_gui.views.shell.keys_dialog import KeysDialog
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.palette import CommandPalette


def _delete_what_is_to_be_deleted() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("kind", [KeysDialog, CommandPalette])
def test_a_dialog_that_is_closed_is_gone(window: MainWindow, kind: type[QDialog]) -> None:
    for _ in range(3):
        dialog = kind(window.actions_table, window)
        dialog.open()
        dialog.reject()
    _delete_what_is_to_be_deleted()
    assert window.findChildren(kind) == []


def test_a_stroke_makes_no_menu(opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> None:
    layer = predict()
    menus, actions = len(opened.findChildren(QMenu)), len(opened.panels.named("Layers")().findChildren(QAction))
    for _ in range(5):
        layer.labels = layer.labels.with_scheme(layer.labels.scheme)
        session.layers.changed.emit()
    _delete_what_is_to_be_deleted()
    assert len(opened.findChildren(QMenu)) == menus
    assert len(opened.panels.named("Layers")().findChildren(QAction)) == actions


def test_a_matrix_that_shows_nothing_holds_no_masks(
    opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    layers = (*session.layers, predict())
    study = RaterStudy(layers, run_to_end(compare_raters([layer.labels for layer in layers])))
    alive = weakref.ref(study)
    table = RaterMatrixTable()
    table.show_study(study, "WT", (None, None))
    del study
    assert alive() is not None
    table.clear_study()
    assert alive() is None
    assert (table.rowCount(), table.columnCount()) == (0, 0)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted by /proc")
def test_drawings_on_threads_leave_no_font_open() -> None:
    from matplotlib.figure import Figure

    from brainseg_gui.evaluation.figures.fonts import close_fonts

    def draw() -> None:
        figure = Figure(figsize=(1, 1))
        figure.text(0, 0, "words")
        figure.savefig(BytesIO())

    close_fonts()
    gc.collect()
    before = _fonts()  # of drawings that other tests still hold
    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _fonts() > before
    close_fonts()
    gc.collect()
    assert _fonts() <= before


def _fonts() -> int:
    names = []
    for handle in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{handle}"))
        except OSError:
            continue
    return sum(name.endswith(".ttf") for name in names)


def test_a_figure_begins_with_the_colours_that_are_used(window: MainWindow) -> None:
    """Colours that are not the first of the list once stopped the dialog from opening."""
    from brainseg_gui.evaluation.figures.request import FigureRequest
    from brainseg_gui.evaluation.figures.style import FigureStyle, palette
    from brainseg_gui.views.comparing.figure_dialog import FigureDialog

    request = FigureRequest(style=FigureStyle(colours=palette(safe_colours())))
    dialog = FigureDialog([Modality.T1], request, (0, 0, 0), window)
    assert dialog._colours.currentText() == safe_colours().title
    assert dict(dialog.request.style.colours) == palette(safe_colours())
    dialog.done(0)
