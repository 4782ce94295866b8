"""The part of the page that compares models on the cases that they share."""

from __future__ import annotations

from brainseg_gui.errors import with_minus
from brainseg_gui.evaluation.cohorts.statistics import (
    FEWEST_DIFFERENCES,
    PairedTest,
    holm,
    paired_test,
)
from brainseg_gui.evaluation.html.charts import differences_chart
from brainseg_gui.evaluation.html.page import (
    Html,
    TableCell,
    element,
    joined,
    number_cell,
    paragraph,
    table,
    text_cell,
)
from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import measures_shown
from brainseg_gui.evaluation.records.report import REGION_KEYS, SMALLEST_COHORT, CohortReport


def paired_tests(report: CohortReport, first: str, second: str, name: str) -> dict[str, PairedTest]:
    """Second minus first of one number, by region, on the cases that both models have."""
    common = list(report.common(first, second))
    whose = [case.whose for case, _ in common]
    return {
        key: paired_test(
            [a.number(key, name) for a, _ in common], [b.number(key, name) for _, b in common], patients=whose
        )
        for key in REGION_KEYS
    }


def pairs_section(report: CohortReport) -> Html:
    """Tests and per-case differences of every two models."""
    parts: list[Html] = []
    for first, second in report.model_pairs:
        common = list(report.common(first, second))
        parts.append(element("h3", f"{second} minus {first}: {len(common):,} cases that both have"))
        if not common:
            parts.append(paragraph("They share no scored case.", "note"))
            continue
        if len(common) < SMALLEST_COHORT:
            parts.append(paragraph(f"Fewer than {SMALLEST_COHORT} cases: too few to conclude from.", "note"))
        parts += [_table(report, first, second), _charts(report, first, second)]
    left_out = len({case.case_id for case in report.cases}) - len(_shared_by_all(report))
    if left_out:
        words = (
            f"{left_out:,} case{' is' if left_out == 1 else 's are'} scored for some of the models only and left out."
        )
        parts.append(paragraph(words, "quiet"))
    return joined(parts)


def _shared_by_all(report: CohortReport) -> set[str]:
    ids = [{case.case_id for case in report.of_model(model)} for model in report.models]
    return set.intersection(*ids)


def _table(report: CohortReport, first: str, second: str) -> Html:
    heads = (text_cell("Measure"), text_cell("Region"), "Cases", "Higher", "Lower", "Equal", "Mean")
    more = ("95 % interval", "Median", "Effect", "p", "p (Holm)")
    rows = []
    for measure in measures_shown(MeasureOutlet.MODELS):
        tests = paired_tests(report, first, second, measure.key)
        adjusted = holm({key: test.p for key, test in tests.items()})
        rows += [
            [text_cell(measure.titled), text_cell(key), *_cells(test, adjusted[key], measure.decimals)]
            for key, test in tests.items()
        ]
    note = (
        f"Differences of the two. Higher: cases in which {second} has the higher number (for HD95 the worse one). p of "
        "Wilcoxon's signed-rank test, and adjusted by Holm's method over the three regions of a measure; too few: "
        f"fewer than {FEWEST_DIFFERENCES} cases differ."
    )
    if report.has_visits:
        note += " Effect and p are those of the patients' mean differences."
    return joined([paragraph(note, "quiet"), table([*heads, *more], rows)])


def _cells(test: PairedTest, adjusted: float | None, places: int) -> list[TableCell]:
    low, high = test.interval
    counts = (test.n, test.higher, test.lower, test.n - test.differing)
    return [
        *(TableCell(f"{count:,}", count) for count in counts),
        TableCell(with_minus(f"{test.mean:+.{places}f}"), test.mean),
        TableCell(with_minus(f"{low:+.{places}f} to {high:+.{places}f}") if low == low else "", low),
        TableCell(with_minus(f"{test.median:+.{places}f}"), test.median),
        number_cell(test.effect, 2),
        _p_cell(test.p),
        _p_cell(adjusted),
    ]


def _p_cell(p: float | None) -> TableCell:
    if p is None:
        return TableCell("too few")
    return TableCell("< 0.0001" if p < 1e-4 else f"{p:.4f}", p)


def _charts(report: CohortReport, first: str, second: str) -> Html:
    common = list(report.common(first, second))
    names = [case.case_id for case, _ in common]
    charts = []
    for key in REGION_KEYS:
        differences = [b.number(key, "dice") - a.number(key, "dice") for a, b in common]
        charts.append(differences_chart(f"Dice of {key}, case by case: {second} − {first}", differences, names))
    note = paragraph("Each bar is a case, the lowest difference first; point at it for its name.", "quiet")
    return joined([note, element("div", joined(charts), class_="charts three")])
