"""The files of networks that a passport names, and their digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.plain_files import visible

_KERAS = (".keras", ".h5")
_SUFFIXES = (*_KERAS, ".onnx")
_MOST_NETWORKS = 10  # of an ensemble


def weights_of(fields: JsonFields) -> str:
    """Name of the weights' file in the folder of the passport."""
    return _checked_name(fields, fields.text("weights"), _KERAS)


def numbers_file_of(fields: JsonFields) -> str:
    """Name of a small network's file in the folder of the passport."""
    return _checked_name(fields, fields.text("weights"), (".npz",))


def networks_of(fields: JsonFields) -> tuple[str, ...]:
    """Names of the weights' files: one, or those of an ensemble."""
    if not isinstance(fields.values.get("weights"), list):
        return (_checked_name(fields, fields.text("weights"), _SUFFIXES),)
    names = fields.texts("weights")
    if not 1 <= len(set(names)) == len(names) <= _MOST_NETWORKS:
        raise fields.wrong(f"needs one to {_MOST_NETWORKS} different files for weights")
    if len({Path(_checked_name(fields, name, _SUFFIXES)).suffix for name in names}) > 1 or not names[0].endswith(
        ".onnx"
    ):
        raise fields.wrong("names several weights, which all have to be .onnx files")
    return names


def _checked_name(fields: JsonFields, name: str, suffixes: Sequence[str]) -> str:
    if Path(name).name != name or Path(name).suffix not in suffixes:
        kinds = " or ".join(filter(None, (", ".join(suffixes[:-1]), suffixes[-1])))
        raise fields.wrong(f"names the weights {name!r}, which is no {kinds} file of its folder")
    return name


def sha256_of(fields: JsonFields, key: str = "sha256") -> str:
    """Digest of the weights."""
    digest = fields.text(key).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise fields.wrong(f"needs 64 hexadecimal digits for {key}")
    return digest


def digests_of(fields: JsonFields, networks: tuple[str, ...]) -> dict[str, str]:
    """Digest of every file: a text for the only one, else an object by name."""
    if not isinstance(fields.values.get("sha256"), dict) and len(networks) == 1:
        return {networks[0]: sha256_of(fields)}
    part = fields.part("sha256")
    if strange := [name for name in part.values if not name or Path(name).name != name or not name.isprintable()]:
        raise fields.wrong(f"names the file {visible(strange[0])!r}, which is none of its folder")
    if missing := [name for name in networks if name not in part.values]:
        raise fields.wrong(f"gives no sha256 for {missing[0]}")
    return {name: sha256_of(part, name) for name in part.values}


def identity_of(digests: Mapping[str, str]) -> str:
    """The digest of the only file, or of what the digests of several say."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))  # as sha256sum prints them
    return hashlib.sha256(lines.encode()).hexdigest()


def file_beside(part: JsonFields, networks: tuple[str, ...]) -> str:
    """The file of another network of Keras beside the only one of a model."""
    weights = weights_of(part)
    if len(networks) > 1 or Path(networks[0]).suffix not in _KERAS or weights in networks:
        raise part.wrong(f"needs one network of its own beside one of {' or '.join(_KERAS)}")
    return weights
