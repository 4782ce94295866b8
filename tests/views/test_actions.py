"""The one table of actions, and what is built from it: menus, keys, palette, key list; and the assign dialog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QTableWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.annotate_actions import of_tool
from brainseg_gui.views.actions.base_actions import MENUS, MOUSE
from brainseg_gui.views.actions.letters import letter_of, without_letter
from brainseg_gui.views.layers.assign_dialog import AssignDialog
from brainseg_gui.views.shell.keys_dialog import KeysDialog
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.palette import CommandPalette
from brainseg_gui.views.widgets.words_behind import WORDS
from tests.gestures import take_focus

pytestmark = pytest.mark.plain

LEFT = Qt.MouseButton.LeftButton


# --- the table --------------------------------------------------------------------------------------------------


def test_an_eighth_tool_would_take_no_label_s_key() -> None:
    assert [of_tool(number, Tool.CLICK).keys for number in (7, 8)] == [("7",), ()]


def test_keys_of_actions_and_shortcuts_are_unique() -> None:
    assert max(Counter(spec.key for spec in ACTIONS).values()) == 1
    shortcuts = Counter(QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys)
    assert "" not in shortcuts
    assert [key for key, count in shortcuts.items() if count > 1] == []


def test_every_action_has_words_for_people() -> None:
    for spec in ACTIONS:
        assert spec.text, spec.key
        assert spec.tip, spec.key
        assert not spec.text.endswith("."), spec.key
        assert "!" not in spec.text + spec.tip, spec.key
        assert spec.menu in MENUS, spec.key


def test_the_keys_that_hands_already_know() -> None:
    keys = {spec.key: spec.keys for spec in ACTIONS}
    known = {
        "view.next_modality": "]",
        "view.previous_modality": "[",
        "layers.masks": "S",
        "layers.fainter": "A",
        "layers.stronger": "D",
        "view.auto_window": "Ctrl+J",
        "view.fit": "R",
        "help.keys": "?",
    }
    assert {key: key_sequence in keys[key] for key, key_sequence in known.items()} == dict.fromkeys(known, True)


def _menus_of(window: MainWindow) -> list[QMenu]:
    """All menus of the bar, and those inside them."""
    return [menu for menu in window.menuBar().findChildren(QMenu) if not menu.isEmpty()]


def test_menus_hold_every_action(window: MainWindow) -> None:
    in_menus = {action.objectName() for menu in _menus_of(window) for action in menu.actions()}
    assert {spec.key for spec in ACTIONS if spec.menu} <= in_menus


def test_no_menu_fills_the_screen(window: MainWindow) -> None:
    """Of a laptop: 1280×720, with a bar of the desktop."""
    heights = {menu.title(): menu.sizeHint().height() for menu in _menus_of(window)}
    assert len(heights) > len(MENUS)
    assert max(heights.values()) < 560, heights


def test_each_entry_of_a_menu_has_a_letter_of_its_own(window: MainWindow) -> None:
    for menu in _menus_of(window):
        menu.aboutToShow.emit()
        texts = [action.text() for action in menu.actions() if not action.isSeparator()]
        letters = Counter(letter_of(text) for text in texts)
        assert letters[""] == 0, texts
        assert max(letters.values()) == 1, texts
    unlettered = [spec.key for spec in ACTIONS if spec.menu and not letter_of(spec.text)]
    assert unlettered == [], "chosen in the table, lest a new action moves the letters of others"


def test_letters_choose_in_an_open_menu(qtbot: QtBot, window: MainWindow) -> None:
    chosen: list[str] = []
    window.actions_table.triggered.connect(chosen.append)
    QTest.keyClick(window, Qt.Key.Key_H, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is window.menus["Help"])
    QTest.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_T)
    assert chosen == ["help.tour"]


def test_letters_are_underlined_in_menus_alone(window: MainWindow) -> None:
    shown = [button.text() for button in window.findChildren(QAbstractButton)]
    shown += [action.toolTip() for _spec, action in window.actions_table]
    assert [text for text in shown if letter_of(text)] == []
    assert [spec.key for spec in ACTIONS if "&" in spec.name] == []
    assert without_letter("&Undo Copy from A && B") == "Undo Copy from A & B"


@pytest.mark.parametrize("name", MENUS)
def test_alt_and_a_letter_open_each_menu(qtbot: QtBot, window: MainWindow, name: str) -> None:
    letter = window.menus[name].title().split("&")[1][0]
    QTest.keyClick(window, letter.lower(), Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is window.menus[name])
    QTest.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None


def test_the_letter_of_a_menu_gives_way_to_a_key_of_the_person(window: MainWindow) -> None:
    assert window.menus["Cases"].title() == "&Cases"
    window.actions_table.rebind("view.crosshair", "Alt+C")
    assert window.menus["Cases"].title() != "&Cases"
    letters = [menu.title().split("&")[1][0].upper() for menu in map(window.menus.__getitem__, MENUS)]
    assert len(set(letters)) == len(MENUS)
    window.actions_table.rebind("view.crosshair", "C")
    assert window.menus["Cases"].title() == "&Cases"


def test_a_tool_tip_names_the_action_and_its_key(window: MainWindow) -> None:
    assert window.actions_table["view.fit"].toolTip() == "Fit to view (R)\nShow whole slices"
    assert window.actions_table["view.smooth"].toolTip() == "Smooth zoomed images\nInterpolate, or show the voxels"


def test_triggering_an_action_tells_its_key(qtbot: QtBot, window: MainWindow) -> None:
    heard: list[str] = []
    window.actions_table.triggered.connect(heard.append)
    for spec in ACTIONS:
        window.actions_table[spec.key].trigger()
    assert heard == [spec.key for spec in ACTIONS]


def test_a_shortcut_reaches_its_action(qtbot: QtBot, opened: MainWindow) -> None:
    view = opened.ortho.views[0]
    take_focus(qtbot, view)
    for key, keys, expected in (
        (Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, "layers.masks"),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.NoModifier, "view.next_modality"),
        (Qt.Key.Key_Question, Qt.KeyboardModifier.NoModifier, "help.keys"),
        (Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier, "view.auto_window"),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "segment.cancel"),
    ):
        with qtbot.waitSignal(opened.actions_table.triggered) as heard:
            qtbot.keyClick(view, key, keys)
        assert heard.args == [expected]


def test_letters_typed_into_a_field_are_no_shortcuts(
    qtbot: QtBot, opened: MainWindow, session: Session, case: Any
) -> None:
    session.set_cohort((case.source,))
    line = opened.panels.named("Cases")().findChild(QLineEdit)
    qtbot.waitUntil(line.isVisible)
    take_focus(qtbot, line)
    with qtbot.assertNotEmitted(opened.actions_table.triggered):
        qtbot.keyClicks(line, "sad[]")
    assert line.text() == "sad[]"


def test_remembered_keys_replace_the_usual_ones(qtbot: QtBot) -> None:
    window = MainWindow(Session(), {"view.fit": "F5", "layers.masks": "", "gone.action": "F6"}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    table = window.actions_table
    assert [s.toString() for s in table["view.fit"].shortcuts()] == ["F5"]
    assert table["layers.masks"].shortcuts() == []
    assert table.owner_of("F5") == "view.fit"
    assert table.owner_of("S") is None


# --- the key list -----------------------------------------------------------------------------------------------


@pytest.fixture
def keys(qtbot: QtBot, window: MainWindow) -> KeysDialog:
    dialog = KeysDialog(window.actions_table, window)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def _choose(dialog: KeysDialog, text: str) -> QTableWidget:
    table = dialog.findChild(QTableWidget)
    table.selectRow(next(row for row in range(table.rowCount()) if table.item(row, 0).text() == text))
    return table


def _set(qtbot: QtBot, dialog: KeysDialog, sequence: str, button: str = "Set") -> None:
    dialog.findChild(QKeySequenceEdit).setKeySequence(QKeySequence(sequence))
    push = next(b for b in dialog.findChildren(QPushButton) if b.text() == button)
    qtbot.mouseClick(push, LEFT)


def _says(dialog: KeysDialog) -> str:
    return dialog.findChildren(QLabel)[-1].text()


def test_the_list_shows_every_action_and_every_gesture(keys: KeysDialog) -> None:
    table = keys.findChild(QTableWidget)
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]
    assert len(rows) == len(ACTIONS) + len(MOUSE)
    assert ["Fit to view", "R", "Show whole slices"] in rows
    assert ["Find a command…", "Ctrl+K, Ctrl+Shift+P", "Run anything by its name"] in rows
    assert ["Mouse", "Wheel", "Scroll slices"] in rows
    assert ["Keyboard", "Page up, Page down", "Scroll the view that has the focus"] in rows


def test_new_keys_are_set_shown_and_told(qtbot: QtBot, keys: KeysDialog, window: MainWindow) -> None:
    table = _choose(keys, "Fit to view")
    with qtbot.waitSignal(keys.rebound) as heard:
        _set(qtbot, keys, "F5")
    assert heard.args == ["view.fit", "F5"]
    assert [s.toString() for s in window.actions_table["view.fit"].shortcuts()] == ["F5"]
    assert table.item(table.currentRow(), 1).text() == "F5"
    assert window.actions_table["view.fit"].toolTip() == "Fit to view (F5)\nShow whole slices"


def test_keys_that_are_taken_are_refused(qtbot: QtBot, keys: KeysDialog, window: MainWindow) -> None:
    _choose(keys, "Fit to view")
    with qtbot.assertNotEmitted(keys.rebound):
        _set(qtbot, keys, "S")
    assert _says(keys) == "These keys belong to “Show masks”; free them there first."
    assert [s.toString() for s in window.actions_table["view.fit"].shortcuts()] == ["R"]


def test_keys_are_freed_and_given_to_another(qtbot: QtBot, keys: KeysDialog, window: MainWindow) -> None:
    _choose(keys, "Show masks")
    _set(qtbot, keys, "", "No keys")
    assert window.actions_table["layers.masks"].shortcuts() == []
    assert window.actions_table["layers.masks"].toolTip() == "Show masks\nMasks on or off"
    _choose(keys, "Fit to view")
    _set(qtbot, keys, "S")
    assert window.actions_table.owner_of("S") == "view.fit"


def test_setting_no_keys_by_mistake_takes_none_away(qtbot: QtBot, keys: KeysDialog, window: MainWindow) -> None:
    _choose(keys, "Fit to view")
    with qtbot.assertNotEmitted(keys.rebound):
        _set(qtbot, keys, "")
    assert "Press the new keys first" in _says(keys)
    assert [s.toString() for s in window.actions_table["view.fit"].shortcuts()] == ["R"]


def test_its_own_keys_are_no_conflict(qtbot: QtBot, keys: KeysDialog, window: MainWindow) -> None:
    _choose(keys, "Fit to view")
    _set(qtbot, keys, "R")
    assert window.actions_table.owner_of("R") == "view.fit"


def test_without_a_chosen_action_nothing_is_set(qtbot: QtBot, keys: KeysDialog) -> None:
    with qtbot.assertNotEmitted(keys.rebound):
        _set(qtbot, keys, "F5")
        _choose(keys, "Mouse")
        _set(qtbot, keys, "F5")
    assert _says(keys) == "Choose an action in the table first."


def test_the_search_shows_the_rows_that_hold_its_words(qtbot: QtBot, keys: KeysDialog) -> None:
    table, line = keys.findChild(QTableWidget), keys._search

    def shown() -> list[str]:
        return [table.item(row, 0).text() for row in range(table.rowCount()) if not table.isRowHidden(row)]

    assert len(shown()) == len(ACTIONS) + len(MOUSE)
    qtbot.keyClicks(line, "ctrl+z")
    assert "Undo" in shown()
    line.clear()
    qtbot.keyClicks(line, "middle drag")
    assert set(shown()) == {"Mouse"}
    qtbot.keyClick(line, Qt.Key.Key_Return)  # changes no keys, closes nothing
    assert keys.isVisible()
    qtbot.keyClicks(line, "qqq")
    assert (shown(), _says(keys)) == ([], "Nothing matches “middle dragqqq”.")


# --- the palette ------------------------------------------------------------------------------------------------


@pytest.fixture
def palette(qtbot: QtBot, window: MainWindow) -> Iterator[CommandPalette]:
    palette = CommandPalette(window.actions_table, window)
    with qtbot.waitActive(palette):
        palette.open()
    yield palette
    if isValid(palette):  # one that ran a command is gone
        palette.close()


def _entries(palette: CommandPalette) -> list[str]:
    items = palette.findChild(QListWidget)
    return [items.item(row).text() for row in range(items.count())]


def test_the_palette_lists_all_and_narrows(qtbot: QtBot, palette: CommandPalette) -> None:
    assert len(_entries(palette)) == len(ACTIONS) - 1  # not itself
    qtbot.keyClicks(palette.findChild(QLineEdit), "planes axial")
    assert _entries(palette) == ["View: Three planes"]
    assert palette.findChild(QListWidget).item(0).data(WORDS) == "Ctrl+1"
    qtbot.keyClicks(palette.findChild(QLineEdit), "xyz")
    assert _entries(palette) == []
    qtbot.keyClick(palette.findChild(QLineEdit), Qt.Key.Key_Return)
    assert palette.isVisible()


def test_return_runs_the_chosen_command(qtbot: QtBot, palette: CommandPalette, window: MainWindow) -> None:
    line = palette.findChild(QLineEdit)
    qtbot.keyClicks(line, "plane of the modality")
    chosen = _entries(palette)
    assert len(chosen) == 3
    qtbot.keyClick(line, Qt.Key.Key_Down)
    with qtbot.waitSignal(window.actions_table.triggered) as heard:
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert heard.args == ["view.coronal"]
    assert not palette.isVisible()


def test_a_click_runs_a_command(qtbot: QtBot, palette: CommandPalette, window: MainWindow) -> None:
    qtbot.keyClicks(palette.findChild(QLineEdit), "fit to view")
    items = palette.findChild(QListWidget)
    with qtbot.waitSignal(window.actions_table.triggered) as heard:
        qtbot.mouseClick(items.viewport(), LEFT, pos=items.visualItemRect(items.item(0)).center())
    assert heard.args == ["view.fit"]


def test_a_command_that_is_not_available_is_not_run(qtbot: QtBot, window: MainWindow, palette: CommandPalette) -> None:
    window.actions_table["view.fit"].setEnabled(False)
    qtbot.keyClicks(palette.findChild(QLineEdit), "fit to view")
    with qtbot.assertNotEmitted(window.actions_table.triggered):
        qtbot.keyClick(palette.findChild(QLineEdit), Qt.Key.Key_Return)
    assert palette.isVisible()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("3d", "View: Surfaces in 3-D"),
        ("3-D", "View: Surfaces in 3-D"),
        ("maximise", "View: Enlarge the view"),
        ("load case", "File: Open case folder"),
        ("shortcuts", "Help: Keys"),
        ("transparency", "Layers: Fainter masks"),
        ("threshold", "Annotate: Paint voxels in range"),
        ("rubber", "Annotate: Erase"),
        ("scribbles", "Annotate: Clear seeds"),
        ("smooth", "View: Smooth zoomed images"),
    ],
)
def test_other_words_find_the_command_too(qtbot: QtBot, palette: CommandPalette, typed: str, first: str) -> None:
    qtbot.keyClicks(palette.findChild(QLineEdit), typed)
    assert _entries(palette)[0] == first


def test_it_says_when_nothing_matches(qtbot: QtBot, palette: CommandPalette) -> None:
    qtbot.keyClicks(palette.findChild(QLineEdit), "<b>qqq")
    shown = [label.text() for label in palette.findChildren(QLabel) if label.isVisible()]
    assert shown == ["No command matches “<b>qqq”. Try fewer or other words; ? lists all keys."]
    palette.findChild(QLineEdit).clear()
    assert not [label for label in palette.findChildren(QLabel) if label.isVisible()]


# --- assigning files --------------------------------------------------------------------------------------------


@pytest.fixture
def assign(qtbot: QtBot, window: MainWindow) -> Callable[..., AssignDialog]:
    def make(files: list[Path], assigned: dict[Path, Modality | str]) -> AssignDialog:
        dialog = AssignDialog(files, assigned, window)
        qtbot.addWidget(dialog)
        return dialog

    return make


def _box(dialog: AssignDialog, name: str) -> QComboBox:
    return next(box for box in dialog.findChildren(QComboBox) if box.accessibleName() == f"What {name} is")


def _can_open(dialog: AssignDialog) -> bool:
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open).isEnabled()


def test_files_start_as_what_they_are_taken_for(assign: Callable[..., AssignDialog]) -> None:
    a, b, c = (Path(f"/case/{name}.nii.gz") for name in "abc")
    dialog = assign([a, b, c], {a: Modality.T1CE, c: "mask"})
    assert [_box(dialog, f"{n}.nii.gz").currentText() for n in "abc"] == ["T1ce", "not used", "mask"]
    assert dialog.modalities == {Modality.T1CE: a}
    assert dialog.mask_file == c
    assert _can_open(dialog)


def test_a_modality_is_given_once_and_one_is_needed(assign: Callable[..., AssignDialog]) -> None:
    a, b = Path("/case/a.nii"), Path("/case/b.nii")
    dialog = assign([a, b], {})
    assert not _can_open(dialog)
    for name in ("a.nii", "b.nii"):
        box = _box(dialog, name)
        box.setCurrentIndex(box.findText("FLAIR"))
    assert not _can_open(dialog)
    problem = next(label.text() for label in dialog.findChildren(QLabel) if label.objectName() == "problem")
    assert problem == "Two files are taken for FLAIR."
    _box(dialog, "b.nii").setCurrentIndex(0)
    assert _can_open(dialog)
    assert dialog.modalities == {Modality.FLAIR: a}
    assert dialog.mask_file is None
