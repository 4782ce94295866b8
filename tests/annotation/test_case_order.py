"""What is annotated next: probable error first, then what is unlike everything that is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brainseg_gui.annotation.case_order import NOVELTY_WEIGHT, CaseSigns, needs_of
from brainseg_gui.annotation.signs_file import read_signs, write_signs

A, B, C, D = (Path(f"/cohort/{name}") for name in "ABCD")


def signs(dice: float, whole: float = 50.0, core: float = 20.0, enhancing: float = 10.0) -> CaseSigns:
    volumes = {"WT": whole, "TC": core, "ET": enhancing}
    return CaseSigns({"WT": dice, "TC": dice, "ET": dice - 0.1}, volumes)


def order(found: dict[Path, CaseSigns], done: set[Path]) -> list[Path]:
    needs = needs_of(found, done)
    return sorted(needs, key=lambda place: -needs[place].score)


def test_the_case_that_is_probably_worst_comes_first_and_those_done_not_at_all() -> None:
    found = {A: signs(0.9), B: signs(0.5), C: signs(0.7), D: signs(0.2)}
    assert order(found, {D}) == [B, C, A]
    assert (needs_of(found, {D})[B].reason, needs_of(found, {D})[B].brief) == ("expected Dice of ET .40", "ET .40")
    assert needs_of(found, {D})[B].score == pytest.approx(1 - (0.5 + 0.5 + 0.4) / 3)


def test_of_equal_errors_the_one_unlike_those_done_comes_first_and_why() -> None:
    found = {A: signs(0.8), B: signs(0.8, 3.0, 0.5, 0.0), C: signs(0.8, 52.0), D: signs(0.8)}
    assert order(found, {A})[0] == B
    needs = needs_of(found, {A})
    assert needs[B].reason == "expected Dice of ET .70, unlike those done (3 ml)"
    assert needs[B].score - needs[D].score == pytest.approx(NOVELTY_WEIGHT)


def test_what_is_new_follows_what_was_done_since() -> None:
    small = {"whole": 3.0, "core": 0.5, "enhancing": 0.0}
    found = {A: signs(0.8), B: signs(0.8, **small), C: signs(0.8, **small), D: signs(0.8)}
    assert order(found, {A})[0] in (B, C)
    assert needs_of(found, {A, B})[C].score == pytest.approx(needs_of(found, {A, B})[D].score)


def test_a_case_that_nothing_is_promised_of_stands_in_the_middle() -> None:
    nothing = CaseSigns({}, {"WT": 0.0, "TC": 0.0, "ET": 0.0})
    found = {A: signs(0.95), B: nothing, C: signs(0.2)}
    assert order(found, set()) == [C, B, A]
    assert needs_of(found, set())[B].reason == "its network promises nothing, no tumour found"


def test_a_list_of_one_and_of_none_has_an_order() -> None:
    assert order({}, set()) == []
    assert order({A: signs(0.5)}, set()) == [A]


def test_signs_come_back_and_a_damaged_file_tells_nothing(tmp_path: Path) -> None:
    path, found = tmp_path / "cases" / "x-signs.json", {A: signs(0.5), B: CaseSigns({}, {})}
    assert read_signs(path) == {}
    write_signs(path, found)
    assert read_signs(path) == found
    for content in ("{", "[]", '{"/a": 1}', json.dumps({"/a": {"expected": {"WT": "x"}, "volumes_ml": {}}})):
        path.write_text(content)
        assert read_signs(path) == {}
