"""A key that can do nothing says why, and what would help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from brainseg_gui.app import Application
from tests.e2e.painting import NOTHING, SHIFT, Hand

pytestmark = pytest.mark.plain

NO_ANNOTATION = "There is no annotation to work on yet"


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Hand:
    open_paths(application, toy_case(tmp_path))
    return Hand(application)


def said(hand: Hand, key: Qt.Key, keys: Qt.KeyboardModifier = NOTHING) -> str:
    session = hand.application.session
    session.say(None)
    hand.key(key, keys)
    return session.notice.what if session.notice is not None else ""


def test_without_an_annotation_keys_of_tools_offer_to_start_one(hand: Hand) -> None:
    keys = ((Qt.Key.Key_U, NOTHING), (Qt.Key.Key_U, SHIFT), (Qt.Key.Key_Z, NOTHING), (Qt.Key.Key_7, NOTHING))
    assert [said(hand, *key) for key in keys] == [NO_ANNOTATION] * len(keys)
    assert hand.application.session.notice is not None
    assert ("Annotate", "annotate.start") in hand.application.session.notice.actions


def test_browse_says_that_it_only_looks(hand: Hand) -> None:
    hand.start()
    hand.key(Qt.Key.Key_1)
    assert said(hand, Qt.Key.Key_U) == "Browse only looks"
    hand.key(Qt.Key.Key_2)
    assert said(hand, Qt.Key.Key_U) == ""
    assert hand.values.any()
