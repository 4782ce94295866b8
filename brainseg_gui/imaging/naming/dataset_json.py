"""What a ``dataset.json`` of nnU-Net or of the Decathlon says: the order of channels, and what the labels mean.

It comes from elsewhere: of a wrong one nothing is believed, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labelling.terminology import meanings_of_name
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.plain_files import read_json

_MOST = 64  # channels and labels
_MOST_BYTES = 2**24  # nnU-Net lists every case in it


@dataclass(frozen=True)
class DatasetJson:
    """What was understood of it.

    Parameters
    ----------
    order
        Modality of each channel; None for one that is none of the four. Empty where it does not say.
    labels
        Number -> what it may mean.
    """

    order: tuple[Modality | None, ...] = ()
    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def scheme(self) -> LabelScheme | None:
        """The first label scheme that gives all of its numbers one of their meanings, or None."""
        return next((scheme for scheme in label_schemes().values() if self._fits(scheme)), None)

    def _fits(self, scheme: LabelScheme) -> bool:
        told = {value: keys for value, keys in self.labels.items() if keys}
        return len(told) > 0 and all(scheme.meaning_of(value) in keys for value, keys in told.items())


def dataset_json_of(base: Path) -> DatasetJson:
    """What the ``dataset.json`` of a folder says; nothing where there is none or it cannot be understood."""
    path = base / "dataset.json"
    try:
        status = path.stat()
        return _read(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return DatasetJson()


@lru_cache(maxsize=64)
def _read(path: Path, _size: int, _time_ns: int) -> DatasetJson:
    try:
        content = read_json(path, _MOST_BYTES)
    except (OSError, ValueError):
        return DatasetJson()
    if not isinstance(content, dict):
        return DatasetJson()
    return DatasetJson(_order(content.get("channel_names", content.get("modality"))), _labels(content.get("labels")))


def _order(names: Any) -> tuple[Modality | None, ...]:
    if not isinstance(names, dict) or not 0 < len(names) <= _MOST:
        return ()
    numbered = {int(key): str(name) for key, name in names.items() if str(key).isdecimal()}
    if sorted(numbered) != list(range(len(names))):
        return ()
    kinds = [words_of(numbered[number].strip()).kind for number in range(len(names))]
    order = tuple(kind if isinstance(kind, Modality) else None for kind in kinds)
    known = [kind for kind in order if kind is not None]
    return order if known and len(set(known)) == len(known) else ()


def _labels(entries: Any) -> dict[int, tuple[str, ...]]:
    """Number -> meanings: ``{"1": "edema"}`` of version 1, ``{"edema": 1}`` of version 2, or its regions."""
    if not isinstance(entries, dict) or len(entries) > _MOST:
        return {}
    regions: dict[str, set[int]] = {}
    single: dict[int, tuple[str, ...]] = {}
    for key, value in entries.items():
        name, numbers = (
            (value, [key]) if isinstance(value, str) else (key, value if isinstance(value, list) else [value])
        )
        found = {int(number) for number in numbers if str(number).isdecimal() and 0 < int(number) < 256}
        keys = meanings_of_name(str(name))
        if len(found) > 1 or keys == ("TC",):
            regions[keys[0] if keys else ""] = found
        else:
            single |= dict.fromkeys(found, keys)
    return _of_regions(regions, single) if set(regions) - {""} else single


def _of_regions(regions: Mapping[str, set[int]], single: Mapping[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """What is in the core and does not enhance is necrosis, what is in the tumour and not in its core is oedema."""
    enhancing = {value for value, keys in single.items() if keys == ("ET",)} | regions.get("ET", set())
    core, whole = regions.get("TC", set()) | enhancing, regions.get("WT", set())
    rest = {value: keys for value, keys in single.items() if value not in whole}
    return (
        rest
        | dict.fromkeys(whole - core, ("ED",))
        | dict.fromkeys(core - enhancing, ("NCR", "NET", "CC"))
        | dict.fromkeys(enhancing, ("ET",))
    )
