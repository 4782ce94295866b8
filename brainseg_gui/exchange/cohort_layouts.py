"""The layouts in which a list of cases goes out by itself: command line and window read this one table."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brainseg_gui.exchange.bids import export_bids
from brainseg_gui.exchange.case_export import ChosenMasks, ExportOutcome
from brainseg_gui.exchange.faceless import RemoveFaces
from brainseg_gui.exchange.mask_files import MASK_KINDS, export_masks
from brainseg_gui.exchange.nnunet import export_nnunet
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.progress import Progress

Exported = Generator[Progress, None, list[ExportOutcome]]


@dataclass(frozen=True)
class CohortLayout:
    """A layout of a list of cases.

    Parameters
    ----------
    title, words
        For people: its name, and a sentence on what comes of it.
    folder
        A name for the new folder, of the kind that the layout wants.
    export
        Writes the cases into a new folder; parameters, yields and errors as `export_nnunet`.
    has_images
        Whether images go out too, from which a face can be removed; else masks alone.
    """

    title: str
    words: str
    folder: str
    export: Callable[[Sequence[CaseSource], Path, ChosenMasks, RemoveFaces | None], Exported]
    has_images: bool = False


def _bids(sources: Sequence[CaseSource], output: Path, masks: ChosenMasks, _faces: RemoveFaces | None) -> Exported:
    return export_bids(sources, output, masks)


def _masks(
    kind: str, sources: Sequence[CaseSource], output: Path, masks: ChosenMasks, _faces: RemoveFaces | None
) -> Exported:
    return export_masks(sources, output, kind, masks)


def _mask_words(ending: str, *, names_labels: bool) -> str:
    told = "with the names and colours of its labels" if names_labels else "with a label description for ITK-SNAP"
    return f"The mask of each case as one file, …{ending}, {told}."


COHORT_LAYOUTS: Mapping[str, CohortLayout] = {
    "nnunet": CohortLayout(
        "nnU-Net raw data set",
        "A raw data set of nnU-Net (version 2): all images on the grid of their case, labels numbered in order, and "
        "dataset.json. Cases without a mask become test cases.",
        "Dataset501_Cohort",
        export_nnunet,
        has_images=True,
    ),
    "bids": CohortLayout(
        "BIDS derivatives",
        "The masks as a derived data set of BIDS, each with a table of its labels.",
        "derivatives",
        _bids,
    ),
    **{
        key: CohortLayout(
            f"Masks: {kind.title}",
            _mask_words(kind.ending, names_labels=kind.names_labels),
            "masks",
            partial(_masks, key),
        )
        for key, kind in MASK_KINDS.items()
        if kind.write is None
    },
}
"""Objects of DICOM are not among them: they need the series that the cases were made of."""
