"""Locks that are held for a moment: what holds one is waited for, what is gone is not."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from brainseg_gui.storage import lock_file
from brainseg_gui.storage.folder import Folder
from brainseg_gui.storage.lock_file import (
    BusyError,
    Holder,
    briefly_locked,
    create,
    in_the_making,
    new_holder,
    read_holder,
    remove_stale_lock,
)


def _lock(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def test_threads_hold_it_one_after_the_other(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(20):
            with briefly_locked(tmp_path / "list"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert os.listdir(tmp_path) == []


def test_a_lock_that_finds_no_room_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Folder.open

    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(folder: Folder, name: str, *arguments: Any) -> IO[bytes]:
        opened(folder, name, *arguments).close()
        return Full()

    with monkeypatch.context() as context:
        context.setattr(Folder, "open", full)
        with pytest.raises(OSError, match="No space left"):
            create(tmp_path / "lock", new_holder())
    assert os.listdir(tmp_path) == []
    assert create(tmp_path / "lock", new_holder())


def test_the_lock_of_a_process_that_was_killed_is_taken_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from brainseg_gui.storage.lock_file import briefly_locked
with briefly_locked(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "list")], check=False)
    assert read_holder(_lock(tmp_path / "list")) is not None
    waits: list[float] = []
    monkeypatch.setattr(lock_file.time, "sleep", waits.append)
    with briefly_locked(tmp_path / "list"):
        assert len(waits) <= 1  # the turn in which the dead holder's lock was broken
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("raw", [b"", b"{", b'{"pid": "x"}', b"[" * 4000, b"\0" * 5000])
def test_a_lock_that_makes_no_sense_is_broken_after_a_while(
    tmp_path: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_file, "_STUCK_AFTER_S", 0.2)
    _lock(tmp_path / "list").write_bytes(raw)
    with briefly_locked(tmp_path / "list"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_lock_of_another_computer_is_broken_when_it_does_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_file, "_STUCK_AFTER_S", 0.2)
    create(_lock(tmp_path / "list"), replace(new_holder(), host="elsewhere", computer=("another",)))
    with briefly_locked(tmp_path / "list"):
        pass


def test_the_lock_of_the_dead_is_taken_at_once_though_the_computer_was_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(_lock(tmp_path / "list"), replace(new_holder(), host="before", started="another start"))
    waits: list[float] = []
    monkeypatch.setattr(lock_file.time, "sleep", waits.append)
    with briefly_locked(tmp_path / "list"):
        assert len(waits) == 1  # the turn in which it was broken


@pytest.mark.parametrize(("host", "alive"), [(socket.gethostname(), False), ("before", True)])
def test_a_lock_of_an_older_version_is_known_by_the_name_of_the_computer(
    tmp_path: Path, host: str, alive: bool
) -> None:
    noted = {"pid": os.getpid(), "started": "another start", "host": host, "since": 1.5, "token": "ab"}
    (tmp_path / "lock").write_text(json.dumps(noted))
    holder = read_holder(tmp_path / "lock")
    assert holder == Holder(os.getpid(), "another start", host, 1.5, "ab")
    assert (holder.here, holder.alive) == (not alive, alive)


def test_an_older_version_reads_a_lock_of_this_one(tmp_path: Path) -> None:
    """It takes five fields by their names, and passes over what it does not know."""
    mine = new_holder()
    create(tmp_path / "lock", mine)
    found = json.loads((tmp_path / "lock").read_bytes())
    assert {name: found[name] for name in ("pid", "started", "host", "since", "token")} == {
        "pid": os.getpid(),
        "started": mine.started,
        "host": socket.gethostname(),
        "since": mine.since,
        "token": mine.token,
    }
    assert read_holder(tmp_path / "lock") == mine


def test_a_lock_that_lives_is_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_file, "_PATIENCE_S", 0.3)
    holder = new_holder()
    create(_lock(tmp_path / "list"), holder)
    with pytest.raises(BusyError), briefly_locked(tmp_path / "list"):
        pass
    assert read_holder(_lock(tmp_path / "list")) == holder


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("trap", ["link", "dangling", "pipe"])
def test_a_trap_in_its_place_is_moved_away_and_leads_nowhere(
    tmp_path: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_file, "_STUCK_AFTER_S", 0.2)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    lock = _lock(tmp_path / "list")
    if trap == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(precious if trap == "link" else tmp_path / "not there")
    with briefly_locked(tmp_path / "list"):
        pass
    assert precious.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == ["precious"]


def test_a_lock_that_is_made_while_a_stale_one_is_removed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows find the same stale lock: the slower one must not take away what the quicker one has made since."""
    lock, stale, theirs = _lock(tmp_path / "list"), replace(new_holder(), started="long ago"), new_holder()
    create(lock, stale)
    rename = os.rename

    def after_the_other(source: Path, target: Path) -> None:
        lock.unlink()
        create(lock, theirs)
        rename(source, target)

    monkeypatch.setattr(os, "rename", after_the_other)
    remove_stale_lock(lock, stale)
    assert read_holder(lock) == theirs
    assert len(os.listdir(tmp_path)) == 1


def test_a_stale_lock_that_is_gone_meanwhile_is_no_matter(tmp_path: Path) -> None:
    remove_stale_lock(tmp_path / "gone", new_holder())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("age_s", "young"), [(0.0, True), (3600.0, False), (-3600.0, False)])
def test_only_a_young_lock_without_sense_may_be_in_the_making(tmp_path: Path, age_s: float, young: bool) -> None:
    (tmp_path / "lock").write_bytes(b"")
    moment = time.time() - age_s
    os.utime(tmp_path / "lock", (moment, moment))
    assert in_the_making(tmp_path / "lock") == young
    assert not in_the_making(tmp_path / "gone")


def test_a_folder_that_takes_no_files_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught, briefly_locked(tmp_path / "gone" / "list"):
        pass
    assert caught.value.errno == errno.ENOENT


def test_a_holder_is_known_by_more_than_its_number() -> None:
    mine = new_holder()
    assert mine.alive
    assert not Holder(mine.pid, "another start", mine.host, mine.since, mine.token).alive
