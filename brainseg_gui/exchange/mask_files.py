"""Masks of cases, each as one file of a format: for 3D Slicer, ITK-SNAP, FreeSurfer, or as objects of DICOM."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.exchange.case_export import (
    REFERENCES,
    ChosenMasks,
    ExportOutcome,
    ReadCase,
    export_each,
    ids_of,
    new_folder,
)
from brainseg_gui.exchange.dicom.mask_maker import maker_of
from brainseg_gui.exchange.dicom.segmentation import write_segmentation
from brainseg_gui.exchange.dicom.series_finder import find_series
from brainseg_gui.exchange.dicom.structure_set import write_structure_set
from brainseg_gui.exchange.unregistered import note_of_mask
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.label_files import write_labels_file
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.progress import Progress, scaled

_LOOKING = 0.2  # share of the time that looking through the series takes
_LONGEST_NAME = 40
_NO_SERIES = "A DICOM mask belongs to a DICOM series"


@dataclass(frozen=True)
class MaskKind:
    """A kind of file that masks go out as.

    Parameters
    ----------
    title
        For people.
    ending
        Of its files.
    write
        What writes one for a DICOM series; None for those that lie where their images do.
    names_labels
        Whether the file itself says what its numbers mean.
    """

    title: str
    ending: str
    write: Callable[..., None] | None = None
    names_labels: bool = False


MASK_KINDS: Mapping[str, MaskKind] = {
    "dicom-seg": MaskKind("DICOM segmentation", "_seg.dcm", write_segmentation, names_labels=True),
    "rtstruct": MaskKind("DICOM structure set, for radiotherapy", "_rtstruct.dcm", write_structure_set, True),
    "seg.nrrd": MaskKind("3D Slicer segmentation", ".seg.nrrd", names_labels=True),
    "nrrd": MaskKind("NRRD", "_seg.nrrd"),
    "mha": MaskKind("MetaImage", "_seg.mha"),
    "mgz": MaskKind("FreeSurfer", "_seg.mgz"),
    "nii.gz": MaskKind("NIfTI", "_seg.nii.gz"),
}


def export_masks(
    sources: Sequence[CaseSource],
    output: Path,
    kind: str,
    masks: ChosenMasks = REFERENCES,
    *,
    series: Path | None = None,
    deidentify: bool = False,
) -> Generator[Progress, None, list[ExportOutcome]]:
    """Write the masks of cases into a new folder; parameters, yields and errors as `export_nnunet`.

    Parameters
    ----------
    kind
        A key of `MASK_KINDS`.
    series
        The folder of DICOM files that the cases were made of.
    deidentify
        Whether DICOM objects go out by the basic profile of PS3.15; other formats hold nothing of a person.
    """
    known = MASK_KINDS[kind]
    if known.write is not None and series is None:
        raise SaveError(_NO_SERIES, "Give the folder of the DICOM files that the cases were made of", output)
    with new_folder(output) as making:
        outcomes = yield from _written(sources, making, known, masks, series, deidentify=deidentify)
        if not any(outcome.has_mask for outcome in outcomes):
            what = f"none of the cases has its {masks.choice.value} to export"
            raise CaseError(what, "See what is said of each", output)
    return outcomes


def _written(
    sources: Sequence[CaseSource],
    output: Path,
    kind: MaskKind,
    masks: ChosenMasks,
    series: Path | None,
    *,
    deidentify: bool,
) -> Generator[Progress, None, list[ExportOutcome]]:
    names, schemes = ids_of(sources, r"\w.\-", "_"), dict[str, LabelScheme]()
    finder = None
    if kind.write is not None and series is not None:
        finder = yield from scaled(find_series(series, [source.case_id for source in sources]), 0.0, _LOOKING)

    def write(read: ReadCase) -> Sequence[str]:
        if read.mask is None:
            return ()
        path = output / f"{names[read.case.source.identity]}{kind.ending}"
        if kind.write is not None and finder is not None:
            found = finder.series_on(read.mask.grid, read.case.case_id)
            maker = maker_of(read.mask_file) if read.mask_file is not None else None
            kind.write(path, read.mask, found, maker, deidentify=deidentify, chosen=False)
            doubt = finder.doubt_about(read.case.case_id)
            return [*found.notes, *([doubt] if doubt else [])]
        write_labels(path, read.mask, read.case.header, overwrite=False, chosen=False)
        told = note_of_mask(read.case.not_registered)
        return told if kind.names_labels else [*told, *_described(output, read.mask.scheme, schemes)]

    begin = _LOOKING if finder is not None else 0.0
    return (yield from scaled(export_each(sources, masks, write), begin, 1.0))


def _described(output: Path, scheme: LabelScheme, schemes: dict[str, LabelScheme]) -> Sequence[str]:
    """What the numbers mean, once for each scheme, as ITK-SNAP reads it; a note on what is not in the file of its name.

    Parameters
    ----------
    schemes
        Those that are described, by the names of their files in small letters; schemes of files may share one.
    """
    usual = re.sub(r"[^\w-]+", "-", scheme.name).strip("-")[:_LONGEST_NAME] or "own"
    first = f"labels_{usual}.txt"
    names = chain((first,), (f"labels_{usual}-{number}.txt" for number in count(2)))
    name = next(name for name in names if _says_the_same(schemes.get(name.casefold(), scheme), scheme))
    if name.casefold() not in schemes:
        schemes[name.casefold()] = scheme
        write_labels_file(output / name, scheme)
    return () if name == first else (f"{name} says what its numbers mean, as several schemes are called {usual}",)


def _says_the_same(one: LabelScheme, other: LabelScheme) -> bool:
    return (dict(one.labels), one.other, dict(one.looks)) == (dict(other.labels), other.other, dict(other.looks))
