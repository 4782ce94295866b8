"""Ways of spoiling bytes, and values in nested tables; each with a name, all the same for the same seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

NESTED = "[" * 100_000

BAD_VALUES: Mapping[str, Any] = {
    "null": None, "true": True, "zero": 0, "minus one": -1, "a half": 0.5, "NaN": float("nan"),
    "infinity": float("inf"), "minus infinity": float("-inf"), "1e300": 1e300, "10^400": 10**400, "2^63": 2**63,
    "empty text": "", "text": "surprise", "long text": "x" * 100_000, "line break": "a\nb\r\nc",
    "escape": "\x1b[2J\x07",
    "right to left": "\u202egpj.exe", "zero byte": "a\x00b", "lone surrogate": "\ud800",
    "formula": "=1+cmd|'/C calc'!A0",
    "script": "<script>alert(1)</script>", "upwards": "../../etc/passwd", "absolute": "/etc/passwd",
    "empty list": [], "empty table": {}, "list": [1, "a", None], "table": {"a": {"b": []}}, "long list": [0] * 20_000,
    "list of lists": [[[[[]]]]], "deep list": json.loads("[" * 200 + "]" * 200),
}  # fmt: skip


def spoiled_bytes(content: bytes, seed: int, cuts: int, flips: int) -> Iterator[tuple[str, bytes]]:
    """Cut short, with bits turned, with blocks of zeros, doubled, or in other encodings."""
    draw = random.Random(seed)
    for n in range(cuts):
        length = n * len(content) // cuts
        yield f"cut after {length} of {len(content)}", content[:length]
    for _ in range(flips):
        spoiled = bytearray(content)
        places = [draw.randrange(len(content) * 8) for _ in range(draw.choice((1, 1, 1, 4, 16)))]
        for place in places:
            spoiled[place // 8] ^= 1 << place % 8
        yield f"bits {places}", bytes(spoiled)
    for _ in range(flips // 5):
        start, length = draw.randrange(len(content)), draw.choice((1, 4, 16, 64, 512))
        fill = draw.choice((b"\x00", b"\xff", b"9"))
        yield f"{length} × {fill!r} at {start}", content[:start] + fill * length + content[start + length :]
        yield f"{length} bytes gone at {start}", content[:start] + content[start + length :]
    yield from oddities(content)


def oddities(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is no file of this kind, or one in a strange dress."""
    text = content.decode("utf-8", "replace")
    yield "nothing", b""
    yield "a byte order mark", b"\xef\xbb\xbf" + content
    yield "UTF-16", text.encode("utf-16")
    yield "UTF-32", text.encode("utf-32")
    yield "Latin-1", "é".encode("latin-1") + content
    yield "twice", content * 2
    yield "line ends of Windows", text.replace("\n", "\r\n").encode()
    yield "zero bytes before", bytes(64) + content
    yield "zero bytes after", content + bytes(64)
    yield "zero bytes only", bytes(4096)
    yield "noise", random.Random(1).randbytes(4096)
    yield "nested deeply", NESTED.encode()
    yield "nested tables", b'{"a":' * 100_000
    yield "a large number", b"9" * 100_000
    yield "one line of 4 MiB", b"x" * 2**22
    yield "a pickle", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


def spoiled_values(content: Any, values: Mapping[str, Any] = BAD_VALUES) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Nested tables and lists with each value in turn replaced by each bad one, removed, or joined by a stranger.

    They are made when they are called for: thousands of copies would make every garbage collection slow.
    """
    for place in places_of(content):
        path = "/".join(map(str, place))
        for name, value in values.items():
            yield f"{path} = {name}", partial(replaced, content, place, value)
        yield f"{path} removed", partial(removed, content, place)
        found = value_at(content, place)
        if isinstance(found, dict):
            yield f"{path} with a stranger", partial(replaced, content, place, {**found, "stranger": 1})
        if isinstance(found, list) and found:
            yield f"{path} doubled", partial(replaced, content, place, found * 2)
            yield f"{path} reversed", partial(replaced, content, place, found[::-1])


def places_of(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where values stand: keys and indices from the top."""
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in entries:
        yield (*above, key)
        yield from places_of(value, (*above, key))


def value_at(content: Any, place: Sequence[Any]) -> Any:
    """The value that stands there."""
    for key in place:
        content = content[key]
    return content


def replaced(content: Any, place: Sequence[Any], value: Any) -> Any:
    """A copy with another value there."""
    content = copy.deepcopy(content)
    value_at(content, place[:-1])[place[-1]] = value
    return content


def removed(content: Any, place: Sequence[Any]) -> Any:
    """A copy without the value there."""
    content = copy.deepcopy(content)
    del value_at(content, place[:-1])[place[-1]]
    return content
