"""Lists of cases and results in order, and how they are read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from brainseg_gui.annotation.case_list import CaseEntry, CaseState, read_entries, write_entries
from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.partial import PartialResults
from brainseg_gui.evaluation.html.cohort import cohort_page
from brainseg_gui.evaluation.reports.files import as_csv, as_json, read_json
from tests.fuzz.measure import WrongAnswer


def case_list() -> bytes:
    """A list of cases."""
    return (b"case,state,note,changed,by\nTCGA-02-0006,done,,2026-03-01T09:30:00+00:00,anna\n"
            b"\"a,b\",flagged,\"motion, \"\"strong\"\"\",2026-03-01T10:02:11+00:00,ben\n")  # fmt: skip


def case_row(row: list[str]) -> bytes:
    """A list with one row, as another program might write it."""
    import csv

    stream = io.StringIO()
    csv.writer(stream).writerow(row)
    return case_list() + stream.getvalue().encode("utf-8", "surrogatepass")


def many_cases(names: int, rows: int = 100_000) -> bytes:
    """A list of many rows."""
    line = "case-%d,done,,2026-03-01T09:30:00+00:00,anna\n"
    return ("case,state,note,changed,by\n" + "".join(line % (n % names) for n in range(rows))).encode()


def read_case_list(path: Path) -> None:
    """Read a list, add to it, read it again; one that cannot be read stays as it is."""
    before = path.read_bytes() if path.is_file() and path.stat().st_size < 2**25 else b""
    new = CaseEntry("=new", CaseState.FLAGGED, "-remark", by="@me")
    try:
        found = read_entries(path)
        together = write_entries(path, {"=new": new})
    except BrainsegError:
        if before and path.read_bytes() != before:
            raise WrongAnswer("a list that cannot be read was changed") from None
        raise
    again = read_entries(path)
    if not set(found) <= set(together) or again["=new"] != new or len(again) != len(together):
        raise WrongAnswer("a case was lost")
    for line in path.read_text("utf-8").splitlines():
        if line.lstrip(' "').startswith(("=", "+", "-", "@")):
            raise WrongAnswer(f"a spreadsheet would evaluate {line[:60]!a}")


def report() -> dict[str, Any]:
    """A result of ``brainseg evaluate --json`` with one case."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("report.json").read_text("utf-8"))
    return found


def read_results(path: Path) -> None:
    """Read results and write them in every form."""
    found = read_json(path)
    as_json(found)
    as_csv(found)
    page = cohort_page(found)
    if "<script>alert(1)" in page:
        raise WrongAnswer("a script got into the page")
    if any(
        row.lstrip("'\"").startswith(("=1+cmd", "@SUM")) for row in as_csv(found).splitlines()[1:] if row[:1] != "'"
    ):
        raise WrongAnswer("a spreadsheet would evaluate a cell")


def read_partial(path: Path) -> None:
    """Go on with half-done results."""
    PartialResults(path).close()
