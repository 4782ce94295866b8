"""Results in a file as they come, so that a run that was cut off goes on: one line each, of one state of the code."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.fuzz.measure import ROOT, Result

_CODE = ("brainseg_gui", "training", "tests/fuzz", "resources")


class ResultsLog:
    """What became of which input; nothing is known at the start if the code or the seed is another.

    Parameters
    ----------
    path
        The file; it is made, with its folder, and begun anew where it is of another state.
    seed
        Of the inputs.
    """

    def __init__(self, path: Path, seed: int, code: str) -> None:
        self._known: defaultdict[tuple[str, str, str], list[Result]] = defaultdict(list)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {"code": code, "seed": seed}
        lines = _lines(path)
        if next(lines, None) == state:
            for line in lines:
                module = line.pop("module")
                self._known[module, line["family"], line["name"]].append(Result(**line))
            self._file = path.open("a", encoding="utf-8")
            self._file.write("\n")  # the last line may be half a one
        else:
            self._file = path.open("w", encoding="utf-8")
            self._write(state)

    def take(self, module: str, family: str, name: str) -> Result | None:
        """What became of an input in an earlier run; of each that has this name once."""
        known = self._known[module, family, name]
        return known.pop() if known else None

    def add(self, module: str, result: Result) -> None:
        """Keep a result; it is in the file when this returns."""
        self._write({"module": module, **asdict(result)})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def code_digest() -> str:
    """Of all that the inputs are made by and read by."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".json"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # cut off in mid-line
            continue
