"""The shared list of case states: readable, merged by the last change, never written over what is not understood."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brainseg_gui.annotation import case_list
from brainseg_gui.annotation.case_list import (
    NAME,
    CaseEntry,
    CaseListError,
    CaseState,
    as_called,
    merged,
    read_entries,
    write_entries,
)
from brainseg_gui.imaging.case import CaseSource


def entry(case: str, state: CaseState, minute: int, note: str = "", by: str = "anna") -> CaseEntry:
    return CaseEntry(case, state, note, datetime(2026, 3, 1, 9, minute, tzinfo=UTC), by)


def test_the_file_has_one_sorted_line_per_case(tmp_path: Path) -> None:
    entries = [entry("B", CaseState.DONE, 5), entry("A", CaseState.FLAGGED, 7, 'motion, "bad"\nreally')]
    write_entries(tmp_path / NAME, {e.case: e for e in entries})
    assert (tmp_path / NAME).read_text().splitlines() == [
        "case,state,note,changed,by",
        'A,flagged,"motion, ""bad"" really",2026-03-01T09:07:00+00:00,anna',
        "B,done,,2026-03-01T09:05:00+00:00,anna",
    ]
    assert read_entries(tmp_path / NAME)["B"] == entries[0]


def test_what_a_colleague_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_entries(path, {"A": entry("A", CaseState.IN_WORK, 1)})
    write_entries(path, {"B": entry("B", CaseState.DONE, 2, by="ben"), "A": entry("A", CaseState.DONE, 9, by="ben")})
    together = write_entries(path, {"A": entry("A", CaseState.FLAGGED, 4), "C": entry("C", CaseState.TO_DO, 5)})
    assert {case: (e.state, e.by) for case, e in together.items()} == {
        "A": (CaseState.DONE, "ben"),  # the later change
        "B": (CaseState.DONE, "ben"),
        "C": (CaseState.TO_DO, "anna"),
    }
    assert read_entries(path) == together


def test_merging_does_not_depend_on_the_order() -> None:
    one = {"A": entry("A", CaseState.DONE, 3), "B": entry("B", CaseState.TO_DO, 8)}
    other = {"A": entry("A", CaseState.FLAGGED, 4), "B": entry("B", CaseState.DONE, 7)}
    assert merged(one, other) == merged(other, one) == {"A": other["A"], "B": one["B"]}


def test_two_people_merge_their_files_with_git(tmp_path: Path) -> None:
    base, ours, theirs = (tmp_path / name for name in ("base.csv", "ours.csv", "theirs.csv"))
    start = {f"case {n}": entry(f"case {n}", CaseState.TO_DO, 0) for n in range(9)}
    for path in (base, ours, theirs):
        write_entries(path, start)
    write_entries(ours, {"case 1": entry("case 1", CaseState.DONE, 3)})
    write_entries(theirs, {"case 7": entry("case 7", CaseState.FLAGGED, 4, by="ben")})
    subprocess.run(["git", "merge-file", str(ours), str(base), str(theirs)], check=True, timeout=30)
    found = read_entries(ours)
    assert found["case 1"].state is CaseState.DONE
    assert found["case 7"].state is CaseState.FLAGGED


def test_two_lines_of_one_case_are_merged(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("A,done,,2026-03-01T09:05:00+00:00,anna\nA,in work,,2026-03-01T09:04:00,ben\n")
    assert read_entries(path)["A"].state is CaseState.DONE


@pytest.mark.parametrize("line", ["A,finished,,2026-03-01T09:05:00,x", "A,done", "A,done,,yesterday,x", "<<<<<<< HEAD"])
def test_a_line_that_makes_no_sense_is_named_and_never_written_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / NAME
    path.write_text(f"case,state,note,changed,by\n{line}\n")
    with pytest.raises(CaseListError, match="line 2 of the list of cases"):
        write_entries(path, {"A": entry("A", CaseState.DONE, 1)})
    assert path.read_text().endswith(f"{line}\n")


def test_a_write_between_reading_and_writing_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a spreadsheet, which knows no lock."""
    path, read = tmp_path / NAME, case_list.read_entries

    def read_while_another_writes(where: Path) -> dict[str, CaseEntry]:
        found = read(where)
        monkeypatch.setattr(case_list, "read_entries", read)
        where.write_text("B,done,,2026-03-01T09:02:00+00:00,ben\n")
        return found

    monkeypatch.setattr(case_list, "read_entries", read_while_another_writes)
    assert set(write_entries(path, {"A": entry("A", CaseState.DONE, 1)})) == {"A", "B"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / NAME
    write_entries(path, {"A": entry("A", CaseState.DONE, 1)})
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(case_list, "write_bytes", full)
    with pytest.raises(CaseListError, match="No space left"):
        write_entries(path, {"B": entry("B", CaseState.DONE, 2)})
    assert path.read_bytes() == before


NAMES = ("=1+cmd|'/C calc'!A0", "@SUM(1)", "+1", "-1", "'quoted", "''twice", " =spaced", "a,b", 'say "x"', "plain", "ü",
         "＝1+1", "＋1", "－1", "＠SUM(1)", "\xa0=1", "a;=1", "a;'=1", "a; =1;-2", ";;=1", "a;b",
         "\u3000＝1", "a;＝1", "''=1", "5;-3 mm")  # fmt: skip


def test_no_cell_is_a_formula_and_every_name_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "brainseg-cases.csv"
    entries = {name: CaseEntry(name, CaseState.FLAGGED, note=name, by=name) for name in NAMES}
    write_entries(path, entries)
    with path.open(newline="", encoding="utf-8") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    for separator in (None, ";", "\t"):  # as spreadsheets of other countries split the same file
        parts = [part for cell in cells for part in (cell.split(separator) if separator else [cell])]
        assert not [part for part in parts if part.strip("\u200b\ufeff\xa0 ")[:1] in set("=+-@＝＋－＠")]
    again = read_entries(path)
    assert set(again) == set(NAMES)
    assert all(entry.by == name and entry.note == " ".join(name.split()) for name, entry in again.items())
    write_entries(path, {})
    assert read_entries(path) == again


def test_a_list_that_older_versions_wrote_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "brainseg-cases.csv"
    path.write_text("=x,done,-note,2026-03-01T09:30:00+00:00,'anna\n", "utf-8")
    assert read_entries(path)["=x"].note == "-note"
    assert read_entries(path)["=x"].by == "'anna"


@pytest.mark.parametrize("row", ["x,done,,0001-01-01T00:00:00+14:00,a", f"x,done,{'n' * 200_000},,a", ",done,,,a"])
def test_absurd_lines_are_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "brainseg-cases.csv"
    path.write_text(f"{row}\n", "utf-8")
    with pytest.raises(CaseListError, match="line 1 of the list of cases makes no sense"):
        read_entries(path)


def test_a_hundred_thousand_lines_are_read_in_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "brainseg-cases.csv"
    path.write_text("".join(f"c{n},done,,2026-03-01T09:30:00+00:00,a\n" for n in range(100_000)), "utf-8")
    started = time.thread_time()
    assert len(read_entries(path)) == 100_000
    assert time.thread_time() - started < 5  # copying all that is known for every line took minutes


_WRITER = """
import socket, sys
from datetime import UTC, datetime
from pathlib import Path
from brainseg_gui.annotation.case_list import CaseEntry, CaseState, write_entries
from brainseg_gui.faults import computer_mark
from brainseg_gui.storage import lock_file
name, path, count, host = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
socket.gethostname = lambda: host
computer_mark.computer_marks = lock_file.computer_marks = lambda: (host,)
sys.stdin.readline()
for number in range(count):
    case = f"{name}{number:03}"
    write_entries(path, {case: CaseEntry(case, CaseState.DONE, "", datetime.now(UTC), name)})
"""


def _writers(path: Path, hosts: tuple[str, ...], count: int) -> list[subprocess.Popen[bytes]]:
    """Processes that wait for each other, then write as fast as they can."""
    names = [chr(ord("A") + number) for number in range(len(hosts))]
    commands = [[sys.executable, "-c", _WRITER, n, str(path), str(count), h] for n, h in zip(names, hosts, strict=True)]
    return [subprocess.Popen(command, stdin=subprocess.PIPE) for command in commands]


@pytest.mark.parametrize(
    ("hosts", "count"),
    [(("here", "here"), 50), (("one", "other"), 50), (("a", "a", "b", "b"), 20)],
    ids=["one computer", "two computers", "four people"],
)
def test_lines_of_people_who_write_at_full_speed_are_all_kept(
    tmp_path: Path, hosts: tuple[str, ...], count: int
) -> None:
    """Of 100 lines 49 were left when the file was only compared before it was replaced."""
    writers = _writers(tmp_path / NAME, hosts, count)
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    assert [writer.wait(timeout=120) for writer in writers] == [0] * len(hosts)
    for writer in writers:
        writer.stdin.close()  # type: ignore[union-attr]
    assert len(read_entries(tmp_path / NAME)) == len(hosts) * count
    assert os.listdir(tmp_path) == [NAME]


def test_a_list_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    """A folder from a stranger: its list leads to a file of the person."""
    precious = tmp_path / ".bash_profile"
    precious.write_text("export A=1\n")
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / NAME).symlink_to(precious)
    with pytest.raises(CaseListError, match="no link is followed here"):
        read_entries(tmp_path / "cohort" / NAME)
    with pytest.raises(CaseListError, match="no link is followed here"):
        write_entries(tmp_path / "cohort" / NAME, {"A": entry("A", CaseState.DONE, 1)})
    assert precious.read_text() == "export A=1\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_list_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(CaseListError, match="no regular file"):
        read_entries(tmp_path / NAME)


def test_states_of_visits_stay_when_their_ids_name_the_patient(tmp_path: Path) -> None:
    """They were listed as M06 and M12; a case of that very id keeps its own."""
    cases = [CaseSource(f"P7_{name}", tmp_path / "P7" / name, {}) for name in ("M06", "M12", "M18")]
    known = {
        "M06": CaseEntry("M06", CaseState.DONE, "seen"),
        "M18": CaseEntry("M18"),
        "P7_M18": CaseEntry("P7_M18", CaseState.FLAGGED),
    }
    found = as_called(known, cases)
    assert found["P7_M06"] == CaseEntry("P7_M06", CaseState.DONE, "seen")
    assert found["P7_M18"].state is CaseState.FLAGGED
    assert "P7_M12" not in found
    other = CaseSource("M06", tmp_path / "M06", {})
    assert "P7_M06" not in as_called(known, [*cases, other])
