"""Cohorts that are strange, and files beside them that lie: read, exported, and read again; for `measure`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.fuzz.export_reading import export_bids_out, export_nnunet_out, note
from tests.fuzz.folder_parts import PARTS, case, image, mask
from tests.fuzz.folders import _NAMES
from tests.fuzz.measure import Trial
from tests.fuzz.mutations import spoiled_bytes, spoiled_values
from tests.fuzz.nifti_bytes import nifti, packed, setting, values
from tests.fuzz.reading import open_case, open_cohort

_DATASET: dict[str, Any] = {
    "name": "Toys",
    "channel_names": {"0": "T1", "1": "T1ce", "2": "T2", "3": "FLAIR"},
    "labels": {"background": 0, "necrosis": 1, "edema": 2, "enhancing": [3, 4]},
    "numTraining": 1,
    "file_ending": ".nii.gz",
    "training": [{"image": "./imagesTr/P1.nii.gz", "label": "./labelsTr/P1.nii.gz"}],
}
_OUT = (export_nnunet_out, export_bids_out)


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 4,000 inputs, the same for the same seed."""
    good = [Trial("exports in order", read.__name__, _two_cases, read) for read in _OUT]
    return (*good, *itertools.chain(_datasets(seed), _notes(seed), _names(), _images(seed)))


def _datasets(seed: int) -> Iterator[Trial]:
    """What ``dataset.json`` says of channels and labels."""
    for name, raw in spoiled_bytes(json.dumps(_DATASET).encode(), seed, cuts=60, flips=300):
        yield Trial("dataset.json", name, partial(_raw_data_set, told=raw), open_cohort, 2**22)
    for name, make in spoiled_values(_DATASET):
        write = partial(_raw_data_set, told=partial(_json, make))
        yield Trial("dataset.json", name, write, open_cohort, 2**24)


def _notes(seed: int) -> Iterator[Trial]:
    """What the note beside a mask says of its scheme, its author and its history."""
    content = note()
    for name, raw in spoiled_bytes(json.dumps(content).encode(), seed, cuts=60, flips=250):
        yield Trial("notes of masks", name, partial(_noted, told=raw), open_case, 2**22)
    for number, (name, make) in enumerate(spoiled_values(content)):
        read = (open_case, *_OUT)[number % 3]
        yield Trial("notes of masks", name, partial(_noted, told=partial(_json, make), whole=read in _OUT), read, 2**24)


def _json(make: Callable[[], Any]) -> bytes:
    return json.dumps(make()).encode()


def _names() -> Iterator[Trial]:
    """Names that the layout of another program, a shell or a spreadsheet would take for something else."""
    for name, read in itertools.product(_NAMES, _OUT):
        yield Trial("names that go out", f"{name[:60]!a}, {read.__name__}", partial(_named, name=name), read)
        write = partial(_named, name=name, other=f"{name[:200]} ")
        yield Trial("names that go out", f"{name[:60]!a} twice, {read.__name__}", write, read)


def _images(seed: int) -> Iterator[Trial]:
    """One image or mask of a cohort that is damaged, on another grid, or of strange values."""
    lies = {
        "shifted": nifti(values(), setting("srow_x", 400, 3)),
        "coarse": nifti(values(shape=(6, 5, 4)), setting("pixdim", 2, 1)),
        "4-D": nifti(values(shape=(12, 10, 8, 2))),
        "zeros": nifti(values() * 0),
        "floats": nifti(values("float64") / 3),
        "scaled": nifti(values(), setting("scl_slope", 0.5)),
    }
    for (name, content), part, read in itertools.product(lies.items(), (*PARTS, "seg"), _OUT):
        write = partial(_spoilt, part=part, content=content)
        yield Trial("images that go out", f"{part} {name}, {read.__name__}", write, read)
    for number, (name, raw) in enumerate(spoiled_bytes(packed(nifti()), seed, cuts=60, flips=250)):
        write = partial(_spoilt, part=(*PARTS, "seg")[number % 5], content=raw)
        yield Trial("images that go out", name, write, _OUT[number % 2])


# writing


def _two_cases(folder: Path) -> Path:
    place = folder / "cohort"
    place.mkdir()
    for name in ("A", "B"):
        case(place, name, inside=name)
    return place


def _named(folder: Path, name: str, other: str = "B") -> Path:
    place = folder / "cohort"
    place.mkdir()
    for inside in (name, other):
        if not (place / inside[:250]).exists():
            case(place, inside=inside[:250])
    return place


def _spoilt(folder: Path, part: str, content: bytes) -> Path:
    place = _two_cases(folder)
    name = "A_seg.nii.gz" if part == "seg" else f"A_{part}.nii"
    (place / "A" / name).write_bytes(content)
    return place


def _noted(folder: Path, told: bytes | Callable[[], bytes], whole: bool = False) -> Path:
    place = _two_cases(folder)
    path = place / "A" / "A_seg.provenance.json"
    path.write_bytes(told if isinstance(told, bytes) else told())
    return place if whole else place / "A"


def _raw_data_set(folder: Path, told: bytes | Callable[[], bytes]) -> Path:
    place = folder / "Dataset501_Toys"
    for inside in ("imagesTr", "labelsTr"):
        (place / inside).mkdir(parents=True)
    for channel in range(4):
        (place / "imagesTr" / f"P1_{channel:04d}.nii.gz").write_bytes(packed(image(channel)))
    (place / "labelsTr" / "P1.nii.gz").write_bytes(mask())
    (place / "dataset.json").write_bytes(told if isinstance(told, bytes) else told())
    return place
