"""A raw data set of nnU-Net (version 2): one file for each channel, labels numbered in order, ``dataset.json``.

Isensee et al., nnU-Net: documentation/dataset_format.md of its repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.exchange.burned_in import notes_of_burned_in
from brainseg_gui.exchange.case_export import (
    REFERENCES,
    ChosenMasks,
    ExportOutcome,
    ReadCase,
    export_each,
    ids_of,
    new_folder,
    write_image,
)
from brainseg_gui.exchange.faceless import RemoveFaces
from brainseg_gui.exchange.unregistered import REMEDY, lying_on_each_other, note_of_images, why_refused
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.unregistered import not_registered
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import UNKNOWN, LabelMap, LabelScheme, meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress
from brainseg_gui.storage.chosen_file import write_text

_NAME = re.compile(r"Dataset\d{3}_\w+")
_KEPT_NAMES = ("background", "ignore")


@dataclass
class _Labels:
    """Meanings of the schemes that were met, numbered in their order."""

    keys: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def renumbered(self, mask: LabelMap) -> LabelMap:
        """The mask with its meanings numbered in order."""
        table = np.zeros(256, dtype=np.uint8)
        self.keys += [key for _, key in sorted(mask.scheme.labels.items()) if key not in self.keys]
        for value in mask.present():
            key = mask.scheme.meaning_of(value)
            if key == UNKNOWN:
                remedy = "Correct the mask, or say what its numbers mean in the layer's menu and save it"
                raise CaseError(f"its mask holds {value}, which {mask.scheme.title} does not know", remedy)
            self.used.add(key)
            table[value] = self.keys.index(key) + 1
        return replace(mask, values=table[mask.values], scheme=self.scheme)

    def up_to_the_last_used(self) -> list[str]:
        """What has to be told: schemes may end in labels that no mask holds."""
        last = max((self.keys.index(key) for key in self.used), default=len(self.keys) - 1)
        return self.keys[: last + 1]

    @property
    def scheme(self) -> LabelScheme:
        """The scheme that numbers so; a known one where there is one."""
        numbered = dict(enumerate(self.keys, start=1))
        known = (scheme for scheme in label_schemes().values() if numbered.items() <= dict(scheme.labels).items())
        return next(known, LabelScheme("in-order", "Labels in order", numbered))


def export_nnunet(
    sources: Sequence[CaseSource],
    output: Path,
    masks: ChosenMasks = REFERENCES,
    remove_faces: RemoveFaces | None = None,
) -> Generator[Progress, None, list[ExportOutcome]]:
    """Write cases as a raw data set of nnU-Net; those without a mask become its test cases.

    Parameters
    ----------
    sources
        The cases; each needs all modalities of the one that has most. What could not be registered counts as missing:
        nnU-Net takes all channels for aligned.
    output
        A new folder, named ``Dataset501_Name``.
    masks
        Which of them.
    remove_faces
        Takes the face out of the images, where that is wished; see `faceless`.

    Yields
    ------
    Progress
        `partial` is the outcome of a case that is done. A case that cannot be used is left out, and said.

    Raises
    ------
    SaveError, CaseError
        If the folder cannot be used, or no case.
    """
    if not _NAME.fullmatch(output.name):
        raise SaveError("nnU-Net would not find it", "Name the folder like Dataset501_Gliomas", output)
    names, labels = ids_of(sources, r"A-Za-z0-9_\-", "_"), _Labels()
    channels = max((lying_on_each_other(source) for source in sources), key=len)

    with new_folder(output) as making:

        def write(read: ReadCase) -> Sequence[str]:
            _check_channels(read.case.source, channels)
            _write_case(read, making, names[read.case.source.identity], channels, labels)
            notes = note_of_images([m for m in read.case.not_registered if m not in channels])
            return [*notes, *notes_of_burned_in(read.case.source.folder)]

        outcomes = yield from export_each(sources, masks, write, remove_faces)
        if all(outcome.error for outcome in outcomes):
            raise CaseError("none of the cases can be exported", "See what is said of each", output)
        _write_description(making, channels, labels, sum(outcome.has_mask for outcome in outcomes))
    return outcomes


def _check_channels(source: CaseSource, channels: Sequence[Modality]) -> None:
    if lacking := [m.title for m in channels if m not in source.modalities]:
        remedy = "nnU-Net needs all channels of each case: add the files, or leave the case out"
        raise CaseError(f"it has no {', '.join(lacking)}", remedy, source.folder)
    if lost := [m for m in not_registered(source) if m in channels]:
        raise CaseError(why_refused(lost), REMEDY, source.folder)


def _write_case(read: ReadCase, output: Path, name: str, channels: Sequence[Modality], labels: _Labels) -> None:
    mask = labels.renumbered(read.mask) if read.mask is not None else None  # first: it may be refused
    images = output / ("imagesTr" if mask is not None else "imagesTs")
    for channel, modality in enumerate(channels):
        volume = read.case.volumes[modality]
        write_image(volume, read.case, images / f"{name}_{channel:04d}{MASK_ENDING}", output)
    if mask is not None:
        (output / "labelsTr").mkdir(exist_ok=True)
        path = output / "labelsTr" / f"{name}{MASK_ENDING}"
        write_labels(path, mask, read.case.header, overwrite=False, chosen=False)


def _write_description(output: Path, channels: Sequence[Modality], labels: _Labels, trained_on: int) -> None:
    description = {
        "channel_names": {str(n): modality.title for n, modality in enumerate(channels)},
        "labels": {"background": 0, **_numbers_by_name(labels.up_to_the_last_used())},
        "numTraining": trained_on,
        "file_ending": MASK_ENDING,
    }
    write_text(output / "dataset.json", json.dumps(description, indent=2) + "\n", chosen=False)


def _numbers_by_name(keys: Sequence[str]) -> dict[str, int]:
    """Labels are known by their names there: a title that another has, or nnU-Net keeps, gets its number to it."""
    named: dict[str, int] = {}
    for number, key in enumerate(keys, start=1):
        title = meanings()[key].title
        taken = title in named or title.lower() in _KEPT_NAMES
        named[f"{title} ({number})" if taken else title] = number
    return named
