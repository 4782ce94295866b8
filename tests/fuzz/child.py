"""A process of `measure`: it reads the trials whose numbers it is told, and tells what became of each.

Standard input: one number a line. Standard output, a private copy of it: ``"reading"`` once the input is written, then
a `Result` as JSON.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import sys
import time
import traceback
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from brainseg_gui.errors import BrainsegError, Cancelled
from tests.fuzz.measure import LIMIT_S, SLACK_BYTES, Outcome, Result, Trial, limit_memory, remove


def main(module: str, seed: str, folder: str, limit_s: str) -> None:
    """Read trials until standard input ends."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever is printed must not be taken for a result
    trials = importlib.import_module(module).trials(int(seed))
    attempt(trials[0], Path(folder))
    gc.collect()
    gc.freeze()  # thousands of trials need not be looked through again and again
    limit_memory()
    for line in sys.stdin:
        result = attempt(trials[int(line)], Path(folder), told, float(limit_s))
        print(json.dumps(asdict(result)), file=told)


def attempt(trial: Trial, folder: Path, told: TextIO | None = None, limit_s: float = LIMIT_S) -> Result:
    """Write a trial's input, read it, clean up."""
    folder.mkdir()
    path = trial.write(folder)
    gc.collect()
    _forget_peak()
    before = _memory("VmRSS")
    if told is not None:
        print(json.dumps("reading"), file=told)
        faulthandler.dump_traceback_later(0.9 * limit_s, repeat=True)  # a busy computer gives more time
    started = time.monotonic()
    outcome, detail = _outcome(trial, path)
    seconds = time.monotonic() - started
    faulthandler.cancel_dump_traceback_later()
    peak = max(0, _memory("VmHWM") - before)
    remove(folder)
    if outcome != "memory" and peak > 4 * trial.case_bytes + SLACK_BYTES:
        outcome = "memory"
        detail = f"{peak / 2**20:.0f} MiB for a case of {trial.case_bytes / 2**20:.1f} MiB; {detail}"
    return Result(trial.family, trial.name, outcome, detail, seconds, peak)


def _outcome(trial: Trial, path: Path) -> tuple[Outcome, str]:
    try:
        trial.read(path)
    except BrainsegError as error:
        if isinstance(error.__cause__, MemoryError):
            return "memory", f"refused only after an allocation had failed: {error}"
        lack = lacking(error) if trial.named else lacking(error, named=False)
        return ("crash", f"a poor sentence, {lack}: {error!s}") if lack else ("sentence", str(error))
    except Cancelled:
        return "crash", "it says that it was cancelled, but nobody did"
    except MemoryError:
        return "memory", traceback.format_exc()
    except (Exception, SystemExit):  # noqa: BLE001  what it is, is to be found out
        return "crash", traceback.format_exc()
    return "opened", ""


def lacking(error: BrainsegError, *, named: bool = True) -> str:
    """What a refusal lacks of being a sentence with a remedy; empty when nothing."""
    text = str(error)
    if not error.what or not error.remedy:
        return "it lacks what happened or the remedy"
    if error.what.endswith(".") or error.remedy.endswith("."):
        return "a full stop too many"
    if named and error.path is None:
        return "it names no file"
    steering = set(text) - {"\u200c", "\u200d"}  # the joiners are part of names
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in steering):
        return f"it holds letters that control the text ({text!a})"
    if len(error.what) > 400:
        return f"it is {len(error.what)} letters long"
    return ""


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(field: str) -> int:
    """Bytes that /proc/self/status gives for a field."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
