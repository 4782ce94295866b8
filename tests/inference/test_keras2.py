"""Networks of Keras 2: what tf_keras computed with them is what comes of them here."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.architecture import checked_architecture, layers_of
from brainseg_gui.inference.models.keras2 import as_keras_3
from tests.inference.strangers import HOSTILE_NAMES, convolution, description, hostile_layers, keras_2, layer, legacy

FOLDER = Path(__file__).parent / "keras2"
NETWORKS = ("article", "transposed", "sequential", "activations", "norms", "branches", "nested", "shared", "frozen",
            "operators", "half")  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """What tf_keras computed, by name of the network; and what we do, by name of the file."""
    folder = tmp_path_factory.mktemp("keras2")
    with zipfile.ZipFile(FOLDER / "networks.zip") as archive:
        archive.extractall(folder)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, FOLDER / "read_networks.py", folder]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return np.load(folder / "expected.npz"), np.load(folder / "found.npz")


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_keras_2_gives_what_tf_keras_gives(answers: tuple[Any, Any], name: str, suffix: str) -> None:
    expected, found = answers
    # processors that multiply half precision themselves round it on the way, in each order of the sums otherwise
    atol = 0.02 if name == "half" else 1e-4
    np.testing.assert_allclose(found[f"{name}{suffix}"], expected[name], atol=atol, rtol=0)
    assert np.ptp(expected[name]) > 0.1


def _check(config: Any) -> list[Json]:
    """The layers that would be built."""
    return list(layers_of(checked_architecture(config, Path("model.h5"))))


def _settings(kind: str, **config: Any) -> Json:
    found: Json = _check(legacy(description(layer("it", kind, **config))))[1]
    return found["class_name"], found["config"]  # type: ignore[return-value]


def test_a_network_that_keras_2_wrote_is_counted_and_connected_anew() -> None:
    checked = checked_architecture(keras_2(), Path("model.h5"))
    names = {entry["name"]: entry for entry in checked["config"]["layers"]}
    assert (checked["config"]["input_layers"], checked["config"]["output_layers"]) == (
        ["image", 0, 0], ["classes", 0, 0]
    )  # fmt: skip
    assert names["drop"]["inbound_nodes"] == [[["inner", 0, 0, {}]]]
    added = names["sum"]
    assert (added["module"], added["class_name"]) == ("keras.src.ops.numpy", "Add")
    histories = [argument["config"]["keras_history"] for argument in added["inbound_nodes"][0]["args"]]
    assert histories == [["first", 0, 0], ["image", 0, 0]]


@pytest.mark.parametrize(("kind", "calls", "place"), [("Functional", 1, 1), ("Sequential", 1, 0), ("Sequential", 0, 0)])
def test_a_network_within_may_be_the_last_layer(kind: str, calls: int, place: int) -> None:
    config = keras_2()["config"]
    config["layers"] = [entry for entry in config["layers"] if entry["name"] not in ("drop", "classes")]
    config["layers"][-1]["class_name"] = kind
    config["output_layers"] = [["inner", calls, 0]]
    checked = checked_architecture({"class_name": "Model", "config": config}, Path("model.h5"))
    assert checked["config"]["output_layers"] == ["inner", place, 0]


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("Conv3DTranspose", {"groups": 1}, {}),
        ("Conv3DTranspose", {"groups": 2}, {"groups": 2}),  # Keras refuses it
        ("Conv3D", {"groups": 2}, {"groups": 2}),
        ("SpatialDropout3D", {"noise_shape": None, "rate": 0.5}, {"rate": 0.5}),
        ("Dropout", {"noise_shape": None}, {"noise_shape": None, "trainable": True}),
        ("BatchNormalization", {"axis": [4]}, {"axis": 4}),
        ("BatchNormalizationV1", {"axis": [-1]}, {"axis": -1}),
        ("BatchNormalizationV2", {"axis": 4}, {"axis": 4}),
        ("LayerNormalization", {"axis": [4]}, {"axis": [4]}),
        ("LeakyReLU", {"alpha": {"type": "ndarray", "value": 0.25}}, {"alpha": 0.25}),
        ("ReLU", {"max_value": {"type": "float32", "value": 6.0}}, {"max_value": 6.0}),
        ("Conv3D", {"batch_input_shape": [None, 8, 8, 8, 4]}, {}),
    ],
)
def test_settings_of_keras_2_are_those_of_keras_3(kind: str, written: Json, read: Json) -> None:
    name, config = _settings(kind, **written)
    assert name == kind.removesuffix("V1").removesuffix("V2")
    assert {key: config.get(key) for key in read} == read
    assert not {key for key in written if key not in read} & set(config)


@pytest.mark.parametrize("kind", ["VarianceScaling", "RandomNormal", "Zeros"])
def test_how_weights_begin_is_read_as_tensorflow_1_wrote_it(kind: str) -> None:
    beginning = {"class_name": kind, "config": {"dtype": "float32", "distribution": "normal", "seed": None}}
    _, config = _settings("Conv3D", kernel_initializer=beginning)
    assert config["kernel_initializer"]["config"] == {"distribution": "truncated_normal"}


def test_a_chain_of_keras_2_0_is_a_list_whose_first_layer_says_the_shape() -> None:
    first = convolution("first", batch_input_shape=[None, 8, 8, 8, 4])
    config = legacy({"class_name": "Sequential", "config": [first, convolution("second")]})
    image, *layers = _check(config)
    assert (image["class_name"], image["config"]["batch_shape"]) == ("InputLayer", [None, 8, 8, 8, 4])
    assert [entry["name"] for entry in layers] == ["first", "second"]
    assert not any("batch_input_shape" in entry["config"] for entry in layers)


def test_what_keras_3_wrote_is_not_touched() -> None:
    inner = description() | {"name": "inner", "inbound_nodes": [{"args": [], "kwargs": {}}]}
    for config in (description(), description(inner), description(convolution("c", groups=2))):
        before = copy.deepcopy(config)
        assert as_keras_3(config) == before == config


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_code_is_refused_in_the_dress_of_keras_2(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(ModelError):
        _check(keras_2(hostile_layers(marker)[name]))
    assert not marker.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"module": "tf_keras_contrib.layers"}, "asks for code of tf_keras_contrib.layers"),
        ({"module": "tf_keras.src.utils"}, "asks for code of keras.src.utils"),
        ({"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}, "a function of TensorFlow"),
        ({"class_name": "TFOpLambda", "config": {"function": ["os", "system"]}}, "a function of TensorFlow"),
        ({"class_name": "TFOpLambda", "config": {"function": "math.add"}}, "a function of TensorFlow"),
        ({"class_name": "TensorFlowOpLayer", "config": {"node_def": {}}}, "TensorFlow's own graph"),
        ({"class_name": "SlicingOpLambda", "config": {"function": "__operators__.getitem"}}, "SlicingOpLambda"),
        ({"class_name": "InstanceNormalization", "registered_name": "Addons>InstanceNormalization"}, "Instance"),
        ({"class_name": ["ReLU"]}, "not described as Keras"),
        ({"config": {"rate": {"type": "x", "value": {"class_name": "__lambda__", "config": {}}}}}, "no number|lambda"),
    ],
)
def test_what_keras_2_may_not_bring(change: Json, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        _check(description(layer("odd", "ReLU") | change))
