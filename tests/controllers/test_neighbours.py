"""Opening a case in another program, which is a script here, and its masks coming back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.annotating.neighbours import NeighboursController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.exchange.neighbours import NEIGHBOURS, NotInstalledError, find_program
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.state.session import Session

# Tells how it was called, then saves what lies beside it into the file that it was given, as programs do: by renaming.
PROGRAM = """#!{python}
import json, os, pathlib, shutil, sys
home = pathlib.Path(__file__).parent
(home / "called.json").write_text(json.dumps(sys.argv[1:]))
answer = home / "answer.nii.gz"
if answer.exists():
    mask = pathlib.Path(sys.argv[sys.argv.index("-s") + 1])
    shutil.copyfile(answer, mask.with_name("half.tmp"))
    os.replace(mask.with_name("half.tmp"), mask)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the search path with both programs."""
    folder = tmp_path / "bin with blanks"
    folder.mkdir()
    for name in ("itksnap", "Slicer"):
        (folder / name).write_text(PROGRAM.format(python=sys.executable))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def neighbours(parts: Any, session: Session, case: Case) -> Iterator[NeighboursController]:
    masks = core_controllers.masks(parts)
    session.open(case)
    controller = NeighboursController(*parts, masks.add_mask)
    yield controller
    controller.close()
    masks.close()


def called(home: Path, qtbot: QtBot) -> list[str]:
    path = home / "called.json"
    qtbot.waitUntil(lambda: path.exists() and bool(path.read_text()), timeout=15_000)
    return list(json.loads(path.read_text()))


def test_itk_snap_gets_images_mask_and_labels_and_what_it_saves_is_a_layer(
    neighbours: NeighboursController, home: Path, session: Session, case: Case, qtbot: QtBot
) -> None:
    assert case.source.reference is not None
    given = nib.load(case.source.reference)
    values = np.asarray(given.dataobj).copy()
    values[2:5, 2:5, 2:5] = 4
    nib.save(nib.Nifti1Image(values, given.affine, given.header), home / "answer.nii.gz")
    before = len(list(session.layers))
    neighbours.open_in("itk-snap")
    words = called(home, qtbot)
    images = {str(path) for path in case.source.modalities.values()}
    mask, labels = words[words.index("-s") + 1], words[words.index("-l") + 1]
    assert words[0] == "-g"
    assert words[1].endswith("t1ce.nii.gz")
    assert words[2] == "-o"
    assert {words[1], *words[3:6]} == images
    assert Path(mask).parent not in {Path(image).parent for image in images}  # nothing is written beside the images
    assert '"ET"' in Path(labels).read_text()
    qtbot.waitUntil(lambda: len(list(session.layers)) > before, timeout=15_000)
    layer = list(session.layers)[-1]
    assert layer.name.startswith("from ITK-SNAP, ")
    expected, _ = read_labels(home / "answer.nii.gz")
    assert np.array_equal(layer.labels.values, expected)
    assert nib.load(case.source.reference).get_fdata().sum() == given.get_fdata().sum()


def test_slicer_gets_code_that_loads_each_file(
    neighbours: NeighboursController, home: Path, case: Case, qtbot: QtBot
) -> None:
    neighbours.open_in("slicer")
    option, code = called(home, qtbot)
    assert option == "--python-code"
    loaded: list[tuple[str, str]] = []

    class Loader:
        def loadVolume(self, path: str) -> None:
            loaded.append(("volume", path))

        def loadSegmentation(self, path: str) -> None:
            loaded.append(("segmentation", path))

    exec(code, {"slicer": type("Slicer", (), {"util": Loader()})})
    assert {path for kind, path in loaded if kind == "volume"} == set(map(str, case.source.modalities.values()))
    assert loaded[-2][1].endswith("t1ce.nii.gz")  # the last one is shown
    assert loaded[-1][0] == "segmentation"
    assert case.reference is not None
    assert np.array_equal(read_labels(Path(loaded[-1][1]))[0], case.reference.values)


def test_a_file_that_is_no_mask_changes_nothing_and_is_said(
    neighbours: NeighboursController, home: Path, session: Session, qtbot: QtBot
) -> None:
    (home / "answer.nii.gz").write_bytes(b"half a file")
    before = len(list(session.layers))
    neighbours.open_in("itk-snap")
    said = "What ITK-SNAP saved cannot be read"
    qtbot.waitUntil(lambda: session.notice is not None and said in session.notice.what, timeout=15_000)
    assert len(list(session.layers)) == before


def test_what_was_saved_unwatched_is_kept_when_the_case_goes_out_again(
    neighbours: NeighboursController, home: Path, session: Session, qtbot: QtBot
) -> None:
    neighbours.open_in("itk-snap")
    mask = Path(called(home, qtbot)[-3])
    neighbours._watcher.removePaths([str(mask), str(mask.parent)])
    mask.write_bytes(b"hours of work")
    (home / "called.json").unlink()
    neighbours.open_in("itk-snap")
    called(home, qtbot)
    (kept,) = mask.parent.glob("earlier, *.nii.gz")
    assert kept.read_bytes() == b"hours of work"


def test_a_program_that_is_not_there_is_asked_for(
    neighbours: NeighboursController, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    neighbours.open_in("itk-snap")
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice is not None
    assert session.notice.what == "ITK-SNAP is not found on this computer"
    assert session.notice.actions == (("Where is ITK-SNAP?", "cases.where_is_itk-snap"),)


def test_the_program_that_was_chosen_comes_first(home: Path, tmp_path: Path) -> None:
    snap = NEIGHBOURS["itk-snap"]
    assert find_program(snap) == home / "itksnap"
    assert find_program(snap, str(home / "Slicer")) == home / "Slicer"
    (tmp_path / "text").write_text("")
    assert find_program(snap, str(tmp_path / "text")) == home / "itksnap"  # no program


def test_the_newest_of_the_usual_places_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(NotInstalledError):
        find_program(NEIGHBOURS["slicer"])
    for version in ("5.6.2", "5.8.1"):
        program = tmp_path / f"Slicer-{version}-linux-amd64" / "Slicer"
        program.parent.mkdir()
        program.touch(0o755)
    assert find_program(NEIGHBOURS["slicer"]).parent.name == "Slicer-5.8.1-linux-amd64"
