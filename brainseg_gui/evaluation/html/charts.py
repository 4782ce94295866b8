"""Charts of single cases, as SVG in the page: sharp at every size, and each dot says which case it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from brainseg_gui.errors import with_minus
from brainseg_gui.evaluation.cohorts.agreement import BlandAltman
from brainseg_gui.evaluation.html.page import Html, safe
from brainseg_gui.evaluation.html.scale import Scale, linear_scale
from brainseg_gui.evaluation.html.svg import MODEL_COLOURS, dot, figure, grid_lines, heading, words_at

_SPREAD = 0.618_033_988_75  # golden ratio: neighbours in the list are far apart in the strip


@dataclass(frozen=True)
class Strip:
    """The values of one model in one region, with what each dot says of itself."""

    values: Sequence[float]
    names: Sequence[str]
    model: int


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
    parts = [heading(title), *grid_lines(scale, left, width - 8)]
    for place, (name, strips) in enumerate(groups):
        middle = left + room * (place + 0.5)
        parts.append(words_at(middle, bottom + 18, name, "middle"))
        each = min(room * 0.86 / max(len(strips), 1), 64.0)
        for number, strip in enumerate(strips):
            x = middle + (number - (len(strips) - 1) / 2) * each
            parts += _strip(strip, x, each * 0.74, scale)
    return figure(width, height, title, parts)


def _strip(strip: Strip, x: float, width: float, scale: Scale) -> list[str]:
    known = [(value, name) for value, name in zip(strip.values, strip.names, strict=True) if not math.isnan(value)]
    if not known:
        return [words_at(x, (scale.start + scale.end) / 2, "none", "middle", "quiet")]
    colour = MODEL_COLOURS[strip.model % len(MODEL_COLOURS)]
    parts = [f'<g fill="{colour}" fill-opacity="0.55">']
    for number, (value, name) in enumerate(known):
        across = x + width * ((number * _SPREAD) % 1 - 0.5) * 0.8
        parts.append(dot(across, scale(value), strip.model, f"{name}: {value:.3g}"))
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
        return figure(width, height, title, [heading(title), words_at(170, 120, "no case", "middle", "quiet")])
    limits = agreement.limits if not math.isnan(agreement.sd) else (agreement.bias, agreement.bias)
    extremes = [*agreement.differences.tolist(), *limits, 0.0]
    across = linear_scale(0.0, float(agreement.means.max()) or 1.0, left, right, 4)
    upward = linear_scale(min(extremes), max(extremes), bottom, top)
    parts = [heading(title), *grid_lines(upward, left, right)]
    parts += [words_at(across(tick), bottom + 16, f"{tick:g}", "middle", "quiet") for tick in across.ticks]
    whose = f"; {agreement.differences.size} visits of {agreement.patients} patients" if agreement.repeated else ""
    parts.append(words_at((left + right) / 2, bottom + 36, f"mean of the two, ml{whose}", "middle", "quiet"))
    parts.append(words_at(left, top - 6, "prediction − reference, ml", "start", "quiet"))
    colour = MODEL_COLOURS[model % len(MODEL_COLOURS)]
    parts.append(f'<g fill="{colour}" fill-opacity="0.6">')
    for mean, difference, name in zip(agreement.means, agreement.differences, names, strict=True):
        words = f"{name}: {difference:+.2f} ml at {mean:.2f} ml"
        parts.append(dot(across(float(mean)), upward(float(difference)), model, words))
    parts.append("</g>")
    parts += _limit_lines(agreement, upward, left, right)
    return figure(width, height, title, parts)


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
            words_at(right + 4, at, with_minus(f"{value:+.2f}"), "start").replace(
                "<text", f'<text aria-label="{name}"', 1
            )
        )
    return parts


def differences_chart(title: str, differences: Sequence[float], names: Sequence[str]) -> Html:
    """Per-case differences of two models, the lowest first, as bars from zero."""
    width, height, left, bottom, top = 520.0, 220.0, 52.0, 196.0, 30.0
    order = sorted((value, name) for value, name in zip(differences, names, strict=True) if not math.isnan(value))
    if not order:
        return figure(width, height, title, [heading(title), words_at(260, 110, "no case", "middle", "quiet")])
    upward = linear_scale(min(order[0][0], 0.0), max(order[-1][0], 0.0), bottom, top)
    parts = [heading(title), *grid_lines(upward, left, width - 8)]
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
    return figure(width, height, title, parts)
