"""What an HDF5 file holds, looked through before anything of it is used.

HDF5 can point out of the file (external links, external storage, virtual datasets), promise arrays of any size, and
load filters from plug-ins. Weights need none of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import ModelError
from brainseg_gui.plain_files import visible

if TYPE_CHECKING:
    import h5py

LARGEST_BYTES = 2**31
"""Weights beyond this are refused: the largest networks of this kind take a quarter of it."""

_MOST_OBJECTS = 50_000
_DEEPEST = 40
_LARGEST_ATTRIBUTES = 64 * 2**20
_MOST_EXPANSION = 100  # of compressed weights; noise hardly shrinks at all
_SMALL_BYTES = 2**20
_FILTERS = frozenset({1, 2, 3})  # deflate, shuffle, fletcher32: built in, no plug-in
_REMEDY = "Ask for weights as Keras' model.save writes them"


def count_weights(file: h5py.File, path: Path, group: str = "/") -> int:
    """How many numbers a group of an HDF5 file holds; the whole file is looked through.

    Raises
    ------
    ModelError
        If anything in it points elsewhere, is no array of numbers, or promises more than the file has.
    """
    walk = _Walk(path)
    walk.visit(file["/"], "/", 0)
    return sum(count for name, count in walk.counts.items() if name.startswith(group))


def text_attribute(group: Any, name: str, path: Path, most_bytes: int) -> str | None:
    """A text that an attribute holds, or None where there is no such attribute.

    Raises
    ------
    ModelError
        If it is no text, or longer than `most_bytes`.
    """
    if name not in group.attrs:
        return None
    kind = group.attrs.get_id(name)
    if kind.get_type().get_class() != _string_class() or kind.shape != () or _size_of(kind) > most_bytes:
        raise ModelError(f"its {name} is no text", _REMEDY, path)
    value = group.attrs[name]
    text = value.decode("utf-8") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) > most_bytes:
        raise ModelError(f"its {name} is no text of bearable length", _REMEDY, path)
    return text


@dataclass
class _Walk:
    path: Path
    counts: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    promised: int = 0
    attributes: int = 0

    def refuse(self, name: str, sentence: str) -> ModelError:
        return ModelError(f"its entry {visible(name)} {sentence}", _REMEDY, self.path)

    def visit(self, group: Any, name: str, depth: int) -> None:
        """Go through a group and all that is below it."""
        if depth > _DEEPEST or len(self.seen) > _MOST_OBJECTS:
            raise self.refuse(name, "is one of far too many, or lies far too deep")
        address = _address(group)
        if address in self.seen:
            raise self.refuse(name, "leads back to where it came from")
        self.seen.add(address)
        self._check_attributes(group, name)
        for key in group:
            self._check_child(group, key, f"{name.rstrip('/')}/{key}", depth)

    def _check_child(self, group: Any, key: str, name: str, depth: int) -> None:
        import h5py

        if group.get(key, getclass=True, getlink=True) is not h5py.HardLink:
            raise self.refuse(name, "is a link to somewhere else")
        child = group[key]
        if isinstance(child, h5py.Group):
            self.visit(child, name, depth + 1)
        elif isinstance(child, h5py.Dataset):
            self._check_array(child, name)
            self._check_attributes(child, name)
        else:
            raise self.refuse(name, "is neither a group nor an array")

    def _check_array(self, array: Any, name: str) -> None:
        if array.external or array.is_virtual:
            raise self.refuse(name, "keeps its numbers in another file")
        if array.shape is None or array.dtype.kind not in "fiub":
            raise self.refuse(name, "is no array of numbers")
        if len(self.seen) + len(self.counts) > _MOST_OBJECTS:
            raise self.refuse(name, "is one of far too many")
        settings = array.id.get_create_plist()
        if not {settings.get_filter(n)[0] for n in range(settings.get_nfilters())} <= _FILTERS:
            raise self.refuse(name, "is compressed in a way that needs a plug-in")
        promised, stored = math.prod(array.shape) * array.dtype.itemsize, array.id.get_storage_size()
        if promised > _SMALL_BYTES and promised > _MOST_EXPANSION * stored:
            raise self.refuse(name, f"promises {promised:,} bytes, and the file holds {stored:,} of them")
        self.promised += promised
        if self.promised > LARGEST_BYTES:
            raise self.refuse(name, f"brings the weights to more than {LARGEST_BYTES / 2**30:g} GiB")
        array[()]  # damage that only shows when the numbers are read
        self.counts[name] = math.prod(array.shape)

    def _check_attributes(self, thing: Any, name: str) -> None:
        for key in thing.attrs:
            found = thing.attrs.get_id(key)
            self.attributes += _size_of(found)
            if self.attributes > _LARGEST_ATTRIBUTES:
                raise self.refuse(name, "has far too much text beside it")
            if found.get_type().get_class() not in (_string_class(), *_number_classes()):
                raise self.refuse(name, f"refers to other things in its attribute {visible(key)}")
            thing.attrs[key]


def _size_of(attribute: Any) -> int:
    """Bytes of an attribute; a text of any length counts as a pointer."""
    return int(attribute.get_space().get_simple_extent_npoints() * attribute.get_type().get_size())


def _address(group: Any) -> int:
    import h5py

    return int(h5py.h5o.get_info(group.id).addr)


def _string_class() -> int:
    import h5py

    return int(h5py.h5t.STRING)


def _number_classes() -> tuple[int, int]:
    import h5py

    return int(h5py.h5t.INTEGER), int(h5py.h5t.FLOAT)
