"""Names from elsewhere are shown as they are written."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BraTS-GLI 00000, é 患者 مريض 👩‍🚀", "BraTS-GLI 00000, é 患者 مريض 👩‍🚀"),
        ("a\nb\tc\x1b[31m\x7f", "a(U+000A)b(U+0009)c(U+001B)[31m(U+007F)"),
        ("a\u202egpj.exe\u2066\u2028\ufeff\u0085", "a(U+202E)gpj.exe(U+2066)(U+2028)(U+FEFF)(U+0085)"),
        ("caf\udce9", "caf(0xE9)"),
        ("\ud800", "(U+D800)"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_what_steers_is_replaced_by_signs(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
    shown.encode()


def test_an_error_is_one_line() -> None:
    assert str(BrainsegError("it\nis bad", "Go\rback")) == "it(U+000A)is bad. Go(U+000D)back."


@pytest.mark.parametrize(
    "text", ["<b>bold", "a\n<img src=x>\n  b", "<!DOCTYPE html>x", "a < b & c", "plain", "A&amp;B"]
)
def test_a_tip_shows_its_text(qapp: object, text: str) -> None:
    document = QTextDocument()
    tip = plain_tip(text)
    document.setHtml(tip) if tip.startswith("<p") else document.setPlainText(tip)
    assert document.toPlainText().replace("\u2028", "\n") == text


def test_a_caption_underlines_no_letter() -> None:
    assert plain_caption("A&B\n") == "A&&B(U+000A)"


def test_an_elided_label_shows_names_as_they_are(qtbot: QtBot) -> None:
    label = ElidedLabel("<b>a\nb")
    qtbot.addWidget(label)
    assert label.text() == "<b>a(U+000A)b"
    label.setText("c\u202e")
    assert label.text() == "c(U+202E)"
    label.setToolTip("<i>x")
    assert label.toolTip() == '<p style="white-space: pre-wrap">&lt;i&gt;x</p>'


def test_the_tip_of_an_elided_label_is_its_text_unless_one_is_set(qtbot: QtBot) -> None:
    label = ElidedLabel("none chosen")
    qtbot.addWidget(label)
    label.setText("/a/long/path")
    assert label.toolTip() == "/a/long/path"
    label.setToolTip("where it is")
    label.setText("/another")
    assert label.toolTip() == "where it is"
    label.setToolTip("")
    assert label.toolTip() == "/another"
