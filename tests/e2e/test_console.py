"""The Python console on the open session: what it reads is a copy, what it writes is undone and journalled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.annotating.console_session import ConsoleSession
from brainseg_gui.controllers.shell import console as console_module
from brainseg_gui.controllers.shell.features.console_feature import CONSOLE
from brainseg_gui.errors import BrainsegError
from brainseg_gui.views.widgets.theme import colour
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


@pytest.fixture
def console(application: Application, opened: ConsoleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("qtconsole")
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    application.run_action("help.console")
    return application.controllers[CONSOLE].window


def _says(console: Any, *words: str) -> Callable[[], bool]:
    return lambda: all(word in console._control.toPlainText() for word in words)


@pytest.mark.filterwarnings("ignore")
def test_the_real_console_works_on_the_open_session(
    application: Application, opened: ConsoleSession, console: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    qtbot.waitUntil(_says(console, "session is the open case", "In [1]:"), timeout=20_000)
    assert not _says(console, "IPython")()
    console.execute("session.crosshair = (2, 3, 4); total = int(session.volume('t1').sum())")
    qtbot.waitUntil(_says(console, "In [2]:"), timeout=20_000)
    assert application.session.viewing.crosshair == (2, 3, 4)
    assert console.kernel_manager.kernel.shell.user_ns["total"] == int(opened.volume("t1").sum())
    console.execute("session.mask('nothing')")
    qtbot.waitUntil(_says(console, "there is no layer nothing", "In [3]:"), timeout=20_000)
    assert not _says(console, "Traceback")()
    assert not list((tmp_path / "home").iterdir())  # what is typed names patients, and is not kept


@pytest.mark.filterwarnings("ignore")
def test_a_line_that_gets_no_answer_gives_the_prompt_back(console: Any, qtbot: QtBot) -> None:
    qtbot.waitUntil(_says(console, "In [1]:"), timeout=20_000)
    handlers = console.kernel_manager.kernel.shell_handlers

    def fail(*_arguments: object) -> None:
        raise OSError("no")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(handlers, "execute_request", fail)
        console.execute("1 + 1")
        qtbot.waitUntil(_says(console, "The console could not run this"), timeout=20_000)
    console.execute("20 + 22")
    qtbot.waitUntil(_says(console, "42"), timeout=20_000)


@pytest.mark.filterwarnings("ignore")
def test_a_line_that_comes_while_one_is_at_work_is_refused(console: Any, qtbot: QtBot) -> None:
    """One that lets the window go on, as a dialog does, would else be joined by the next in another thread."""
    qtbot.waitUntil(_says(console, "In [1]:"), timeout=20_000)
    console.kernel_manager.kernel.shell.push({"ask": lambda: console.kernel_client.execute("1 + 1")})
    console.execute("ask(); 20 + 22")
    qtbot.waitUntil(_says(console, "42"), timeout=20_000)


@pytest.mark.filterwarnings("ignore")
def test_the_console_wears_the_theme(application: Application, console: Any) -> None:
    dark = console.style_sheet
    application.window.actions_table["view.theme"].trigger()
    assert console.style_sheet != dark
    assert colour("field").name() in console.style_sheet
