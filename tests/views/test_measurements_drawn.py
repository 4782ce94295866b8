"""The words of a measurement stand beside it: within the picture, and nowhere where it is not seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication

from brainseg_gui.annotation.measuring.mark import Mark, MarkKind
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.state.measuring.measuring import Measuring
from brainseg_gui.views.slices.overlays import measurements
from brainseg_gui.views.slices.overlays.measurements import draw_measurements
from brainseg_gui.views.slices.slice_mapping import SliceMapping

_FRAME = QRect(0, 0, 300, 200)


def _drawn(case: Case, corner: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> list[QRect]:
    """Where the words of a ruler of 100 × 0 pixels are drawn, whose left end is at a corner of the screen."""
    zoom = 10.0
    mapping = SliceMapping(Plane.AXIAL, 3, case.grid, DisplayConvention.NEUROLOGICAL, QTransform.fromScale(zoom, zoom))
    ends = [mapping.point_at(QPointF(corner[0] + along, corner[1])) for along in (0, 100)]
    measuring = Measuring()
    measuring.open([Mark("a", MarkKind.RULER, Plane.AXIAL, 3, tuple(ends))])
    image = QImage(_FRAME.size(), QImage.Format.Format_RGB32)
    image.fill(0)
    found: list[QRect] = []
    painter = QPainter(image)
    draw_image = QPainter.drawImage

    def draw(self: QPainter, place: QPointF, words: QImage) -> None:
        found.append(QRect(place.toPoint(), words.deviceIndependentSize().toSize()))
        draw_image(self, place, words)

    monkeypatch.setattr(measurements.QPainter, "drawImage", draw)
    draw_measurements(painter, _FRAME, mapping, measuring)
    painter.end()
    return found


@pytest.mark.parametrize("corner", [(50, 100), (50, 2), (50, 197), (-60, 100), (180, 100), (250, 100), (270, 198)])
def test_words_of_what_is_seen_are_in_the_picture(
    qapp: QApplication, case: Case, corner: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    (words,) = _drawn(case, corner, monkeypatch)
    assert _FRAME.contains(words)


@pytest.mark.parametrize("corner", [(-200, 100), (500, 100), (50, -60), (50, 300), (900, -400)])
def test_what_is_not_seen_has_no_words(
    qapp: QApplication, case: Case, corner: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _drawn(case, corner, monkeypatch) == []
