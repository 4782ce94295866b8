"""Every bad NRRD, MetaImage and FreeSurfer volume, for `measure`."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from functools import cache, partial

from tests.fuzz.format_bytes import FORMS, Form, fields_of, with_field
from tests.fuzz.format_hazards import beside_trials, bomb_trials
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import spoiled_bytes
from tests.fuzz.nifti_bytes import writing
from tests.fuzz.reading import open_and_save, open_header, open_mask, open_volume

_READERS = (open_volume, open_mask, open_header)
_NUMBERS = (
    *("0", "-1", "1", "2", "0.5", "1e3", "1e300", "-1e300", "nan", "inf", "-inf", "1e-30", "007", "1_0", "٣"),
    *("9" * 30, "9" * 5000, "2147483647", "2147483648", "9223372036854775808", "0x10", "", " ", "none", "(", ")"),
)
_WORDS = (
    *("", "surprise", "a" * 5000, "\x1b[2J\x07", "\u202egpj", "<script>alert(1)</script>", "=1+1", "$(id)", "`id`"),
    *("../../etc/passwd", "/etc/passwd", "LIST", "LOCAL", "%s%n", "a\x00b", "\ud7ff", "é", "True", "False", "raw"),
    *("gzip", "bzip2", "hex", "text", "big", "RAS", "LPS", "scanner-xyz", "left-posterior-superior-time"),
)
_MANY = (3, 4, 5, 16, 17, 1000, 30_000)


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 12,000 inputs, the same for the same seed."""
    good = [Trial(form.title, "in order", writing(form.content, form.name), open_and_save) for form in FORMS]
    spoilt = ((*_damaged(form, seed), *_lying(form, seed), *_long(form)) for form in FORMS)
    return (*good, *itertools.chain(*spoilt), *beside_trials(), *bomb_trials())


def _damaged(form: Form, seed: int) -> Iterator[Trial]:
    """Cut, with bits turned, spliced."""
    for number, (words, content) in enumerate(spoiled_bytes(form.content, seed, cuts=160, flips=700)):
        yield Trial(form.title, words, writing(content, form.name), _READERS[number % 3])
    for bit in range(0, min(len(form.header), 300) * 8):
        changed = bytearray(form.content)
        changed[bit // 8] ^= 1 << bit % 8
        yield Trial(form.title, f"bit {bit} of the header", writing(bytes(changed), form.name), _READERS[bit % 3])


def _lying(form: Form, seed: int) -> Iterator[Trial]:
    """Each field of a text header with other values, missing, twice; and several at once."""
    fields = fields_of(form)
    for name, value in fields.items():
        for bad in (*_WORDS, *_numbers_in(value)):
            content = with_field(form, {name: bad})
            yield Trial(form.title, f"{name} = {bad[:60]!a}", writing(content, form.name), open_volume)
        for bad in (None, f"{value}\n{form.joined(name, value)}"):
            content = with_field(form, {name: bad})
            yield Trial(
                form.title, f"{name} {'gone' if bad is None else 'twice'}", writing(content, form.name), open_mask
            )
    draw = random.Random(seed)
    for number in range(200 if fields else 0):
        chosen = {name: _any(draw, fields[name]) for name in draw.sample(sorted(fields), 3)}
        yield Trial(form.title, f"three fields, {number}", writing(with_field(form, chosen), form.name), open_and_save)


def _numbers_in(value: str) -> Iterator[str]:
    """The value with each of its numbers in turn replaced by each bad one, and with one too few or too many."""
    words = value.split(" ")
    yield from (" ".join(words[:-1]), f"{value} {words[-1]}", " ".join(words[::-1]), value.replace(" ", "\t"))
    for place, bad in itertools.product(range(len(words)), _NUMBERS):
        inner = words[place].strip("()").split(",")
        if len(inner) == 1:
            yield " ".join([*words[:place], bad, *words[place + 1 :]])
        else:
            vector = f"({','.join([bad, *inner[1:]])})"
            yield " ".join([*words[:place], vector, *words[place + 1 :]])


def _any(draw: random.Random, value: str) -> str | None:
    return draw.choice((None, draw.choice(_WORDS), draw.choice(list(_numbers_in(value)))))


def _long(form: Form) -> Iterator[Trial]:
    """Values as long as a header may be: searching them must not take longer than reading them."""
    fields = fields_of(form)
    for name in fields:
        for count, part in itertools.product(_MANY, ("1 ", "(", "(1,0,0) ", '"', "none ", "-1 ", "0 ")):
            content = partial(_repeated, form, name, part, count)
            yield Trial(form.title, f"{name} = {part!r} × {count}", writing(content, form.name), open_volume)
        for part in ("1 ", "(", '"', ")(", "none", " ", "-"):
            content = partial(_repeated, form, name, part, 500_000 // len(part))
            yield Trial(form.title, f"{name} = {part!r}, 500,000 letters", writing(content, form.name), open_header)
    for count in _MANY if fields else ():
        content = partial(_dimensions, form, count)
        yield Trial(form.title, f"{count} dimensions", writing(content, form.name), open_volume)
        yield Trial(form.title, f"{count} dimensions, header", writing(content, form.name), open_header)


def _repeated(form: Form, name: str, part: str, count: int) -> bytes:
    return with_field(form, {name: part * count})


def _dimensions(form: Form, count: int) -> bytes:
    return with_field(form, form.dimensions(count))
