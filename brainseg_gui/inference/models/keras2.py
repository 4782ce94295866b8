"""What Keras 2 wrote, in the words of Keras 3.

Nothing is trusted here and nothing refused: what is not recognised stays as it is, for `architecture` to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brainseg_gui.inference.models.keras2_calls import called_as_operation, counted_anew
from brainseg_gui.inference.models.known_layers import MODELS

_DEEPEST = 60  # beyond any network that is built
_Json = dict[str, Any]

_RENAMED = {"BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization"}
_GONE: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "Conv3DTranspose": {"groups": (1,)},
    "SpatialDropout3D": {"trainable": (True, False), "noise_shape": (None,)},
}
"""Settings that Keras 3 does not know: class -> setting -> the values with which it means nothing."""


def as_keras_3(description: Any) -> Any:
    """The description of a network, by whichever version, as Keras 3 would write it."""
    return _described(_of_keras(description, 0), 0)


def _described(entry: Any, depth: int) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str) or depth > _DEEPEST:
        return entry
    if entry["class_name"] in MODELS:
        return _network(entry, depth)
    return _layer(entry) if isinstance(entry.get("config"), dict) else entry


def _network(entry: _Json, depth: int) -> _Json:
    config = entry.get("config")
    if isinstance(config, list):
        config = {"name": "sequential", "layers": config}  # a Sequential of Keras 2.0
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return entry
    if entry["class_name"] == "Sequential":
        layers = [*_input_of(config["layers"]), *config["layers"]]
    else:
        config = counted_anew(config)
        config |= {key: _alone(config[key]) for key in ("input_layers", "output_layers") if key in config}
        layers = config["layers"]
    return entry | {"config": config | {"layers": [_described(layer, depth + 1) for layer in layers]}}


def _input_of(layers: list[Any]) -> list[_Json]:
    """The input of a chain whose first layer says its shape."""
    first = layers[0] if layers and isinstance(layers[0], dict) else {}
    config = first.get("config")
    shape = config.get("batch_input_shape") if isinstance(config, dict) else None
    if shape is None or first.get("class_name") == "InputLayer":
        return []
    return [{"class_name": "InputLayer", "config": {"name": "image", "batch_shape": shape, "dtype": "float32"}}]


def _alone(ends: Any) -> Any:
    """A list of one input or output, as Keras 2 writes it, is that one."""
    return ends[0] if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list) else ends


def _layer(entry: _Json) -> _Json:
    if entry["class_name"] == "TFOpLambda":
        return called_as_operation(entry)
    name = _RENAMED.get(entry["class_name"], str(entry["class_name"]))
    gone = _GONE.get(name, {})
    config = {key: _setting(key, value) for key, value in entry["config"].items() if value not in gone.get(key, ())}
    shape = config.pop("batch_input_shape", None)
    if name == "InputLayer" and shape is not None:
        config["batch_shape"] = shape
    axis = config.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    return entry | {"class_name": name, "config": config}


def _setting(key: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"type", "value"}:  # a number of numpy
        return value["value"]
    return _beginning(value) if key.endswith("_initializer") else value


def _beginning(value: _Json) -> _Json:
    """How weights begin: Keras 2 told the kind of number with it, and had another name for a bell curve."""
    config = value.get("config")
    if not isinstance(config, dict):
        return value
    kept = {key: setting for key, setting in config.items() if key != "dtype"}
    if kept.get("distribution") == "normal":
        kept["distribution"] = "truncated_normal"
    return value | {"config": kept}


def _of_keras(value: Any, depth: int) -> Any:
    """A copy whose modules of tf_keras, which is Keras 2 under a new name, are those of Keras."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_of_keras(entry, depth + 1) for entry in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _of_keras(entry, depth + 1) for key, entry in value.items()}
    module = copy.get("module")
    if isinstance(module, str) and module.partition(".")[0] == "tf_keras":
        copy["module"] = module.removeprefix("tf_")
    return copy
