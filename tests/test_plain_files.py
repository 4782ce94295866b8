"""Small files from elsewhere, and their texts in sentences and terminals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brainseg_gui.plain_files import for_terminal, open_file, read_bytes, read_json, tagless, toml_of, visible


def test_a_file_is_read_up_to_a_size(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(OSError, match="it is larger than 4 bytes"):
        read_bytes(path, 4)


def test_terabytes_of_nothing_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as stream:
        stream.truncate(2**42)
    with pytest.raises(OSError, match="it is larger than 1 MiB"):
        read_bytes(tmp_path / "a")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices in the file system")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        with pytest.raises(OSError, match="it is no regular file"):
            open_file(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_nesting_is_no_bug_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(tmp_path / "a.json")
    with pytest.raises(ValueError, match="nested too deeply"):
        toml_of("a = " + "[" * 20_000)


def test_a_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_texts_from_elsewhere_steer_nothing() -> None:
    assert visible("a\x1b[2Jb").isprintable()
    assert visible("plain") == "plain"
    assert visible("x" * 100, 10) == "x" * 10 + "…"
    assert len(visible("\u202e" * 100, 10)) == 11
    lines = for_terminal("one\ntwo\x07\r\n").split("\n")
    assert (len(lines), lines[0], lines[1].isprintable()) == (3, "one", True)
    assert for_terminal("\udcff").encode().isascii()
    assert "<" not in tagless("<img src=x>")
