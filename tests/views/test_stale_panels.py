"""While another case is read, panels about the masks of the one before are grey; the pictures are not."""

from __future__ import annotations

from dataclasses import replace

import shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.imaging.case import Case
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.stale_panels import StalePanels


def test_panels_about_masks_are_grey_only_while_a_slow_case_is_read(
    qtbot: QtBot, opened: MainWindow, session: Session, case: Case
) -> None:
    panel, (soon,) = opened.panels.named("Layers")(), [stale._soon for stale in opened.findChildren(StalePanels)]
    session.preview(case)
    assert soon.isActive()
    session.end_preview()  # as fast as most
    assert not soon.isActive()
    assert panel.isEnabled()
    session.preview(replace(case))
    qtbot.waitUntil(lambda: not panel.isEnabled(), timeout=30_000)
    assert not opened.comparison().isEnabled()
    assert opened.panels.named("Image")().isEnabled()
    session.open(replace(case))
    assert panel.isEnabled()
    assert opened.comparison().isEnabled()


def test_a_panel_may_be_made_while_what_kept_its_room_is_grey(
    qtbot: QtBot, qapp: QApplication, opened: MainWindow, session: Session, case: Case
) -> None:
    room = opened.panels.dock("Raters").widget()
    session.preview(case)
    qtbot.waitUntil(lambda: not room.isEnabled(), timeout=30_000)
    opened.panels.show("Raters")
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(room)
    assert not opened.panels.named("Raters")().isEnabled()  # it tells of the case before, as all that were there
    assert not opened.comparison().isEnabled()
    session.open(replace(case))
    assert opened.panels.named("Raters")().isEnabled()
    assert opened.panels.named("Layers")().isEnabled()
