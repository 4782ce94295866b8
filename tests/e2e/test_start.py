"""What is imported and made before the window's first picture, and what comes after it: in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.cli import COMMANDS

SCRIPT = """
import json, sys
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from brainseg_gui.app import Application

qt = QApplication([])

def parts(window):
    late = {**dict(window.panels), "comparison": window.comparison, "pictures": window.pictures}
    standing_open = ("Image", "Layers", "Segment")
    return [name.lower() for name, part in late.items() if part.made is not None and name not in standing_open]

def started():
    application = Application(qt)
    told = {}
    window = application.window
    window.painted.connect(lambda: told.update(modules=sorted(sys.modules), parts=parts(window)))
    application.start([])
    return application, told

def wait(done):
    loop, timer = QEventLoop(), QTimer(interval=5)
    timer.timeout.connect(lambda: loop.quit() if done() else None)
    timer.start()
    QTimer.singleShot(30_000, lambda: loop.exit(1))
    if loop.exec():
        sys.exit("nothing came of it")

first, at_first = started()
wait(lambda: first.window.pictures.made is not None)
later = parts(first.window)
first.run_action("layers.histograms")
first.window.close()
second, at_second = started()
wait(lambda: second.window.pictures.made is not None and second.window.panels.named("Histograms").made is not None)
visible = second.window.panels.named("Histograms").made.isVisible()
second.window.close()
print(json.dumps({"first": at_first, "later": later, "second": at_second, "visible": visible}))
"""

HEAVY = {
    *("tensorflow", "keras", "torch", "h5py", "scipy", "nibabel", "matplotlib", "pyqtgraph"),
    *("SimpleITK", "pydicom", "highdicom"),
    *("hashlib", "secrets", "subprocess", "sysconfig"),  # Python's own, 1.5 % of the start together
}

# What an empty window shows, and nothing else. A module that is added here delays every start.
VIEWS = {
    "actions.action_spec",
    "actions.actions",
    "actions.annotate_actions",
    "actions.base_actions",
    "annotating.annotate_tool_bar",
    "actions.case_actions",
    "widgets.clear_layout",
    "widgets.elided_combo",
    "widgets.elided_label",
    "slices.hand_event",
    "slices.image_panel",
    "actions.key_profiles",
    "actions.follow_actions",
    "actions.measure_actions",
    "actions.menus",
    "layers.label_table",
    "widgets.lazy_panel",
    "shell.panel_spec",
    "shell.focus_keeper",
    "layers.layer_row",
    "layers.layers_panel",
    "widgets.line_label",
    "shell.main_tool_bar",
    "shell.main_window",
    "widgets.notice_bar",
    "widgets.number_box",
    "widgets.number_label",
    "actions.letters",
    "actions.operation_actions",
    "widgets.file_icons",
    "shell.panel_dock",
    "shell.panels",
    "widgets.plain_text",
    "widgets.question",
    "widgets.scroll_page",
    "widgets.screen_room",
    "slices.readout",
    "shell.stale_panels",
    "shell.report_dialog",  # a report of a fault must not depend on what can still be imported
    "segmenting.segment_panel",
    "widgets.theme",
    "widgets.wheel_guard",
    "widgets.tool_button",
    "shell.welcome",
}
FEATURES = "brainseg_gui.controllers.shell.features."  # one record each, and each may be a module
MOST_MODULES = 237  # of ours besides; each takes half a millisecond; a room is one more, and so is a parted file
ROOMS = {name[: dot.start()] for name in VIEWS for dot in re.finditer(r"\.", name)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    places = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CONFIG", "DATA", "CACHE", "STATE")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **places, "HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_first_picture_waits_for_no_heavy_library(told: Any) -> None:
    assert not {name.partition(".")[0] for name in told["first"]["modules"]} & HEAVY


def test_the_first_picture_waits_for_no_view_that_it_does_not_show(told: Any) -> None:
    prefix = "brainseg_gui.views."
    loaded = {name.removeprefix(prefix) for name in told["first"]["modules"] if name.startswith(prefix)}
    assert loaded - VIEWS - ROOMS == set()
    assert told["first"]["parts"] == []


def test_the_first_picture_waits_for_nothing_that_is_made_when_asked_for(told: Any) -> None:
    later = (
        "inference",
        *(f"controllers.comparing.{name}" for name in ("cohort", "figures", "rating")),
        *(f"controllers.{room}" for room in ("training", "following", "measuring", "preparing", "surfaces")),
        *(f"state.{room}" for room in ("following", "measuring", "preparing", "surfaces")),
        "surfaces",
        *("state.comparing.rating", "state.comparing.intensities", "state.segmenting.certainty"),
        *("annotation.measuring", "plugins.loading"),
        *(f"controllers.annotating.restoring.{name}" for name in ("work_return", "restored_file")),
    )
    names = [f"brainseg_gui.{name}" for name in later]
    assert [name for name in told["first"]["modules"] if name.startswith(tuple(names))] == []


def test_the_first_picture_waits_for_nothing_that_is_worked_out_later(told: Any) -> None:
    """What only a gesture, a case or another command needs; each module costs every start half a millisecond."""
    later = (
        *(f"evaluation.metrics.{name}" for name in ("calibration", "histograms", "raters", "staple", "decisions")),
        *(f"evaluation.metrics.{name}" for name in ("disagreements", "lesions", "surface", "slice_profile", "pieces")),
        *(f"annotation.tools.{name}" for name in ("morphology", "interpolate", "islands")),
        *(f"annotation.tools.{name}" for name in ("brush", "click_answers", "clicks", "fill", "polygon", "seeds")),
        *(f"annotation.saving.{name}" for name in ("other_case", "saved_masks")),
        *(f"controllers.annotating.hand.{name}" for name in ("brush_tool", "click_tool", "lasso_tool", "toolbox")),
        *(f"imaging.naming.{name}" for name in ("case_files", "conventions", "file_words")),
        "controllers.annotating.operation_work",
        "controllers.layers.opening",
        "imaging.cases.case_folder",
        "imaging.cohorts",
    )
    loaded = set(told["first"]["modules"])
    assert {f"brainseg_gui.{name}" for name in later} & loaded == set()
    assert {"html.entities", "difflib"} & loaded == set()


def test_the_first_picture_waits_for_few_modules(told: Any) -> None:
    """An import that stands at the top of a file may bring a dozen: whoever adds one says why, or imports it later."""
    ours = [name for name in told["first"]["modules"] if name.startswith("brainseg_gui.")]
    assert len([name for name in ours if not name.startswith(FEATURES)]) <= MOST_MODULES


def test_a_command_imports_no_other_command() -> None:
    script = "import sys; from brainseg_gui.cli import build_parser; build_parser(['window']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    others = {f"brainseg_gui.commands.{name}" for name in COMMANDS} - {"brainseg_gui.commands.window"}
    assert others & set(loaded) == set()


def test_the_pictures_come_next_and_no_panel_that_is_hidden(told: Any) -> None:
    assert set(told["later"]) == {"pictures", "comparison", "errors"}


def test_a_panel_that_was_left_open_comes_back_after_the_first_picture(told: Any) -> None:
    assert told["second"]["parts"] == []
    assert told["visible"]
