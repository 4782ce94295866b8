"""The Python console on the open session: what it reads is a copy, what it writes is undone and journalled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.app import Application
from brainseg_gui.controllers.annotating.console_session import ConsoleSession
from brainseg_gui.controllers.shell import console as console_module
from brainseg_gui.controllers.shell.console_feature import CONSOLE
from brainseg_gui.errors import BrainsegError
from tests.e2e.painting import Hand

Open = Callable[..., None]


@pytest.fixture
def opened(application: Application, toy_case: Any, tmp_path: Path, open_paths: Open) -> ConsoleSession:
    open_paths(application, Path(toy_case(tmp_path)))
    return ConsoleSession(application.session)


def test_an_edit_is_one_step_of_the_history_and_undo_takes_it_back(
    application: Application, opened: ConsoleSession
) -> None:
    with pytest.raises(BrainsegError, match=r"no annotation is being edited\. Start one with Annotate"):
        opened.edit(opened.mask())
    hand = Hand(application)
    hand.start()
    before = opened.mask()
    wanted = before.copy()
    wanted[2:5, 2:6, 2:4] = 2
    assert opened.edit(wanted, "corner") == np.count_nonzero(wanted != before)
    assert np.array_equal(opened.mask(), wanted)
    assert hand.names == ["corner"]
    assert opened.edit(wanted) == 0
    opened.undo()
    assert np.array_equal(opened.mask(), before)
    opened.redo()
    assert np.array_equal(opened.mask(), wanted)


def test_what_is_read_is_a_copy_and_the_crosshair_stays_within(
    application: Application, opened: ConsoleSession
) -> None:
    case = application.session.case
    assert case is not None
    opened.mask()[:] = 1
    opened.volume("t1ce")[:] = 7
    opened.affine[:] = 0
    assert case.reference is not None
    assert not (opened.mask() == 1).all()
    assert not (opened.volume("t1ce") == 7).all()
    assert np.array_equal(opened.affine, case.grid.affine)
    opened.crosshair = (3, 4, 5)
    assert application.session.viewing.crosshair == (3, 4, 5)
    with pytest.raises(BrainsegError, match="outside the case"):
        opened.crosshair = (300, 4, 5)
    with pytest.raises(BrainsegError, match=r"the case has no pet\. It has "):
        opened.volume("pet")


def test_a_layer_is_added_and_what_is_no_mask_is_refused(application: Application, opened: ConsoleSession) -> None:
    opened.add_layer((opened.volume("flair") > 500).astype(np.uint8), "bright")
    assert "bright" in opened.layers
    assert "bright" in repr(opened)
    with pytest.raises(BrainsegError, match="whole numbers"):
        opened.add_layer(opened.volume("flair"))
    with pytest.raises(BrainsegError, match="the array is"):
        opened.add_layer(np.zeros((2, 2, 2), np.uint8))


def test_without_the_extra_the_console_says_how_to_get_it(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_module, "find_spec", lambda name: None)
    application.run_action("help.console")
    notice = application.session.notice
    assert notice is not None
    assert notice.what == "The console needs qtconsole and ipykernel, not installed here"
    assert "brainseg[console]" in notice.remedy
    assert application.controllers[CONSOLE].window is None


@pytest.mark.filterwarnings("ignore")
def test_the_real_console_works_on_the_open_session(
    application: Application, opened: ConsoleSession, qtbot: Any
) -> None:
    pytest.importorskip("qtconsole")
    application.run_action("help.console")
    console = application.controllers[CONSOLE].window
    console.execute("session.crosshair = (2, 3, 4); total = int(session.volume('t1').sum())")
    qtbot.waitUntil(lambda: application.session.viewing.crosshair == (2, 3, 4), timeout=20_000)
    assert console.kernel_manager.kernel.shell.user_ns["total"] == int(opened.volume("t1").sum())
