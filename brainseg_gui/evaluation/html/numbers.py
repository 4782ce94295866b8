"""The parts of the page with numbers over all cases: headline, summary, distributions, volumes, lesions."""

from __future__ import annotations

import math
from functools import partial

from brainseg_gui.evaluation.cohorts.agreement import bland_altman
from brainseg_gui.evaluation.cohorts.lesions import lesion_tallies
from brainseg_gui.evaluation.cohorts.statistics import CohortSummary, summarise
from brainseg_gui.evaluation.cohorts.summary import summary_of
from brainseg_gui.evaluation.html.charts import Strip, bland_altman_chart, strip_chart
from brainseg_gui.evaluation.html.page import Html, TableCell, element, joined, number_cell, paragraph, table, text_cell
from brainseg_gui.evaluation.html.scale import linear_scale, log_scale
from brainseg_gui.evaluation.html.svg import model_mark
from brainseg_gui.evaluation.records.from_json import POOLED
from brainseg_gui.evaluation.records.measure import Measure, MeasureOutlet
from brainseg_gui.evaluation.records.measures import measures_shown
from brainseg_gui.evaluation.records.report import REGION_KEYS, SMALLEST_COHORT, CohortReport


def headline(report: CohortReport) -> Html:
    """Mean Dice of WT, TC and ET per model, where there are cases enough; else why there is none."""
    parts: list[Html] = []
    for number, model in enumerate(report.models):
        if len(report.models) > 1:
            parts.append(element("h3", joined([model_mark(number), f"{model}, {report.count_words(model)}"])))
        if report.has_headline(model):
            parts.append(element("div", joined(_card(report, model, key) for key in REGION_KEYS), class_="cards"))
        else:
            words = f"{report.count_words(model)}: fewer than {SMALLEST_COHORT} carry no headline. See the tables."
            parts.append(paragraph(words, "note"))
    missing = len(report.unpaired) + len(report.failed)
    if missing:
        words = "1 case was not scored and is" if missing == 1 else f"{missing} cases were not scored and are"
        link = element("a", "the list", href="#unscored")
        parts.append(element("p", joined([f"{words} in no number:", link]), class_="note bad"))
    return joined(parts)


def _card(report: CohortReport, model: str, key: str) -> Html:
    summary = summary_of(report, model, key, "dice")
    low, high = summary.interval
    return element(
        "div",
        joined(
            [
                element("div", f"{key}, {report.title_of(key)}: mean Dice", class_="name"),
                element("div", f"{summary.mean:.3f}", class_="value"),
                element("div", f"95 % interval {low:.3f} to {high:.3f}; median {summary.median:.3f}", class_="more"),
            ]
        ),
        class_="card",
    )


def summary_section(report: CohortReport) -> Html:
    """Mean with its interval, quartiles and range of every measure."""
    several = len(report.models) > 1
    heads = [text_cell("Measure"), text_cell("Region"), *([text_cell("Model")] if several else [])]
    names = (*_counts(report), "Mean", "95 % interval", "Median", "Quartiles", "Lowest", "Highest")
    rows = []
    for measure in measures_shown(MeasureOutlet.SUMMARY):
        for key in REGION_KEYS:
            for model in report.models:
                first = [text_cell(measure.titled), text_cell(key), *([text_cell(model)] if several else [])]
                rows.append(
                    [*first, *_summary_cells(report, summary_of(report, model, key, measure.key), measure.decimals)]
                )
    parts = [table([*heads, *names], rows, sortable=True)]
    if any(not report.has_headline(model) for model in report.models):
        parts.append(paragraph(f"Fewer than {SMALLEST_COHORT} cases: read the cases, not their means.", "note"))
    parts += [element("h3", "Single labels"), _label_table(report, several)]
    parts += [element("h3", "Pooled numbers of the source recipe"), _pooled_table(report, several)]
    return joined(parts)


def _counts(report: CohortReport) -> tuple[str, ...]:
    """Headings of what is counted."""
    return ("Cases", "Patients") if report.has_visits else ("Cases",)


def _summary_cells(report: CohortReport, s: CohortSummary, places: int) -> list[TableCell]:
    number = partial(number_cell, places=places)
    interval, quartiles = (
        TableCell("" if math.isnan(a) else f"{a:.{places}f} to {b:.{places}f}", a)
        for a, b in (s.interval, (s.lower, s.upper))
    )
    return [
        *(TableCell(f"{count:,}", count) for count in (s.n, s.patients)[: len(_counts(report))]),
        number(s.mean),
        interval,
        number(s.median),
        quartiles,
        number(s.smallest),
        number(s.largest),
    ]


def _label_table(report: CohortReport, several: bool) -> Html:
    keys = [key for key in report.region_keys if key not in REGION_KEYS]
    if not keys:
        return paragraph("No further labels occur.", "quiet")
    heads = [text_cell("Label"), *([text_cell("Model")] if several else [])]
    names = (*_counts(report), "Mean Dice", "95 % interval", "Median", "Quartiles", "Lowest", "Highest")
    rows = [
        [
            text_cell(f"{key}, {report.title_of(key)}"),
            *([text_cell(model)] if several else []),
            *_summary_cells(report, summary_of(report, model, key, "dice"), 3),
        ]
        for key in keys
        for model in report.models
    ]
    note = "Dice over the cases in which one of the two masks has the label"
    return table([*heads, *names], rows, caption=note, sortable=True)


def _pooled_table(report: CohortReport, several: bool) -> Html:
    """Mean over the cases; over the recipe's crop where all cases allow it."""
    crop = all("recipe_crop" in case.pooled for case in report.cases if case.pooled)
    extent = "recipe_crop" if crop else "whole_volume"
    heads: list[TableCell | str] = [*([text_cell("Model")] if several else []), text_cell(""), *POOLED]
    rows = []
    for model in report.models:
        scores = [case.pooled[extent] for case in report.of_model(model) if case.pooled]
        for words, these in (("prediction", scores), ("nothing but background", [s["all_background"] for s in scores])):
            numbers = [
                number_cell(summarise([s[name] for s in these]).mean, 4) for name in ("dice_coeff", "iou", "mean_iou")
            ]
            rows.append([*([text_cell(model)] if several else []), text_cell(words), *numbers])
    where = "the recipe's crop" if crop else "the whole volume"
    return table(heads, rows, caption=f"Means over the cases, {where}, background included: not a measure of quality")


def distribution_section(report: CohortReport) -> Html:
    """Strips with boxes, every dot a case."""
    charts = [_distribution(report, measure) for measure in measures_shown(MeasureOutlet.DISTRIBUTION)]
    note = "Every dot is a case: point at it for its name. Box: quartiles; black line: median."
    return joined([model_key(report), paragraph(note, "quiet"), element("div", joined(charts), class_="charts")])


def _distribution(report: CohortReport, measure: Measure) -> Html:
    """Strips of one measure: a ratio from 0 to 1, a distance on a logarithmic axis."""
    groups = [(key, [_strip(report, model, key, measure.key) for model in report.models]) for key in REGION_KEYS]
    if not measure.unit:
        return strip_chart(measure.titled, groups, partial(linear_scale, 0.0, 1.0))
    top = max((v for _, strips in groups for s in strips for v in s.values if not math.isnan(v)), default=1.0)
    title = f"{measure.titled} (axis logarithmic in 1 + {measure.unit})"
    return strip_chart(title, groups, partial(log_scale, top))


def _strip(report: CohortReport, model: str, key: str, name: str) -> Strip:
    names = [case.case_id for case in report.of_model(model)]
    return Strip(report.values(model, key, name), names, report.models.index(model))


def model_key(report: CohortReport) -> Html:
    """Which dot is which model; nothing for one model."""
    if len(report.models) == 1:
        return Html("")
    marks = (element("span", joined([model_mark(number), model])) for number, model in enumerate(report.models))
    return element("div", joined(marks), class_="key")


def agreement_section(report: CohortReport) -> Html:
    """Bland–Altman charts of WT, TC and ET, and their numbers."""
    parts: list[Html] = []
    rows = []
    for number, model in enumerate(report.models):
        cases = [case.case_id for case in report.of_model(model)]
        charts = []
        for key in REGION_KEYS:
            volumes = [report.values(model, key, name) for name in ("reference_ml", "prediction_ml")]
            names = [name for name, *both in zip(cases, *volumes, strict=True) if all(map(math.isfinite, both))]
            agreement = bland_altman(*volumes, patients=report.patients(model))
            title = f"{key}, {model}" if len(report.models) > 1 else key
            charts.append(bland_altman_chart(title, agreement, names, number))
            numbers = (agreement.bias, agreement.sd, *agreement.limits)
            counts = (len(names), agreement.patients)[: len(_counts(report))]
            rows.append(
                [
                    text_cell(key),
                    text_cell(model),
                    *(TableCell(f"{count:,}", count) for count in counts),
                    *(number_cell(v, 2) for v in numbers),
                ]
            )
        parts.append(element("div", joined(charts), class_="charts three"))
    heads: tuple[TableCell | str, ...] = (
        text_cell("Region"),
        text_cell("Model"),
        *_counts(report),
        "Bias, ml",
        "SD, ml",
        "Lower limit, ml",
        "Upper limit, ml",
    )
    note = "Bland–Altman: solid line bias, dashed lines limits of agreement (bias ± 1.96 SD)."
    if report.has_visits:
        note += " SD is that within patients and between them put together, as some have several visits."
    return joined([paragraph(note, "quiet"), *parts, table(heads, rows)])


def lesion_section(report: CohortReport) -> Html:
    """Lesions found, missed and false, by size."""
    several = len(report.models) > 1
    heads = [text_cell("Region"), *([text_cell("Model")] if several else []), text_cell("Size")]
    names = ("Lesions", "Found", "Missed", "False", "Sensitivity", "Precision")
    rows = []
    for key in REGION_KEYS:
        for model in report.models:
            for tally in lesion_tallies(report.of_model(model), key):
                counts = (tally.found + tally.missed, tally.found, tally.missed, tally.false)
                first = [text_cell(key), *([text_cell(model)] if several else []), text_cell(tally.title)]
                ratios = (number_cell(tally.sensitivity), number_cell(tally.precision))
                rows.append([*first, *(TableCell(f"{count:,}", count) for count in counts), *ratios])
    left_out = sum(entry.left_out for case in report.of_model(report.models[0]) for entry in case.regions[:3])
    note = (
        f"Reference lesions of {report.rules.lesion_smallest_voxels} voxels or fewer count neither as found nor as "
        f"missed ({left_out:,} in WT, TC and ET together)."
    )
    return joined([table([*heads, *names], rows), paragraph(note, "quiet")])
