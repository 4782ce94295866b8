"""A box of names keeps both ends of a long one: the end tells layers of one model apart."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.views.widgets.elided_combo import ElidedComboBox

NAME = "synthetic-2mm 0.5, 21:09"


@pytest.mark.parametrize(("width", "whole"), [(130, False), (400, True)])
def test_a_long_name_is_shortened_in_the_middle(qtbot: QtBot, width: int, whole: bool) -> None:
    box = ElidedComboBox()
    qtbot.addWidget(box)
    box.addItem(NAME)
    box.resize(width, 26)
    start, middle, end = box.shown_text.partition("…")
    assert (middle == "") is whole
    assert NAME.startswith(start)
    assert NAME.endswith(end)
    assert whole or (start and end)
    assert box.currentText() == NAME
    assert box.minimumSizeHint().width() < 100


def test_a_box_needs_what_its_chosen_name_needs(qtbot: QtBot) -> None:
    box = ElidedComboBox()
    qtbot.addWidget(box)
    box.setPlaceholderText("none")
    box.addItems(("reference", NAME))
    long, short, nothing = (box.sizeHint().width() for n in (1, 0, -1) if box.setCurrentIndex(n) is None)
    assert long > short > nothing
    assert box.shown_text == "none"
