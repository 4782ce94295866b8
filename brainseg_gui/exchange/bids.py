"""Masks as derivatives of BIDS: ``sub-1/anat/sub-1_desc-tumor_dseg.nii.gz``, with a table of what its numbers mean.

Brain Imaging Data Structure 1.9, "Segmentations" and "Derived dataset and pipeline description".
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import CaseError
from brainseg_gui.exchange.case_export import (
    REFERENCES,
    ChosenMasks,
    ExportOutcome,
    ReadCase,
    check_ids,
    export_each,
    ids_of,
    new_folder,
)
from brainseg_gui.exchange.unregistered import note_of_mask
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress
from brainseg_gui.storage.cells import to_cell
from brainseg_gui.storage.chosen_file import write_text

_ENTITIES = re.compile(r"(?:sub-)?(?P<sub>[A-Za-z0-9]+)_ses-(?P<ses>[A-Za-z0-9]+)")


def export_bids(
    sources: Sequence[CaseSource], output: Path, masks: ChosenMasks = REFERENCES
) -> Generator[Progress, None, list[ExportOutcome]]:
    """Write the masks of cases as a derived data set; parameters, yields and errors as `export_nnunet`.

    Numbers stay as they are; the table beside each mask says what they mean. A case without a mask has no file. Where
    images of a case could not be registered, so that the mask does not lie on them, ``…_dseg.json`` names them.
    """
    names = _entities(sources)
    with new_folder(output) as making:

        def write(read: ReadCase) -> Sequence[str]:
            if read.mask is None:
                return ()
            path = _place(making, names[read.case.source.identity])
            write_labels(path, read.mask, read.case.header, overwrite=False, chosen=False)
            write_text(path.with_name(path.name.replace(MASK_ENDING, ".tsv")), _table(read.mask), chosen=False)
            if lost := read.case.not_registered:
                write_text(path.with_name(path.name.replace(MASK_ENDING, ".json")), _sidecar(lost), chosen=False)
            return note_of_mask(lost)

        outcomes = yield from export_each(sources, masks, write)
        if not any(outcome.has_mask for outcome in outcomes):
            what = f"none of the cases has its {masks.choice.value} to export"
            raise CaseError(what, "See what is said of each", output)
        write_text(making / "dataset_description.json", json.dumps(_description(), indent=2) + "\n", chosen=False)
    return outcomes


def _entities(sources: Sequence[CaseSource]) -> dict[Path, str]:
    """``sub-1`` or ``sub-1_ses-2`` for each case; a visit is a session where its name says so."""
    plain = ids_of(sources, "A-Za-z0-9", "")
    found = {}
    for source in sources:
        match = _ENTITIES.fullmatch(source.case_id)
        name = plain[source.identity]
        if source.case_id.startswith("sub-"):  # "subject-1" is none that is called so already
            name = name.removeprefix("sub")
        found[source.identity] = f"sub-{match['sub']}_ses-{match['ses']}" if match else f"sub-{name}"
    check_ids(found)
    return found


def _place(output: Path, entities: str) -> Path:
    folder = output.joinpath(*entities.split("_"), "anat")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{entities}_desc-tumor_dseg{MASK_ENDING}"


def _table(mask: LabelMap) -> str:
    rows = ["index\tname\tabbreviation\tcolor"]
    for value in sorted({*mask.scheme.labels, *mask.present()}):
        look = mask.scheme.look_of(value)
        words = [" ".join(to_cell(text).split()) for text in (look.title, mask.scheme.name_of(value))]
        rows.append("\t".join([str(value), *words, look.colour]))
    return "\n".join(rows) + "\n"


def _sidecar(lost: Sequence[Modality]) -> str:
    """Of a mask that does not lie on all images of its case; keys of one's own may stand there (BIDS, "Metadata")."""
    (sentence,) = note_of_mask(lost)
    said = {"Description": f"{sentence[:1].upper()}{sentence[1:]}.", "NotRegistered": [one.title for one in lost]}
    return json.dumps(said, indent=2) + "\n"


def _description() -> dict[str, Any]:
    return {
        "Name": "Tumour masks",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "brainseg", "Version": __version__}],
    }
