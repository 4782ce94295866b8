"""Files that are whole or not there, whatever lies at their place and whatever the drive can."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.faults import scratch
from brainseg_gui.storage import leftovers
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.writing import make_private_folder, open_derived, remove_derived, replacing, write_bytes


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_new_file_has_the_mode_of_the_users_files_or_is_private(tmp_path: Path, private: bool, mode: int) -> None:
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "list.csv", b"new", chosen=False, private=private)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "list.csv").stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["list.csv"]


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o664])
def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"a longer text that was there")
    path.chmod(mode)
    write_bytes(path, b"new", chosen=False)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["list.csv"]


def test_a_link_that_a_person_chose_stays_and_leads_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "list.csv").write_bytes(b"old")
    link = tmp_path / "list.csv"
    link.symlink_to("shared/list.csv")
    write_bytes(link, b"new", chosen=True)
    assert link.is_symlink()
    assert (tmp_path / "shared" / "list.csv").read_bytes() == b"new"


def _link(place: Path, target: Path) -> None:
    place.symlink_to(target)


def _dangling(place: Path, target: Path) -> None:
    place.symlink_to(target.with_name("not there yet"))


def _chain(place: Path, target: Path) -> None:
    place.with_name("between").symlink_to(target)
    place.symlink_to("between")


def _loop(place: Path, target: Path) -> None:
    place.symlink_to(place.name)


def _pipe(place: Path, target: Path) -> None:
    os.mkfifo(place)


def _device(place: Path, target: Path) -> None:
    place.symlink_to("/dev/zero")


def _folder(place: Path, target: Path) -> None:
    place.mkdir()


TRAPS = (_link, _dangling, _chain, _loop, _pipe, _device, _folder)


@pytest.mark.parametrize("trap", TRAPS)
def test_a_derived_name_that_is_no_file_is_refused(tmp_path: Path, trap: Callable[[Path, Path], None]) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_bytes(b"precious")
    (tmp_path / "folder").mkdir()
    place = tmp_path / "folder" / "list.csv"
    trap(place, precious)
    before = place.lstat()
    with pytest.raises(OSError, match=r"no link is followed|no regular file|Is a directory"):
        write_bytes(place, b"new", chosen=False)
    with pytest.raises(OSError, match=r"no link is followed|no regular file|Is a directory"):
        open_derived(place, "ab")
    with pytest.raises(OSError, match=r"no link is followed|no regular file|Is a directory"):
        open_derived(place, "rb")
    assert (precious.read_bytes(), place.lstat()) == (b"precious", before)
    assert not (tmp_path / "not there yet").exists()


@pytest.mark.skipif(os.name != "posix", reason="devices in the file system")
def test_a_device_that_a_person_chose_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """`--csv /dev/null`, as root, must leave the computer its /dev/null."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        write_bytes(tmp_path / "pipe", b"new", chosen=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


def test_what_has_another_name_is_not_appended_to_but_may_be_replaced(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_bytes(b"precious")
    os.link(precious, tmp_path / "log.txt")
    with pytest.raises(OSError, match="hard link"):
        open_derived(tmp_path / "log.txt", "ab")
    with open_derived(tmp_path / "log.txt", "rb") as stream:
        assert stream.read() == b"precious"
    write_bytes(tmp_path / "log.txt", b"new", chosen=False)
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("depth", ["checkpoints", "a/b/c"])
def test_a_folder_that_leads_out_is_not_entered(tmp_path: Path, depth: str) -> None:
    run, outside = tmp_path / "run", tmp_path / "outside"
    (run / depth).parent.mkdir(parents=True)
    outside.mkdir()
    (run / depth).symlink_to(outside)
    for act in (
        lambda: write_bytes(run / depth / "x", b"new", chosen=False, root=run),
        lambda: open_derived(run / depth / "x", "ab", root=run),
        lambda: remove_derived(run / depth / "x", root=run),
    ):
        with pytest.raises(OSError, match="no link is followed here"):
            act()
    assert os.listdir(outside) == []
    (tmp_path / "chosen").symlink_to(run)  # the folder itself was chosen: it may be a link
    write_bytes(tmp_path / "chosen" / "y", b"new", chosen=False, root=tmp_path / "chosen")
    assert (run / "y").read_bytes() == b"new"


def test_a_folder_that_is_exchanged_meanwhile_gets_nothing(tmp_path: Path) -> None:
    """Between the look at a folder and the new name in it, somebody puts a link in its place."""
    run, outside = tmp_path / "run", tmp_path / "outside"
    (run / "pictures").mkdir(parents=True)
    outside.mkdir()
    with open_folder(run / "pictures", run) as folder:
        (run / "pictures").rename(run / "away")
        (run / "pictures").symlink_to(outside)
        folder.open("x", "xb").close()
    assert os.listdir(outside) == []
    assert os.listdir(run / "away") == ["x"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes(path, b"new", chosen=False)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["list.csv"]


@pytest.mark.skipif(os.name != "posix", reason="folders are flushed where the system can")
@pytest.mark.parametrize(("only_new", "naming"), [(True, "link"), (False, "replace")])
def test_a_file_is_flushed_before_it_is_named_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_new: bool, naming: str
) -> None:
    """Else a power loss leaves a name without its content, or a content without its name."""
    done: list[str] = []
    fsync, name = os.fsync, getattr(os, naming)

    def flush(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def named(*arguments: Any, **options: Any) -> None:
        done.append("name")
        name(*arguments, **options)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, naming, named)
    write_bytes(tmp_path / "mask.nii.gz", b"new", chosen=False, only_new=only_new)
    assert done == ["file", "name", "folder"]


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS])
def test_a_drive_without_modes_and_without_flushing_takes_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, refuse)
    if error != errno.EROFS:
        monkeypatch.setattr(os, "fsync", refuse)
    make_private_folder(tmp_path / "own")
    for _ in range(2):
        write_bytes(tmp_path / "own" / "x", b"new", chosen=False, private=True)
    assert (tmp_path / "own" / "x").read_bytes() == b"new"


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_place_that_is_taken_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not hard_links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "mask.nii.gz"
    write_bytes(path, b"first", chosen=False, only_new=True)
    assert path.read_bytes() == b"first"
    path.unlink()
    late = replacing(path, chosen=False, only_new=True)
    late.__enter__().write_bytes(b"late")
    path.write_bytes(b"a colleague's")
    with pytest.raises(FileExistsError):
        late.__exit__(None, None, None)
    assert path.read_bytes() == b"a colleague's"
    assert os.listdir(tmp_path) == ["mask.nii.gz"]


def test_whoever_finds_a_name_taken_finds_its_content_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links a name is reserved first, by an empty file."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "key"
    path.touch()
    (tmp_path / "other").write_bytes(b"first")
    first = threading.Timer(0.2, lambda: os.replace(tmp_path / "other", path))
    first.start()
    with pytest.raises(FileExistsError):
        write_bytes(path, b"second", chosen=False, only_new=True)
    assert path.read_bytes() == b"first"
    first.join()


def _kill_in_mid_save(folder: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from typing import Any
from brainseg_gui.storage.writing import replacing
with replacing(Path(sys.argv[1]) / "mask.nii.gz", chosen=False, suffix=".nii.gz") as temporary:
    temporary.write_bytes(b"a patient")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(folder)], check=False)


def test_what_a_kill_left_is_swept_by_the_next_writer_and_nothing_else(tmp_path: Path) -> None:
    _kill_in_mid_save(tmp_path)
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".brainseg-")
    others = [
        ".brainseg-notes.nii.gz",
        left.replace(".nii.gz", ".nii.gz.of mine"),
        left[1:],
        f".{scratch.prefix()}{'0' * 16}.nii.gz",  # of this process, which lives
        f"..{left[1:]}",
        f".brainseg-{'0' * 8}-1-{'0' * 8}-{'0' * 16}.nii.gz",  # of another computer, and young
    ]
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    link = left.replace(left[-23:-7], "1" * 16)
    (tmp_path / link).symlink_to(tmp_path / others[0])
    (tmp_path / left.replace(left[-23:-7], "2" * 16)).mkdir()
    (tmp_path / left.replace(left[-23:-7], "2" * 16) / "link").symlink_to(tmp_path)
    write_bytes(tmp_path / "list.csv", b"new", chosen=False)
    assert set(os.listdir(tmp_path)) == {*others, link, "list.csv"}


def test_what_a_kill_left_is_swept_where_a_folder_is_only_opened(tmp_path: Path) -> None:
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        _kill_in_mid_save(tmp_path / name)
    (tmp_path / "C").symlink_to("B")
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    leftovers.tidy([tmp_path / name for name in ("A", "A", "file", "pipe", "nowhere", "C")])
    assert os.listdir(tmp_path / "A") == os.listdir(tmp_path / "B") == []


def test_what_another_computer_left_is_swept_after_a_week(tmp_path: Path) -> None:
    name = f".brainseg-{'0' * 8}-1-{'0' * 8}-{'0' * 16}.nii.gz"
    (tmp_path / name).write_bytes(b"x")
    with open_folder(tmp_path) as folder:
        assert leftovers.sweep(folder) == 0
        os.utime(tmp_path / name, (0, 0))
        assert leftovers.sweep(folder) == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_is_searched_now_and_then_not_at_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[Path] = []
    now = [1000.0]
    monkeypatch.setattr(leftovers, "sweep", lambda folder: searched.append(folder.path))
    monkeypatch.setattr(leftovers.time, "monotonic", lambda: now[0])
    for number in range(20):
        write_bytes(tmp_path / f"{number}.csv", b"x", chosen=False)
    assert searched == [tmp_path]
    now[0] += 60.0  # another program may have been killed meanwhile
    leftovers.tidy([tmp_path])
    assert searched == [tmp_path] * 2
