from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from training.compare.cases import ComparedCase
from training.compare.kinds import OF_REFERENCE, named_kinds
from training.compare.run import MethodComparison, names_of_patients
from training.compare.scores import CaseScore, RegionNumbers, foci_of, region_numbers, summarise
from training.compare.tables import as_csv, as_json, as_markdown, dice_text, region_text
from training.compare.volumes_picture import LEAST_ML, draw_volumes

RULES = rules_named("brats2023")


def numbers(dice: float, reference_ml: float = 10.0, prediction_ml: float = 10.0) -> RegionNumbers:
    return RegionNumbers(dice, 5.0, dice, reference_ml, prediction_ml)


def score(
    case_id: str, dice: float, enhancing: RegionNumbers, *, method: str = "net", group: str = "set", foci: int = 1
) -> CaseScore:
    regions: Mapping[str, RegionNumbers] = {"WT": numbers(dice), "TC": numbers(dice / 2), "ET": enhancing}
    return CaseScore(group, case_id, method, regions, seconds=2.0, foci=foci)


@pytest.fixture
def scores() -> list[CaseScore]:
    """Two cases with ET, of which one is missed; three without, of which two are given some."""
    return [
        score("a", 0.9, numbers(0.8)),
        score("b", 0.7, numbers(0.0, 3.0, 0.0)),
        score("c", 0.5, numbers(1.0, 0.0, 0.0)),
        score("d", 0.3, numbers(0.0, 0.0, 2.0)),
        score("e", 0.1, numbers(0.0, 0.0, 0.5)),
    ]


def test_scores_of_a_case_by_hand() -> None:
    grid = Grid((4, 4, 4), np.diag([2.0, 2.0, 2.0, 1.0]))
    reference, classes = np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)
    reference[0, 0] = (1, 4, 2, 2)
    classes[0, 0] = (1, 1, 2, 0)
    found = region_numbers(LabelMap(reference, grid, scheme_named("brats2020")), classes, RULES)
    assert found["WT"].dice == pytest.approx(2 * 3 / 7)
    assert found["TC"].dice == 1.0
    assert found["ET"].dice == 0.0
    assert found["ET"].hd95_mm == 374.0
    assert found["WT"].reference_ml == pytest.approx(4 * 0.008)
    assert found["WT"].prediction_ml == pytest.approx(3 * 0.008)


def test_a_summary_by_hand(scores: list[CaseScore]) -> None:
    (summary,) = summarise(scores)
    assert summary.cases == 5
    assert summary.regions["WT"].dice_mean == pytest.approx(0.5)
    assert summary.regions["ET"].dice_mean == pytest.approx(1.8 / 5)
    assert summary.regions["ET"].dice_median == 0.0
    assert summary.mean_dice == pytest.approx((0.5 + 0.25 + 0.36) / 3)
    false = summary.false_enhancement
    assert (false.cases, false.claimed, false.median_ml, false.largest_ml) == (3, 2, 1.25, 2.0)
    assert false.share == pytest.approx(2 / 3)
    assert summary.missed_enhancement == 1


def test_groups_and_methods_are_not_pooled(scores: list[CaseScore]) -> None:
    more = [score("a", 0.1, numbers(0.1), method="otsu"), score("z", 1.0, numbers(1.0), group="other")]
    found = {(s.group, s.method): s.cases for s in summarise([*scores, *more])}
    assert found == {("set", "net"): 5, ("set", "otsu"): 1, ("other", "net"): 1}


def test_markdown_says_what_was_claimed(scores: list[CaseScore]) -> None:
    table = as_markdown(scores, RULES)
    assert "## set, n = 5\n\nFewer than 10 cases" in table
    assert "| net | 5 | .500 / .250 / .360 | .26–.74 / .13–.37 / .00–.76 | .500 / .250 / .000 |" in table
    assert "| 2 of 3 (1.2 ml, at most 2.0 ml) | 1 of 2 | 2.0 |" in table
    assert "| c | 10.0 / 10.0 / 0.0 | .500 / .250 / none claimed |" in table
    assert "| e | 10.0 / 10.0 / 0.0 | .100 / .050 / 0.50 ml claimed |" in table
    assert "374 mm" in table


def test_a_method_that_cannot_do_a_case_leaves_a_gap(scores: list[CaseScore]) -> None:
    table = as_markdown([*scores, score("a", 0.1, numbers(0.1), method="a|b")], RULES)
    assert "| case | reference ml WT / TC / ET | net | a¦b |" in table
    assert "| b | 10.0 / 10.0 / 3.0 | .700 / .350 / .000 | – |" in table


def test_csv_and_json_hold_every_number(scores: list[CaseScore]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([score("=a", 0.9, numbers(0.8))]))))
    assert [row["region"] for row in rows] == ["WT", "TC", "ET"]
    assert rows[0]["case_id"] == "'=a"
    assert (rows[2]["dice"], rows[2]["hd95_mm"], rows[2]["seconds"]) == ("0.8", "5", "2.000")
    content = json.loads(as_json(scores, {"rules": "brats2023"}))
    assert content["summaries"][0]["false_enhancement_share"] == pytest.approx(2 / 3)
    assert [CaseScore.of(case) for case in content["cases"]] == scores
    assert CaseScore.of(json.loads(json.dumps(asdict(scores[1])))) == scores[1]


def test_words() -> None:
    assert [dice_text(n) for n in (0.0, 0.1234, 1.0)] == [".000", ".123", "1.000"]
    assert region_text(score("a", 0.9, numbers(0.0, 0.0, 12.34)), "ET") == "12.3 ml claimed"


def test_foci_are_pieces_of_a_millilitre_that_touch_nowhere() -> None:
    grid = Grid((40, 10, 10), np.diag([2.0, 2.0, 2.0, 1.0]))  # 125 voxels to the millilitre
    values = np.zeros(grid.shape, np.uint8)
    values[0:5, 0:5, 0:5] = 2
    values[5:10, 5:10, 5:10] = 4  # touches the first at a corner
    values[20:26, 0:5, 0:5] = 1  # 1.2 ml
    values[30:35, 0:5, 0:4] = 2  # .8 ml
    assert foci_of(LabelMap(values, grid, scheme_named("brats2020"))) == 2


def test_kinds_are_listed_apart_by_hand() -> None:
    small = {"WT": numbers(0.4, 12.0), "TC": numbers(0.3, 4.0), "ET": numbers(0.2, 1.5, 4.0)}
    scores = [
        CaseScore("set", "s", "net", small, 2.0, foci=1),
        score("t", 0.8, numbers(0.6, 2.0, 1.0), foci=3),
        score("u", 0.6, numbers(0.0, 0.0, 3.0)),
    ]
    scores[1] = replace(scores[1], regions={**scores[1].regions, "WT": numbers(0.8, 90.0)})
    scores[2] = replace(scores[2], regions={**scores[2].regions, "WT": numbers(0.6, 90.0)})
    kinds = (*OF_REFERENCE, *named_kinds(["low grade=t,u"], {"s", "t", "u"}))
    lines = as_markdown(scores, RULES, kinds).splitlines()
    assert "| small: WT under 20 ml | net | 1 | .400 / .300 / .200 | +2.5 (+2.5 to +2.5) |" in lines
    assert "| several foci of 1 ml or more | net | 1 | .800 / .400 / .600 | -1.0 (-1.0 to -1.0) |" in lines
    assert "| ET none or under 2 ml | net | 2 | .500 / .300 / .100 | +2.8 (+2.5 to +3.0) |" in lines
    assert "| low grade | net | 2 | .700 / .350 / .300 | +1.0 (-1.0 to +3.0) |" in lines


@pytest.mark.parametrize("text", ["low grade=t,nobody", "t", "low grade="])
def test_a_kind_of_unknown_cases_is_refused(text: str) -> None:
    with pytest.raises(BrainsegError, match="--apart"):
        named_kinds([text], {"t"})


def test_volumes_lie_on_the_line_where_they_are_equal_and_at_the_edge_where_there_are_none(tmp_path: Path) -> None:
    """What is drawn is read from the picture's own axes: the marks of each method, in ml."""
    drawn = []
    scores = [score("a", 0.9, numbers(0.9, 8.0, 4.0)), score("b", 0.9, numbers(0.0, 0.0, 0.02))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.compare.volumes_picture.save", lambda figure, path: drawn.append(figure))
        draw_volumes(scores, tmp_path / "volumes.png")
    whole, _, enhancing = drawn[0].axes
    np.testing.assert_allclose(whole.collections[0].get_offsets(), [[10, 10], [10, 10]])
    np.testing.assert_allclose(enhancing.collections[0].get_offsets(), [[8, 4], [LEAST_ML, LEAST_ML]])
    draw_volumes(scores, tmp_path / "volumes.png")
    assert imread(tmp_path / "volumes.png").shape[1] > 600


def test_intervals_are_drawn_over_the_patients_of_the_folders() -> None:
    """Two visits of each of three patients: by the ids of the visits they were two patients with three cases."""
    places = [Path("/study", patient, visit) for patient in ("P1", "P2", "P3") for visit in ("visit1", "visit2")]
    cases = [ComparedCase(CaseSource(place.name, place, {}), "study") for place in places]
    patients = names_of_patients(cases)
    assert [patients[case.source.identity] for case in cases] == ["P1", "P1", "P2", "P2", "P3", "P3"]

    dice = (0.9, 0.9, 0.5, 0.5, 0.1, 0.1)
    found = [
        replace(score(case.case_id, value, numbers(value)), patient=patients[case.source.identity])
        for case, value in zip(cases, dice, strict=True)
    ]
    told, by_ids = summarise(found)[0], summarise([replace(one, patient="") for one in found])[0]
    low, high = told.regions["WT"].dice_interval or (0.0, 0.0)
    assert high - low > 0.5
    assert by_ids.regions["WT"].dice_interval == (0.5, 0.5)  # each visit has all three patients
    assert CaseScore.of(json.loads(json.dumps(asdict(found[0])))) == found[0]


def test_patients_of_one_name_in_two_places_are_not_one() -> None:
    places = [Path("/a/01/visit1"), Path("/a/01/visit2"), Path("/b/01/visit1"), Path("/b/02/visit1")]
    patients = names_of_patients([ComparedCase(CaseSource(place.name, place, {}), "g") for place in places])
    assert len(set(patients.values())) == 3


def test_a_comparison_says_whose_each_case_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [ComparedCase(CaseSource(visit, Path("/study/P1", visit), {}), "study") for visit in ("visit1", "visit2")]
    comparison = MethodComparison(cases, (), None, RULES, None, print)  # type: ignore[arg-type]
    monkeypatch.setattr(MethodComparison, "_of_case", lambda _, case: iter([score(case.case_id, 0.5, numbers(0.5))]))
    assert [row[0].patient for row in comparison.run()] == ["P1", "P1"]
