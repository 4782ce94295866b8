"""How unsaved work is told of."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.journal.journal_replay import JournalNote
from brainseg_gui.controllers.annotating.restoring.unsaved_words import contents_of, moment_of, offer_of, others_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named

NOW = time.mktime((2024, 5, 9, 14, 7, 0, 0, 0, -1))


@pytest.fixture(autouse=True)
def _the_ninth_of_may(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.localtime
    monkeypatch.setattr(time, "localtime", lambda seconds=None: real(NOW if seconds is None else seconds))


def note(
    title: str = "Toy_001", edits: int = 2, made: float = NOW, start: str = "empty", study: str = ""
) -> JournalNote:
    header = JournalHeader(
        study=study or title,
        shape=(4, 4, 4),
        scheme=scheme_named("brats2020"),
        title=title,
        start=start,
        start_digest="",
        created=made,
        program="0",
        opened_from="",
    )
    return JournalNote(Path(f"{title}.journal"), header, ("Brush",) * edits, made, kept=False)


def test_what_a_journal_holds() -> None:
    assert contents_of(note()) == "2 edits, the last today at 14:07, started from an empty mask"
    assert contents_of(note(edits=1200, start="prediction: tiny")).startswith("1,200 edits, the last")
    assert contents_of(note(edits=0, start="")) == (
        "an annotation, without edits, of today at 14:07, started from a mask"
    )
    assert contents_of(note(start="prediction: prediction")).endswith(", started from the prediction")
    assert offer_of(note(edits=1, start="prediction: tiny")) == (
        "There is unsaved work on this case: 1 edit, the last today at 14:07, started from the prediction tiny"
    )


def test_another_day_is_named() -> None:
    assert moment_of(note(made=NOW - 2 * 86_400)) == "on 7 May 2024 at 14:07"


@pytest.mark.parametrize(
    ("titles", "words"),
    [
        (["A"], "brainseg has unsaved work of A (2 edits, today at 14:07)"),
        (["A", "A"], "brainseg has unsaved work of A (2 edits, today at 14:07)"),
        (["A", "B", "A"], "brainseg has unsaved work of 2 cases: A and B"),
        (["A", "B", "C"], "brainseg has unsaved work of 3 cases: A, B and C"),
        (["A", "B", "C", "D", "E"], "brainseg has unsaved work of 5 cases: A, B, C and 2 more"),
    ],
)
def test_other_cases_are_counted_and_the_first_ones_named(titles: list[str], words: str) -> None:
    assert others_of([note(title) for title in titles]) == words


def test_two_studies_of_one_name_are_two_cases() -> None:
    assert others_of([note(study="1"), note(study="2")]) == "brainseg has unsaved work of 2 cases: Toy_001"
