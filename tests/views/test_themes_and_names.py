"""Another theme reaches everything that is drawn; names from elsewhere are shown as they are written, everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtGui import Qt as QtGuiNamespace
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox, QToolButton, QWidget

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.controllers.layers.save_dialog import ask_path
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.cohort_export import CaseFate, CaseTold, CohortExport
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.annotating.label_chooser import LabelChooser
from brainseg_gui.views.annotating.unsaved_dialog import UnsavedDialog, UnsavedRow
from brainseg_gui.views.layers.cohort_export_window import CohortExportWindow
from brainseg_gui.views.segmenting.cohort_run_window import CohortRunWindow
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.welcome import RecentCase
from brainseg_gui.views.widgets.theme import apply_theme, colour

EVIL = "<img src=x>&evil"
TextFormat = Qt.TextFormat


@pytest.fixture
def light(qapp: QApplication) -> Iterator[Callable[[], None]]:
    """Puts on the light theme; the dark one comes back."""

    def put_on() -> None:
        apply_theme(qapp, "light")
        qapp.processEvents()

    yield put_on
    apply_theme(qapp, "dark")


def _strongest(image: QImage) -> str:
    """The colour of the pixel that is least transparent."""
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return max(pixels, key=QColor.alpha).name()


def _of(icon: QIcon) -> str:
    return _strongest(icon.pixmap(32, 32).toImage())


def _annotate(session: Session, case: Case, name: str = "annotation", read_only: str = "") -> None:
    assert case.reference is not None
    layer = session.layers.add(Layer(name, LayerRole.ANNOTATION, case.reference, name))
    session.annotating.begin(Annotation(case.reference), layer, read_only)


def test_icons_of_cases_locks_and_notices_are_drawn_again(
    opened: MainWindow, session: Session, case: Case, light: Callable[[], None]
) -> None:
    session.set_cohort((case.source,))
    session.say(Notice("It is bad", "Mend it"))
    _annotate(session, case)
    items = opened.panels.named("Cases")()._items
    locks = opened.panels.named("Annotate")().findChild(LabelChooser)._locks

    def drawn() -> set[tuple[str, str]]:
        faint = {("case", _of(items[0].icon())), *(("lock", _of(lock.icon())) for lock in locks.values())}
        return {*faint, ("notice", _strongest(opened.notice._icon.pixmap().toImage()))}

    for change in (lambda: None, light):
        change()
        faint, problem = colour("faint").name(), colour("problem").name()
        assert drawn() == {("case", faint), ("lock", faint), ("notice", problem)}


def test_the_cards_of_recent_cases_are_drawn_again(window: MainWindow, light: Callable[[], None]) -> None:
    window.welcome.show_recent([RecentCase(Path("/a/case"))])
    light()
    cards = [card for card in window.welcome.findChildren(QToolButton) if card.isVisible()]
    assert [card.toolTip() for card in cards] == ["/a/case"]
    assert _of(cards[0].icon()) == colour("faint").name()


def test_rows_of_other_windows_can_be_read_in_another_theme(
    window: MainWindow, session: Session, light: Callable[[], None], tmp_path: Path
) -> None:
    export = CohortExport()
    for name, fate in (("a", CaseFate.LEFT_OUT), ("b", next(f for f in CaseFate if f is not CaseFate.LEFT_OUT))):
        export.tell(CaseTold(name, fate, ""))
    session.cohort_run.put([CaseSource("c", tmp_path, {})])
    windows = CohortExportWindow(export, str, lambda: 2), CohortRunWindow(session)
    lists = windows[0].list, windows[1]._list
    for side in windows:
        side.show()
    light()
    wanted = [("problem", "text"), ("faint",)]
    for rows, roles in zip(lists, wanted, strict=True):
        for row, role in enumerate(roles):
            item = rows.topLevelItem(row)
            assert item is not None
            assert item.foreground(1).color() == colour(role)
    for side in windows:
        side.close()
        side.deleteLater()


def _misread(root: QWidget) -> set[tuple[str, str]]:
    """Labels that take a name for HTML, tips that do, and buttons that underline a letter of it."""
    found: set[tuple[str, str]] = set()
    for label in root.findChildren(QLabel):
        own_painting = type(label).paintEvent is not QLabel.paintEvent  # it writes what stands in it
        guessed = label.textFormat() == TextFormat.AutoText and QtGuiNamespace.mightBeRichText(label.text())
        html = guessed or label.textFormat() == TextFormat.RichText
        if html and not own_painting and "<img" in label.text():
            found.add((type(label.parent()).__name__, label.text()))
    for widget in (root, *root.findChildren(QWidget)):
        if "<img" in widget.toolTip():
            found.add((type(widget).__name__, widget.toolTip()))
    for button in root.findChildren(QAbstractButton):
        if "evil" in button.text() and "&&evil" not in button.text():
            found.add((type(button).__name__, button.text()))
    return found


def test_no_name_is_taken_for_html(qapp: QApplication, opened: MainWindow, session: Session, case: Case) -> None:
    assert case.reference is not None
    evil = replace(case, source=replace(case.source, case_id=EVIL))
    session.open(evil)
    session.set_cohort((evil.source,))
    for role in LayerRole:
        labels = LabelMap(np.roll(case.reference.values, 1, axis=0), case.grid, case.scheme)
        session.layers.add(Layer(EVIL, role, labels, EVIL))
    _annotate(session, evil, EVIL, f"Read-only: {EVIL}")
    session.saving.end(f"Saved {EVIL}")
    session.say(Notice(f"{EVIL} is bad", EVIL, EVIL, actions=((EVIL, "x"),)))
    session.segmenting.unavailable = EVIL
    panels = [panel() for _, panel in opened.panels]
    session.annotating.operating.words = session.annotating.clicking.words = EVIL
    session.layers.changed.emit()
    qapp.processEvents()
    assert [part for part in (opened, *panels) if EVIL in "".join(label.text() for label in part.findChildren(QLabel))]
    assert not _misread(opened)


def test_the_list_of_unsaved_work_shows_names_as_they_are(window: MainWindow) -> None:
    dialog = UnsavedDialog(window)
    dialog.show_rows([UnsavedRow(Path("/x"), EVIL, f"3 edits by {EVIL}", f"/x/{EVIL}", reachable=True)])
    assert not _misread(dialog)
    dialog.deleteLater()


def test_a_question_about_a_file_names_it(
    window: MainWindow, chosen: Callable[[Path], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda _parent, _title, text: (asked.append(text), QMessageBox.StandardButton.No)[1]
    )
    (tmp_path / "<h1>mask.csv").touch()
    chosen(tmp_path / "<h1>mask")
    path = ask_path(window, "Save", tmp_path / "x", "", lambda typed, _: typed.with_name(f"{typed.name}.csv"))
    assert path is None
    assert "&lt;h1&gt;mask.csv exists" in asked[0]
