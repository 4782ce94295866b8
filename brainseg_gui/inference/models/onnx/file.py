"""Files of networks in ONNX, from a model folder to a network that is known to be harmless."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.inference.models.hdf5_check import LARGEST_BYTES
from brainseg_gui.inference.models.known_layers import TRIED_VOXELS
from brainseg_gui.inference.models.model_folder import ModelFolder, not_those
from brainseg_gui.inference.models.onnx.check import Sizes, check_operators, sizes_of
from brainseg_gui.inference.models.onnx.graph import Graph, RefusedError, read_graph
from brainseg_gui.inference.models.onnx.wire import DamagedWireError
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.plain_files import read_bytes, visible


def read_networks(folder: ModelFolder) -> tuple[Graph, ...]:
    """The networks of a model folder, each checked; the bytes that were compared with the passport are those read.

    Raises
    ------
    ModelError
        If a file is not the passport's, is damaged, holds what is not known here, or does not fit the passport.
    """
    contents = {name: _content(folder.path / name, digest) for name, digest in folder.digests.items()}
    if (size := sum(map(len, contents.values()))) > LARGEST_BYTES:
        sentence = f"its networks have {size / 2**30:.1f} GiB, more than {LARGEST_BYTES / 2**30:g} GiB"
        raise ModelError(sentence, "Use fewer folds", folder.path)
    graphs = []
    for name in folder.passport.ensemble:
        with _told(folder.path / name):
            graph = read_graph(contents[name], contents)
            check_operators(graph)
            _check_fit(graph, folder.passport)
        graphs.append(graph)
    return tuple(graphs)


def fixed_lengths(graph: Graph, passport: Passport) -> tuple[int | None, ...]:
    """The only length that each axis of the image may have; None where it takes any."""
    shape = graph.source.shape
    return shape[2:] if passport.channels_first else shape[1:-1]


def sizes_for(graph: Graph, passport: Passport, spatial: tuple[int, ...], path: Path) -> Sizes:
    """How large the network gets for an image of this size.

    Raises
    ------
    ModelError
        If that does not follow from its description, or something in it is a giant.
    """
    with _told(path):
        return sizes_of(graph, _shape(passport, spatial, passport.inputs), math.prod(spatial))


def _content(path: Path, digest: str) -> memoryview:
    if path.is_symlink():
        raise ModelError("the weights are a link to elsewhere", "Put the file itself into the model folder", path)
    try:
        # no more than it has: a buffer for the largest would be taken first
        content = read_bytes(path, min(LARGEST_BYTES, path.stat().st_size))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"the weights cannot be read ({visible(reason)})", "Check the file", path) from error
    if (found := hashlib.sha256(content).hexdigest()) != digest:
        raise not_those(path, found)
    return memoryview(content)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What is wrong with a network as a sentence that names its file."""
    try:
        yield
    except RefusedError as error:
        raise ModelError(f"the network {error.what}", error.remedy, path) from error
    except DamagedWireError as error:
        what = f"it is not an ONNX network, or it is damaged ({visible(str(error), 160)})"
        raise ModelError(what, "Copy the file again from its source", path) from error


def _check_fit(graph: Graph, passport: Passport) -> None:
    """Refuse a network whose input or output differs from its passport, before it is run."""
    if len(graph.source.shape) != 5:
        raise RefusedError("does not take one array (batch, channels, three axes)", "Use a 3-D network")
    channels = graph.source.shape[1 if passport.channels_first else -1]
    if channels not in (None, len(passport.inputs)):
        where = "first" if passport.channels_first else "last"
        what = f"has {channels} input channels in the axis that is {where}, its passport names {len(passport.inputs)}"
        raise RefusedError(what, "Correct modalities or axes in model.json; PyTorch's networks have axes such as CIJK")
    divisor, fixed = passport.divisor, fixed_lengths(graph, passport)
    tried = tuple(n or -(-TRIED_VOXELS // divisor) * divisor for n in fixed)
    given, wanted = (_shape(passport, tried, names) for names in (passport.inputs, passport.outputs))
    if (found := sizes_of(graph, given, math.prod(tried)).result) != wanted:
        what = f"makes {describe_shape(found)} of {describe_shape(given)}, not {describe_shape(wanted)}"
        raise RefusedError(what, "Correct channels in model.json, or use a network that keeps the shape")


def _shape(passport: Passport, spatial: tuple[int, ...], channels: tuple[str, ...]) -> tuple[int, ...]:
    return (1, len(channels), *spatial) if passport.channels_first else (1, *spatial, len(channels))
