"""Figures: the right size, and the right colour at the place of a voxel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, CaseError, SaveError
from brainseg_gui.evaluation.figures.page import save_figure
from brainseg_gui.evaluation.figures.planes import FigureContent, modalities_figure, planes_figure, voxel_of_interest
from brainseg_gui.evaluation.figures.seed import seed_figure
from brainseg_gui.evaluation.figures.tile import FILL_OPACITY, grey_slice, outline_segments
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelMap, meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane, voxel_to_pixel
from brainseg_gui.progress import run_to_end

SHAPE = (40, 44, 30)
Pixels = NDArray[Any]


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path, shape=SHAPE, spacing=(1.0, 1.0, 2.0)))))


def _block(case: Case, value: int, low: tuple[int, int, int], high: tuple[int, int, int]) -> LabelMap:
    assert case.reference is not None
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = value
    return LabelMap(values, case.grid, case.reference.scheme)


def _drawn(figure: Figure) -> Pixels:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255.0


def _colour_at(figure: Figure, axes: Axes, pixel_rc: tuple[float, float]) -> Pixels:
    """Colour of the picture where a tile shows the pixel (row, column) of its slice."""
    pixels = _drawn(figure)
    x, y = axes.transData.transform((pixel_rc[1], pixel_rc[0]))
    return pixels[pixels.shape[0] - 1 - int(y), int(x)]


def _axes(figure: Figure, start: str) -> Axes:
    return next(axes for axes in figure.axes if str(axes.get_label()).startswith(start))


def _grey_and_colour(shown: Pixels, meaning: str) -> bool:
    """Whether a colour is a grey seen through the fill of a meaning: all three channels give the same grey."""
    grey = (shown - FILL_OPACITY * np.array(to_rgb(meanings()[meaning].colour))) / (1 - FILL_OPACITY)
    return bool(np.ptp(grey) < 0.03 and grey.min() > -0.03)


def test_outline_of_a_single_voxel_is_a_square_inside_it() -> None:
    mask = np.zeros((4, 5), dtype=bool)
    mask[2, 3] = True
    segments = outline_segments(mask, inset=0.1)
    assert segments.shape == (4, 2, 2)
    ends = {tuple(map(tuple, segment.round(3).tolist())) for segment in segments}
    assert ends == {
        ((2.5, 1.6), (3.5, 1.6)),  # above, x 3 and y 2 in the middle
        ((2.5, 2.4), (3.5, 2.4)),
        ((2.6, 1.5), (2.6, 2.5)),
        ((3.4, 1.5), (3.4, 2.5)),
    }


def test_outline_runs_around_holes_and_along_the_border_of_the_picture() -> None:
    ring = np.ones((3, 3), dtype=bool)
    ring[1, 1] = False
    assert len(outline_segments(ring)) == 12 + 4
    assert len(outline_segments(np.zeros((3, 3), dtype=bool))) == 0


def test_the_prediction_fills_its_voxels_in_all_three_planes(case: Case) -> None:
    block = _block(case, 4, (24, 18, 12), (30, 26, 18))
    at = (26, 22, 14)
    figure = planes_figure(FigureContent(case, None, block), Modality.T1CE, at)
    for plane in Plane:
        axes = _axes(figure, plane.title)
        pixel_rc = voxel_to_pixel(at, plane, case.grid, DisplayConvention.RADIOLOGICAL)
        assert _grey_and_colour(_colour_at(figure, axes, pixel_rc), "ET")
        # the same distance on the other side of the midline is grey
        mirrored = voxel_to_pixel((12, 10, 7), plane, case.grid, DisplayConvention.RADIOLOGICAL)
        assert np.ptp(_colour_at(figure, axes, mirrored)) < 0.01


def test_the_reference_is_an_outline_and_leaves_the_inside_free(case: Case) -> None:
    block = _block(case, 2, (24, 18, 12), (30, 26, 18))
    figure = planes_figure(FigureContent(case, block), Modality.FLAIR, (26, 22, 14))
    axes = _axes(figure, "Axial")
    inside = voxel_to_pixel((26, 22, 14), Plane.AXIAL, case.grid, DisplayConvention.RADIOLOGICAL)
    assert np.ptp(_colour_at(figure, axes, inside)) < 0.01
    # voxel 29 is the block's last to the patient's right, so its outer edge is on the left of the tile
    row, column = voxel_to_pixel((29, 22, 14), Plane.AXIAL, case.grid, DisplayConvention.RADIOLOGICAL)
    assert column < inside[1]
    edge = _colour_at(figure, axes, (row, column - 0.2))
    assert edge == pytest.approx(to_rgb(meanings()["ED"].colour), abs=0.06)


def test_what_lies_on_the_patients_right_is_drawn_on_the_left_of_the_page(case: Case) -> None:
    stored = np.ones(SHAPE, dtype=np.int16)
    stored[[0, -1], :, :] = 0
    stored[30:36, 32:38, 20:24] = 1000  # right, anterior, superior
    bright = replace(case.volumes[Modality.T1], stored=stored)
    right = _block(case, 4, (30, 32, 20), (36, 38, 24))
    marked = replace(case, volumes={Modality.T1: bright})
    figure = planes_figure(FigureContent(marked, None, right), Modality.T1, (33, 35, 22))
    pixels = _drawn(figure)
    for plane in Plane:
        tile = _axes(figure, plane.title).bbox
        bottom, top = pixels.shape[0] - int(tile.y0), pixels.shape[0] - int(tile.y1)
        inside = pixels[top:bottom, int(tile.x0) : int(tile.x1)]
        # only the image's bright block under the fill is both red and not without blue
        rows, columns = np.nonzero((inside[..., 0] > 0.9) & (inside[..., 2] > 0.4) & (inside[..., 2] < 0.8))
        assert len(rows) > 100
        assert columns.max() < inside.shape[1] / 2  # the patient's right, and anterior in the sagittal tile
        assert rows.mean() < inside.shape[0] / 2  # anterior or superior


def test_outside_the_head_is_black_even_where_the_brain_is_negative(case: Case) -> None:
    stored = np.full(SHAPE, -50.0, dtype=np.float32)
    stored[:, :, 10:] = 50.0
    stored[:5], stored[-5:] = 0.0, 0.0  # background, in the middle of the intensities
    grey = grey_slice(replace(case.volumes[Modality.T1], stored=stored), Plane.CORONAL, 20)
    assert grey[:, :5].max() == grey[:, -5:].max() == 0
    assert grey[0, 20] == 255


def test_the_legend_names_what_is_drawn_and_no_more(case: Case) -> None:
    block = _block(case, 4, (24, 18, 12), (30, 26, 18))
    figure = planes_figure(FigureContent(case, None, block), Modality.T1CE, (26, 22, 14))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ET  enhancing tumour", "prediction"]
    assert not planes_figure(FigureContent(case), Modality.T1CE).legends


def test_all_text_lies_on_the_page_and_names_the_convention(case: Case) -> None:
    content = FigureContent(case, case.reference, case.reference)
    for figure in (planes_figure(content, Modality.T1), modalities_figure(content), seed_figure(content, slices=[9])):
        renderer = FigureCanvasAgg(figure).get_renderer()
        page = figure.bbox
        texts = [*figure.texts, *(text for axes in figure.axes for text in (*axes.texts, axes.title, axes.yaxis.label))]
        texts += [text for legend in figure.legends for text in legend.get_texts()]
        figure.draw(renderer)
        for text in texts:
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert page.x0 <= box.x0, text
                assert box.x1 <= page.x1, text
                assert page.y0 <= box.y0, text
                assert box.y1 <= page.y1, text
    words = [text.get_text() for text in planes_figure(content, Modality.T1).texts]
    assert "Radiological convention: the patient's right is on the left" in words


def test_a_legend_of_many_labels_fits_on_the_page(case: Case) -> None:
    values = np.zeros(SHAPE, dtype=np.uint8)
    for value in range(1, 6):
        values[10 + 3 * value : 13 + 3 * value, 20:24, 12:18] = value  # 5 is in no scheme
    for scheme in label_schemes().values():
        labels = LabelMap(values, case.grid, scheme)
        figure = planes_figure(FigureContent(case, labels, labels), Modality.T1, (26, 22, 14))
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        box = figure.legends[0].get_window_extent(renderer)
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def test_pixels_keep_the_shape_of_their_voxels(case: Case) -> None:
    figure = planes_figure(FigureContent(case), Modality.T1)
    _drawn(figure)
    scales = []
    for plane, (height_mm, width_mm) in zip(Plane, ((1, 1), (2, 1), (2, 1)), strict=True):
        axes = _axes(figure, plane.title)
        (x0, y0), (x1, y1) = axes.transData.transform([(0, 0), (1, 1)])
        scales += [abs(x1 - x0) / width_mm, abs(y1 - y0) / height_mm]
    assert scales == pytest.approx([scales[0]] * 6, rel=1e-6)  # one scale for all tiles, upright and across


def test_letters_stand_at_the_edges_of_every_tile(case: Case) -> None:
    figure = planes_figure(FigureContent(case), Modality.T1)
    letters = {
        plane: [text.get_text() for text in _axes(figure, plane.title).texts if len(text.get_text()) == 1]
        for plane in Plane
    }
    assert letters == {
        Plane.AXIAL: ["R", "L", "A", "P"],
        Plane.CORONAL: ["R", "L", "S", "I"],
        Plane.SAGITTAL: ["A", "P", "S", "I"],
    }


def test_the_scale_bar_is_as_long_as_it_says(case: Case) -> None:
    figure = planes_figure(FigureContent(case), Modality.T1)
    axes = _axes(figure, "Coronal")
    (line,) = axes.lines
    said = next(text.get_text() for text in axes.texts if text.get_text().endswith(" mm"))
    left, right = axes.get_xlim()
    x = line.get_xdata()
    assert (x[1] - x[0]) * abs(right - left) == pytest.approx(float(said.split()[0]))  # pixels of 1 mm


def test_figures_go_through_the_middle_of_the_largest_cross_section(case: Case) -> None:
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[10:13, 20:23, 5] = 1
    values[10:17, 20:29, 9] = 2  # the largest: middle (13, 24)
    assert case.reference is not None
    labels = LabelMap(values, case.grid, case.reference.scheme)
    assert voxel_of_interest(FigureContent(case, labels)) == (13, 24, 9)
    nothing = LabelMap(np.zeros_like(values), case.grid, labels.scheme)
    assert voxel_of_interest(FigureContent(case, nothing, labels)) == (13, 24, 9)
    assert voxel_of_interest(FigureContent(case, nothing)) == case.grid.centre


def test_the_four_modalities_show_one_slice(case: Case) -> None:
    figure = modalities_figure(FigureContent(case, None, case.reference))
    assert [axes.get_label() for axes in figure.axes] == ["T1", "T1ce", "T2", "FLAIR"]
    pictures = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    assert all(picture.shape == (44, 40) for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[3])


def test_a_missing_modality_is_left_out_or_named(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, modalities=("t1", "flair"))
    case = run_to_end(read_case(find_case(folder)))
    assert [axes.get_label() for axes in modalities_figure(FigureContent(case)).axes] == ["T1", "FLAIR"]
    with pytest.raises(CaseError, match=r"no T1ce. Choose one of T1, FLAIR"):
        planes_figure(FigureContent(case), Modality.T1CE)


def test_a_voxel_outside_the_grid_is_a_sentence(case: Case) -> None:
    with pytest.raises(BrainsegError, match="voxel 41 1 1 lies outside the images of 40×44×30"):
        planes_figure(FigureContent(case), Modality.T1, (40, 0, 0))


def test_the_seed_figure_plots_the_background_class_as_stored(case: Case) -> None:
    block = _block(case, 1, (24, 18, 12), (30, 26, 18))
    figure = seed_figure(FigureContent(case, case.reference, block), slices=[13, 20])
    prediction = np.asarray(_axes(figure, "prediction 13").images[0].get_array())
    # stored LPS: the first axis runs to the left, the second to posterior; background is 1
    assert prediction.shape == (40, 44)
    expected = np.ones((40, 44), dtype=bool)
    expected[40 - 30 : 40 - 24, 44 - 26 : 44 - 18] = False
    assert np.array_equal(prediction, expected)
    assert np.asarray(_axes(figure, "prediction 20").images[0].get_array()).all()
    brain = _axes(figure, "brain (FLAIR) 13")
    assert brain.images[0].get_cmap().name == "bone"
    assert [text.get_text() for text in brain.texts] == ["A", "P", "R", "L"]
    assert _colour_at(figure, _axes(figure, "prediction 13"), (13, 22)) == pytest.approx([0, 0, 0], abs=0.01)
    assert _colour_at(figure, _axes(figure, "prediction 13"), (30, 22)) == pytest.approx([1, 1, 1], abs=0.01)


def test_the_seed_figure_says_what_is_not_given_and_refuses_slices_that_do_not_exist(case: Case) -> None:
    figure = seed_figure(FigureContent(case), slices=[3])
    assert [text.get_text() for text in _axes(figure, "truth").texts] == ["not given"]
    with pytest.raises(BrainsegError, match=r"no slice 30, the volume has 30"):
        seed_figure(FigureContent(case), slices=[29, 30])


def test_files_are_images_of_the_announced_size(case: Case, tmp_path: Path) -> None:
    figure = planes_figure(FigureContent(case, case.reference), Modality.T1CE)
    width, height = figure.get_size_inches()
    save_figure(figure, tmp_path / "f.png")
    pixels = imread(tmp_path / "f.png")
    assert pixels.shape[:2] == (int(height * 300), int(width * 300))
    assert pixels[0, 0, :3].tolist() == [1, 1, 1]
    save_figure(figure, tmp_path / "f.svg")
    assert (tmp_path / "f.svg").read_text("utf-8").startswith("<?xml")


def test_other_kinds_of_files_are_refused_and_old_files_stay(case: Case, tmp_path: Path) -> None:
    figure = planes_figure(FigureContent(case), Modality.T1)
    with pytest.raises(SaveError, match="PNG, SVG, PDF or TIFF"):
        save_figure(figure, tmp_path / "f.jpg")
    with pytest.raises(SaveError, match="was not written"):
        save_figure(figure, tmp_path / "missing" / "f.png")


def test_drawing_leaves_no_global_state_behind(case: Case) -> None:
    import matplotlib
    import matplotlib._pylab_helpers as pylab

    before = dict(matplotlib.rcParams)
    _drawn(planes_figure(FigureContent(case, case.reference), Modality.T1CE))
    assert dict(matplotlib.rcParams) == before
    assert not pylab.Gcf.figs
