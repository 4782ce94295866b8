"""The page of a cohort: it parses, takes no name for markup, and fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from brainseg_gui.evaluation.cohorts.lesions import lesion_tallies, size_class
from brainseg_gui.evaluation.cohorts.score import score_pair
from brainseg_gui.evaluation.html.cohort import cohort_page
from brainseg_gui.evaluation.html.page import Html, element, safe, table, text_cell
from brainseg_gui.evaluation.html.scale import linear_scale, log_scale
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.evaluation.records.report import CaseReport, CohortReport, LesionEntry, RegionEntry
from brainseg_gui.evaluation.reports.definitions import cohort_definitions, definitions
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from tests.evaluation.cohort_files import PREDICTION, REFERENCE, write_mask

RULES = rules_named("brats2023")
SCHEMES = ChosenSchemes(scheme_named("brats2020"), scheme_named("brats2020"))
EVIL = "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(1)>"
_VOID = {"meta", "img", "br"}


class _Parsed(HTMLParser):
    """What a page is made of; fails when elements do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


MakeReport = Callable[..., CohortReport]
PageOf = Callable[..., str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of the reports lie."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def make_report(root: Path) -> MakeReport:
    """A function that makes a report of so many cases of each model; one case has nothing predicted."""
    reference = write_mask(root / "r.nii", REFERENCE)
    good = score_pair(Pair("", reference, write_mask(root / "p.nii", PREDICTION)), SCHEMES, RULES)
    none = score_pair(Pair("", reference, write_mask(root / "e.nii", [0] * 10)), SCHEMES, RULES)

    def make(count: int, models: tuple[str, ...] = ("m",), name: str = "Case") -> CohortReport:
        cases: list[CaseReport] = []
        for number in range(count):
            for place, model in enumerate(models):
                case = none if number == place else good
                cases.append(replace(case, case_id=f"{name} {number}", model=model))
        bad = Unpaired(f"{name} x", root / "secret" / "x.nii", f"{root / 'secret' / 'x.nii'}: cut off", models[0])
        return CohortReport(tuple(cases), models, RULES, (bad,), (bad,), "2025-01-31 12:00", {"brainseg": "1"})

    return make


@pytest.fixture(scope="module")
def page_of(make_report: MakeReport) -> PageOf:
    """A function that gives the page of such a report; each is made once, for it takes up to a second."""
    made = cache(lambda count, models: cohort_page(make_report(count, models)))
    return lambda count, models=("m",): made(count, models)


@pytest.mark.parametrize("models", [("m",), ("one", "two")])
@pytest.mark.parametrize("count", [0, 1, 9, 12])
def test_the_page_parses_and_its_contents_lead_somewhere(page_of: PageOf, count: int, models: tuple[str, ...]) -> None:
    page = _Parsed(page_of(count, models))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(attributes["href"]) for attributes in page.named("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= {str(key) for key in ids}
    assert ("models" in ids) == (count > 0 and len(models) > 1)


def test_visits_are_counted_apart_from_patients(make_report: MakeReport, page_of: PageOf) -> None:
    report, plain = make_report(12, ("one", "two")), page_of(12, ("one", "two"))
    assert "12 cases scored" in plain
    assert "<th>Patients" not in plain
    assert "mean differences." not in plain.split("Definitions")[0]
    whose = tuple(replace(case, patient=f"{EVIL} {int(case.case_id[5:]) // 3}") for case in report.cases)
    text = cohort_page(replace(report, cases=whose))
    page = _Parsed(text)
    assert "12 cases of 4 patients scored" in text
    assert "two, 12 cases of 4 patients" in text
    assert {"Patients", "Patient"} <= set(page.words)
    assert "Some patients had several visits" in text
    assert "as some have several visits" in text
    assert "12 visits of 4 patients" in text  # below each chart of agreement
    assert "visits of" not in plain.split("Definitions")[0]
    assert "Effect and p are those of the patients' mean differences" in " ".join(page.words)
    assert f"{EVIL} 3" in page.words


def test_nothing_is_fetched(page_of: PageOf) -> None:
    text = page_of(12, ("one", "two"))
    page = _Parsed(text)
    assert page.named("link") == page.named("iframe") == []
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
            assert re.match(r"(data:image/png;base64,|#)", attributes.get(name) or "#")
    assert not re.search(r"https?:|url\(|@import|//cdn|fetch\(|XMLHttp|import\(", text)
    (policy,) = [m["content"] for m in page.named("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none'")


def test_no_name_is_taken_for_markup(make_report: MakeReport) -> None:
    report = make_report(12, (EVIL, "two"), EVIL)
    page = _Parsed(cohort_page(report))
    assert len(page.named("script")) == 1
    assert all(str(attributes["src"]).startswith("data:") for attributes in page.named("img"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert any(f"{EVIL} 3" in words for words in page.words)


def test_no_path_of_somebodys_machine_is_told(page_of: PageOf, root: Path) -> None:
    text = page_of(3)
    assert str(root) not in text
    assert "x.nii: cut off" in text


def test_fewer_than_ten_cases_have_no_headline(page_of: PageOf) -> None:
    assert 'class="card"' not in page_of(9)
    assert "fewer than 10 carry no headline" in page_of(9)
    assert page_of(10).count('class="card"') == 3


def test_worst_cases_come_first_and_have_pictures_without_images(page_of: PageOf) -> None:
    page = page_of(12)
    section = page[page.index('id="worst"') :]
    assert section.index("Case 0") < section.index("Case 1")
    assert _Parsed(page).named("img")


def test_too_few_differences_are_said(page_of: PageOf) -> None:
    section = page_of(12, ("one", "two"))
    section = section[section.index('id="models"') : section.index('id="worst"')]
    assert "too few" in section
    assert "12 cases that both have" in section


def test_escaping_and_tables() -> None:
    assert safe("<a>&\"'") == "&lt;a&gt;&amp;&quot;&#x27;"
    assert element("b", Html("<i>x</i>"), title='"') == '<b title="&quot;"><i>x</i></b>'
    made = table([text_cell("Name"), "n"], [[text_cell("<x>", "id"), text_cell("1", "")]], sortable=True)
    assert '<td class="text id" title="&lt;x&gt;">&lt;x&gt;</td><td>1</td>' in made


def test_scales() -> None:
    linear = linear_scale(0.03, 0.97, 100, 0)
    assert (linear.low, linear.high, linear(0.5)) == (0.0, 1.0, pytest.approx(50))
    far = log_scale(374.0, 100, 0)
    assert (far(0), far.ticks[-1]) == (100, 400)
    assert far(1) == pytest.approx(100 - 100 * 0.6931 / 5.9940, abs=0.01)  # log 2 / log 401


def test_lesions_by_size() -> None:
    assert [size_class(ml) for ml in (0.0999, 0.1, 0.9, 1.0, 9.9, 10.0)] == [0, 1, 1, 2, 2, 3]
    lesions = (LesionEntry(60, True, 0.5, 1.0), LesionEntry(2000, False, 0.0, 374.0))
    entry = RegionEntry("WT", "whole tumour", {}, lesions, {5: 3, 500: 1})
    case = CaseReport("m", "c", Path(), Path(), None, "", "", "", "", "", 0.001, (entry,), {})
    small, medium, large, huge, every = lesion_tallies([case, case], "WT")
    assert (small.found, small.missed, small.false) == (2, 0, 6)
    assert (medium.found, medium.missed, medium.false) == (0, 0, 2)
    assert (large.missed, huge.missed, large.sensitivity) == (2, 0, 0.0)
    assert (every.found, every.missed, every.false) == (2, 2, 8)
    assert (every.sensitivity, every.precision) == (0.5, 0.2)


@pytest.mark.parametrize("name", ["brats2020", "brats2023"])
def test_definitions_follow_the_rules(name: str) -> None:
    rules = rules_named(name)
    texts = dict(definitions(rules) + cohort_definitions(rules))
    assert f"One empty: {rules.missing_mm:g} mm" in texts["HD95"]
    assert "10,000 resamples" in texts["Summary"]
    assert not any("{" in text for text in texts.values())
