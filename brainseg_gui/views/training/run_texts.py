"""What a run said, its log and its settings."""

from __future__ import annotations

import time

from PySide6.QtGui import QFontDatabase, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTabWidget

from brainseg_gui.runs.config_file import to_toml
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_words import dataset_sentence, estimate_sentence, network_sentence


class RunTexts(QTabWidget):
    """Messages, log and settings, a tab each; texts that grow stay at their end unless the person scrolled away."""

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.setMinimumHeight(96)
        self.messages, self.log, self.settings = (_text(name) for name in ("Messages", "Log", "Settings"))
        for widget in (self.messages, self.log, self.settings):
            self.addTab(widget, widget.accessibleName())
        for widget in (self.log, self.settings):
            widget.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))

    def show_record(self, record: RunRecord) -> None:
        """Show the texts of a run as they are now."""
        facts = [dataset_sentence(record), network_sentence(record), estimate_sentence(record)]
        said = [
            f"{time.strftime('%H:%M:%S', time.localtime(one.time))}  {'⚠ ' if one.problem else ''}{one.text}"
            for one in record.messages
        ]
        _show_tail(self.messages, "\n".join(text for text in (*facts, *said) if text) or "Nothing was said yet.")
        _show_tail(self.log, "\n".join(record.log) or "The log is empty.")
        _show(self.settings, to_toml(record.config))
        problems = sum(one.problem for one in record.messages)
        self.setTabText(0, f"Messages (⚠ {problems})" if problems else "Messages")


def _text(name: str) -> QPlainTextEdit:
    widget = QPlainTextEdit()
    widget.setReadOnly(True)
    widget.setAccessibleName(name)
    widget.setTabChangesFocus(True)
    widget.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return widget


def _show(widget: QPlainTextEdit, text: str) -> bool:
    if widget.property("shown") == text:
        return False
    widget.setProperty("shown", text)
    widget.setPlainText(text)
    return True


def _show_tail(widget: QPlainTextEdit, text: str) -> None:
    """Show a text that grows; stay at its end, unless the person has scrolled away from it."""
    bar = widget.verticalScrollBar()
    at_end, before = bar.value() >= bar.maximum(), bar.value()
    if _show(widget, text):
        bar.setValue(bar.maximum() if at_end else before)
