"""The page of errors: what it says, its table, its facts, and what its buttons ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.evaluation.metrics.disagreements import LIMIT, find_disagreements
from brainseg_gui.evaluation.metrics.tissue import healthy_medians
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.comparing.error_table import ErrorTable
from brainseg_gui.views.shell.main_window import MainWindow

pytestmark = pytest.mark.plain

WT, TC, ET = regions()
LEFT = Qt.MouseButton.LeftButton


def show_errors(session: Session, limit: int = LIMIT) -> None:
    """List the errors of the compared layers, as the controller does."""
    pair = session.layers.reference.labels, session.layers.prediction.labels
    found = tuple(find_disagreements(*pair, region, limit) for region in regions())
    session.errors.show(found, healthy_medians(session.case.volumes, *pair))


@pytest.fixture
def panel(opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> QWidget:
    predict()
    opened.comparison().show_page("Errors")
    show_errors(session)
    return opened.panels.named("Errors")()


def _texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def _cells(table: ErrorTable, row: int) -> list[str]:
    return [table.model().index(row, column).data() for column in range(table.model().columnCount())]


def _tool(panel: QWidget, name: str) -> QToolButton:
    return next(b for b in panel.findChildren(QToolButton) if name in (b.text(), b.accessibleName()))


def test_empty_states_teach(
    qtbot: QtBot, window: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> None:
    window.comparison().show_page("Errors")
    session.open(replace(case, reference=None))
    assert any("no reference" in text for text in _texts(window.panels.named("Errors")()))
    session.layers.remove(predict())
    session.open(case)
    assert any("Click Segment" in text for text in _texts(window.panels.named("Errors")()))
    predict()
    session.errors.search(keep=False)
    assert any("Looking" in text for text in _texts(window.panels.named("Errors")()))
    session.layers.compare(session.layers.reference, session.layers.prediction)
    session.errors.show((), {})
    assert any("agree in every voxel" in text for text in _texts(window.panels.named("Errors")()))
    assert not window.panels.named("Errors")().table.isVisible()


def test_a_tab_leads_there_and_back(qtbot: QtBot, opened: MainWindow) -> None:
    tabs = opened.comparison().findChild(QTabBar)
    assert [tabs.tabText(n) for n in range(tabs.count())] == ["Comparison", "Errors"]
    assert not opened.panels.named("Errors")().isVisible()
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(1).center())
    assert opened.panels.named("Errors")().isVisible()
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(0).center())
    assert not opened.panels.named("Errors")().isVisible()


def test_the_table_is_the_list(panel: QWidget, session: Session) -> None:
    table = panel.table
    assert table.model().rowCount() == len(session.errors.entries) > 3
    for row, entry in enumerate(session.errors.entries):
        rank, kind, region, ml, depth, cost = _cells(table, row)
        piece = entry.piece
        assert (rank, kind, region) == (str(row + 1), piece.words, piece.region.key)
        assert float(ml) == pytest.approx(piece.ml, abs=0.005)
        assert float(depth) == pytest.approx(piece.depth_mm, abs=0.05)
        assert cost == "<0.001" or float(cost) == pytest.approx(piece.cost, abs=0.0005)


def test_a_click_on_a_header_sorts_and_another_turns_it_round(qtbot: QtBot, panel: QWidget, session: Session) -> None:
    header = panel.table.horizontalHeader()

    def click(column: int) -> list[float]:
        place = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
        qtbot.mouseClick(header.viewport(), LEFT, pos=header.rect().center().__class__(place, header.height() // 2))
        return [entry.piece.depth_mm for entry in session.errors.entries]

    depths = click(4)
    assert depths == sorted(depths, reverse=True)
    assert len(set(depths)) > 1
    assert panel.table.model().headerData(4, Qt.Orientation.Horizontal) == "mm deep ▾"
    assert click(4) == sorted(depths)
    assert _cells(panel.table, 0)[4] == f"{min(depths):.1f}"
    click(0)
    assert [entry.rank for entry in session.errors.entries] == list(range(1, len(depths) + 1))


def test_a_row_and_the_arrows_ask_for_a_place(qtbot: QtBot, panel: QWidget, session: Session) -> None:
    table = panel.table
    with qtbot.waitSignal(panel.piece_chosen) as heard:
        qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.model().index(2, 1)).center())
    assert heard.args == [2]
    session.errors.go(2)
    with qtbot.waitSignal(panel.piece_chosen) as heard:
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert heard.args == [3]


def test_the_facts_of_what_is_looked_at(panel: QWidget, session: Session) -> None:
    session.errors.go(0)
    piece = session.errors.entries[0].piece
    texts = _texts(panel)
    before = session.errors.dice_of(piece.region)
    assert f"{piece.ml:.2f} ml" in texts
    assert f"{piece.depth_mm:.1f} mm" in texts
    gain = f"{piece.region.key} Dice {before:.3f} → {before + piece.cost:.3f}"
    assert f"1 of {len(session.errors.entries)} · {gain}" in texts
    flair = next(volume for modality, volume in session.case.volumes.items() if modality.title == "FLAIR")
    mean = piece.taken_from(flair.stored).mean()
    assert any(text.startswith(f"{mean:.0f} · ") and text.endswith("×") for text in texts)
    session.errors.step(1)
    assert panel.table.currentIndex().row() == 1


def test_buttons_ask_for_steps_and_regions(qtbot: QtBot, panel: QWidget) -> None:
    for name, steps in (("Next error", 1), ("Previous error", -1)):
        with qtbot.waitSignal(panel.step_requested) as heard:
            qtbot.mouseClick(_tool(panel, name), LEFT)
        assert heard.args == [steps]
    for name, region in (("TC", TC), ("All", None)):
        with qtbot.waitSignal(panel.region_chosen) as heard:
            qtbot.mouseClick(_tool(panel, name), LEFT)
        assert heard.args == [region]


def test_the_chosen_region_is_marked_and_listed(panel: QWidget, session: Session) -> None:
    session.errors.choose(ET)
    assert [name for name in ("All", "WT", "TC", "ET") if _tool(panel, name).isChecked()] == ["ET"]
    assert {_cells(panel.table, row)[2] for row in range(panel.table.model().rowCount())} == {"ET"}


def test_what_the_list_leaves_out_is_said(panel: QWidget, session: Session) -> None:
    assert not any("left out" in text for text in _texts(panel))
    show_errors(session, limit=1)
    assert any(text.endswith("left out") for text in _texts(panel))


def test_corrections_are_offered_only_by_who_answers_them(qtbot: QtBot, panel: QWidget, session: Session) -> None:
    session.errors.go(0)
    buttons = {button.text(): button for button in panel.findChildren(QPushButton)}
    assert not any(button.isVisible() for button in buttons.values())
    panel.offer_taking(True)
    with qtbot.waitSignal(panel.take_requested) as heard:
        qtbot.mouseClick(buttons["Take reference"], LEFT)
    assert heard.args == [session.errors.entries[0].piece, LayerRole.REFERENCE]
    panel.offer_taking(False)
    assert not buttons["Take reference"].isVisible()


def test_the_error_that_is_looked_at_is_drawn_more_strongly(
    panel: QWidget, opened: MainWindow, session: Session, pixel: Callable[..., object]
) -> None:
    session.errors.choose(WT)
    session.errors.go(0)
    piece = session.errors.entries[0].piece
    session.viewing.agreement, session.viewing.crosshair = WT, piece.centre
    views = [view for view in opened.ortho.views if view.plane in Plane]
    strong = [pixel(view, piece.centre) for view in views]
    found, healthy = session.errors.found, session.errors.healthy
    session.errors.clear()  # nothing is looked at
    session.errors.show(found, healthy)
    weak = [pixel(view, piece.centre) for view in views]
    from PySide6.QtGui import QColor

    full = QColor(AGREEMENT_COLOURS[1 if piece.kind.missed else 2])

    def off(colour: object) -> int:
        channels = zip(colour.getRgb()[:3], full.getRgb()[:3], strict=True)  # type: ignore[attr-defined]
        return sum(abs(a - b) for a, b in channels)

    assert all(off(one) < off(other) for one, other in zip(strong, weak, strict=True))


@pytest.mark.parametrize("width", [300, 340, 400, 480])
def test_the_words_of_errors_are_whole_and_the_depth_gives_way(panel: QWidget, width: int) -> None:
    table = panel.table
    table.resize(width, 200)
    assert table.columnWidth(1) >= table.sizeHintForColumn(1)
    assert table.isColumnHidden(4) == (width < 370)
    assert "mm deep" in table.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("points", [9, 16])
def test_numbers_have_room_in_any_font(panel: QWidget, points: int) -> None:
    table = panel.table
    font = table.font()
    font.setPointSize(points)
    table.setFont(font)
    for column in (0, 2, 3, 5):
        text = {3: "123.45"}.get(column) or max((_cells(table, row)[column] for row in range(3)), key=len)
        assert table.columnWidth(column) >= table.fontMetrics().horizontalAdvance(text) + 8


def test_a_wider_table_tells_the_depth_too(panel: QWidget) -> None:
    table = panel.table
    table.setFixedWidth(900)
    assert not table.isColumnHidden(4)
    table.setFixedWidth(250)
    assert table.isColumnHidden(4)
