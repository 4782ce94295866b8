"""The tools' settings: sizes of the brush, and which tools have one."""

from __future__ import annotations

import pytest

from brainseg_gui.state.annotating.tools import BRUSH_MM, Tool, ToolOptions


@pytest.mark.parametrize("start", [0.5, 7.5, 8.0, 19.0, 20.0, 38.0, 40.0, 95.0])
def test_as_many_steps_back_lead_to_the_same_size(start: float) -> None:
    options = ToolOptions(brush_mm=start)
    options.resize(1)
    assert options.brush_mm > start
    options.resize(-1)
    assert options.brush_mm == start


def test_the_brush_has_a_smallest_and_a_largest_size() -> None:
    options = ToolOptions()
    options.resize(-200)
    assert options.brush_mm == BRUSH_MM[0]
    options.resize(200)
    assert options.brush_mm == BRUSH_MM[1]


def test_sizes_emit_once_per_turn() -> None:
    options, heard = ToolOptions(brush_mm=8.0), []
    options.events.brush_mm.connect(lambda new: heard.append(new))
    options.resize(3)
    assert heard == [11.0]


def test_tools_with_a_brush() -> None:
    assert [tool for tool in Tool if ToolOptions(tool=tool).has_brush] == [Tool.BRUSH, Tool.SEEDS, Tool.COPY]
