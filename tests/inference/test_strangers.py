"""Weights from strangers: nothing that a file names is run, and the sentence names layer and class."""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models import hdf5_check
from brainseg_gui.inference.models.architecture import layers_of
from brainseg_gui.inference.models.weights_check import read_architecture
from tests.inference.strangers import (
    HOSTILE_NAMES,
    KERNEL,
    convolution,
    description,
    hdf5,
    hostile_layers,
    layer,
    legacy,
    legacy_weights_of,
    weights_of,
    write_h5,
    write_keras,
)

# What the sentence names, of those that could be mistaken for one another
WORDS = {
    "lambda": "layer “odd” of the network holds Python code (a Lambda layer)",
    "lambda in a network": "layer “inner” of the network holds Python code (a Lambda layer)",
    "lambda in a sequence": "layer “l” of the network holds Python code",
    "lambda in a wrapper": "layer “odd” of the network is of the class TimeDistributed from keras.layers",
    "lambda as an argument": "layer “called” of the network is called with Python code (a lambda)",
    "lambda as an activation": "has the activation __lambda__",
    "lambda as an initializer": "holds Python code (a lambda) in its settings",
    "torch": "holds a pickle of torch",
    "os.system": "is of the class system from os",
    "builtins.eval": "is of the class eval from builtins",
    "a custom class": "is of the class MyLayer from my_package.layers",
    "a custom class under a known name": "asks for code of my_package.layers",
    "a registered class": "asks for code of my_package>ReLU",
    "a function of Keras": "holds a function, and no file's code is run here",
}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_that_asks_for_code_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    marker = tmp_path / "marker"
    config = description(hostile_layers(marker)[name])
    path = tmp_path / f"model{suffix}"
    write_keras(path, config) if suffix == ".keras" else write_h5(path, config)
    with pytest.raises(ModelError) as caught:
        read_architecture(path)
    assert WORDS.get(name, "network") in str(caught.value)
    assert caught.value.path == path
    assert caught.value.remedy
    assert not marker.exists()


def test_a_file_of_keras_2_that_asks_for_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    write_h5(path, legacy(description(hostile_layers(tmp_path / "m")["lambda of Keras 2"])))
    with pytest.raises(ModelError, match="Python code"):
        read_architecture(path)


def test_what_is_built_is_a_copy_of_known_layers_only(tmp_path: Path) -> None:
    config = description(layer("act", "ReLU"))
    config["compile_config"] = {"loss": {"module": "os", "class_name": "system", "config": "true"}}
    config["build_config"] = {"class_name": "__lambda__"}
    config["config"]["surprise"] = {"class_name": "__lambda__", "config": {}}
    config["config"]["layers"][1]["shared_object_id"] = 7
    write_keras(tmp_path / "model.keras", config)
    found = read_architecture(tmp_path / "model.keras")
    assert found.weights == 4 * 4 + 4
    assert [entry["name"] for entry in layers_of(found.config)] == ["image", "act", "classes"]
    text = json.dumps(found.config)
    assert not any(word in text for word in ("system", "lambda", "surprise", "shared_object_id", "compile"))


def test_keras_2_and_3_describe_the_same_network(tmp_path: Path) -> None:
    write_keras(tmp_path / "new.keras", description())
    write_h5(tmp_path / "old.h5", legacy(description()))
    new, old = read_architecture(tmp_path / "new.keras"), read_architecture(tmp_path / "old.h5")
    assert new == old


def test_arithmetic_between_layers_is_known(tmp_path: Path) -> None:
    operation = layer("sum", "Add") | {"module": "keras.src.ops.numpy", "registered_name": "Add"}
    operation["config"] = {"name": "sum"}
    write_keras(tmp_path / "model.keras", description(operation))
    layers = read_architecture(tmp_path / "model.keras").config["config"]["layers"]
    assert (layers[1]["module"], layers[1]["class_name"]) == ("keras.src.ops.numpy", "Add")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ([], "not described as Keras"),
        ({}, "not described as Keras"),
        ({"class_name": "Functional", "config": {}}, "describes no layers"),
        (description() | {"module": "my_package"}, "asks for code of my_package"),
        (convolution("alone"), "is a single layer"),
        (description(convolution("c", filters=float("inf"))), "no number, text or list"),
        (description(convolution("c", filters=10**30)), "no number, text or list"),
        (description(convolution("c", padding="x" * 5000)), "has a name that is none"),
        (description(convolution("c", activation="my_activation")), "has the activation my_activation"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "not a Keras model"),
        ('{"a": ' + "9" * 5000 + "}", "not a Keras model"),
        (description(*(layer(f"r{n}", "ReLU") for n in range(5001))), "more than 5,000 layers"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "config",
)
def test_a_description_that_makes_no_sense_is_refused(tmp_path: Path, config: Any, words: str) -> None:
    write_keras(tmp_path / "model.keras", config)
    with pytest.raises(ModelError, match=words):
        read_architecture(tmp_path / "model.keras")


def test_names_from_a_file_cannot_steer_a_terminal(tmp_path: Path) -> None:
    evil = layer("\x1b[2J\u202egpj\n", "Lambda")
    write_keras(tmp_path / "model.keras", description(evil))
    with pytest.raises(ModelError) as caught:
        read_architecture(tmp_path / "model.keras")
    assert str(caught.value).isprintable()


# zip


def _rezipped(path: Path, change: Callable[[zipfile.ZipFile], None]) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        change(archive)


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda z: z.writestr("/etc/cron.d/evil", b"x"), "no Keras model of this kind has: /etc"),
        (lambda z: z.writestr("../../evil.py", b"x"), "no Keras model of this kind has: ../"),
        (lambda z: z.writestr("assets/vocabulary.txt", b"x"), "no Keras model of this kind has: assets"),
        (lambda z: z.writestr("model.weights.npz", b"x"), "no Keras model of this kind has: model.weights.npz"),
        (lambda z: z.writestr("config.json", b"{}"), "two entries of the same name"),
    ],
    ids=["absolute", "upwards", "assets", "npz", "twice"],
)
def test_a_zip_with_more_than_a_model_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    path = tmp_path / "model.keras"
    write_keras(path, description())
    _rezipped(path, change)
    with pytest.raises(ModelError, match=words):
        read_architecture(path)


def test_a_name_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    write_keras(path, description())
    _rezipped(path, lambda archive: archive.writestr("metadata.jsonXtxt", b"{}"))
    path.write_bytes(path.read_bytes().replace(b"metadata.jsonXtxt", b"metadata.json\0txt"))
    with pytest.raises(ModelError, match="no Keras model of this kind has"):
        read_architecture(path)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(description()))
        archive.writestr(_entry("model.weights.h5", 0o120777), "/etc/passwd")
    with pytest.raises(ModelError, match="is a link or a folder"):
        read_architecture(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    write_keras(path, description())
    raw = bytearray(path.read_bytes())
    directory = raw.index(b"PK\x01\x02")
    raw[directory + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(ModelError, match="is encrypted"):
        read_architecture(path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, member: str) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "model.weights.h5"):
            archive.writestr(name, b" " * (12 * 2**20) if name == member else b"{}")
    with pytest.raises(ModelError, match=rf"entry {member} promises 12,582,912 bytes"):
        read_architecture(path)


def test_a_size_that_a_zip_promises_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    write_keras(path, description())
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"PK\x01\x02") + 24
    struct.pack_into("<I", raw, place, 2**32 - 2)
    path.write_bytes(raw)
    with pytest.raises(ModelError, match=r"model\.weights\.h5 is larger than 2048 MiB"):
        read_architecture(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95\x1a\x00\x00\x00", b"PK\x05\x06" + bytes(18)])
def test_a_pickle_or_an_empty_zip_under_another_name_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a Keras model"):
        read_architecture(path)


# HDF5


def _loop(file: h5py.File) -> None:
    weights_of(file)
    file["layers/conv3d/again"] = file["layers"]


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(4,))
    file.create_virtual_dataset("layers/conv3d/vars/1", layout)


def _reference(file: h5py.File) -> None:
    weights_of(file)
    file["layers"].attrs["there"] = file.ref


def _unknown_filter(file: h5py.File) -> None:
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((4,))
    settings.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(file.id, b"weights", h5py.h5t.NATIVE_FLOAT, space, settings)


TRICKS: dict[str, tuple[Callable[[h5py.File], Any], str]] = {
    "external link": (lambda f: f.__setitem__("layers", h5py.ExternalLink("/etc/passwd", "/")), "is a link"),
    "soft link": (lambda f: f.__setitem__("layers", h5py.SoftLink("/nowhere")), "is a link"),
    "loop": (_loop, "leads back to where it came from"),
    "external storage": (
        lambda f: f.create_dataset("w", (4,), "f4", external=[("/etc/passwd", 0, 16)]),
        "keeps its numbers in another file",
    ),
    "virtual": (_virtual, "keeps its numbers in another file"),
    "terabytes": (lambda f: f.create_dataset("w", (2**40,), "f4", chunks=(2**20,)), "promises 4,398,046,511,104 bytes"),
    "terabytes in an instant": (
        lambda f: f.create_dataset("w", (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip"),
        "promises",
    ),
    "text": (lambda f: f.create_dataset("w", (4,), h5py.string_dtype()), "no array of numbers"),
    "objects": (lambda f: f.create_dataset("w", (4,), h5py.ref_dtype), "no array of numbers"),
    "compound": (lambda f: f.create_dataset("w", (4,), np.dtype([("a", "f4")])), "no array of numbers"),
    "nothing": (lambda f: f.create_dataset("w", data=h5py.Empty("f4")), "no array of numbers"),
    "type": (lambda f: f.__setitem__("w", np.dtype("f8")), "neither a group nor an array"),
    "reference": (_reference, "refers to other things"),
    "plug-in": (_unknown_filter, "needs a plug-in"),
    "deep": (lambda f: f.create_group("/".join("a" * 60)), "far too deep"),
}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", TRICKS)
def test_tricks_of_hdf5_are_refused(tmp_path: Path, name: str, suffix: str) -> None:
    fill, words = TRICKS[name]
    path = tmp_path / f"model{suffix}"
    write_keras(path, description(), hdf5(fill)) if suffix == ".keras" else write_h5(path, description(), fill)
    with pytest.raises(ModelError, match=words):
        read_architecture(path)


def test_too_many_objects_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_check, "_MOST_OBJECTS", 20)
    write_keras(tmp_path / "m.keras", description(), hdf5(lambda f: [f.create_group(str(n)) for n in range(30)]))
    with pytest.raises(ModelError, match="far too many"):
        read_architecture(tmp_path / "m.keras")


@pytest.mark.parametrize("value", [np.arange(4), h5py.Empty("S1"), 7], ids=["array", "empty", "number"])
def test_a_description_that_is_no_text_is_refused(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = value
        legacy_weights_of(file)
    with pytest.raises(ModelError, match="model_config is no text"):
        read_architecture(path)


def test_weights_alone_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        legacy_weights_of(file)
    with pytest.raises(ModelError, match="weights only"):
        read_architecture(tmp_path / "model.h5")


def test_compressed_weights_are_read(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("layers/conv3d/vars/0", data=KERNEL, compression="gzip", shuffle=True, fletcher32=True)

    write_keras(tmp_path / "m.keras", description(), hdf5(fill))
    assert read_architecture(tmp_path / "m.keras").weights == KERNEL.size


def test_damage_within_the_zip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    write_keras(path, description())
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"Functional") + 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ModelError, match="damaged"):
        read_architecture(path)
    assert zlib.crc32(raw)


@pytest.mark.skipif(os.name != "posix", reason="pipes in the file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="no regular file"):
        read_architecture(tmp_path / "model.keras")
