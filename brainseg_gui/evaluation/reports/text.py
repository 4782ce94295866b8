"""A report as aligned text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brainseg_gui.evaluation.cohorts.summary import summary_of
from brainseg_gui.evaluation.records.measure import Better, MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport

_CROP, _WHOLE = "the recipe's crop", "whole volume"
MOST_LISTED = 20  # more cases: a summary, the cases are in the files


def as_text(report: CohortReport) -> str:
    """The report as aligned text: how the masks were read, a table, the pooled numbers, the means."""
    few = len(report.cases) <= MOST_LISTED
    several = len(report.models) > 1
    parts = ["\n".join(_reading_lines(report.cases))]
    parts.append(_table(report.cases, several) if few else _summary_table(report))
    parts.append(_rules_line(report))
    if few:
        parts.append(_pooled_table(report.cases))
    parts += [_headline(report, model, several) for model in report.models if report.has_headline(model)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _reading_lines(cases: Sequence[CaseReport]) -> list[str]:
    """Each sentence on how masks were read once, with the cases that it holds for."""
    ids: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        ids.setdefault(("reference", case.reference_note), []).append(case.case_id)
        ids.setdefault(("prediction", case.prediction_note), []).append(case.case_id)
    lines = []
    for (role, note), holds_for in sorted(ids.items(), key=lambda item: item[0][0] != "reference"):
        some = ", ".join(holds_for[:3]) + (", …" if len(holds_for) > 3 else "")
        where = "" if len(holds_for) == len(cases) else f" ({len(holds_for)} of {len(cases)} cases: {some})"
        lines.append(f"{role}{where}: {note}")
    return lines


def _table(cases: Sequence[CaseReport], several: bool) -> str:
    first = ("case", "model") if several else ("case",)
    measures = measures_shown(MeasureOutlet.LISTS)
    lines: list[Sequence[str]] = [(*first, "region", *(measure.words for measure in measures))]
    for case in cases:
        for index, entry in enumerate(case.regions):
            names: tuple[str, ...] = (case.case_id, case.model) if several else (case.case_id,)
            names = names if index == 0 else ("",) * len(names)
            lines.append((*names, entry.key, *(measure.text(entry[measure.key]) for measure in measures)))
    return aligned(lines, text_columns=len(first) + 1)


def _summary_table(report: CohortReport) -> str:
    """The first measure in full, the others by one number: the median of distances, which penalties pull away."""
    first, *others = measures_shown(MeasureOutlet.MODELS)
    middle = {measure: "median" if measure.better is Better.LOWER else "mean" for measure in others}
    heads = ("model", "region", "cases", f"mean {first.words}", "95 % interval", "median")
    lines: list[Sequence[str]] = [(*heads, *(f"{word} {measure.words}" for measure, word in middle.items()))]
    for model in report.models:
        for key in REGION_KEYS:
            summary = summary_of(report, model, key, first.key)
            interval = " to ".join(f"{end:.{first.decimals}f}" for end in summary.interval)
            numbers = (first.text(summary.mean), interval, first.text(summary.median))
            of_others = [summary_of(report, model, key, measure.key) for measure in others]
            more = (m.text(getattr(s, middle[m])) for m, s in zip(others, of_others, strict=True))
            lines.append((model, key, str(summary.n), *numbers, *more))
    return aligned(lines, text_columns=2)


def _rules_line(report: CohortReport) -> str:
    """Which definitions the distances follow."""
    if not report.cases:
        return ""
    return (
        f"{MEASURES['hd95_mm'].title}: larger of the two directed 95th percentiles between surface voxels. "
        f"Empty masks and lesions: {report.rules.title}"
    )


def _pooled_table(cases: Sequence[CaseReport]) -> str:
    """The recipe's numbers, over its crop where the volume allows it, and what background alone would score."""
    lines: list[Sequence[str]] = [
        ("pooled as the source recipe does, background included", "", "dice_coeff", "iou", "mean_iou")
    ]
    told_apart = [case for case in cases if case.pooled]
    for case in told_apart:
        crop = "recipe_crop" in case.pooled
        score = case.pooled["recipe_crop" if crop else "whole_volume"]
        name = f"{case.case_id}, {_CROP if crop else _WHOLE}"
        lines.append((name, "prediction", *_four_decimals(score)))
        lines.append(("", "nothing but background", *_four_decimals(score["all_background"])))
    return aligned(lines, text_columns=2) if told_apart else ""


def _four_decimals(score: Mapping[str, Any]) -> list[str]:
    return [f"{score[name]:.4f}" for name in ("dice_coeff", "iou", "mean_iou")]


def _headline(report: CohortReport, model: str, several: bool) -> str:
    means = {key: summary_of(report, model, key, "dice").mean for key in REGION_KEYS}
    words = "   ".join(f"{key} {value:.3f}" for key, value in means.items())
    whose = f", {model}" if several else ""
    return f"mean Dice over {report.count_words(model)}{whose}   {words}"


def aligned(lines: Sequence[Sequence[str]], text_columns: int) -> str:
    """Columns padded to their widest cell; text to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(
            cell.ljust(width) if index < text_columns else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)
