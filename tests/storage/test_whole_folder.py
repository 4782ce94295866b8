"""A folder takes its place whole or not at all, and what was there stays until then."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from brainseg_gui.errors import SaveError
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.leftovers import aside_name, recover, sweep
from brainseg_gui.storage.whole_folder import whole_folder


def _write(folder: Path, *, replace: bool, text: str = "new", error: BaseException | None = None) -> None:
    with whole_folder(folder, replace=replace) as making:
        (making / "a.txt").write_text(text)
        assert not (folder / "b.txt").exists()
        if error is not None:
            raise error


def _old(folder: Path) -> None:
    folder.mkdir()
    (folder / "old.txt").write_text("old")


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def test_a_new_one_takes_a_free_place_an_empty_folder_and_with_leave_a_full_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _old(tmp_path / "full")
    _write(tmp_path / "free", replace=False)
    _write(tmp_path / "empty", replace=False)
    _write(tmp_path / "full", replace=True)
    assert _files(tmp_path) == ["empty/a.txt", "free/a.txt", "full/a.txt"]


def test_without_leave_what_is_there_stays(tmp_path: Path) -> None:
    _old(tmp_path / "full")
    (tmp_path / "file").write_text("theirs")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    for name in ("full", "file", "link"):
        with pytest.raises(OSError, match=r"not empty|[Nn]ot a directory"):
            _write(tmp_path / name, replace=False)
    assert _files(tmp_path) == ["file", "full/old.txt", "link"]


def test_a_link_in_the_place_is_replaced_and_not_what_it_leads_to(tmp_path: Path) -> None:
    _old(tmp_path / "full")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    _write(tmp_path / "link", replace=True)
    assert _files(tmp_path) == ["full/old.txt", "link/a.txt"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), GeneratorExit()])
def test_what_fails_on_the_way_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    _old(tmp_path / "case")
    with pytest.raises(type(error)):
        _write(tmp_path / "case", replace=True, error=error)
    assert _files(tmp_path) == ["case/old.txt"]


@pytest.mark.parametrize("back", [True, False])
def test_a_drive_that_refuses_the_last_step_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    """Where not even the way back is left, the old one stays beside, and no sweep takes it for a leftover."""
    _old(tmp_path / "case")
    rename, calls = Path.rename, []

    def refuse(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == 2 or (len(calls) == 3 and not back):
            raise OSError("refused")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="refused"):
        _write(tmp_path / "case", replace=True)
    with open_folder(tmp_path) as folder:
        assert sweep(folder) == 0
    (old,) = tmp_path.rglob("old.txt")
    assert (old.parent == tmp_path / "case") == back
    assert len(_files(tmp_path)) == 1


def test_what_is_replaced_is_looked_at_when_nobody_writes_into_it_any_more(tmp_path: Path) -> None:
    _old(tmp_path / "case")

    def refuse(before: Path) -> None:
        assert not (tmp_path / "case").exists()
        if (before / "theirs.txt").exists():
            raise SaveError("somebody added theirs.txt", "Take it elsewhere", tmp_path / "case")

    def write() -> None:
        with whole_folder(tmp_path / "case", replace=True, check=refuse) as making:
            (making / "a.txt").write_text("new")
            (tmp_path / "case" / "theirs.txt").write_text("meanwhile")

    with pytest.raises(SaveError, match="somebody added"):
        write()
    assert _files(tmp_path) == ["case/old.txt", "case/theirs.txt"]
    (tmp_path / "case" / "theirs.txt").unlink()
    with whole_folder(tmp_path / "case", replace=True, check=refuse) as making:
        (making / "a.txt").write_text("new")
    assert _files(tmp_path) == ["case/a.txt"]


_KILLED = """
import os, sys
from pathlib import Path
from brainseg_gui.storage import whole_folder as module
rename, calls = Path.rename, []
def kill(path, target):
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    calls.append(path)
    return rename(path, target)
Path.rename = kill
with module.whole_folder(Path(sys.argv[1]), replace=True) as making:
    (making / "a.txt").write_text("new")
"""


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("by_sweep", [True, False])
def test_what_a_killed_process_moved_aside_comes_back(tmp_path: Path, step: int, by_sweep: bool) -> None:
    place = tmp_path / "my case"
    _old(place)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(place), str(step)], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    assert place.exists() == (step == 0)
    if by_sweep:
        with open_folder(tmp_path) as folder:
            sweep(folder)
    else:
        with pytest.raises(KeyboardInterrupt):
            _write(place, replace=True, error=KeyboardInterrupt())
    assert (place / "old.txt").read_text() == "old"


def test_what_stepped_aside_stays_there_while_its_process_lives_or_the_place_is_taken(tmp_path: Path) -> None:
    name = aside_name("case")
    _old(tmp_path / name)
    with open_folder(tmp_path) as folder:
        sweep(folder)
    assert not (tmp_path / "case").exists()
    dead = re.sub(r"-[0-9a-f]{8}-([0-9a-f]{8})$", r"-00000000-\1", name)
    (tmp_path / name).rename(tmp_path / dead)
    _old(tmp_path / "case")
    with open_folder(tmp_path) as folder:
        sweep(folder)
    assert _files(tmp_path) == [f"{dead}/old.txt", "case/old.txt"]
    assert not recover(tmp_path / "case")
    shutil.rmtree(tmp_path / "case")
    assert recover(tmp_path / "case")
    assert _files(tmp_path) == ["case/old.txt"]


def test_a_fault_names_the_place_that_was_meant(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_folder(tmp_path / "case") as making:
            raise SaveError("the drive is full", "Make room", making / "sub" / "b.txt")

    with pytest.raises(SaveError) as caught:
        fail()
    assert caught.value.path == tmp_path / "case" / "sub" / "b.txt"
    assert not list(tmp_path.iterdir())
