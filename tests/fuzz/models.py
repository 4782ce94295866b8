"""Every bad model folder, for `measure`: passports, zips, HDF5 files, descriptions of networks. Needs no Keras."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from brainseg_gui.inference.models.architecture import layers_of
from brainseg_gui.inference.models.model_folder import read_model_folder, verify_weights
from brainseg_gui.inference.models.onnx.check import written_anew
from brainseg_gui.inference.models.onnx.file import read_networks
from brainseg_gui.inference.models.onnx.operators import SHAPES
from brainseg_gui.inference.models.weights_check import read_architecture
from brainseg_gui.inference.models.weights_process import unreadable
from tests.fuzz.forks import survive
from tests.fuzz.measure import Trial, WrongAnswer
from tests.fuzz.mutations import BAD_VALUES, spoiled_bytes, spoiled_values
from tests.inference.onnx_models import hostile_networks, u_net
from tests.inference.onnx_models import model_folder as onnx_folder
from tests.inference.strangers import (
    convolution,
    description,
    hdf5,
    hostile_layers,
    keras_2,
    layer,
    legacy,
    part,
    passport,
    two_weights_of,
    weights_of,
    write_h5,
    write_keras,
)

Content = bytes | Callable[[], bytes]

MODULES = frozenset(
    {"keras", "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.src.ops.numpy",
     "keras.src.ops.nn"}
)  # fmt: skip
_EVIL = ("os", "posix.system", "builtins.eval", "subprocess", "tensorflow", "keras.utils", "keras.config",
         "Lambda", "__lambda__", "__numpy__", "__typespec__", "function", "TorchModuleWrapper", "TFSMLayer",
         "TimeDistributed", "my_package>Layer", "keras.src.saving.serialization_lib", "Sequential")  # fmt: skip
_PASSPORT = passport() | {
    "input": passport()["input"] | {"spacing_mm": [2.0, 2.0, 2.0], "patch": [32, 32, 32], "divisor": 8},
    "preprocess": [
        {"step": "crop", "to": "brain box", "brain": "any modality above 0", "margin_voxels": 2},
        {"step": "zscore", "over": "brain", "outside": 0.0, "clip": [-5.0, 5.0]},
        {"step": "resample", "filter": "gaussian sigma 0.5 voxel of the source grid", "interpolation": "linear"},
        {"step": "pad", "to": "divisor", "value": 0.0, "side": "end"},
    ],
    "postprocess": [
        {"step": "components", "of": "whole tumour", "connectivity": 26, "keep_at_least_ml": 0.5,
         "or_fraction_of_largest": 0.15},
        {"step": "far core", "beyond_mm": 7.0, "gap_mm": 3.0, "where_enhancing_ml": 3.0, "becomes": "ED"},
    ],
}  # fmt: skip


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 18,000 inputs, the same for the same seed."""
    good = Trial("good", "a model in order", _folder(json.dumps(passport()).encode(), _keras(description())), _open)
    return (good, *_passports(seed), *_files(seed), *_weights(seed), *_descriptions(), *_code(), *_onnx(seed))


def _passports(seed: int) -> Iterator[Trial]:
    text = json.dumps(_PASSPORT, indent=1).encode()
    weights = _keras(description())
    for name, content in spoiled_bytes(text, seed, cuts=200, flips=500):
        yield Trial("passport, bytes", name, _folder(content, weights), _read_passport)
    for name, value in spoiled_values(_PASSPORT):
        yield Trial("passport, values", name, _folder(partial(_json, value), weights), _read_passport)
    doubled = text.replace(b'"format": 1,', b'"format": 1, "format": 2,')
    yield Trial("passport, values", "a key twice", _folder(doubled, weights), _read_passport)


def _files(seed: int) -> Iterator[Trial]:
    for name, make in {
        "passport is a pipe": lambda f: os.mkfifo(f / "model.json"),
        "passport is a folder": lambda f: (f / "model.json").mkdir(),
        "passport leads to itself": lambda f: (f / "model.json").symlink_to("model.json"),
        "passport is /dev/zero": lambda f: (f / "model.json").symlink_to("/dev/zero"),
        "passport of 1 GiB": lambda f: _sparse(f / "model.json", 2**30),
        "no passport": lambda f: None,
        "weights are a pipe": lambda f: (_passport_of(f), os.mkfifo(f / "model.keras")),
        "weights are a folder": lambda f: (_passport_of(f), (f / "model.keras").mkdir()),
        "weights are /dev/zero": lambda f: (_passport_of(f), (f / "model.keras").symlink_to("/dev/zero")),
        "weights of 1 TiB": lambda f: (_passport_of(f), _sparse(f / "model.keras", 2**40)),
    }.items():
        yield Trial("strange files", name, _writing(make), _open_unless_large)


def _weights(seed: int) -> Iterator[Trial]:
    """Damage in the containers; the digest in the passport is right, or nothing of it would be looked at."""
    for suffix, content in ((".keras", _keras(description())), (".h5", _h5(description()))):
        for name, spoiled in spoiled_bytes(content, seed, cuts=300, flips=700):
            yield Trial(f"weights {suffix}, bytes", name, _file(f"model{suffix}", spoiled), _read_weights)
    inner = hdf5(weights_of)
    for name, spoiled in spoiled_bytes(inner, seed + 1, cuts=100, flips=400):
        make = partial(_keras, description(), spoiled)
        yield Trial("weights within the zip, bytes", name, _file("model.keras", make), _read_weights)


def _descriptions() -> Iterator[Trial]:
    values = {
        name: BAD_VALUES[name] for name in ("null", "text", "10^400", "NaN", "list", "table", "deep list", "escape")
    }
    values |= {f"“{name}”": name for name in _EVIL}
    values |= {f"an object {name}": part("os", name) for name in ("system", "__lambda__", "Conv3D")}
    config = description(layer("act", "LeakyReLU", negative_slope=0.1), convolution("second", "act"))
    for name, value in spoiled_values(config, values):
        yield Trial("descriptions, Keras 3", name, _file("model.keras", partial(_keras_of, value)), _read_weights)
    old = legacy(description())
    for name, value in spoiled_values(old, values):
        yield Trial("descriptions, Keras 2", name, _file("model.h5", partial(_h5_of, value)), _read_weights)
    shapes = ("null", "text", "list", "table", "deep list", "“Lambda”", "an object system")
    for name, value in spoiled_values(keras_2(), {name: values[name] for name in shapes}):
        yield Trial("calls of Keras 2", name, _file("model.h5", partial(_h5_of, value)), _read_weights)


def _code() -> Iterator[Trial]:
    for name in hostile_layers(Path("marker")):
        for suffix in (".keras", ".h5"):
            for network in (description, keras_2):
                words = f"{name} in {suffix}, {network.__name__}"
                yield Trial("code", words, _hostile(name, suffix, network), _must_refuse)


def _onnx(seed: int) -> Iterator[Trial]:
    """Damage in a network in ONNX, with the digest that fits, and what a stranger might send."""
    content = u_net().SerializeToString()
    for name, spoiled in spoiled_bytes(content, seed, cuts=300, flips=2000):
        yield Trial("ONNX, bytes", name, partial(_onnx_folder, spoiled), _read_onnx)
    for name, (model, _) in hostile_networks().items():
        yield Trial("ONNX, hostile", name, partial(_onnx_folder, model.SerializeToString()), _must_refuse_onnx)


# reading


def _read_passport(path: Path) -> None:
    passport = read_model_folder(path).passport
    texts = (passport.name, passport.version, passport.trained_on, passport.results, passport.licence)
    if not all(text.isprintable() for text in texts):
        raise WrongAnswer("a text of the passport steers the terminal")
    if not 1 <= passport.divisor <= 1024 or (passport.spacing_mm and min(passport.spacing_mm) < 0.1):
        raise WrongAnswer("the passport asks for a giant grid")


def _open(path: Path) -> None:
    model = read_model_folder(path)
    if model.passport.sha256 != "0" * 64:
        verify_weights(model)
    read_architecture(model.weights_path)


def _open_unless_large(path: Path) -> None:
    read_architecture(read_model_folder(path).weights_path)


def _read_weights(path: Path) -> None:
    """In a fork, as the program reads it in a process of its own: HDF5's library does not survive every file."""
    survive(lambda: _check_weights(path), lambda: unreadable(path, "it makes its reader crash"), 2**30)


def _check_weights(path: Path) -> None:
    found = read_architecture(path)
    for entry in (found.config, *layers_of(found.config), *_objects(found.config)):
        if entry.get("module") not in MODULES:
            raise WrongAnswer(f"something of {entry.get('module')} would be built")
    if not 0 <= found.weights <= 2**20:
        raise WrongAnswer(f"{found.weights:,} weights in a file of a few kilobytes")


def _read_onnx(path: Path) -> None:
    for graph in read_networks(read_model_folder(path)):
        if not {node.operator for node in graph.nodes} <= set(SHAPES):
            raise WrongAnswer("an operator that is not known would be run")
        if sum(array.nbytes for array in graph.arrays.values()) > 2**20:
            raise WrongAnswer("more weights than a file of some kilobytes holds")
        written_anew(graph)


def _must_refuse_onnx(path: Path) -> None:
    _read_onnx(path)
    raise WrongAnswer("it was let through")


def _must_refuse(path: Path) -> None:
    read_architecture(path)
    raise WrongAnswer("code was let through")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class_name" in value and value["class_name"] != "__keras_tensor__":
            yield value
        for child in value.values():
            yield from _objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from _objects(child)


# writing


def _writing(make: Callable[[Path], object]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        make(folder)
        return folder

    return write


def _folder(text: Content, weights: bytes) -> Callable[[Path], Path]:
    return _writing(lambda f: (_put(f / "model.json", text), _put(f / "model.keras", weights)))


def _file(name: str, content: Content) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        _put(folder / name, content)
        return folder / name

    return write


def _hostile(name: str, suffix: str, network: Callable[..., Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"model{suffix}"
        config = network(hostile_layers(folder / "marker")[name])
        write_keras(path, config) if suffix == ".keras" else write_h5(path, config)
        return path

    return write


def _onnx_folder(content: bytes, folder: Path) -> Path:
    return onnx_folder(folder, content)


def _passport_of(folder: Path) -> None:
    (folder / "model.json").write_text(json.dumps(passport()))


def _put(path: Path, content: Content) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content())


def _json(value: Callable[[], Any]) -> bytes:
    return json.dumps(value()).encode()


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as stream:
        stream.truncate(size)


def _keras(config: Any, weights: bytes | None = None) -> bytes:
    stream = io.BytesIO()
    write_keras(stream, config, weights)  # type: ignore[arg-type]
    return stream.getvalue()


def _keras_of(config: Callable[[], Any]) -> bytes:
    return _keras(config(), hdf5(two_weights_of))


def _h5_of(config: Callable[[], Any]) -> bytes:
    return _h5(config())


def _h5(config: Any) -> bytes:
    stream = io.BytesIO()
    write_h5(stream, config)  # type: ignore[arg-type]
    return stream.getvalue()
