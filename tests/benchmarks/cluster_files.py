"""How often a case of a cohort on a cluster asks the file system for something.

``python -m tests.benchmarks.cluster_files`` counts it in one process, which is client, scheduler and worker; the
network is a stand-in.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from distributed import LocalCluster

from brainseg_gui.commands import segment
from brainseg_gui.commands.segmenting.cluster import segment_on_cluster
from brainseg_gui.inference.models.model_folder import default_model
from tests.conftest import _write_toy_case
from tests.execution import stand_in_engine

_CASES, _WARM = 20, 2
_CHANGES = ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir")
_LISTINGS = ("os.listdir", "os.scandir")


def main() -> None:
    """Count and print, for a call that makes all masks and for one that finds them."""
    with tempfile.TemporaryDirectory(prefix="cluster-files-") as name:
        folder = Path(name)
        for number in range(_WARM + _CASES):
            _write_toy_case(folder / ("warm" if number < _WARM else "cohort"), case_id=f"T{number:03}", seed=number)
        counted = _Counted(folder)
        with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster:
            _segment(folder / "warm", cluster.scheduler_address)  # what is imported and opened once
            for call in ("first call", "second call"):
                with counted:
                    _segment(folder / "cohort", cluster.scheduler_address)
                found = {kind: round(count / _CASES, 1) for kind, count in sorted(counted.counts.items())}
                print(f"{call}: {sum(counted.counts.values()) / _CASES:.0f} for a case, {found}")


def _segment(cohort: Path, scheduler: str) -> None:
    parser = argparse.ArgumentParser()
    segment.add_parser(parser.add_subparsers())
    words = ["segment", str(cohort), "-o", f"{cohort}-out", "--cluster", scheduler, "--json"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if code := segment_on_cluster(parser.parse_args(words), default_model(), stand_in_engine.segment):
            raise SystemExit(f"the command ended with {code}")


class _Counted:
    """Counts what this process asks of files below a folder while it is entered; `stat` of all files."""

    def __init__(self, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._folder, self._is_on = str(folder), False
        os.stat, os.lstat = (self._counting(function) for function in (os.stat, os.lstat))  # no audit event tells of it
        sys.addaudithook(self._hear)

    def __enter__(self) -> None:
        self.counts.clear()
        self._is_on = True

    def __exit__(self, *_: object) -> None:
        self._is_on = False

    def _counting(self, function: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            self.counts["stat"] += self._is_on
            return function(*given, **named)

        return counted

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "open" and isinstance(given[0], (str, bytes)):
            path, writes = os.fsdecode(given[0]), (given[2] or 0) & os.O_ACCMODE
            if path.startswith(self._folder) or not path.startswith("/"):  # names within an opened folder
                self.counts["open to write" if writes else "open to read"] += 1
        elif event in _CHANGES:
            self.counts["change of names"] += 1
        elif event in _LISTINGS:
            self.counts["listing"] += 1


if __name__ == "__main__":
    main()
