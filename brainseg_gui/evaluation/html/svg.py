"""What charts are drawn of, as SVG: words, dots that say which case they are, grid lines.

Models differ by colour and by the shape of their dots.
"""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.errors import with_minus
from brainseg_gui.evaluation.html.page import Html, safe
from brainseg_gui.evaluation.html.scale import Scale

MODEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")  # Okabe–Ito


def model_mark(model: int) -> Html:
    """The dot of a model, for a key."""
    colour = MODEL_COLOURS[model % len(MODEL_COLOURS)]
    return Html(f'<svg viewBox="0 0 14 14" aria-hidden="true"><g fill="{colour}">{_shape(7, 7, model, 4.5)}</g></svg>')


def dot(x: float, y: float, model: int, words: str) -> str:
    """A case, or a value at a time: its place, and what it says of itself."""
    return f"<g>{_shape(x, y, model, 2.4)}<title>{safe(words)}</title></g>"


def _shape(x: float, y: float, model: int, r: float) -> str:
    if model % 3 == 1:
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r:.1f}" height="{2 * r:.1f}"/>'
    if model % 3 == 2:
        return f'<path d="M{x:.1f} {y - 1.3 * r:.1f}l{1.3 * r:.1f} {2.3 * r:.1f}h{-2.6 * r:.1f}z"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'


def grid_lines(scale: Scale, left: float, right: float) -> list[str]:
    """The lines of a vertical scale, with their values at the left."""
    parts = []
    for tick in scale.ticks:
        y = scale(tick)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
        parts.append(words_at(left - 6, y + 4, with_minus(f"{tick:g}"), "end", "quiet"))
    return parts


def heading(text: str) -> str:
    """What a chart shows, above it."""
    return f'<text x="0" y="12" style="font-weight:600">{safe(text)}</text>'


def words_at(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    """A line of text that starts, ends or has its middle (`anchor`) at a place."""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{safe(words)}</text>'


def figure(width: float, height: float, title: str, parts: Sequence[str]) -> Html:
    """A chart of its parts; sizes in pixels as it is drawn at first."""
    body = "\n".join(parts)
    return Html(
        f'<figure><svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{safe(title)}">{body}</svg></figure>'
    )
