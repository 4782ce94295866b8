"""Protocol buffers as bytes: read without believing them, and written.

Ours, not the package `onnx`: that brings 60 MB for what these lines do, builds an object of every field before anything
can be bounded, and merges what stands twice, so that two readers may see two networks. Here a message is a table of
its fields, arrays stay where they lie in the file, and a field that may stand once is refused twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10
_MOST_FIELDS = 2_000_000  # of a whole file: a network of 5,000 layers has 100,000
_MASK = (1 << 64) - 1

Value = int | memoryview


class DamagedWireError(ValueError):
    """A message is none; says what is wrong with it."""


@dataclass
class WireReader:
    """Reads the messages of one file; how many fields it may have in all is bounded."""

    left: int = _MOST_FIELDS

    def message(self, content: memoryview) -> WireMessage:
        """The fields of a message, by number."""
        found: dict[int, list[Value]] = {}
        for number, value in self._fields(content):
            found.setdefault(number, []).append(value)
        return WireMessage(found, self)

    def numbers(self, content: memoryview) -> Iterator[int]:
        """The whole numbers of a packed list."""
        place = 0
        while place < len(content):
            self._count()
            value, place = _varint(content, place)
            yield _signed(value)

    def _fields(self, content: memoryview) -> Iterator[tuple[int, Value]]:
        place = 0
        while place < len(content):
            self._count()
            key, place = _varint(content, place)
            kind, number = key & 7, key >> 3
            if kind == _VARINT:
                value, place = _varint(content, place)
                yield number, value
                continue
            if kind == _BYTES:
                length, place = _varint(content, place)
            elif kind in (_EIGHT, _FOUR):
                length = 8 if kind == _EIGHT else 4
            else:
                raise DamagedWireError("a field is of no known kind")
            if length > len(content) - place:
                raise DamagedWireError("a field promises more than the file holds")
            yield number, content[place : place + length]
            place += length

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise DamagedWireError(f"it has more than {_MOST_FIELDS:,} fields")


@dataclass(frozen=True)
class WireMessage:
    """The fields of one message, in order.

    Parameters
    ----------
    fields
        Number of a field -> what stands in it.
    reader
        What reads the messages within.
    """

    fields: dict[int, list[Value]]
    reader: WireReader

    def has(self, number: int) -> bool:
        """Whether a field is there."""
        return number in self.fields

    def whole(self, number: int, default: int = 0) -> int:
        """A whole number."""
        value = self._one(number, default)
        if not isinstance(value, int):
            raise DamagedWireError("a field that is a number holds something else")
        return _signed(value)

    def content(self, number: int) -> memoryview:
        """Bytes; none where the field is not there."""
        value = self._one(number, memoryview(b""))
        if not isinstance(value, memoryview):
            raise DamagedWireError("a field that is no number holds one")
        return value

    def text(self, number: int) -> str:
        """A text."""
        return _text(self.content(number))

    def texts(self, number: int) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(_text(part) for part in self._contents(number))

    def part(self, number: int) -> WireMessage:
        """A message within."""
        return self.reader.message(self.content(number))

    def parts(self, number: int) -> Iterator[WireMessage]:
        """A list of messages within."""
        return (self.reader.message(part) for part in self._contents(number))

    def wholes(self, number: int) -> tuple[int, ...]:
        """A list of whole numbers, packed or one by one."""
        found: list[int] = []
        for value in self.fields.get(number, ()):
            found.extend([_signed(value)] if isinstance(value, int) else self.reader.numbers(value))
        return tuple(found)

    def joined(self, number: int) -> memoryview:
        """The bytes of a list of numbers of fixed size, packed or one by one."""
        parts = self._contents(number)
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))

    def _contents(self, number: int) -> list[memoryview]:
        values = self.fields.get(number, [])
        parts = [value for value in values if isinstance(value, memoryview)]
        if len(parts) != len(values):
            raise DamagedWireError("a field that is no number holds one")
        return parts

    def _one(self, number: int, default: Value) -> Value:
        values = self.fields.get(number, [default])
        if len(values) > 1:
            raise DamagedWireError("a field that may stand once stands twice")
        return values[0]


def field(number: int, value: Any) -> bytes:
    """One field as bytes: a whole number, a text, or bytes that are there already."""
    if isinstance(value, int):
        return _written(number << 3 | _VARINT) + _written(value & _MASK)
    content = value.encode() if isinstance(value, str) else bytes(value)
    return _written(number << 3 | _BYTES) + _written(len(content)) + content


def four_bytes(number: int, content: bytes) -> bytes:
    """One field of four bytes: a float32."""
    return _written(number << 3 | _FOUR) + content


def _written(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count, byte in enumerate(content[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & _MASK, place + count + 1
    raise DamagedWireError("a number never ends")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _text(content: memoryview) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError as error:
        raise DamagedWireError("a name is not UTF-8") from error
