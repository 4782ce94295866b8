"""A journal of lines: what a kill, a damage and a second window cost."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from brainseg_gui.storage.line_journal import LineJournal


def test_what_was_added_is_read_back_in_order(tmp_path: Path) -> None:
    journal = LineJournal(tmp_path / "new" / "P1.measures")
    assert journal.read() == []
    journal.append([{"n": 1}, {"n": 2}])
    LineJournal(journal.path).append([{"n": 3, "text": "ä\n"}])
    assert journal.read() == [{"n": 1}, {"n": 2}, {"n": 3, "text": "ä\n"}]
    assert journal.path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", range(1, 10))
def test_a_line_that_was_cut_costs_itself_alone(tmp_path: Path, cut: int) -> None:
    journal = LineJournal(tmp_path / "P1.measures")
    journal.append([{"n": 1}])
    journal.append([{"n": 22}])
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    journal.append([{"n": 3}])
    whole = [{"n": 22}] if cut == 1 else []
    assert journal.read() == [{"n": 1}, *whole, {"n": 3}]


@pytest.mark.parametrize("line", [b"[1]", b"7", b"{", b"\xff\xfe", b"[" * 100_000])
def test_lines_that_are_no_changes_are_passed_over(tmp_path: Path, line: bytes) -> None:
    journal = LineJournal(tmp_path / "P1.measures")
    journal.append([{"n": 1}])
    journal.path.write_bytes(journal.path.read_bytes() + line + b"\n")
    assert journal.read() == [{"n": 1}]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("")
    (tmp_path / "P1.measures").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="link"):
        LineJournal(tmp_path / "P1.measures").append([{"n": 1}])
    assert (tmp_path / "theirs").read_text() == ""


@contextlib.contextmanager
def full_after(length: int) -> Iterator[None]:
    """No file grows beyond so many bytes, as on a drive that has no more room."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", range(0, 60, 4))
def test_a_drive_that_becomes_full_in_the_middle_is_told_and_nothing_counts(tmp_path: Path, room: int) -> None:
    journal = LineJournal(tmp_path / "P1.measures")
    journal.append([{"n": 1}])
    size = journal.path.stat().st_size
    with full_after(size + room), pytest.raises(OSError, match="large"):
        journal.append([{"n": 2}, {"n": 3, "text": "x" * 100}])
    assert journal.read() == [{"n": 1}]
    assert journal.path.stat().st_size == size
    journal.append([{"n": 4}])
    assert journal.read() == [{"n": 1}, {"n": 4}]


def test_what_another_window_added_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = LineJournal(tmp_path / "P1.measures")
    plain, calls = os.write, []

    def write(handle: int, raw: bytes) -> int:
        calls.append(raw)
        if len(calls) == 1:
            return plain(handle, raw[:4])
        with journal.path.open("ab") as other:
            other.write(b'\n{"n": 9}\n')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("os.write", write)
        with pytest.raises(OSError, match="space"):
            journal.append([{"n": 2}])
    assert journal.read() == [{"n": 9}]
