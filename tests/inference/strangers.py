"""Model folders written by hand, without Keras: good ones, and such as a stranger might send."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Json = dict[str, Any]

KERNEL = np.zeros((1, 1, 1, 4, 4), np.float32) + 8 * np.eye(4, dtype=np.float32)[None, None, None]
BIAS = np.array([4, 0, 0, 0], np.float32)


def part(module: str, name: str, /, **config: Any) -> Json:
    """A serialised object of Keras 3."""
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def tensor(of: str, channels: int = 4) -> Json:
    """A tensor between layers."""
    config = {"shape": [None, None, None, None, channels], "dtype": "float32", "keras_history": [of, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def layer(name: str, kind: str, after: str = "image", /, **config: Any) -> Json:
    """A layer of Keras that follows another one."""
    settings = {"name": name, "trainable": True, "dtype": "float32", **config}
    return part("keras.layers", kind, **settings) | {
        "name": name, "inbound_nodes": [{"args": [tensor(after)], "kwargs": {}}]
    }  # fmt: skip


def convolution(name: str, after: str = "image", /, **config: Any) -> Json:
    """A convolution of one voxel with four channels."""
    settings = {
        "filters": 4, "kernel_size": [1, 1, 1], "strides": [1, 1, 1], "padding": "same",
        "activation": "softmax", "use_bias": True,
        "kernel_initializer": part("keras.initializers", "GlorotUniform", seed=None),
        "bias_initializer": part("keras.initializers", "Zeros"),
    }  # fmt: skip
    return layer(name, "Conv3D", after, **{**settings, **config})


def description(*between: Json) -> Json:
    """A network: the image, these layers, a convolution."""
    image = part("keras.layers", "InputLayer", batch_shape=[None] * 4 + [4], dtype="float32", name="image")
    last = between[-1]["name"] if between else "image"
    layers = [image | {"name": "image", "inbound_nodes": []}, *between, convolution("classes", last)]
    config = {"name": "net", "trainable": True, "layers": layers,
              "input_layers": ["image", 0, 0], "output_layers": ["classes", 0, 0]}  # fmt: skip
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config,
            "registered_name": "Functional", "build_config": {"input_shape": None}, "compile_config": {}}  # fmt: skip


def legacy(config: Json) -> Json:
    """The description as Keras 2 wrote it: without modules."""
    if isinstance(config, dict):
        return {key: legacy(value) for key, value in config.items() if key not in ("module", "registered_name")}
    return [legacy(entry) for entry in config] if isinstance(config, list) else config  # type: ignore[return-value]


def keras_2(*between: Json) -> Json:
    """A network as Keras 2 connected layers: lists of one, a sum of TensorFlow, a network within, counted from 1."""
    image = part("keras.layers", "InputLayer", batch_input_shape=[None] * 4 + [4], dtype="float32", name="image")
    inner = description()["config"] | {"name": "inner", "input_layers": [["image", 0, 0]],
                                       "output_layers": [["classes", 0, 0]]}  # fmt: skip
    added = layer("sum", "TFOpLambda", function="__operators__.add") | {
        "inbound_nodes": [["first", 0, 0, {"y": ["image", 0, 0], "name": None}]]}  # fmt: skip
    up = layer("up", "Conv3DTranspose", filters=4, kernel_size=[2, 2, 2], groups=1)
    layers = [image | {"name": "image", "inbound_nodes": []}, convolution("first"), added, up,
              {"class_name": "Functional", "config": inner, "name": "inner"},
              layer("drop", "SpatialDropout3D", rate=0.1, noise_shape=None), convolution("classes")]  # fmt: skip
    calls = [["image", 0, 0], ["sum", 0, 0], ["up", 0, 0], ["inner", 1, 0], ["drop", 0, 0]]
    for entry, call in zip([layers[1], *layers[3:]], calls, strict=True):
        entry["inbound_nodes"] = [[[*call, {}]]]
    config = {"name": "net", "trainable": True, "layers": [*map(legacy, layers), *between],
              "input_layers": [["image", 0, 0]], "output_layers": [["classes", 0, 0]]}  # fmt: skip
    return {"class_name": "Functional", "config": config}


def weights_of(file: h5py.File, kernel: Any = KERNEL, bias: Any = BIAS) -> None:
    """The weights of the last convolution as a ``.keras`` file holds them."""
    file["layers/conv3d/vars/0"], file["layers/conv3d/vars/1"] = kernel, bias


def two_weights_of(file: h5py.File) -> None:
    """The weights of two convolutions as a ``.keras`` file holds them."""
    weights_of(file)
    file["layers/conv3d_1/vars/0"], file["layers/conv3d_1/vars/1"] = KERNEL, BIAS


def legacy_weights_of(file: h5py.File) -> None:
    """The weights of the last convolution as a ``.h5`` file holds them."""
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [b"image", b"classes"]
    group.attrs["backend"], group.attrs["keras_version"] = "tensorflow", "3.15.1"
    group.create_group("image").attrs["weight_names"] = np.array([], "S1")
    group.create_group("top_level_model_weights").attrs["weight_names"] = np.array([], "S1")
    classes = group.create_group("classes")
    classes.attrs["weight_names"] = [b"classes/kernel", b"classes/bias"]
    classes["classes/kernel"], classes["classes/bias"] = KERNEL, BIAS


def hdf5(fill: Callable[[h5py.File], Any]) -> bytes:
    """An HDF5 file as bytes."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def write_keras(path: Path, config: Any, weights: bytes | None = None, **more: bytes) -> None:
    """A ``.keras`` file."""
    text = config if isinstance(config, (bytes, str)) else json.dumps(config)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", text)
        archive.writestr("model.weights.h5", hdf5(weights_of) if weights is None else weights)
        for name, content in more.items():
            archive.writestr(name, content)


def write_h5(path: Path, config: Any, fill: Callable[[h5py.File], Any] = legacy_weights_of) -> None:
    """A ``.h5`` file."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, (bytes, str)) else json.dumps(config)
        fill(file)


PASSPORT: Mapping[str, Any] = {
    "format": 1, "name": "stranger", "version": "1", "weights": "model.keras", "sha256": "0" * 64,
    "framework": {"keras": "3.15.1"},
    "input": {"modalities": ["flair", "t1", "t1ce", "t2"], "axes": "IJKC", "orientation": "RAS", "spacing_mm": None,
              "divisor": 1},
    "preprocess": [{"step": "minmax", "over": "crop", "decimals": None}],
    "output": {"activation": "softmax", "channels": ["background", "NCR", "ED", "ET"],
               "resample": "linear on the probabilities, then argmax"},
    "postprocess": [], "trained_on": "nothing", "results": "none", "licence": "none", "intended_use": "tests",
}  # fmt: skip


def passport(weights: Path | None = None, **changes: Any) -> Json:
    """A passport, with the digest of a weights file; `changes` replace top-level fields."""
    content = copy.deepcopy(dict(PASSPORT))
    if weights is not None:
        content |= {"weights": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    return content | changes


def model_folder(folder: Path, config: Any, suffix: str = ".keras", **changes: Any) -> Path:
    """A model folder with a network of this description."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"model{suffix}"
    write_keras(path, config) if suffix == ".keras" else write_h5(path, config)
    (folder / "model.json").write_text(json.dumps(passport(path, **changes)))
    return folder


def marker_code(marker: Path) -> str:
    """A lambda that leaves a file behind when it is run, marshalled as Keras marshals one."""
    import base64
    import marshal

    code = compile(f"lambda x: open({str(marker)!r}, 'w').close() or x", "<stranger>", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


def hostile_layers(marker: Path) -> dict[str, Json]:
    """A layer of every kind that asks for code; running any of them leaves `marker` behind."""
    code = marker_code(marker)
    touch = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    value = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
    value_3 = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    called = convolution("called")
    called["inbound_nodes"][0]["args"].append(value)
    within = description(layer("inner", "Lambda", function=value_3))
    nested = within | {"name": "nested", "inbound_nodes": [{"args": [tensor("image")], "kwargs": {}}]}
    inside = part("keras", "Sequential", name="s", layers=[layer("l", "Lambda", function=value_3)])
    return {
        "lambda": layer("odd", "Lambda", function=value_3),
        "lambda of Keras 2": layer("odd", "Lambda", function=[code, None, None], function_type="lambda"),
        "lambda without a module": {**layer("odd", "Lambda", function=value_3), "module": None},
        "lambda by registered name": {**layer("odd", "Activation", activation="relu"), "registered_name": "Lambda"},
        "lambda of another module": {**layer("odd", "Lambda", function=value_3), "module": "keras.src.layers.core"},
        "lambda as an argument": called,
        "lambda as an activation": convolution("odd", activation=value),
        "lambda as an initializer": convolution("odd", kernel_initializer=value_3),
        "lambda in a network": nested,
        "lambda in a sequence": {**inside, "name": "s", "inbound_nodes": nested["inbound_nodes"]},
        "lambda in a wrapper": layer("odd", "TimeDistributed", layer=layer("l", "Lambda", function=value_3)),
        "lambda in Bidirectional": layer("odd", "Bidirectional", layer=layer("l", "Lambda", function=value_3)),
        "torch": layer("odd", "TorchModuleWrapper", module=code),
        "saved model": layer("odd", "TFSMLayer", filepath="/tmp", call_endpoint="serve"),
        "vocabulary of a file": layer("odd", "StringLookup", vocabulary="/etc/passwd"),
        "os.system": {**layer("odd", "system", command=f"touch {marker}"), "module": "os"},
        "subprocess": {**layer("odd", "Popen", args=["touch", str(marker)]), "module": "subprocess"},
        "builtins.eval": {**layer("odd", "eval", source=touch), "module": "builtins"},
        "a function of Keras": {
            **layer("odd", "function"), "module": "keras.config", "config": "enable_unsafe_deserialization",
            "registered_name": "enable_unsafe_deserialization",
        },
        "get_file": {**layer("odd", "get_file", origin="http://localhost/x"), "module": "keras.utils"},
        "a function as an activation": convolution(
            "odd", activation={"module": "builtins", "class_name": "function", "config": "eval",
                               "registered_name": "eval"}),
        "a function of numpy": convolution(
            "odd", activation={"module": "numpy", "class_name": "function", "config": "load",
                               "registered_name": "load"}),
        "a custom class": {**layer("odd", "MyLayer"), "module": "my_package.layers"},
        "a custom class under a known name": {**layer("odd", "ReLU"), "module": "my_package.layers"},
        "a registered class": {**layer("odd", "ReLU"), "registered_name": "my_package>ReLU"},
        "tensorflow": {**layer("odd", "Module"), "module": "tensorflow"},
        "numpy with objects": convolution(
            "odd", bias_initializer=part("keras.initializers", "Constant") | {
                "config": {"value": {"class_name": "__numpy__", "config": {"value": [touch], "dtype": "object"}}}}),
        "typespec": convolution("odd", kernel_regularizer={"class_name": "__typespec__", "config": ["x"],
                                                           "spec_name": "system", "registered_name": None,
                                                           "module": "os"}),
        "an optimizer": convolution("odd", kernel_constraint=part("keras.optimizers", "Adam")),
        "a seed that is an object": layer("odd", "Dropout", rate=0.1, seed=part("os", "system")),
    }  # fmt: skip


HOSTILE_NAMES = tuple(hostile_layers(Path("marker")))
