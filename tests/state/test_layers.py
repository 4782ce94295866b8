"""The list of layers: names, which two are compared, and who is told what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.state.layers.layers import Layer, LayerRole, Layers, OverlayStyle


@pytest.fixture
def layers() -> Layers:
    return Layers()


@pytest.fixture
def heard(layers: Layers) -> list[object]:
    """What the layers emit: ``"list"``, or the layer whose appearance changed."""
    heard: list[object] = []
    layers.changed.connect(lambda: heard.append("list"))
    layers.appearance_changed.connect(heard.append)
    return heard


def test_the_first_reference_and_the_newest_other_are_compared(
    layers: Layers, make_layer: Callable[..., Layer]
) -> None:
    reference = layers.add(make_layer("reference", LayerRole.REFERENCE))
    layers.add(make_layer("second", LayerRole.REFERENCE))
    assert (layers.reference, layers.prediction) == (reference, None)
    first, second = layers.add(make_layer()), layers.add(make_layer("annotation", LayerRole.ANNOTATION))
    assert (layers.reference, layers.prediction) == (reference, second)
    assert [layer.name for layer in layers] == ["reference", "second", "prediction", "annotation"]
    layers.remove(second)
    assert layers.prediction is first
    layers.remove(reference)
    assert (layers.reference, layers.prediction) == (None, first)


def test_names_are_unique(layers: Layers, make_layer: Callable[..., Layer]) -> None:
    names = [layers.add(make_layer()).name for _ in range(4)]
    assert names == ["prediction", "prediction 2", "prediction 3", "prediction 4"]
    layers.remove(next(layer for layer in layers if layer.name == "prediction 2"))
    assert layers.add(make_layer()).name == "prediction 2"


def test_choosing_the_same_pair_again_is_no_change(
    layers: Layers, make_layer: Callable[..., Layer], heard: list[object]
) -> None:
    a, b = layers.add(make_layer("a")), layers.add(make_layer("b"))
    heard.clear()
    layers.compare(a, b)
    layers.compare(a, b)
    assert heard == ["list"]
    assert (layers.reference, layers.prediction) == (a, b)
    layers.compare(b, a)
    assert (layers.reference, layers.prediction) == (b, a)


def test_the_layer_that_changed_is_told(
    layers: Layers, make_layer: Callable[..., Layer], heard: list[object], tmp_path: Path
) -> None:
    a, b = layers.add(make_layer("a")), layers.add(make_layer("b"))
    heard.clear()
    b.visible = False
    a.style = OverlayStyle.OUTLINE
    b.saved_as = tmp_path
    a.labels = a.labels.with_scheme(scheme_named("msd"))
    a.style = OverlayStyle.OUTLINE
    assert heard == [b, a, b, a]


def test_a_layer_that_is_gone_is_not_listened_to(
    layers: Layers, make_layer: Callable[..., Layer], heard: list[object]
) -> None:
    a, b = layers.add(make_layer("a")), layers.add(make_layer("b"))
    layers.remove(a)
    layers.clear()
    heard.clear()
    a.visible = b.visible = False
    assert heard == []
    assert (len(layers), layers.reference, layers.prediction) == (0, None, None)


def test_unsaved_is_whether_a_layer_is_in_no_file(
    layers: Layers, make_layer: Callable[..., Layer], tmp_path: Path
) -> None:
    assert not layers.unsaved
    layers.add(make_layer(saved_as=tmp_path / "a.nii.gz"))
    assert not layers.unsaved
    layer = layers.add(make_layer())
    assert layers.unsaved
    layer.saved_as = tmp_path / "b.nii.gz"
    assert not layers.unsaved


def test_one_goes_on_with_ones_own_annotation_and_corrects_the_newest_prediction(
    layers: Layers, make_layer: Callable[..., Layer]
) -> None:
    assert layers.annotation_of("anna") is layers.to_correct is None
    first, mine, theirs = (
        layers.add(make_layer(name, role, author=author))
        for name, role, author in (
            ("net, 10:00", LayerRole.PREDICTION, "net"),
            ("mine", LayerRole.ANNOTATION, "anna"),
            ("theirs", LayerRole.ANNOTATION, "bert"),
        )
    )
    assert (layers.annotation_of("anna"), layers.annotation_of("cleo")) == (mine, None)
    second = layers.add_prediction(make_layer("net, 11:00", LayerRole.PREDICTION, author="net"))
    assert (layers.prediction, layers.to_correct) == (theirs, second)
    layers.compare(None, first)
    assert (layers.annotation_of("anna"), layers.to_correct) == (mine, first)
    newer = layers.add(make_layer("newer", LayerRole.ANNOTATION, author="anna"))
    assert layers.annotation_of("anna") is newer
    layers.compare(None, mine)
    assert layers.annotation_of("anna") is mine


def test_a_prediction_is_missed_only_where_no_annotation_took_its_place(
    layers: Layers, make_layer: Callable[..., Layer], tmp_path: Path
) -> None:
    prediction = layers.add(make_layer(role=LayerRole.PREDICTION))
    assert layers.at_risk == (prediction,)
    annotation = layers.add(make_layer(role=LayerRole.ANNOTATION))
    assert prediction in layers.at_risk  # so far it is only a copy, for which nobody would be asked
    annotation.edited = True
    assert layers.at_risk == (annotation,)
    annotation.saved_as = tmp_path / "b.nii.gz"
    assert layers.at_risk == ()
