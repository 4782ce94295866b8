"""Small files that are whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from brainseg_gui.annotation.durable import write_durably


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_file_is_replaced_whole(tmp_path: Path, private: bool, mode: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"a longer text that was there")
    before = os.umask(0o022)
    try:
        write_durably(path, b"new", private=private)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["list.csv"]


def test_the_file_behind_a_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "list.csv").write_bytes(b"old")
    link = tmp_path / "list.csv"
    link.symlink_to("shared/list.csv")
    write_durably(link, b"new", private=False)
    assert link.is_symlink()
    assert (tmp_path / "shared" / "list.csv").read_bytes() == b"new"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["list.csv"]
