"""The architecture of a network, as its file describes it: read by us, and written anew from what we know.

Keras builds whatever class or function such a description names. What is built here is not that description but a
copy: every entry of it is in `known_layers`, under the module that is written there, and nothing else is in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.keras2 import as_keras_3
from brainseg_gui.inference.models.known_layers import ACTIVATIONS, LAYERS, MODELS, OPERATIONS, PARTS
from brainseg_gui.plain_files import visible

REMEDY = "Ask for weights whose layers are all Keras' own, or build the network anew from such layers"

_MOST_LAYERS = 5000
_DEEPEST = 40
_LONGEST_TEXT = 1000
_LARGEST_NUMBER = 2**53
_CODE = {
    "Lambda": "Python code (a Lambda layer)",
    "__lambda__": "Python code (a lambda)",
    "TFOpLambda": "a function of TensorFlow that has no equal in Keras 3",
    "TensorFlowOpLayer": "an operation of TensorFlow's own graph",
    "TorchModuleWrapper": "a pickle of torch, which can be any code",
    "TFSMLayer": "a TensorFlow graph from another file",
    "JaxLayer": "a function of JAX",
    "FlaxLayer": "a module of Flax",
    "function": "a function",
}
_Json = dict[str, Any]


@dataclass
class _Reader:
    """Copies a description; every refusal names the layer."""

    path: Path
    layer: str = ""
    layers: int = 0

    def refuse(self, sentence: str, remedy: str = REMEDY) -> ModelError:
        where = f"layer “{visible(self.layer)}” of the network" if self.layer else "the network"
        return ModelError(f"{where} {sentence}", remedy, self.path)

    def broken(self, sentence: str) -> ModelError:
        return self.refuse(sentence, "Save the network again with model.save")

    def network(self, entry: Any) -> _Json:
        """The whole network."""
        self._config_of(entry)
        if entry["class_name"] in MODELS:
            return self._model(entry, 0)
        self._module_of(entry)
        raise self.broken("is a single layer")

    def _model(self, entry: Any, depth: int) -> _Json:
        """A functional or sequential network."""
        config = self._config_of(entry)
        self._own_class(entry, "models")
        if depth > _DEEPEST or not isinstance(config.get("layers"), list):
            raise self.broken("describes no layers" if depth <= _DEEPEST else "is nested too deeply")
        functional = entry["class_name"] != "Sequential"
        kept = ("name", "trainable", *(("input_layers", "output_layers") if functional else ("build_input_shape",)))
        own = {key: self._plain(config[key]) for key in kept if key in config}
        own["layers"] = [self._layer(layer, depth + 1) for layer in config["layers"]]
        return {"module": "keras", "class_name": "Model" if functional else "Sequential", "config": own}

    def _layer(self, entry: Any, depth: int) -> _Json:
        self.layers += 1
        if self.layers > _MOST_LAYERS:
            raise self.broken(f"has more than {_MOST_LAYERS:,} layers")
        config = self._config_of(entry)
        above, self.layer = self.layer, str(entry.get("name", config.get("name", "")))
        if entry["class_name"] in MODELS:
            copy = self._model(entry, depth)
        else:
            module = self._module_of(entry)
            copy = {"module": module, "class_name": entry["class_name"], "config": self._settings(config)}
        copy["registered_name"] = None
        copy["name"] = self._text(entry.get("name", config.get("name")))
        if "inbound_nodes" in entry:
            copy["inbound_nodes"] = self._nodes(entry["inbound_nodes"])
        self.layer = above
        return copy

    def _config_of(self, entry: Any) -> _Json:
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise self.broken("is not described as Keras describes one")
        config = entry.get("config")
        if not isinstance(config, dict):
            self._known(entry["class_name"], entry)
            raise self.broken("has no settings")
        return config

    def _module_of(self, entry: _Json) -> str:
        """The module that a class is taken from; it follows from ours, never from the file."""
        name = entry["class_name"]
        if str(entry.get("module")) == OPERATIONS.get(name):
            self._own_class(entry, "ops")
            return OPERATIONS[name]
        self._known(name, entry)
        self._own_class(entry, "layers")
        return "keras.layers"

    def _known(self, name: str, entry: _Json) -> None:
        if name in _CODE:
            raise self.refuse(f"holds {_CODE[name]}, and no file's code is run here")
        if name not in LAYERS | MODELS:
            module = entry.get("module")
            whence = f" from {visible(str(module))}" if module else ""
            raise self.refuse(f"is of the class {visible(name)}{whence}, which is not among those that are built here")

    def _own_class(self, entry: _Json, kind: str) -> None:
        """Refuse a class of somebody else under a name of Keras': ours would compute something else."""
        module, registered = entry.get("module"), entry.get("registered_name")
        ours = module is None or (isinstance(module, str) and _is_keras(module, kind))
        if not ours or registered not in (None, "", entry["class_name"]):
            other = registered if ours else module
            raise self.refuse(f"asks for code of {visible(str(other))}, and only Keras' own is run here")

    def _settings(self, config: _Json) -> _Json:
        return {key: self._setting(self._text(key), value) for key, value in config.items()}

    def _setting(self, key: str, value: Any) -> Any:
        if "activation" in key:
            return self._activation(value)
        return self._part(value) if isinstance(value, dict) else self._plain(value)

    def _activation(self, value: Any) -> Any:
        if isinstance(value, dict):  # a function, written with its module
            known = value.get("class_name") == "function" and _is_keras(str(value.get("module")), "activations")
            known |= value.get("class_name") == "function" and value.get("module") == "builtins"
            value = value.get("config") if known else value.get("class_name", "no name")
        if value is None or (isinstance(value, str) and value in ACTIVATIONS):
            return value
        raise self.refuse(f"has the activation {visible(str(value))}, which is not among those of Keras")

    def _part(self, value: _Json) -> _Json:
        name, config = value.get("class_name"), value.get("config")
        if not isinstance(name, str) or name not in PARTS:
            what = _CODE.get(str(name), f"an object of the class {visible(str(name))}")
            raise self.refuse(f"holds {what} in its settings, which is not among those that are built here")
        if not isinstance(config, dict):
            raise self.broken(f"holds an object of the class {name} without settings")
        self._own_class(value, PARTS[name].removeprefix("keras").lstrip("."))
        # null is the default of them all, and older versions of Keras do not know what newer ones leave at null
        own = {self._text(key): self._plain(entry) for key, entry in config.items() if entry is not None}
        name = "DTypePolicy" if name == "Policy" else name
        return {"module": PARTS[name], "class_name": name, "config": own, "registered_name": None}

    def _nodes(self, value: Any) -> Any:
        """How a layer is called: numbers, names of layers, and the tensors between them."""
        if not isinstance(value, list):
            raise self.broken("is not connected as Keras connects layers")
        return [self._node(entry, 0) for entry in value]

    def _node(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise self.broken("is connected too deeply")
        if isinstance(value, list):
            return [self._node(entry, depth + 1) for entry in value]
        if not isinstance(value, dict):
            return self._plain(value)
        if "class_name" not in value:
            return {self._text(key): self._node(entry, depth + 1) for key, entry in value.items()}
        if value["class_name"] != "__keras_tensor__":
            what = _CODE.get(str(value["class_name"]), visible(str(value["class_name"])))
            raise self.refuse(f"is called with {what}, and no file's code is run here")
        if not isinstance(value.get("config"), dict):
            raise self.broken("is not connected as Keras connects layers")
        own = {key: self._plain(value["config"].get(key)) for key in ("shape", "dtype", "keras_history")}
        return {"class_name": "__keras_tensor__", "config": own}

    def _plain(self, value: Any, depth: int = 0) -> Any:
        """Numbers, short texts and lists of them."""
        if isinstance(value, list) and depth < _DEEPEST:
            return [self._plain(entry, depth + 1) for entry in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (int, float)) and abs(value) <= _LARGEST_NUMBER and math.isfinite(value):
            return value
        raise self.broken("has a setting that is no number, text or list of them")

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise self.broken("has a name that is none")
        return value


def checked_architecture(config: Any, path: Path) -> _Json:
    """A copy of a network's description that holds nothing but known layers.

    Parameters
    ----------
    config
        As ``config.json`` or the attribute ``model_config`` hold it, of Keras 2 or 3.
    path
        The file, for the sentences.

    Raises
    ------
    ModelError
        If a layer, or anything in its settings, is not known; names the layer and what it asks for.
    """
    reader = _Reader(path)
    return reader.network(as_keras_3(config))


def layers_of(architecture: _Json) -> Iterator[_Json]:
    """Every layer of a checked description, those of networks within it too."""
    for layer in architecture["config"]["layers"]:
        yield layer
        if layer["class_name"] in MODELS:
            yield from layers_of(layer)


def _is_keras(module: str, kind: str) -> bool:
    """Whether a module of Keras, of any version, holds this kind of thing."""
    parts = module.split(".")
    while parts[1:2] in (["src"], ["engine"]):
        del parts[1]
    return parts[0] == "keras" and (len(parts) == 1 or not kind or parts[1] in (kind, *_ALSO.get(kind, ())))


_ALSO = {"models": ("functional", "sequential", "training"), "layers": ("models",), "": ("mixed_precision",)}
