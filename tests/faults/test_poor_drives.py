"""Drives that know no modes, flush no folders or have no hard links: a share, a FUSE mount, an exFAT stick."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.annotation.case_list import CaseEntry, CaseState, read_entries, write_entries
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.provenance import Origin, provenance, write_provenance
from brainseg_gui.annotation.saving.save_mask import SaveRequest, save_mask
from brainseg_gui.annotation.saving.study_memory import StudyMemory
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import read_note
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.progress import run_to_end

REFUSALS = (errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS, errno.EINVAL, errno.EACCES)


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path))))


@pytest.fixture(params=REFUSALS, ids=errno.errorcode.get)
def poor_drive(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse modes, hard links, and the flushing of folders, each in the words of some driver."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    fsync = os.fsync

    def flush(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            refuse()
        fsync(handle)

    for name in ("chmod", "fchmod", "link"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(os, "fsync", flush)


def saved_as(case: Case, **more: Any) -> Path:
    assert case.reference is not None
    history = History()
    request = SaveRequest(case, case.reference, "annotation", **more)
    note = lambda study: provenance(request.labels, history, Origin("", "empty"), study=study)  # noqa: E731
    saved = run_to_end(save_mask(request, note))
    assert saved.problem is None
    return saved.file.path


@pytest.mark.usefixtures("poor_drive")
def test_a_mask_and_its_note_are_saved_twice(case: Case) -> None:
    path = saved_as(case)
    assert path.name == "Toy_001_annotation.nii.gz"
    assert saved_as(case).name == "Toy_001_annotation_2.nii.gz"  # a name that is taken is not taken again
    assert saved_as(case, chosen=path) == path
    assert np.asarray(nib.load(path).dataobj).any()
    note = read_note(path)
    assert note is not None
    assert note.scheme == scheme_named("brats2020")
    left = {p.name for p in case.source.folder.iterdir() if p.name.startswith(".")}
    assert left == set()


@pytest.mark.usefixtures("poor_drive")
@pytest.mark.parametrize(
    "write",
    [
        lambda folder: write_provenance(folder / "m.nii", {"voxels_digest": ""}),
        lambda folder: write_entries(folder / "l.csv", {"A": CaseEntry("A", CaseState.DONE, "", datetime.now(UTC))}),
        lambda folder: StudyMemory(folder / "m").set_scheme("0" * 40, "a.nii", scheme_named("msd")),
        lambda folder: Preferences(journals=folder / "journals").set("a", 1),
    ],
    ids=["note", "list of cases", "memory", "settings"],
)
def test_small_files_are_written(tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path)
    if (tmp_path / "l.csv").exists():
        assert read_entries(tmp_path / "l.csv")["A"].state is CaseState.DONE
    if (tmp_path / "m").exists():
        assert StudyMemory(tmp_path / "m").schemes_of("0" * 40) == {"a.nii": scheme_named("msd")}


def test_a_drive_without_hard_links_still_takes_no_name_that_is_taken(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (case.source.folder / "Toy_001_annotation.nii.gz").write_bytes(b"a colleague's")
    assert saved_as(case).name == "Toy_001_annotation_2.nii.gz"
    assert (case.source.folder / "Toy_001_annotation.nii.gz").read_bytes() == b"a colleague's"
