"""The masks that visits are measured by: what a person saved last, else what lies beside the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from brainseg_gui.annotation.saving.saved_masks import saved_annotations
from brainseg_gui.followup.visits import TimeLine, Visit
from brainseg_gui.imaging.case import CaseSource

Homes = Callable[[CaseSource], Sequence[Path]]
"""The folders that masks of a case may lie in."""


def masks_beside(line: TimeLine, others: Mapping[Path, Path] | None = None) -> dict[int, Path]:
    """Index of a visit -> the mask beside its images, else the one that `others` has for its first image."""
    found = {}
    for index, visit in enumerate(line.visits):
        images = (path.absolute() for path in visit.source.modalities.values())
        path = visit.source.reference or next((others[image] for image in images if others and image in others), None)
        if path is not None:
            found[index] = path
    return found


def newest_masks(visits: Sequence[Visit], homes: Homes) -> dict[int, Path]:
    """Index of a visit -> its mask; visits without one are left out.

    An annotation outside of its case's folder is known by its name alone: its images are not read for it.
    """
    found = {}
    for index, visit in enumerate(visits):
        saved = saved_annotations(visit.source, homes(visit.source), (), lambda: "")
        path = saved[-1].path if saved else visit.source.reference
        if path is not None:
            found[index] = path
    return found
