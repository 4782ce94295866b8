"""Undo and redo wait while the images of another case are shown, which may be far smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtTest import QTest

from brainseg_gui.app import Application
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import run_to_end
from tests.e2e.painting import Hand

FAR = (45, 50, 35)


def test_nothing_is_undone_in_a_case_that_is_not_seen(
    application: Application, toy_case: Any, tmp_path: Any, open_paths: Callable[..., None]
) -> None:
    wide = toy_case(tmp_path, case_id="P1", mask=False, shape=(48, 56, 40), spacing=(0.5, 0.5, 0.5))
    small = run_to_end(read_case(find_case(toy_case(tmp_path, case_id="P2", mask=False))))
    open_paths(application, wide)
    session, hand = application.session, Hand(application)
    session.viewing.crosshair = FAR
    hand.start()
    hand.click(FAR)
    hand.trigger("annotate.undo")
    hand.trigger("annotate.redo")
    before = hand.values
    session.viewing.crosshair = (3, 3, 3)
    session.preview(small)
    for key in ("annotate.undo", "annotate.redo"):
        application.run_action(key)
        np.testing.assert_array_equal(hand.values, before)
    session.annotating.undo()  # from the list of edits, say
    assert session.viewing.crosshair == small.grid.centre
    session.viewing.crosshair = FAR  # whoever puts it there: a slice that is not there ended the program
    QTest.qWait(100)  # the views are drawn
    assert [view.slice_index for view in application.window.ortho.views] == [
        small.grid.shape[view.plane.axis] - 1 for view in application.window.ortho.views
    ]

    session.end_preview()
    session.annotating.redo()
    hand.trigger("annotate.undo")
    assert hand.values.sum() == 0
    assert session.viewing.crosshair == FAR
