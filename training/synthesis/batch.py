"""Writing many cases: by several processes, resumable, the same files whatever the number of processes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.fitness import unfit_for
from brainseg_gui.execution.run import TaskEnd, run_tasks
from brainseg_gui.imaging.formats.mask_note import truth_words
from brainseg_gui.plain_files import json_of
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.leftovers import new_name, tidy
from brainseg_gui.storage.reading import read_derived
from brainseg_gui.storage.writing import write_text

from .anatomy import read_anatomy_cached
from .case import SyntheticCase, synthesise
from .contrast import MODALITIES
from .presets import PRESETS

_SETTINGS = "synthesis.json"
_ANATOMIES_IN_MEMORY = 4


@dataclass(frozen=True)
class Batch:
    """A set of cases to write.

    Parameters
    ----------
    anatomies
        Label maps; the cases take turns.
    out
        Folder that gets one folder per case.
    cases
        How many.
    seed
        Seed of the set: case `n` is drawn from the pair (seed, n).
    priors
        Name of a preset.
    spacing_mm
        1 or 2.
    name
        Start of the cases' ids; the whole id where there is one case.
    """

    anatomies: tuple[Path, ...]
    out: Path
    cases: int
    seed: int
    priors: str = "demonstration"
    spacing_mm: float = 1.0
    name: str = ""

    def case_id(self, number: int) -> str:
        """Id of a case, counted from 0; sets of different seeds share none."""
        if self.name and self.cases == 1:
            return self.name
        return f"{self.name or f'SYN-{self.seed}'}-{number:05d}"

    def settings(self) -> dict[str, object]:
        """What must agree for a set to go on; more cases may be asked for later."""
        return {
            "seed": self.seed,
            "priors": self.priors,
            "spacing_mm": self.spacing_mm,
            "anatomies": [path.name for path in self.anatomies],
            "parameters": hashlib.sha256(repr(PRESETS[self.priors]).encode()).hexdigest()[:16],
        }


@dataclass(frozen=True)
class Written:
    """One case on disk: its id, and a sentence about what it holds."""

    case_id: str
    summary: str


def write_batch(batch: Batch, workers: Workers | None = None, retries: int = 0) -> Iterator[Written]:
    """Write the cases that are not there yet, and tell of each when it is done, in no particular order.

    Parameters
    ----------
    workers
        Who writes them; this process if None.
    retries
        How often a case is tried again whose worker died.

    Raises
    ------
    SaveError
        If the folder holds a set of other settings, or cannot be written to.
    ImageError
        If an anatomy is of no use.
    """
    missing = [number for number in range(batch.cases) if not _is_complete(batch, number)]
    if workers is None:
        for number in missing:
            yield _write_one(batch, number)
        return
    records = (_record(batch, number) for number in missing)
    with closing(run_tasks(workers.executor, write_task, records, at_once=workers.at_once, retries=retries)) as ends:
        for end in ends:
            if end is not None:
                yield _written(end, batch.case_id(missing[end.number]))


def write_task(record: dict[str, Any]) -> dict[str, Any]:
    """Write the case of a record: its id and summary, or ``failed``, or ``unfit``."""
    if sentence := unfit_for(record["program"], __version__):
        return {"unfit": sentence}
    batch = Batch(**{**record["batch"], "anatomies": tuple(map(Path, record["anatomies"])), "out": Path(record["out"])})
    try:
        written = _write_one(batch, record["number"])
    except BrainsegError as error:
        return {"failed": str(error), "again": isinstance(error, SaveError)}
    return {"case_id": written.case_id, "summary": written.summary}


def _record(batch: Batch, number: int) -> dict[str, Any]:
    return {
        "program": __version__,
        "batch": {name: getattr(batch, name) for name in ("cases", "seed", "priors", "spacing_mm", "name")},
        "anatomies": [str(path.absolute()) for path in batch.anatomies],
        "out": str(batch.out.absolute()),
        "number": number,
    }


def _written(end: TaskEnd, case_id: str) -> Written:
    if end.reply is None:
        raise BrainsegError(f"{case_id} was not written: {end.fault}", "Give the same command again: it goes on")
    if "failed" in end.reply:
        raise BrainsegError(str(end.reply["failed"]).removesuffix("."))
    return Written(end.reply["case_id"], end.reply["summary"])


def check_settings(batch: Batch) -> None:
    """Note a new set's settings, or compare them with those of the set that is there.

    Raises
    ------
    SaveError
        If they differ, or the folder cannot be written to.
    """
    file = batch.out / _SETTINGS
    try:
        before = json_of(read_derived(file)) if file.exists() else None
        if before is None:
            batch.out.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(batch.settings(), indent=1) + "\n", chosen=False)
    except (OSError, ValueError) as error:
        raise SaveError(f"the folder cannot be used: {error}", "Give --out another folder", batch.out) from error
    tidy([batch.out])
    if before is not None and before != batch.settings():
        known = before if isinstance(before, dict) else {}
        differing = [key for key, value in batch.settings().items() if known.get(key) != value]
        sentence = f"this folder holds a set that was made with other settings ({', '.join(differing)})"
        raise SaveError(sentence, "Give --out another folder, or remove it", batch.out)


def _is_complete(batch: Batch, number: int) -> bool:
    case_id = batch.case_id(number)
    return all((batch.out / case_id / f"{case_id}_{part}.nii.gz").is_file() for part in (*MODALITIES, "seg"))


def _write_one(batch: Batch, number: int) -> Written:
    anatomy = _read(batch.anatomies[number % len(batch.anatomies)])
    case = synthesise(anatomy, (batch.seed, number), PRESETS[batch.priors], spacing_mm=batch.spacing_mm)
    case_id = batch.case_id(number)
    try:
        _write_whole(case, batch.out / case_id, case_id)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "Give --out a folder with room"
        raise SaveError(f"the case could not be written: {reason}", remedy, batch.out / case_id) from error
    return Written(case_id, _summary(case, case_id))


def _write_whole(case: SyntheticCase, folder: Path, case_id: str) -> None:
    """Write under another name and rename, so that half a case is never taken for a whole one."""
    temporary = folder.with_name(new_name())
    try:
        write_case(case, temporary, case_id)
        if os.path.lexists(folder):
            with open_folder(folder, folder.parent):  # no link
                for file in sorted(temporary.iterdir()):
                    file.replace(folder / file.name)
        else:
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


_read = lru_cache(maxsize=_ANATOMIES_IN_MEMORY)(read_anatomy_cached)


def _summary(case: SyntheticCase, case_id: str) -> str:
    volumes = ", ".join(
        f"{region} {case.volume_ml(*numbers):.1f} ml"
        for region, numbers in (("WT", (1, 2, 4)), ("TC", (1, 4)), ("ET", (4,)))
    )
    return f"{case_id}: anatomy {case.anatomy}: {volumes}"


def write_case(case: SyntheticCase, folder: Path, case_id: str) -> None:
    """Write `<case_id>_t1.nii.gz` and so on, and `<case_id>_seg.nii.gz`, into a folder that may be new."""
    folder.mkdir(parents=True, exist_ok=True)
    for modality, image in case.images.items():
        _write(image, case.affine, folder / f"{case_id}_{modality}.nii.gz")
    _write(case.mask, case.affine, folder / f"{case_id}_seg.nii.gz", truth_words("brats2020"))


def _write(volume: npt.NDArray[np.generic], affine: npt.NDArray[np.float64], path: Path, words: str = "") -> None:
    image = nib.Nifti1Image(volume, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = words
    nib.save(image, path)
