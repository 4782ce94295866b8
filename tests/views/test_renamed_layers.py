"""A layer that got another name has it wherever it is listed, and what was chosen by its name is chosen still."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.annotating.operating import OperationKind
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

pytestmark = pytest.mark.plain

_PANELS = ("Layers", "Raters", "Histograms", "Measurements", "Annotate", "Operations", "Proposal")


@pytest.fixture
def listed(
    qapp: QApplication, opened: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> list[QWidget]:
    """Everything that lists layers, with an annotation, a reference and a prediction."""
    assert case.reference is not None
    predict()
    own = session.layers.add(Layer("my work", LayerRole.ANNOTATION, case.reference))
    session.annotating.begin(Annotation(case.reference), own)
    session.annotating.operating.kind = OperationKind.UNION
    return [opened.comparison(), *(opened.panels.named(title)() for title in _PANELS)]


def _texts(widgets: list[QWidget]) -> list[str]:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # rows that were made anew
    labels = [label.text() for widget in widgets for label in widget.findChildren(QLabel)]
    boxes = [box for widget in widgets for box in widget.findChildren(QComboBox)]
    return [*labels, *(box.itemText(n) for box in boxes for n in range(box.count()))]


@pytest.mark.parametrize("before", ["prediction", "reference", "my work"])
def test_another_name_is_everywhere(listed: list[QWidget], session: Session, before: str) -> None:
    layer = next(layer for layer in session.layers if layer.name == before)
    named = [text for text in _texts(listed) if text in (before, f"Editing {before}")]
    assert len(named) >= 4
    session.layers.rename(layer, "other name")
    texts = _texts(listed)
    assert not [text for text in texts if text in (before, f"Editing {before}")]
    assert sum(text in ("other name", "Editing other name") for text in texts) == len(named)


def test_what_was_chosen_by_name_is_chosen_still(qtbot: QtBot, listed: list[QWidget], session: Session) -> None:
    options, operating = session.annotating.options, session.annotating.operating
    options.copy_from = operating.layer = "prediction"
    layer = next(layer for layer in session.layers if layer.name == "prediction")
    session.layers.rename(layer, "reference")  # the name is taken
    assert (options.copy_from, operating.layer) == ("reference 2", "reference 2")
    boxes = [box for widget in listed for box in widget.findChildren(QComboBox)]
    chosen = [box for box in boxes if box.accessibleName() in ("Layer to copy from", "Layer to combine with")]
    assert [box.currentData() for box in chosen] == ["reference 2", "reference 2"]
