"""A follow-up as key images, CSV and PDF: what is written is what was measured."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Ellipse

from brainseg_gui.evaluation.documents.pages import SMALL, Pages
from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents import pdf
from brainseg_gui.followup.documents.csv_table import COLUMNS, as_csv
from brainseg_gui.followup.documents.curves import curves_of
from brainseg_gui.followup.documents.key_images import KeyImage, key_figure, read_key_images
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.pdf import _narrow, write_follow_up_pdf
from brainseg_gui.followup.documents.tables import visit_table
from brainseg_gui.followup.edits import TreatmentNoted, VisitRemark
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.moments import moment_of
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION, percent_words
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.followup.volumes import VolumeRange
from brainseg_gui.progress import run_to_end


@pytest.fixture(scope="module")
def line(patient_folder: Path) -> TimeLine:
    return time_line_of(patient_folder)


@pytest.fixture(scope="module")
def record(line: TimeLine) -> FollowUp:
    return run_to_end(measure_patient(line, FollowUpRequest(criteria_named("rano2"))))


@pytest.fixture(scope="module")
def images(record: FollowUp, line: TimeLine) -> tuple[KeyImage, ...]:
    return run_to_end(read_key_images(record, line.visits))


def test_each_visit_shows_the_slice_of_its_target(record: FollowUp, images: tuple[KeyImage, ...]) -> None:
    assert [image.visit for image in images] == [visit.name for visit in record.visits]
    assert images[0].words == "lesion 1, axial 16: 25.0 × 25.0 mm"
    assert images[0].grey.shape == (56, 56)


def test_the_lines_are_drawn_to_the_ends_that_were_measured(images: tuple[KeyImage, ...]) -> None:
    axes = key_figure(images).axes[0]
    ends = [
        np.column_stack([drawn.get_xdata(), drawn.get_ydata()]) for drawn in axes.lines if len(drawn.get_xdata()) == 2
    ]
    lengths = sorted(float(np.linalg.norm(line[1] - line[0])) for line in ends)
    assert lengths[-4:] == pytest.approx([25.0] * 4, abs=0.01)  # two lines, each on a dark casing
    middle = np.mean([line.mean(axis=0) for line in ends if abs(np.linalg.norm(line[1] - line[0]) - 25) < 0.01], axis=0)
    # stored LPS: voxel 22 of 56 is RAS 33, and pixel 22 from either side that rows and columns run to
    assert middle == pytest.approx([22, 22], abs=0.6)


def test_a_visit_without_images_has_no_picture(record: FollowUp, line: TimeLine, tmp_path: Path) -> None:

    gone = replace(
        line.visits[0].source, modalities=dict.fromkeys(line.visits[0].source.modalities, tmp_path / "no.nii")
    )
    visits = [replace(line.visits[0], source=gone), *line.visits[1:]]
    assert [image.visit for image in run_to_end(read_key_images(record, visits))] == [
        visit.name for visit in record.visits[1:]
    ]


def test_the_csv_holds_every_lesion_and_number(record: FollowUp) -> None:
    edited = record.with_edit(VisitRemark(3, "=1+1", 2))
    rows = list(csv.DictReader(io.StringIO(as_csv(edited))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["visit"][:6], row["lesion"]) for row in rows] == [
        ("visit1", "1"),
        ("visit2", "1"),
        ("visit3", "1"),
        ("visit4", "1"),
        ("visit4", "2"),
    ]
    results = results_of(record)
    assert [float(row["sum"]) for row in rows[:4]] == pytest.approx([result.diameters.total for result in results])
    assert [row["category"] for row in rows] == [
        "baseline",
        "partial response",
        "stable",
        "progression",
        "progression",
    ]
    assert float(rows[0]["longest_mm"]) * float(rows[0]["across_mm"]) == pytest.approx(625, rel=1e-4)
    assert rows[4]["remarks"] == "'=1+1"
    assert {row["caution"] for row in rows} == {CAUTION}


def test_the_page_shows_the_pictures(record: FollowUp) -> None:
    assert "data:image/png;base64,UE5H" in follow_up_page(record, b"PNG")
    assert "Key images" not in follow_up_page(record)


def test_the_pdf_loses_no_column(record: FollowUp, images: tuple[KeyImage, ...], tmp_path: Path) -> None:
    table = visit_table(record)
    shown = {head: [row[n] for row in part.rows] for part in _narrow(table) for n, head in enumerate(part.heads)}
    for number, head in enumerate(table.heads):
        column = [row[number] for row in table.rows]
        assert shown.get(head, column) == column
        assert head in shown or not any(column)
    file = tmp_path / "follow.pdf"
    write_follow_up_pdf(record, images, file)
    assert file.read_bytes().startswith(b"%PDF")


def test_a_table_wider_than_a_page_is_written_smaller_and_not_over_itself(tmp_path: Path) -> None:
    wide = TextTable(
        "Wide", tuple(f"column {n}" for n in range(24)), (tuple("123456789" for _ in range(24)),), words=24
    )
    pages = Pages("P", "lead", "footer")
    before = len(pages._figures[-1].texts)
    pages.table(wide)
    written = pages._figures[-1].texts[before + 1 :][:24]
    renderer = FigureCanvasAgg(pages._figures[-1]).get_renderer()
    edges = [text.get_window_extent(renderer) for text in written]
    assert all(left.x1 <= right.x0 for left, right in pairwise(edges))
    assert edges[-1].x1 <= pages._figures[-1].bbox.width


def test_a_table_of_long_texts_is_written_as_sentences_of_the_usual_size() -> None:
    long = "left lateral ventricle, left caudate nucleus, left putamen, left motor gyrus, left inferior frontal gyrus"
    pages = Pages("P", "lead", "footer")
    before = len(pages._figures[-1].texts)
    pages.table(TextTable("Places", ("lesion", "touches", "near"), (("1", long, ""), ("2", long, long)), words=3))
    written = pages._figures[-1].texts[before + 1 :]
    renderer = FigureCanvasAgg(pages._figures[-1]).get_renderer()
    assert written[0].get_text().startswith("lesion: 1; touches: left lateral ventricle")
    assert "near" not in written[0].get_text()
    assert {text.get_fontsize() for text in written} == {SMALL}
    assert all(text.get_window_extent(renderer).x1 <= pages._figures[-1].bbox.width for text in written)


def test_names_stand_behind_their_curves(record: FollowUp) -> None:
    sums, volumes = pdf._curve_figure(curves_of(record)).axes
    for axes, names in ((sums, ["sum"]), (volumes, ["WT", "TC", "ET"])):
        ends = {text.get_text(): text.xy for text in axes.texts}
        assert list(ends) == names
        assert all(
            end == (line.get_xdata()[-1], line.get_ydata()[-1])
            for end, line in zip(ends.values(), axes.lines, strict=True)
        )
        assert axes.get_legend() is None


def test_names_of_curves_that_end_together_do_not_lie_on_each_other(record: FollowUp) -> None:
    _, volumes = curves_of(record)
    level = tuple(1.0 for _ in volumes.places)
    same = replace(volumes, curves=tuple((name, level) for name, _ in volumes.curves))
    figure = pdf._curve_figure([same])
    FigureCanvasAgg(figure).draw()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: box.y0)
    assert len(boxes) == 3
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in pairwise(boxes))


def test_a_table_over_two_pages_says_on_both_what_its_columns_hold() -> None:
    pages = Pages("P", "lead", "footer")
    pages.table(TextTable("Volumes", ("visit", "ml"), tuple((f"v{number}", "1.0") for number in range(90)), words=1))
    assert len(pages._figures) == 2
    for figure in pages._figures:
        assert [text.get_text() for text in figure.texts].count("ml") == 1


def test_a_small_lesion_is_not_hidden_by_what_is_drawn_on_it(images: tuple[KeyImage, ...]) -> None:
    image = images[0]
    small = replace(image, cross=replace(image.cross, longest_mm=9.0))
    axes = key_figure([small, image]).axes
    assert all(line.get_marker() in ("", "None") for line in axes[0].lines if len(line.get_xdata()) == 2)
    assert [len([patch for patch in one.patches if isinstance(patch, Ellipse)]) for one in axes] == [1, 0]


def test_a_change_a_hundredfold_has_no_tenths() -> None:
    assert [percent_words(change) for change in (24.96, -98.94, 199.9, 5445.51)] == [
        "+25.0",
        "−98.9",
        "+199.9",
        "+5446",
    ]


def test_a_date_is_not_written_twice(record: FollowUp) -> None:
    assert "when" in visit_table(record).heads
    named = replace(record, visits=tuple(replace(visit, name=visit.moment.words) for visit in record.visits))
    table = visit_table(named)
    assert table.heads[:3] == ("visit", "category", "days")
    assert table.words == 2
    assert [part.heads[0] for part in _narrow(table)] == ["visit", "visit"]
    assert "4 visits from 2021-01-10 to 2021-09-01, RANO 2.0" in follow_up_page(named)


def test_columns_that_nothing_fills_are_left_out(record: FollowUp) -> None:
    assert "RC ml" not in visit_table(record).heads
    cavity = replace(record.visits[-1], volumes={**record.visits[-1].volumes, "RC": VolumeRange(2.0, 1.5, 2.5)})
    assert [row[7] for row in visit_table(replace(record, visits=(*record.visits[:-1], cavity))).rows] == [
        "",
        "",
        "",
        "2.0 ± 0.5",
    ]
    counted = [replace(visit, moment=moment_of(f"day-{n:03}")) for n, visit in enumerate(record.visits)]
    assert "when" not in visit_table(replace(record, visits=tuple(counted))).heads  # days are told from the baseline


def test_curves_stand_at_their_days(record: FollowUp) -> None:
    sums, volumes = curves_of(record)
    assert sums.places == (0, 64, 142, 234)
    assert sums.curves[0][1] == pytest.approx((625, 289, 361, 841))
    assert [name for name, _ in volumes.curves] == ["WT", "TC", "ET"]
    for (key, values), limits in zip(volumes.curves, volumes.limits, strict=True):
        assert limits == tuple((visit.volumes[key].low, visit.volumes[key].high) for visit in record.visits)
        assert all(low < value < high for value, (low, high) in zip(values, limits, strict=True))
    assert sums.limits == ()


def test_treatments_stand_at_their_days_beside_the_curves(record: FollowUp) -> None:
    noted = record.with_edit(TreatmentNoted(date(2021, 3, 1), "second line"))
    noted = noted.with_edit(TreatmentNoted(date(2020, 12, 31), "surgery <b>"))
    assert curves_of(noted)[0].treatments == ((-10, "surgery <b>"), (50, "second line"))
    page = follow_up_page(noted)
    assert "2020-12-31: surgery &lt;b&gt;" in page
    assert page.count("stroke-dasharray") == 4
    undated = [replace(visit, moment=replace(visit.moment, earliest=None, latest=None)) for visit in noted.visits]
    assert curves_of(replace(noted, visits=tuple(undated)))[0].treatments == ()
