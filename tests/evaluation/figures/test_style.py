"""Colours, size and words of figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.montage import montage_figure
from brainseg_gui.evaluation.figures.page import save_figure, shortened, text_width
from brainseg_gui.evaluation.figures.planes import modalities_figure, planes_figure
from brainseg_gui.evaluation.figures.seed import seed_figure
from brainseg_gui.evaluation.figures.style import FigureStyle, LegendText, colours_of, palette
from brainseg_gui.evaluation.figures.worst import worst_figure
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.colours import colour_of, safe_colours
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end

LONG = "A_rather_long_name_of_a_project-Patient-0000123456-Timepoint-002-baseline-preoperative"


@pytest.fixture(scope="module")
def content(toy_case: Any, tmp_path_factory: pytest.TempPathFactory) -> FigureContent:
    folder = tmp_path_factory.mktemp("case")
    case = run_to_end(read_case(find_case(toy_case(folder, shape=(40, 44, 30), case_id=LONG))))
    reference = case.reference
    assert reference is not None
    values = reference.values.copy()
    values[:, :, 12:] = 0
    return FigureContent(case, reference, LabelMap(values, reference.grid, reference.scheme))


def _all(content: FigureContent, style: FigureStyle) -> list[Figure]:
    return [
        planes_figure(content, Modality.T1CE, style=style),
        modalities_figure(content, style=style),
        worst_figure(content, Modality.T1CE, count=3, style=style),
        montage_figure(content, Modality.T1CE, style=style),
        seed_figure(content, slices=[9, 10], style=style),
    ]


@pytest.fixture(scope="module")
def drawn(content: FigureContent) -> Callable[[float], list[Figure]]:
    """A function that draws every layout so wide, once for all tests."""

    @cache
    def draw(width_mm: float) -> list[Figure]:
        figures = _all(content, FigureStyle(width_mm=width_mm, dots_per_inch=100))
        for figure in figures:
            figure.draw(FigureCanvasAgg(figure).get_renderer())
        return figures

    return draw


def _texts(figure: Figure) -> list[Text]:
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        texts += [*axes.texts, axes.title, axes._left_title, axes.yaxis.label]
    return [text for text in texts if text.get_text()]


@pytest.mark.parametrize("width_mm", [85.0, 183.0])
def test_text_is_never_small_and_stays_on_the_page_whatever_its_width(
    width_mm: float, drawn: Callable[[float], list[Figure]]
) -> None:
    for figure in drawn(width_mm):
        assert figure.get_size_inches()[0] == pytest.approx(width_mm / 25.4)
        renderer = FigureCanvasAgg(figure).get_renderer()
        for text in _texts(figure):
            assert text.get_fontsize() >= 7, text
            box = text.get_window_extent(renderer)
            assert figure.bbox.x0 <= box.x0, text
            assert box.x1 <= figure.bbox.x1 + 0.5, text
            assert box.y1 <= figure.bbox.y1, text


@pytest.mark.parametrize("width_mm", [60.0, 85.0, 183.0])
def test_heading_legend_and_footer_do_not_overlap(width_mm: float, drawn: Callable[[float], list[Figure]]) -> None:
    for figure in drawn(width_mm)[:4]:
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [text.get_window_extent(renderer) for text in figure.texts]
        boxes += [legend.get_window_extent(renderer).padded(-2) for legend in figure.legends]
        boxes += [axes.bbox for axes in figure.axes]
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_chosen_colours_are_those_of_mask_and_legend(content: FigureContent) -> None:
    style = FigureStyle(colours=colours_of("okabe-ito, ET=#FF00ff"))
    figure = planes_figure(replace(content, reference=None), Modality.T1CE, style=style)
    handles = {text.get_text()[:2]: patch for text, patch in _legend_entries(figure)}
    assert handles["ET"].get_facecolor() == (1.0, 0.0, 1.0, 1.0)
    assert colours_of("okabe-ito")["NCR"] == colour_of("NCR", safe_colours()) == "#CC79A7"
    assert colours_of("") == palette()


def _legend_entries(figure: Figure) -> list[tuple[Text, Any]]:
    (legend,) = figure.legends
    return list(zip(legend.get_texts(), legend.get_patches(), strict=True))


@pytest.mark.parametrize("words", ["puce", "ET=red", "XX=#112233", "ET=#12345"])
def test_what_is_no_colour_is_a_sentence(words: str) -> None:
    with pytest.raises(BrainsegError, match=r"is no colour.*okabe-ito.*labels: NCR"):
        colours_of(words)


def test_legend_letters_and_bars_can_be_left_out(content: FigureContent) -> None:
    bare = FigureStyle(legend=LegendText.OFF, scale_bar=False, letters=False)
    figure = planes_figure(content, Modality.T1CE, style=bare)
    assert not figure.legends
    assert not any(axes.texts or axes.lines for axes in figure.axes)
    short = planes_figure(content, Modality.T1CE, style=FigureStyle(legend=LegendText.KEYS))
    assert [text.get_text() for text, _ in _legend_entries(short)] == [
        *("NCR", "ED", "ET"),
        *("prediction", "reference"),
    ]


@pytest.mark.parametrize(
    ("size", "words"), [({"width_mm": 20.0}, "20 mm wide"), ({"dots_per_inch": 5000}, "5000 dots per inch")]
)
def test_impossible_sizes_are_sentences(size: dict[str, Any], words: str) -> None:
    with pytest.raises(BrainsegError, match=words):
        FigureStyle(**size)


def test_names_are_shortened_in_the_middle_to_what_fits() -> None:
    short = shortened(LONG, 2.0, 8.0)
    assert short.startswith("A_rather")
    assert short.endswith("operative")
    assert "…" in short
    assert 1.8 < text_width(short, 8.0) <= 2.0
    assert shortened("short", 2.0, 8.0) == "short"


@pytest.mark.parametrize(("name", "start"), [("f.pdf", b"%PDF"), ("f.tif", b"II*\x00"), ("f.svg", b"<?xml")])
def test_other_kinds_of_files_are_written(name: str, start: bytes, content: FigureContent, tmp_path: Path) -> None:
    save_figure(planes_figure(content, Modality.T1CE), tmp_path / name, 100)
    written = (tmp_path / name).read_bytes()
    assert written.startswith(start)
    assert b"/Type3" not in written
