"""A chart of values over time: a line for each thing that is measured, such as the volumes of a tumour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from brainseg_gui.evaluation.html.page import Html, safe
from brainseg_gui.evaluation.html.scale import Scale, linear_scale
from brainseg_gui.evaluation.html.svg import MODEL_COLOURS, dot, figure, grid_lines, heading, words_at

_LINE = 13.0  # between two lines of text


def curve_chart(
    title: str,
    curves: Sequence[tuple[str, Sequence[float]]],
    places: Sequence[float],
    names: Sequence[str],
    unit: str,
    marks: Sequence[tuple[float, str]] = (),
    limits: Sequence[Sequence[tuple[float, float]]] = (),
) -> Html:
    """Values over time, a line for each thing that is measured; values that are not defined leave a gap.

    Parameters
    ----------
    curves
        Name and values of each line.
    places
        Where each value stands from left to right, such as days.
    names
        What each place is called.
    marks
        Places of their own, such as days of treatments, and what is written at their lines.
    limits
        For each line, the limits that each value is known within; none where they are not told.
    """
    width, height, left, bottom, top = 520.0, 240.0, 52.0, 196.0, 30.0
    known = [value for _, values in curves for value in values if not math.isnan(value)]
    known += [high for ends in limits for _, high in ends if not math.isnan(high)]
    upward = linear_scale(0.0, max([*known, 1e-9]), bottom, top)
    everywhere = [*places, *(place for place, _ in marks)]
    low, high = min(everywhere), max(everywhere)
    across = Scale(low, high if high > low else low + 1, left + 12, width - 90, ())
    parts = [heading(title), *grid_lines(upward, left, width - 78), *_marks(marks, across, top, bottom)]
    for n, (x, name) in enumerate(zip(places, names, strict=True)):
        parts.append(words_at(across(x), bottom + 18 + 13 * (n % 2), name, "middle", "quiet"))
    ends: list[tuple[float, float, str]] = []
    for number, (name, values) in enumerate(curves):
        points = [
            (across(x), upward(v), f"{name}, {at}: {v:.4g} {unit}")
            for x, v, at in zip(places, values, names, strict=True)
        ]
        if not all(map(math.isnan, values)):
            parts.append(_curve(points, number))
            if limits:
                parts.append(_limit_bars(zip(map(across, places), limits[number], strict=True), upward, number))
            ends.append(next((y, x, name) for x, y, _ in reversed(points) if not math.isnan(y)))
    return figure(width, height, title, parts + _names_at(sorted(ends), bottom))


def _curve(points: Sequence[tuple[float, float, str]], number: int) -> str:
    """A line through places on the page, each with a dot that says what it stands for; none to an undefined one."""
    colour = MODEL_COLOURS[number % len(MODEL_COLOURS)]
    runs = [list(run) for undefined, run in groupby(points, lambda point: math.isnan(point[1])) if not undefined]
    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in run) for run in runs)
    dots = "".join(dot(x, y, number, words) for run in runs for x, y, words in run)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/><g fill="{colour}">{dots}</g>'


def _limit_bars(within: Iterable[tuple[float, tuple[float, float]]], upward: Scale, number: int) -> str:
    """What each value of a line is known within, by its place on the page."""
    bars = "".join(_limit_bar(x, upward(low), upward(high)) for x, (low, high) in within if not math.isnan(low))
    colour = MODEL_COLOURS[number % len(MODEL_COLOURS)]
    return f'<path d="{bars}" fill="none" stroke="{colour}" stroke-width="1"/>'


def _names_at(ends: Sequence[tuple[float, float, str]], bottom: float) -> list[str]:
    """The names of lines where they end, from top to bottom."""
    places = _apart([y for y, _, _ in ends], bottom)
    return [words_at(x + 8, y + 4, name, "start") for y, (_, x, name) in zip(places, ends, strict=True)]


def _apart(places: Sequence[float], bottom: float) -> list[float]:
    """Places from top to bottom, moved so far that a line of text at each can be read."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _LINE) if moved else place)
    lowest = bottom + _LINE
    for index in range(len(moved) - 1, -1, -1):
        lowest = moved[index] = min(moved[index], lowest - _LINE)
    return moved


def _limit_bar(x: float, low: float, high: float) -> str:
    """A line from one limit to the other with a foot at each end, as a path."""
    feet = "".join(f"M{x - 3:.1f} {y:.1f}h6" for y in (low, high))
    return f"M{x:.1f} {low:.1f}V{high:.1f}{feet}"


def _marks(marks: Sequence[tuple[float, str]], across: Scale, top: float, bottom: float) -> list[str]:
    """Lines at places of their own; of two that are close the words of the right one stand behind it."""
    parts: list[str] = []
    before = -math.inf
    for place, words in sorted(marks):
        parts += _mark(across(place), top, bottom, words, behind=across(place) - before < _LINE)
        before = across(place)
    return parts


def _mark(x: float, top: float, bottom: float, words: str, *, behind: bool) -> list[str]:
    """A dashed line with words along it; behind it, where another line stands close before."""
    line = f'<path class="axis" stroke-dasharray="4 3" d="M{x:.1f} {top}V{bottom}"><title>{safe(words)}</title></path>'
    text = words_at(0, 0, words, "end", "quiet")
    return [line, f'<g transform="translate({x + 12 if behind else x - 4:.1f} {top + 2}) rotate(-90)">{text}</g>']
