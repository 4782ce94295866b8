"""What a settings file asks Qt to make, looked at before Qt reads it.

Qt writes Python objects into an INI file as pickles (``@Variant(…PySide::PyObjectWrapper…)``) and unpickles them when
a value is asked for: a settings file from somebody else could run code. This program writes texts and byte arrays only.
"""

from __future__ import annotations

import re

_LINES = re.compile(rb"[\r\n]+")
_BYTES = re.compile(rb'@ByteArray\([^,";]*\)|"@ByteArray\((?:[^"\\]++|\\.)*+"')
_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
_PLAIN = (b"@@", b"@Invalid()")


def asks_for_objects(raw: bytes) -> bool:
    """Whether an INI file holds anything but texts, numbers and byte arrays, however it is written."""
    return any(_asks(line) for line in _LINES.split(raw))


def _asks(line: bytes) -> bool:
    if (len(line) - len(line.rstrip(b"\\"))) % 2:
        return True  # a value that goes on in the next line; Qt never writes one
    _, _, value = line.partition(b"=")
    value = value.strip()
    if value.lstrip(b'"').startswith(b"@ByteArray("):
        return _BYTES.fullmatch(value) is None
    parts = [value] if _QUOTED.fullmatch(value) else value.split(b",")
    return any(_makes(part.lstrip(b' \t"')) for part in parts)


def _makes(text: bytes) -> bool:
    """Whether a value, or an entry of a list, begins with what Qt takes for a type; escapes may hide that."""
    hidden = text[:1] == b"\\" and text[1:2] in (b"x", *(b"%d" % n for n in range(8)))
    return hidden or (text.startswith(b"@") and not text.startswith(_PLAIN))
