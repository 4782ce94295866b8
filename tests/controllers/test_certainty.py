"""Probabilities: kept with the layer, drawn when chosen, calibrated when seen; histograms of the chosen layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.comparing.intensities import IntensitiesController
from brainseg_gui.controllers.segmenting.certainty import CertaintyController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.shell.features.all_features import CERTAINTY
from brainseg_gui.controllers.shell.features.comparing_features import INTENSITIES
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.probabilities import TOP, ClassProbabilities
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.segmenting.certainty import ENTROPY, NOTHING
from brainseg_gui.state.session import Session


@pytest.fixture
def certainty(parts: Any) -> Iterator[CertaintyController]:
    controller = CERTAINTY.make(parts)
    yield controller
    controller.close()


@pytest.fixture
def intensities(parts: Any) -> Iterator[IntensitiesController]:
    controller = INTENSITIES.make(parts)
    yield controller
    controller.close()


@pytest.fixture
def prediction(session: Session, case: Case) -> Layer:
    """A prediction with 200/255 for ED in a box, on the open case."""
    session.open(case)
    levels = np.zeros((4, 6, 7, 8), np.uint8)
    levels[0], levels[2] = TOP - 200, 200
    values = np.zeros(case.grid.shape, np.uint8)
    values[4:10, 5:12, 6:14] = 2
    layer = Layer("prediction", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme))
    layer.probabilities = ClassProbabilities(levels, (4, 5, 6), case.grid)
    return session.layers.add(layer)


def show(qtbot: QtBot, parts: Any, title: str) -> None:
    parts.window.resize(1280, 860)
    with qtbot.waitExposed(parts.window):
        parts.window.show()
    parts.window.panels.show(title)


def test_what_is_chosen_is_drawn(
    qtbot: QtBot, certainty: CertaintyController, session: Session, prediction: Layer
) -> None:
    session.certainty.shown = "WT"
    qtbot.waitUntil(lambda: session.overlay is not None)
    assert session.overlay.words_at((4, 5, 6)) == "P(WT) 0.78"
    first = session.overlay
    session.certainty.shown = ENTROPY
    qtbot.waitUntil(lambda: session.overlay is not first)
    assert session.overlay.value_at((4, 5, 6)) == pytest.approx(0.753, abs=0.01)  # of 0.784 and 0.216
    session.certainty.shown, session.certainty.rounded = "ED", True
    qtbot.waitUntil(lambda: session.overlay.title == "P(ED), rounded")
    assert session.overlay.value_at((4, 5, 6)) == 1
    session.certainty.shown = NOTHING
    assert session.overlay is None


def test_the_overlay_goes_with_its_layer(
    qtbot: QtBot, certainty: CertaintyController, session: Session, prediction: Layer
) -> None:
    session.certainty.shown = "TC"
    qtbot.waitUntil(lambda: session.overlay is not None)
    session.layers.remove(prediction)
    assert session.overlay is None
    assert session.certainty.shown == NOTHING


def test_calibration_waits_until_it_is_seen(
    qtbot: QtBot, certainty: CertaintyController, parts: Any, session: Session, prediction: Layer, case: Case
) -> None:
    assert session.certainty.calibrations == ()
    show(qtbot, parts, "Probabilities")
    qtbot.waitUntil(lambda: session.certainty.calibration() is not None)
    found = session.certainty.calibration()
    inside = case.reference.values[prediction.probabilities.box] > 0
    bin_of_200 = int(200 / TOP * 10)
    assert found.counts[bin_of_200] == inside.size
    assert found.observed[bin_of_200] == pytest.approx(inside.mean())
    assert "Expected calibration error" in parts.window.panels.named("Probabilities")()._words.text()


def test_a_reference_of_the_whole_tumour_alone_calibrates_that_alone(
    qtbot: QtBot, certainty: CertaintyController, parts: Any, session: Session, prediction: Layer, case: Case
) -> None:
    values = (case.reference.values > 0).astype(np.uint8)
    layer = Layer("whole", LayerRole.REFERENCE, LabelMap(values, case.grid, scheme_named("whole-tumour")))
    session.layers.compare(session.layers.add(layer), prediction)
    show(qtbot, parts, "Probabilities")
    qtbot.waitUntil(lambda: session.certainty.calibration() is not None)
    assert [key for key, _ in session.certainty.calibrations] == ["WT"]
    session.certainty.region = "ET"
    assert "cannot say how often ET is right" in parts.window.panels.named("Probabilities")()._words.text()


def test_the_panel_shows_the_four_probabilities_at_the_crosshair(
    qtbot: QtBot, certainty: CertaintyController, parts: Any, session: Session, prediction: Layer
) -> None:
    show(qtbot, parts, "Probabilities")
    session.viewing.crosshair = (5, 6, 7)
    assert [label.text() for label in parts.window.panels.named("Probabilities")()._values] == [
        "0.22",
        "0.00",
        "0.78",
        "0.00",
        "0.75",
    ]
    session.viewing.crosshair = (0, 0, 0)
    assert parts.window.panels.named("Probabilities")()._values[0].text() == "1.00"


def test_segment_hands_the_wish_on_and_the_layer_keeps_the_answer(
    qtbot: QtBot, parts: Any, engine: Any, session: Session, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = core_controllers.segment(parts, engine)
    try:
        controller.find_models()
        controller._warm.stop()
        session.open(case)
        wished = []
        segment = engine.segment

        def listen(case: Case, model: Any, options: Any) -> Any:
            wished.append(options.keep_probabilities)
            return segment(case, model, options)

        monkeypatch.setattr(engine, "segment", listen)
        engine.gate.open(6)
        controller.segment()
        qtbot.waitUntil(lambda: not session.segmenting.running)
        controller.segment_with_probabilities()
        qtbot.waitUntil(lambda: not session.segmenting.running)
        assert wished == [False, True]
        assert parts.window.panels.named("Segment")().findChild(QCheckBox).isChecked()
        assert parts.preferences.get("keep probabilities", False)
    finally:
        controller.close()


def test_histograms_wait_until_they_are_seen_and_follow_the_layer(
    qtbot: QtBot, intensities: IntensitiesController, parts: Any, session: Session, prediction: Layer
) -> None:
    assert session.intensities.histograms is None
    show(qtbot, parts, "Histograms")
    qtbot.waitUntil(lambda: session.intensities.histograms is not None)
    first = session.intensities.histograms
    assert session.intensities.layer is session.layers.reference
    assert set(first) == set(Modality)
    assert [histogram.meaning for histogram in first[Modality.T1].labels] == ["NCR", "ED", "ET", "rest"]
    session.intensities.layer = prediction
    qtbot.waitUntil(lambda: session.intensities.histograms is not first)
    assert [h.meaning for h in session.intensities.histograms[Modality.T1].labels] == ["ED", "rest"]
    session.layers.clear()
    assert session.intensities.histograms is None
