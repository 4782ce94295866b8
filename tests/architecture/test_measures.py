"""How large the house may grow before somebody has to tidy up; `python -m tests.architecture` prints it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.measure import House, measure

MOST_MODULES = 25
LONGEST_BODIES = (4, 15, 30)
_FEATURES = "brainseg_gui.controllers.shell.features"
A_RECORD_AND_ITS_SET = (f"{_FEATURES}.controller_set", f"{_FEATURES}.feature")  # the record names the type of the set
# Whoever asks for the known schemes gets those of the person too, read then: nobody has to think of it before.


@pytest.fixture(scope="module")
def house() -> House:
    return measure()


def test_no_folder_is_crowded(house: House) -> None:
    assert {folder: count for folder, count in house.modules.items() if count > MOST_MODULES} == {}


def test_no_rooms_import_each_other(house: House) -> None:
    assert house.circles == ()


def test_no_modules_import_each_other(house: House) -> None:
    """Not within functions either: such an import hides that two files are one."""
    assert house.module_circles == (A_RECORD_AND_ITS_SET,)


def test_functions_stay_short(house: House) -> None:
    assert all(found <= most for found, most in zip(house.body_lines, LONGEST_BODIES, strict=True)), house.body_lines


def test_no_two_classes_share_a_name(house: House) -> None:
    assert house.namesakes == {}


def test_controllers_get_what_they_use_and_not_the_window(house: House) -> None:
    assert house.holding_window == ()


def test_a_panel_is_registered_once(house: House) -> None:
    assert house.panel_places
    assert {panel: places for panel, places in house.panel_places.items() if len(places) > 2} == {}


def test_circles_namesakes_crowds_and_lengths_are_seen(tmp_path: Path) -> None:
    for name, text in {
        "a/one.py": "from brainseg_gui.b.two import f\n",
        "b/two.py": "import brainseg_gui.a.one\n\ndef f():\n    '''Doc.'''\n    x = 1\n    return x\n",
        "c/three.py": "from brainseg_gui.a import one\n\nclass Case: ...\n",
        "controllers/d/five.py": "from brainseg_gui.views.shell.main_window import MainWindow\n",
        "controllers/shell/features/all_features.py": "from brainseg_gui.views.d.six import SixPanel\n",
        "views/d/six.py": "class SixPanel: ...\n",
        "c/four.py": "class Case: ...\n\nclass Mask: ...\n",
    }.items():
        path = tmp_path / "brainseg_gui" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "training").mkdir()
    found = measure(tmp_path)
    assert found.circles == (("brainseg_gui.a", "brainseg_gui.b"),)
    assert found.module_circles == (("brainseg_gui.a.one", "brainseg_gui.b.two"),)
    assert found.body_lines == (2, 2, 2)
    assert {folder: found.modules[f"brainseg_gui/{folder}"] for folder in "abc"} == {"a": 1, "b": 1, "c": 2}
    assert found.holding_window == ("brainseg_gui.controllers.d.five",)
    places = ("brainseg_gui/controllers/shell/features/all_features.py", "brainseg_gui/views/d/six.py")
    assert found.panel_places == {"SixPanel": places}
    assert found.namesakes == {"Case": ("brainseg_gui.c.four", "brainseg_gui.c.three")}
