"""Handing a case to 3D Slicer or ITK-SNAP: where the program is, which files it gets, how it is called.

Both save a segmentation into the file that it was loaded from; whoever handed it over watches that file.

ITK-SNAP: its usage (``itksnap --help``, in `GUI/Qt/main.cxx`) has ``-g MAIN -o OTHERS -s SEGMENTATION -l LABELS``;
``-o`` takes several files, up to the next word that begins with a hyphen.

3D Slicer: ``--python-code CODE`` "is equivalent to running code in the Python Console" (*Python FAQ*), and
`slicer.util.loadVolume` and `loadSegmentation` load a file by its path (*Script repository*, Volumes, Segmentations).
Names of files alone would not do: whether one is loaded as a segmentation follows from its ending there. What it saves
of a ``.seg.nrrd`` may cover only the segments (`vtkMRMLSegmentationStorageNode`), and is read as a part of the grid.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.exchange.case_export import write_image
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING, suffix_of
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.label_files import write_labels_file
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.storage.writing import make_private_folder

_READ_BY_BOTH = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_FIRST = Modality.T1CE  # the image that the masks are drawn over

Command = Callable[[Path, Sequence[Path], Path, Path], list[str]]


@dataclass(frozen=True)
class Neighbour:
    """Another program that edits masks.

    Parameters
    ----------
    key, title
        In settings, and for people.
    names
        Of the program on the search path.
    places
        Where it usually lies, by platform (`sys.platform`), below the root or the person's folder; with wildcards.
    ending
        Of the mask that it gets, and saves into.
    command
        The words that start it: program, images, mask, labels.
    """

    key: str
    title: str
    names: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    ending: str
    command: Command


def _snap(program: Path, images: Sequence[Path], mask: Path, labels: Path) -> list[str]:
    first, *others = map(str, images)
    return [str(program), "-g", first, *(["-o", *others] if others else []), "-s", str(mask), "-l", str(labels)]


def _slicer(program: Path, images: Sequence[Path], mask: Path, labels: Path) -> list[str]:
    load = [f"slicer.util.loadVolume({str(path)!r})" for path in (*images[1:], images[0])]  # the last one is shown
    code = "; ".join([*load, f"slicer.util.loadSegmentation({str(mask)!r})"])
    return [str(program), "--python-code", code]


NEIGHBOURS: Mapping[str, Neighbour] = {
    "itk-snap": Neighbour(
        "itk-snap",
        "ITK-SNAP",
        ("itksnap", "ITK-SNAP", "itk-snap"),
        {
            "darwin": ("/Applications/ITK-SNAP.app/Contents/MacOS/ITK-SNAP",),
            "win32": ("C:/Program Files/ITK-SNAP*/bin/ITK-SNAP.exe",),
            "linux": ("/opt/itksnap*/bin/itksnap", "~/itksnap*/bin/itksnap", "/usr/lib/snap*/bin/itksnap"),
        },
        MASK_ENDING,
        _snap,
    ),
    "slicer": Neighbour(
        "slicer",
        "3D Slicer",
        ("Slicer", "slicer"),
        {
            "darwin": ("/Applications/Slicer*.app/Contents/MacOS/Slicer",),
            "win32": (
                "~/AppData/Local/slicer.org/Slicer*/Slicer.exe",
                "~/AppData/Local/NA-MIC/Slicer*/Slicer.exe",
                "C:/Program Files/Slicer*/Slicer.exe",
            ),
            "linux": ("/opt/Slicer*/Slicer", "~/Slicer*/Slicer", "~/Downloads/Slicer*/Slicer"),
        },
        ".seg.nrrd",
        _slicer,
    ),
}


class NotInstalledError(BrainsegError):
    """A program that is not found on this computer."""


@dataclass(frozen=True)
class HandedOver:
    """Files of a case as another program gets them.

    Parameters
    ----------
    mask
        The file that it saves into.
    command
        The words that start it.
    """

    mask: Path
    command: tuple[str, ...]


def find_program(neighbour: Neighbour, chosen: str = "") -> Path:
    """Where a program is: as the person said, on the search path, or where it usually lies, the newest by its name.

    Raises
    ------
    NotInstalledError
        If it is nowhere.
    """
    if chosen and os.access(chosen, os.X_OK) and Path(chosen).is_file():
        return Path(chosen)
    on_path = [Path(found) for name in neighbour.names if (found := shutil.which(name)) is not None]
    usual = (path for pattern in neighbour.places.get(sys.platform, ()) for path in _matching(pattern))
    program = next(iter((*on_path, *usual)), None)
    if program is None:
        what = f"{neighbour.title} is not found on this computer"
        raise NotInstalledError(what, "Install it, or choose the program", Path(chosen) if chosen else None)
    return program


def _matching(pattern: str) -> Iterator[Path]:
    whole = Path(pattern).expanduser()
    parts = whole.relative_to(whole.anchor).as_posix()
    try:
        yield from sorted((path for path in Path(whole.anchor).glob(parts) if os.access(path, os.X_OK)), reverse=True)
    except OSError:
        return


def hand_over(case: Case, labels: LabelMap, neighbour: Neighbour, program: Path, place: Path) -> HandedOver:
    """Write what a program needs of a case into a place of its own; images that it reads stay where they are.

    Parameters
    ----------
    place
        A folder of this case and program alone.

    Raises
    ------
    SaveError
        If something cannot be written.
    """
    try:
        make_private_folder(place)
        mask, described = place / f"mask{neighbour.ending}", place / "labels.txt"
        _keep_earlier(mask, neighbour.ending)
        write_labels(mask, labels, case.header, chosen=False, root=place)
        write_labels_file(described, labels.scheme)
        images = [_image(case, modality, place) for modality in _ordered(case)]
    except OSError as error:
        raise SaveError(f"it cannot be written ({error.strerror or error})", "Check the disk", place) from error
    return HandedOver(mask, tuple(neighbour.command(program, images, mask, described)))


def _keep_earlier(mask: Path, ending: str) -> None:
    """What was saved while nobody watched stays, under the time at which it was."""
    if mask.is_file():
        saved = datetime.fromtimestamp(mask.stat().st_mtime)
        mask.replace(mask.with_name(f"earlier, {saved:%Y-%m-%d %H.%M.%S}{ending}"))


def _ordered(case: Case) -> list[Modality]:
    """Without those that could not be registered, which another program would lay over the others, if any is left."""
    ordered = sorted(case.volumes, key=lambda modality: modality is not _FIRST)
    return [modality for modality in ordered if modality not in case.not_registered] or ordered


def _image(case: Case, modality: Modality, place: Path) -> Path:
    """The very file, where both programs read it; else a copy on the grid of the case."""
    volume = case.volumes[modality]
    if suffix_of(volume.path).lower() in _READ_BY_BOTH and not case.source.volumes:
        return volume.path.absolute()
    copy = place / f"{modality.value}{MASK_ENDING}"
    copy.unlink(missing_ok=True)
    write_image(volume, case, copy, place)
    return copy
