"""Charts as SVG in the page: sharp at every size, and each dot says which case it is.

Models differ by colour and by the shape of their dots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from brainseg_gui.errors import with_minus
from brainseg_gui.evaluation.cohorts.agreement import BlandAltman
from brainseg_gui.evaluation.html.page import Html, safe

MODEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")  # Okabe–Ito
_SPREAD = 0.618_033_988_75  # golden ratio: neighbours in the list are far apart in the strip
_LINE = 13.0  # between two lines of text
_LOG_TICKS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0)


@dataclass(frozen=True)
class Strip:
    """The values of one model in one region, with what each dot says of itself."""

    values: Sequence[float]
    names: Sequence[str]
    model: int


@dataclass(frozen=True)
class Scale:
    """Values to pixels: linear, or logarithmic in 1 + value."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, here = (math.log1p(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (here - low) / (high - low)


def linear_scale(low: float, high: float, start: float, end: float, steps: int = 5) -> Scale:
    """A linear scale that ends at round numbers."""
    from matplotlib.ticker import MaxNLocator

    if high <= low:
        low, high = low - 0.5, high + 0.5
    ticks = MaxNLocator(nbins=steps, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return Scale(float(ticks[0]), float(ticks[-1]), start, end, tuple(float(tick) for tick in ticks))


def log_scale(high: float, start: float, end: float) -> Scale:
    """A scale from 0 that is logarithmic in 1 + value: near and very far both have room."""
    top = next((tick for tick in _LOG_TICKS[1:] if tick >= high), _LOG_TICKS[-1])
    return Scale(0.0, max(top, high), start, end, tuple(t for t in _LOG_TICKS if t <= top), logarithmic=True)


def strip_chart(
    title: str, groups: Sequence[tuple[str, Sequence[Strip]]], make_scale: Callable[[float, float], Scale]
) -> Html:
    """Boxes (quartiles and median) over the single cases, per group and model.

    Parameters
    ----------
    groups
        Name of a region, and one strip per model.
    make_scale
        The vertical scale between two pixels, the bottom first.
    """
    width, height, left, bottom, top = 520.0, 300.0, 48.0, 262.0, 30.0
    scale = make_scale(bottom, top)
    room = (width - left - 8) / max(len(groups), 1)
    parts = [_title(title), *_horizontal_lines(scale, left, width - 8)]
    for place, (name, strips) in enumerate(groups):
        middle = left + room * (place + 0.5)
        parts.append(_text(middle, bottom + 18, name, "middle"))
        each = min(room * 0.86 / max(len(strips), 1), 64.0)
        for number, strip in enumerate(strips):
            x = middle + (number - (len(strips) - 1) / 2) * each
            parts += _strip(strip, x, each * 0.74, scale)
    return _svg(width, height, title, parts)


def _strip(strip: Strip, x: float, width: float, scale: Scale) -> list[str]:
    known = [(value, name) for value, name in zip(strip.values, strip.names, strict=True) if not math.isnan(value)]
    if not known:
        return [_text(x, (scale.start + scale.end) / 2, "none", "middle", "quiet")]
    colour = MODEL_COLOURS[strip.model % len(MODEL_COLOURS)]
    parts = [f'<g fill="{colour}" fill-opacity="0.55">']
    for number, (value, name) in enumerate(known):
        across = x + width * ((number * _SPREAD) % 1 - 0.5) * 0.8
        parts.append(_dot(across, scale(value), strip.model, f"{name}: {value:.3g}"))
    parts.append("</g>")
    lower, median, upper = (scale(float(v)) for v in np.percentile([value for value, _ in known], (25, 50, 75)))
    half = width / 2
    parts.append(
        f'<rect x="{x - half:.1f}" y="{upper:.1f}" width="{width:.1f}" height="{max(lower - upper, 0.5):.1f}" '
        f'fill="none" stroke="{colour}" stroke-width="1.4"/>'
        f'<path d="M{x - half:.1f} {median:.1f}h{width:.1f}" stroke="#1c1c1f" stroke-width="2"/>'
    )
    return parts


def bland_altman_chart(title: str, agreement: BlandAltman, names: Sequence[str], model: int) -> Html:
    """Difference against mean of two volumes, with bias and limits of agreement."""
    width, height, left, right, bottom, top = 340.0, 260.0, 52.0, 286.0, 212.0, 30.0
    if not agreement.means.size:
        return _svg(width, height, title, [_title(title), _text(170, 120, "no case", "middle", "quiet")])
    limits = agreement.limits if not math.isnan(agreement.sd) else (agreement.bias, agreement.bias)
    extremes = [*agreement.differences.tolist(), *limits, 0.0]
    across = linear_scale(0.0, float(agreement.means.max()) or 1.0, left, right, 4)
    upward = linear_scale(min(extremes), max(extremes), bottom, top)
    parts = [_title(title), *_horizontal_lines(upward, left, right)]
    parts += [_text(across(tick), bottom + 16, f"{tick:g}", "middle", "quiet") for tick in across.ticks]
    whose = f"; {agreement.differences.size} visits of {agreement.patients} patients" if agreement.repeated else ""
    parts.append(_text((left + right) / 2, bottom + 36, f"mean of the two, ml{whose}", "middle", "quiet"))
    parts.append(_text(left, top - 6, "prediction − reference, ml", "start", "quiet"))
    colour = MODEL_COLOURS[model % len(MODEL_COLOURS)]
    parts.append(f'<g fill="{colour}" fill-opacity="0.6">')
    for mean, difference, name in zip(agreement.means, agreement.differences, names, strict=True):
        words = f"{name}: {difference:+.2f} ml at {mean:.2f} ml"
        parts.append(_dot(across(float(mean)), upward(float(difference)), model, words))
    parts.append("</g>")
    parts += _limit_lines(agreement, upward, left, right)
    return _svg(width, height, title, parts)


def _limit_lines(agreement: BlandAltman, upward: Scale, left: float, right: float) -> list[str]:
    """Bias and limits, each with its value at the right; labels that would touch are pushed apart."""
    lines = [(agreement.bias, "", "bias")]
    if not math.isnan(agreement.sd):
        low, high = agreement.limits
        lines += [(low, "5 4", "−1.96 SD"), (high, "5 4", "+1.96 SD")]
    parts, free = [], math.inf
    for value, dashes, name in sorted(lines):
        y = upward(value)
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#1c1c1f" stroke-width="1.2"{style}/>')
        at = min(y + 4, free - 13)
        free = at
        parts.append(
            _text(right + 4, at, with_minus(f"{value:+.2f}"), "start").replace("<text", f'<text aria-label="{name}"', 1)
        )
    return parts


def differences_chart(title: str, differences: Sequence[float], names: Sequence[str]) -> Html:
    """Per-case differences of two models, the lowest first, as bars from zero."""
    width, height, left, bottom, top = 520.0, 220.0, 52.0, 196.0, 30.0
    order = sorted((value, name) for value, name in zip(differences, names, strict=True) if not math.isnan(value))
    if not order:
        return _svg(width, height, title, [_title(title), _text(260, 110, "no case", "middle", "quiet")])
    upward = linear_scale(min(order[0][0], 0.0), max(order[-1][0], 0.0), bottom, top)
    parts = [_title(title), *_horizontal_lines(upward, left, width - 8)]
    room = (width - 8 - left) / len(order)
    bar, zero = min(max(room * 0.8, 0.6), 24.0), upward(0.0)
    for place, (value, name) in enumerate(order):
        x, y = left + room * (place + 0.5) - bar / 2, upward(value)
        colour = MODEL_COLOURS[1 if value > 0 else 0]
        high = max(abs(zero - y), 0.5)
        parts.append(
            f'<rect x="{x:.1f}" y="{min(y, zero):.1f}" width="{bar:.2f}" height="{high:.1f}" fill="{colour}">'
            f"<title>{safe(name)}: {value:+.3f}</title></rect>"
        )
    parts.append(f'<path class="axis" d="M{left} {zero:.1f}H{width - 8}"/>')
    return _svg(width, height, title, parts)


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
    parts = [_title(title), *_horizontal_lines(upward, left, width - 78)]
    before = -math.inf
    for place, words in sorted(marks):
        parts += _mark(across(place), top, bottom, words, behind=across(place) - before < _LINE)
        before = across(place)
    ends: list[tuple[float, float, str]] = []
    for n, (x, name) in enumerate(zip(places, names, strict=True)):
        parts.append(_text(across(x), bottom + 18 + 13 * (n % 2), name, "middle", "quiet"))
    for number, (name, values) in enumerate(curves):
        points = [
            (across(x), upward(v), v, at) for x, v, at in zip(places, values, names, strict=True) if not math.isnan(v)
        ]
        if not points:
            continue
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in points)
        colour = MODEL_COLOURS[number % len(MODEL_COLOURS)]
        dots = "".join(_dot(x, y, number, f"{name}, {at}: {v:.4g} {unit}") for x, y, v, at in points)
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/><g fill="{colour}">{dots}</g>'
        )
        if limits:
            known_within = zip(places, limits[number], strict=True)
            bars = "".join(
                _limit_bar(across(x), upward(a), upward(b)) for x, (a, b) in known_within if not math.isnan(a)
            )
            parts.append(f'<path d="{bars}" fill="none" stroke="{colour}" stroke-width="1"/>')
        ends.append((points[-1][1], points[-1][0], name))
    ends.sort()
    for y, (_, x, name) in zip(_apart([y for y, _, _ in ends], bottom), ends, strict=True):
        parts.append(_text(x + 8, y + 4, name, "start"))
    return _svg(width, height, title, parts)


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


def _mark(x: float, top: float, bottom: float, words: str, *, behind: bool) -> list[str]:
    """A dashed line with words along it; behind it, where another line stands close before."""
    line = f'<path class="axis" stroke-dasharray="4 3" d="M{x:.1f} {top}V{bottom}"><title>{safe(words)}</title></path>'
    text = _text(0, 0, words, "end", "quiet")
    return [line, f'<g transform="translate({x + 12 if behind else x - 4:.1f} {top + 2}) rotate(-90)">{text}</g>']


def model_mark(model: int) -> Html:
    """The dot of a model, for a key."""
    colour = MODEL_COLOURS[model % len(MODEL_COLOURS)]
    return Html(f'<svg viewBox="0 0 14 14" aria-hidden="true"><g fill="{colour}">{_shape(7, 7, model, 4.5)}</g></svg>')


def _dot(x: float, y: float, model: int, words: str) -> str:
    return f"<g>{_shape(x, y, model, 2.4)}<title>{safe(words)}</title></g>"


def _shape(x: float, y: float, model: int, r: float) -> str:
    if model % 3 == 1:
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r:.1f}" height="{2 * r:.1f}"/>'
    if model % 3 == 2:
        return f'<path d="M{x:.1f} {y - 1.3 * r:.1f}l{1.3 * r:.1f} {2.3 * r:.1f}h{-2.6 * r:.1f}z"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'


def _horizontal_lines(scale: Scale, left: float, right: float) -> list[str]:
    parts = []
    for tick in scale.ticks:
        y = scale(tick)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
        parts.append(_text(left - 6, y + 4, with_minus(f"{tick:g}"), "end", "quiet"))
    return parts


def _title(text: str) -> str:
    return f'<text x="0" y="12" style="font-weight:600">{safe(text)}</text>'


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{safe(words)}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> Html:
    body = "\n".join(parts)
    return Html(
        f'<figure><svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{safe(title)}">{body}</svg></figure>'
    )
