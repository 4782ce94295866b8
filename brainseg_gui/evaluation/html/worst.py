"""The part of the page that shows the worst cases of each model."""

from __future__ import annotations

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.html.cases import worst_words
from brainseg_gui.evaluation.html.page import Html, element, joined, paragraph, picture
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport
from brainseg_gui.imaging.labels import meanings

MOST_SHOWN = 6


def worst_section(report: CohortReport) -> Html:
    """Pictures of the cases with the lowest mean Dice."""
    parts = [
        paragraph(
            "The cases with the lowest mean of the Dice of WT, TC and ET, the worst first. The slices go through the "
            "piece of disagreement that costs most; arrowheads at the edges point at it. The reference is drawn as "
            "outline, the prediction as fill. Radiological convention: the patient's right is on the left.",
            "quiet",
        ),
        colour_key(),
    ]
    for model in report.models:
        if len(report.models) > 1:
            parts.append(element("h3", model))
        parts += [_case_figure(case) for case in report.worst_cases(model, MOST_SHOWN)]
    return joined(parts)


def colour_key() -> Html:
    """The colours of the labels."""
    marks = []
    for key in ("NCR", "ED", "ET", "RC"):
        meaning = meanings()[key]
        square = Html(
            f'<svg viewBox="0 0 14 14" aria-hidden="true"><rect x="1" y="1" width="12" height="12" '
            f'fill="{meaning.colour}" stroke="#5f6068" stroke-width="0.6"/></svg>'
        )
        marks.append(element("span", joined([square, f"{key}, {meaning.title}"])))
    return element("div", joined(marks), class_="key")


def _case_figure(case: CaseReport) -> Html:
    dice = ", ".join(f"{key} {case.number(key, 'dice'):.3f}" for key in REGION_KEYS)
    words = f": Dice {dice}. Worst place: {worst_words(case)}"
    if case.worst is not None:
        words += f"; put right, the Dice of {case.worst.region} would be {case.worst.cost:.3f} higher"
    caption = Html(joined([element("b", case.case_id), f"{words}."]).replace("</b>\n", "</b>"))
    png = picture_of(case)
    if png is None:
        return element("p", caption)
    return picture(png, f"Slices through the worst place of {case.case_id}", caption)


def picture_of(case: CaseReport) -> bytes | None:
    """Slices through the worst place, as PNG; None when the masks agree or can no longer be read."""
    from brainseg_gui.evaluation.reports.pictures import as_png, read_worst, worst_figure

    try:
        content = read_worst(case)
    except BrainsegError:
        return None
    return as_png(worst_figure(content)) if content is not None else None
