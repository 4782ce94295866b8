"""The page of one case."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.evaluation.html.cohort import definition_list
from brainseg_gui.evaluation.html.page import (
    Html,
    PageSection,
    TableCell,
    element,
    joined,
    page,
    paragraph,
    picture,
    table,
)
from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import measures_shown
from brainseg_gui.evaluation.records.report import REGION_KEYS
from brainseg_gui.evaluation.reports.case_content import FOOTER, CaseContent
from brainseg_gui.evaluation.reports.case_figures import case_figures
from brainseg_gui.evaluation.reports.case_tables import TextTable, facts, tables_of
from brainseg_gui.evaluation.reports.definitions import definitions, methods_paragraph
from brainseg_gui.evaluation.reports.pictures import as_png

_LONG = 24  # letters in a cell, from which it wraps
_DPI = 180


def case_page(content: CaseContent) -> str:
    """One self-contained page of HTML about a case; nothing in it is fetched from anywhere."""
    pictures = [picture(as_png(figure, _DPI), caption, f"{caption}.") for caption, figure in case_figures(content)]
    sections = [
        PageSection("result", "Result", _result(content)),
        PageSection("pictures", "Pictures", joined([_how_drawn(content), *pictures])),
    ]
    for number, text_table in enumerate(tables_of(content)):
        sections.append(PageSection(f"table{number}", text_table.title, table_of(text_table)))
    versions = ", ".join(f"{name} {version}" for name, version in content.versions.items())
    methods = [definition_list(definitions(content.rules)), element("h3", "Versions"), paragraph(versions)]
    if content.scores is not None:
        methods.insert(0, paragraph(methods_paragraph(content.rules, content.versions), "note"))
    sections.append(PageSection("methods", "Methods", joined(methods)))
    lead = f"By the rules of {content.rules.title}, {content.made}"
    return page(content.case.case_id, lead, sections, FOOTER)


def _result(content: CaseContent) -> Html:
    scores, parts = content.scores, []
    if scores is not None:
        cards = []
        first, *others = measures_shown(MeasureOutlet.MODELS)
        for key, title in [(entry.key, entry.title) for entry in scores.regions if entry.key in REGION_KEYS]:
            more = "; ".join(measure.sentence(scores.number(key, measure.key)) for measure in others)
            inside = [
                element("div", f"{key}, {title}: {first.title}", class_="name"),
                element("div", first.text(scores.number(key, first.key)), class_="value"),
                element("div", more, class_="more"),
            ]
            cards.append(element("div", joined(inside), class_="card"))
        parts.append(element("div", joined(cards), class_="cards"))
        if scores.warning:
            parts.append(paragraph(f"{scores.warning}.", "note bad"))
    elif len(content.volumes) == 1:
        parts.append(paragraph("There is one mask only: volumes are given, nothing is compared.", "note"))
    elif content.volumes:
        parts.append(
            paragraph("There is no reference: the volumes of all masks are given, nothing is compared.", "note")
        )
    else:
        parts.append(paragraph("There is no mask: only the images are shown.", "note"))
    parts.append(element("ul", joined(element("li", f"{sentence}.") for sentence in facts(content))))
    return joined(parts)


def _how_drawn(content: CaseContent) -> Html:
    if not content.volumes:
        return Html("")
    outlined, filled = content.figure.titles_drawn
    ways = [f"the {title} is drawn as {way}" for title, way in ((outlined, "outline"), (filled, "fill")) if title]
    words = ", ".join(ways).capitalize()
    return paragraph(f"{words}. The patient's right is on the left.", "quiet")


def table_of(text_table: TextTable) -> Html:
    """A table of text with its note."""

    def cells(row: Sequence[str]) -> list[TableCell]:
        kinds = [
            "" if n >= text_table.words else "words" if len(text) > _LONG else "text" for n, text in enumerate(row)
        ]
        return [TableCell(text, kind=kind) for text, kind in zip(row, kinds, strict=True)]

    if not text_table.rows:
        return paragraph("None.", "quiet")
    made = table(cells(text_table.heads), [cells(row) for row in text_table.in_print().rows])
    return joined([made, paragraph(text_table.note, "quiet")]) if text_table.note else made
