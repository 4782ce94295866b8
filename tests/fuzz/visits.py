"""Every bad follow-up, and every strange folder of visits, for `measure`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.fuzz.folder_parts import image, mask
from tests.fuzz.folders import _NAMES
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import spoiled_bytes, spoiled_values
from tests.fuzz.nifti_bytes import writing
from tests.fuzz.visit_reading import follow, follow_up, order_visits, read_saved, sidecar

_TIMES = (
    *("0001-01-01", "9999-12-31", "2021-02-30", "20210304", "2021-W01-1", "2021-03-04T99:99", "1925-01-01", "", "n/a"),
    *("-2021-03-04", "2021-3-4", "99999999", "2021-03-04\x1b[2J", "=1+1", "<b>", "٢٠٢١-٠٣-٠٤", "2021\u201003\u201004"),
)
_VISITS = (
    *(
        "2021-03-04",
        "20210304",
        "04.03.2021",
        "2021-03",
        "2021",
        "week-044",
        "wk99999",
        "day 0",
        "day99999",
        "12m",
        "99999y",
    ),
    *(
        "pre-op",
        "post-op",
        "baseline",
        "followup2",
        "recurrence",
        "ses-01",
        "0",
        "00000000000000000000",
        "9" * 200,
        "١٢",
    ),
    *("2021-13-45", "9999-99-99", "1999-12-31", "20990230", "d1w2m3y4", "visit", "-", "_", "month-1", "years 500"),
)


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 4,500 inputs, the same for the same seed."""
    good = Trial("follow-up in order", "two visits", partial(_patient, names=("v1", "v2")), follow)
    return (good, *itertools.chain(_saved(seed), _sidecars(seed), _sessions(seed), _folders(), _masks(seed)))


def _saved(seed: int) -> Iterator[Trial]:
    """What ``brainseg follow --json`` wrote, spoilt."""
    content = json.loads(json.dumps(follow_up()))
    for name, raw in spoiled_bytes(json.dumps(content).encode(), seed, cuts=60, flips=250):
        yield Trial("saved follow-ups", name, writing(raw, "follow.json"), read_saved)
    for name, make in spoiled_values(content):
        yield Trial("saved follow-ups", name, writing(partial(_json, make), "follow.json"), read_saved, 2**23)


def _json(make: Callable[[], Any]) -> bytes:
    return json.dumps(make()).encode()


def _sidecars(seed: int) -> Iterator[Trial]:
    """Small files beside the images that name a day."""
    content = sidecar()
    for name, raw in spoiled_bytes(json.dumps(content).encode(), seed, cuts=30, flips=60):
        yield Trial("sidecars of visits", name, partial(_patient, beside=raw), order_visits)
    for name, make in spoiled_values(content):
        yield Trial("sidecars of visits", name, partial(_patient, beside=partial(_json, make)), order_visits, 2**23)
    for key, value in itertools.product(content, _TIMES):
        raw = json.dumps({**content, key: value}).encode()
        yield Trial("sidecars of visits", f"{key} = {value!a}", partial(_patient, beside=raw), order_visits)


def _sessions(seed: int) -> Iterator[Trial]:
    """A table of BIDS with a row for each visit."""
    table = b"session_id\tacq_time\nses-01\t2021-03-04T10:00:00\nses-02\t2021-06-04\n"
    for name, raw in spoiled_bytes(table, seed, cuts=40, flips=100):
        yield Trial("tables of sessions", name, partial(_bids, table=raw), order_visits)
    for first, second in itertools.product(_TIMES, repeat=2):
        raw = table.replace(b"2021-03-04T10:00:00", first.encode()).replace(b"2021-06-04", second.encode())
        yield Trial("tables of sessions", f"{first!a}, {second!a}", partial(_bids, table=raw), order_visits)
    large = {
        "a million rows": lambda: b"session_id\tacq_time\n" + b"ses-1\t2021-01-01\n" * 1_000_000,
        "a million columns": lambda: b"\t".join([b"a"] * 10**6) + b"\n" + b"\t".join([b"b"] * 10**6),
        "a quotation without end": lambda: table + b'ses-3\t"' + b"x" * 900_000,
    }
    for name, make in large.items():
        yield Trial("tables of sessions", name, partial(_bids, table=make), order_visits, 2**23)


def _folders() -> Iterator[Trial]:
    """Names of visits and of the patient."""
    for name in (*_NAMES, *_VISITS):
        yield Trial("names of visits", f"{name[:60]!a}, a patient", partial(_patient, patient=name), follow)
        for other in ("v1", "2021-06-04", "week-02", name + "2"):
            write = partial(_patient, names=(name[:240], other[:240]))
            yield Trial("names of visits", f"{name[:60]!a} and {other[:60]!a}", write, order_visits)
    for first, second in itertools.product(_VISITS, repeat=2):
        if first != second:
            write = partial(_patient, names=(first, second))
            yield Trial("names of visits", f"{first[:30]!a} and {second[:30]!a}", write, order_visits)


def _masks(seed: int) -> Iterator[Trial]:
    """A visit whose mask is damaged, or is none."""
    for name, raw in spoiled_bytes(mask(), seed, cuts=40, flips=150):
        yield Trial("masks of visits", name, partial(_patient, spoilt=raw), follow)


# writing


def _patient(
    folder: Path,
    names: tuple[str, str] = ("v1", "v2"),
    patient: str = "P1",
    beside: bytes | Callable[[], bytes] = b"",
    spoilt: bytes | None = None,
) -> Path:
    place = folder / patient[:240]
    for number, name in enumerate(names):
        visit = place / name
        visit.mkdir(parents=True, exist_ok=True)
        for part in ("t1", "t1ce"):
            (visit / f"{part}.nii").write_bytes(image(number))
        (visit / "seg.nii.gz").write_bytes(mask() if spoilt is None or number else spoilt)
        if beside:
            (visit / "t1.json").write_bytes(beside if isinstance(beside, bytes) else beside())
    return place


def _bids(folder: Path, table: bytes | Callable[[], bytes]) -> Path:
    place = folder / "sub-P1"
    for session in ("01", "02"):
        anat = place / f"ses-{session}" / "anat"
        anat.mkdir(parents=True)
        for part in ("T1w", "FLAIR"):
            (anat / f"sub-P1_ses-{session}_{part}.nii").write_bytes(image())
    (place / "sub-P1_sessions.tsv").write_bytes(table if isinstance(table, bytes) else table())
    return place
