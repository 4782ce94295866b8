"""Tools of plug-ins: what they get, what is believed of what they give, and the layer that comes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.plug_in_tool import apply_tool
from brainseg_gui.controllers.annotating.plug_in_tools import PlugInToolsController
from brainseg_gui.controllers.shell.features import plug_in_tools_feature
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.plugins import loading
from brainseg_gui.plugins.declared import PlugIn
from brainseg_gui.plugins.loading import PlugInError
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session

Tool = Callable[..., Any]
PLUG_IN = PlugIn("example", "1.0", "tools", "odd tool", "tool_under_test:tool")


@pytest.fixture
def bring() -> Iterator[Callable[[Tool], PlugIn]]:
    """A function that installs a tool."""

    def install(tool: Tool) -> PlugIn:
        sys.modules["tool_under_test"] = SimpleNamespace(tool=tool)  # type: ignore[assignment]
        loading._loaded.cache_clear()
        return PLUG_IN

    yield install
    sys.modules.pop("tool_under_test", None)
    loading._loaded.cache_clear()


@pytest.fixture(scope="module")
def case(toy_case: Any, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return run_to_end(read_case(find_case(Path(toy_case(tmp_path_factory.mktemp("case"))))))


@pytest.fixture(scope="module")
def mask(case: Case) -> LabelMap:
    assert case.reference is not None
    return case.reference


def test_a_tool_gets_copies_and_its_answer_is_a_mask(bring: Any, case: Case, mask: LabelMap) -> None:
    got: list[Any] = []

    def tool(images: dict[str, np.ndarray], values: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
        got.append((set(images), images["t1ce"].shape, tuple(spacing_mm)))
        for image in images.values():
            image[:] = 7
        values[values == 2] = 0
        return values

    before = mask.values.copy()
    pictures = {modality: volume.intensities().copy() for modality, volume in case.volumes.items()}
    labels = apply_tool(bring(tool), case, mask)
    assert got == [({"t1", "t1ce", "t2", "flair"}, case.grid.shape, (1.0, 1.0, 1.0))]
    assert np.array_equal(labels.values, np.where(before == 2, 0, before))
    assert np.array_equal(mask.values, before)
    assert all(np.array_equal(case.volumes[m].intensities(), picture) for m, picture in pictures.items())


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        (lambda images, mask, spacing: mask[1:], "it gives an array of"),
        (lambda images, mask, spacing: mask * 0.5, "it gives float64, and a mask has whole numbers"),
        (lambda images, mask, spacing: mask + 90, "it gives the label 90, which"),
        (lambda images, mask, spacing: None, "it gives an array of"),
        (lambda images, mask: mask, "TypeError"),
        (lambda images, mask, spacing: 1 // 0, "ZeroDivisionError"),
    ],
)
def test_what_is_no_mask_is_refused_with_the_name_of_the_package(
    tool: Tool, reason: str, bring: Any, case: Case, mask: LabelMap
) -> None:
    with pytest.raises(PlugInError, match=reason) as refused:
        apply_tool(bring(tool), case, mask)
    assert "odd tool of example 1.0" in refused.value.what
    assert "--off example" in refused.value.remedy


def test_a_tool_is_an_action_and_what_it_makes_is_a_layer(
    bring: Any, case: Case, mask: LabelMap, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtCore import QObject

    plug_in = bring(lambda images, values, spacing: np.where(values == 2, 0, values))
    monkeypatch.setattr(plug_in_tools_feature, "plug_ins", lambda group: (plug_in,))
    feature = plug_in_tools_feature.tools_feature()
    (action,) = feature.actions
    assert (action.menu, action.topic, action.name) == ("Operations", "Plug-ins", "odd tool")
    session, window = Session(), QObject()
    session.open(case)
    reference = session.layers.reference or session.layers.add(Layer("reference", LayerRole.REFERENCE, mask))
    before = reference.labels.values.copy()
    controller = PlugInToolsController(session, window)
    feature.commands[action.key](controller)
    qtbot.waitUntil(lambda: any(layer.name == "odd tool" for layer in session.layers))
    made = next(layer for layer in session.layers if layer.name == "odd tool")
    assert not (made.labels.values == 2).any()
    assert np.array_equal(reference.labels.values, before)
    controller.close()
