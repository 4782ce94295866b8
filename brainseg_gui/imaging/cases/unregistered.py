"""Images of a prepared case whose series could not be registered, told by the record that lies beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, object_in, text_in

PREPARATION = "preparation.json"
"""The record in the folder of a prepared case."""


def not_registered(source: CaseSource) -> tuple[Modality, ...]:
    """The images that lie where their files place them because the search failed and nobody put them elsewhere."""
    said = {folder: set(_failed_in(folder)) for folder in {path.parent for path in source.modalities.values()}}
    return tuple(modality for modality, path in source.modalities.items() if modality in said[path.parent])


def records_of_failure(source: CaseSource) -> set[Path]:
    """The records that say so of an image of a case."""
    failed = not_registered(source)
    return {path.with_name(PREPARATION) for modality, path in source.modalities.items() if modality in failed}


def _failed_in(folder: Path) -> list[Modality]:
    """What a record says; one that makes no sense says nothing here, and `read_preparation` what is wrong with it."""
    try:
        content = object_in(read_json(folder / PREPARATION))
        return list(_failed(listed_in(content["series"], len(Modality))))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def _failed(series: list[Any]) -> Iterator[Modality]:
    for one in series:
        motion = object_in(one["registration"])
        if text_in(motion["problem"]) and motion.get("found_before") is None:
            yield Modality(one["modality"])
