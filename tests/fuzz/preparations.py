"""Every bad record of a prepared case, and every strange raw examination, for `measure`."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.fuzz.folder_parts import image
from tests.fuzz.folders import _NAMES
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import BAD_VALUES, replaced, spoiled_bytes, spoiled_values
from tests.fuzz.preparation_reading import faceless, look_through, older, read_record, record

_NOTE: Mapping[str, Any] = {
    "SeriesDescription": "ax t2 tse", "ProtocolName": "brain", "ContrastBolusAgent": "Gadovist",
    "ScanningSequence": "SE", "EchoTime": 0.1, "RepetitionTime": 4.0, "InversionTime": 2.2,
}  # fmt: skip
_LYING: Mapping[str, Any] = {"0": 0, "-0.0": -0.0, "1e-320": 1e-320, "1e12": 1e12, "-1e12": -1e12, "1e13": 1e13}
_TARGETS: Mapping[str, str] = {
    "itself": "t2.nii", "nothing": "gone.nii", "the folder": ".", "above": "..", "the root": "/", "a pipe": "pipe",
    "a file": "t1.nii", "zero": "/dev/zero", "random": "/dev/urandom", "null": "/dev/null", "a terminal": "/dev/tty",
    "a process": "/proc/self/mem", "standard input": "/dev/stdin", "a long chain": "chain0",
}  # fmt: skip
_FOLDERS = ("", "native", "dicom", ".hidden", "__MACOSX", "t1", "a/b/c/d/e/f/g/h")


@cache
def trials(seed: int) -> Sequence[Trial]:
    """More than 10,000 inputs, the same for the same seed."""
    good = {"one in order": record, "one without a face": faceless, "one of before there was that wish": older}
    in_order = (Trial("preparation records", n, partial(_recorded, raw=make), read_record) for n, make in good.items())
    families = (_records(seed), _notes(seed), _names(), _links(), _images(seed))
    return (*in_order, *itertools.chain(*families))


def _records(seed: int) -> Iterator[Trial]:
    """``preparation.json``, spoilt."""
    content = record()
    for name, raw in spoiled_bytes(json.dumps(content).encode(), seed, cuts=100, flips=600):
        yield Trial("preparation records", name, partial(_recorded, raw=raw), read_record)
    numbers = {**BAD_VALUES, **_LYING}
    for name, make in spoiled_values(content, numbers):
        yield Trial("preparation records", name, partial(_recorded, raw=make), read_record, 2**23)
    for (words, target), size in itertools.product(_TARGETS.items(), (0, 10)):
        file = {"path": target, "bytes": size, "modified_ns": 1, "sha256": ""}
        make = partial(replaced, content, ("series", 0, "files", 0), file)
        yield Trial("preparation records", f"made of {words}, {size} bytes", partial(_recorded, raw=make), read_record)


def _notes(seed: int) -> Iterator[Trial]:
    """What a converter leaves beside an image."""
    content = dict(_NOTE)
    for name, raw in spoiled_bytes(json.dumps(content).encode(), seed, cuts=60, flips=200):
        yield Trial("notes of raw series", name, partial(_raw, note=raw), look_through)
    for name, make in spoiled_values(content, {**BAD_VALUES, **_LYING}):
        yield Trial("notes of raw series", name, partial(_raw, note=make), look_through, 2**23)
    for key, name in itertools.product(("SeriesDescription", "ProtocolName", "ContrastBolusAgent"), _NAMES):
        make = partial(replaced, content, (key,), name)
        yield Trial("notes of raw series", f"{key} = {name[:60]!a}", partial(_raw, note=make), look_through)


def _names() -> Iterator[Trial]:
    """Names of series and of the folders that they lie in."""
    for first, second in itertools.product(_NAMES, repeat=2):
        names = (f"{first[:200]}_t1.nii", f"{second[:200]}_t2.nii")
        yield Trial("names of raw series", f"{first[:40]!a}, {second[:40]!a}", partial(_raw, names=names), look_through)
    for name, inside in itertools.product(_NAMES, _FOLDERS):
        write = partial(_raw, place=name[:240], inside=inside)
        yield Trial("names of raw series", f"in {name[:40]!a}/{inside}", write, look_through)


def _links() -> Iterator[Trial]:
    """Links to themselves, in circles, to nothing, to what never ends."""
    for (words, target), part in itertools.product(_TARGETS.items(), ("t2.nii", "t2.json", "deep", "t2.dcm", "IM0001")):
        yield Trial(
            "links among raw series", f"{part} to {words}", partial(_linked, target=target, part=part), look_through
        )
    for depth, wide in itertools.product((1, 3, 6), repeat=2):
        yield Trial("links among raw series", f"circles {depth}×{wide}", partial(_circles, depth, wide), look_through)


def _images(seed: int) -> Iterator[Trial]:
    """Series whose headers lie."""
    for name, raw in spoiled_bytes(image(), seed, cuts=60, flips=600):
        yield Trial("headers of raw series", name, partial(_raw, spoilt=raw), look_through)


# writing


def _recorded(folder: Path, raw: bytes | Callable[[], Any]) -> Path:
    place = folder / "Jane"
    place.mkdir()
    content = raw if isinstance(raw, bytes) else json.dumps(raw()).encode()
    (place / "preparation.json").write_bytes(content)
    os.mkfifo(place / "pipe")
    return place


def _raw(
    folder: Path,
    names: Sequence[str] = ("t1.nii", "t2.nii"),
    place: str = "Jane",
    inside: str = "",
    note: bytes | Callable[[], Any] | None = None,
    spoilt: bytes | None = None,
) -> Path:
    below = folder / place / inside
    below.mkdir(parents=True)
    for number, name in enumerate(names):
        (below / name).write_bytes(image(number) if spoilt is None or number else spoilt)
    if note is not None:
        content = note if isinstance(note, bytes) else json.dumps(note()).encode()
        (below / f"{names[1].removesuffix('.nii')}.json").write_bytes(content)
    return folder / place


def _linked(folder: Path, target: str, part: str) -> Path:
    place = _raw(folder, names=("t1.nii", "flair.nii"))
    os.mkfifo(place / "pipe")
    for number in range(60):
        (place / f"chain{number}").symlink_to(f"chain{number + 1}")
    (place / part).symlink_to(target)
    return place


def _circles(depth: int, wide: int, folder: Path) -> Path:
    place = _raw(folder)
    below = place
    for level in range(depth):
        below = below / f"level{level}"
        below.mkdir()
        for number in range(wide):
            (below / f"up{number}").symlink_to(place)
    return place
