"""A follow-up as PDF: the same tables, key images and sentences as the page of HTML, and its curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from brainseg_gui.evaluation.documents.pages import SMALL, Pages
from brainseg_gui.evaluation.figures.page import FAINT_INK, INK
from brainseg_gui.evaluation.figures.tile import SMALL_POINTS
from brainseg_gui.evaluation.reports.case_content import FOOTER
from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.followup.documents.curves import Curves, curves_of
from brainseg_gui.followup.documents.key_images import KeyImage, key_figure
from brainseg_gui.followup.documents.tables import (
    definition_lines,
    doubt_lines,
    event_lines,
    growth_table,
    key_images_caption,
    lead,
    lesion_table,
    location_table,
    note_lines,
    remark_lines,
    visit_table,
)
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION

_CURVE_INCHES = (3.4, 2.1)
_HEIGHT = 0.7  # of a picture, about: what the axes take of it


def write_follow_up_pdf(record: FollowUp, images: Sequence[KeyImage], path: Path) -> None:
    """Write a follow-up as PDF.

    Raises
    ------
    SaveError
        If it cannot be written. The file that was there is untouched.
    """
    pages = Pages(record.patient, lead(record), FOOTER)
    pages.words(CAUTION, SMALL)
    pages.gap(0.1)
    visits, volumes = _narrow(visit_table(record))
    pages.table(visits)
    pages.gap(0.08)
    for line in doubt_lines(record):
        pages.words(line, SMALL)
    pages.table(volumes)
    curves = curves_of(record)
    if curves:
        pages.gap(0.25)
        pages.picture(_curve_figure(curves), "Sums over targets and volumes of the regions")
    if (growth := growth_table(record)).rows:  # under their curves: a row of pictures would leave half a page empty
        pages.table(growth)
    if images:
        pages.picture(key_figure(images), key_images_caption(record).removesuffix("."))
    for table in (lesion_table(record), location_table(record)):
        if table.rows:
            pages.table(table)
    for title, lines in (
        ("What became of lesions", event_lines(record)),
        ("Remarks and changes", remark_lines(record)),
        ("How it was read", note_lines(record)),
        ("Definitions", definition_lines(record)),
    ):
        if lines:
            pages.heading(title)
            for line in lines:
                pages.words(line, SMALL)
    pages.words("Versions. " + ", ".join(f"{name} {version}" for name, version in record.versions.items()), SMALL)
    pages.write(path)


def _narrow(table: TextTable) -> tuple[TextTable, TextTable]:
    """The table of visits in two that fit a page upright: what they come to, and the volumes."""
    first = tuple(head for head in ("visit", "when", "category", "days") if head in table.heads)
    ml = tuple(head for head in table.heads if head.endswith(" ml"))
    rest = tuple(head for head in table.heads if head not in first + ml)
    volumes = replace(table, title="Volumes")
    return _columns(table, (*first, *rest)), _columns(volumes, (*first[: first.index("category")], *ml))


def _columns(table: TextTable, heads: Sequence[str]) -> TextTable:
    places = [table.heads.index(head) for head in heads]
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    return replace(table, heads=tuple(heads), rows=rows, words=sum(place < table.words for place in places))


def _curve_figure(curves: Sequence[Curves]) -> Figure:
    width, height = _CURVE_INCHES
    figure = Figure(figsize=(width * len(curves), height), layout="constrained")
    for axes, shown in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        colours = []
        for number, (_, values) in enumerate(shown.curves):
            (line,) = axes.plot(shown.places, values, marker="o", markersize=3, linewidth=1)
            colours.append(line.get_color())
            if shown.limits:
                axes.vlines(shown.places, *zip(*shown.limits[number], strict=True), line.get_color(), linewidth=0.7)
        for day, what in shown.treatments:
            axes.axvline(day, color=FAINT_INK, linewidth=0.8, linestyle="--")
            words = axes.annotate(
                what, (day, 0.98), xycoords=("data", "axes fraction"), rotation=90, va="top", ha="right"
            )
            words.set(fontsize=SMALL_POINTS - 1, color=FAINT_INK, parse_math=False)
        axes.set_title(shown.title, fontsize=SMALL_POINTS, color=INK, loc="left")
        axes.set_xticks(shown.places, shown.names, fontsize=SMALL_POINTS - 1.5, rotation=30, ha="right")
        axes.tick_params(axis="y", labelsize=SMALL_POINTS - 1)
        axes.set_ylim(bottom=0)
        _name_at_ends(axes, shown, colours)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _name_at_ends(axes: Axes, shown: Curves, colours: Sequence[ColorType]) -> None:
    """The names of lines right of their last values, none over another: a key would lie over the lines."""
    ends: dict[str, tuple[float, float]] = {}
    for name, values in shown.curves:
        known = [(place, value) for place, value in zip(shown.places, values, strict=True) if math.isfinite(value)]
        ends |= {name: known[-1]} if known else {}
    points = _CURVE_INCHES[1] * _HEIGHT * 72 / (axes.get_ylim()[1] or 1.0)
    raised = _apart({name: value * points for name, (_, value) in ends.items()})
    for (name, _), colour in zip(shown.curves, colours, strict=True):
        if name in ends:
            axes.annotate(
                name, ends[name], xytext=(6, raised[name]), textcoords="offset points", va="center",
                fontsize=SMALL_POINTS - 1, color=colour, annotation_clip=False,
            )  # fmt: skip


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """How many points each of several names is raised by, so that none lies over the one below."""
    raised, lowest = {}, -math.inf
    for name in sorted(heights, key=lambda name: heights[name]):
        lowest = max(heights[name], lowest + SMALL_POINTS)
        raised[name] = lowest - heights[name]
    return raised
