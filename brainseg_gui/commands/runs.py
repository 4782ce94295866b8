"""``brainseg runs``: the runs in a folder and how each is doing; stopping one of them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.plain_files import visible

if TYPE_CHECKING:
    from brainseg_gui.runs.run_folder import RunFolder

_COLUMNS = ("run", "status", "epoch", "step", "best_dice", "best_epoch", "when")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``runs`` to the command line."""
    parser = subparsers.add_parser("runs", help="list training runs", description="The runs in a folder, newest first.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where they lie (here)")
    parser.add_argument("--json", action="store_true", help="print one JSON object per run and line")
    parser.add_argument(
        "--stop", metavar="RUN", help="ask this run to stop after its present step, with a usable model"
    )
    parser.add_argument(
        "--now",
        action="store_true",
        help="with --stop: end its trainer at once; what came after its last checkpoint is lost",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a row per run, or stop one."""
    from brainseg_gui.runs.run_folder import find_runs

    if args.now and not args.stop:
        raise BrainsegError("--now says nothing without a run to stop", "Write --stop RUN --now")
    if args.stop:
        return _stop(args.folder / args.stop, now=args.now)
    found = find_runs(args.folder)
    if not found:
        raise BrainsegError("there is no run in this folder", "Make one with brainseg train", args.folder)
    rows = [_row(folder) for folder in found]
    if args.json:
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
    else:
        sys.stdout.write(_table(rows))
    return 0


def _stop(path: Path, *, now: bool) -> int:
    from brainseg_gui.runs.force_stop import stop_now
    from brainseg_gui.runs.run_folder import RunFolder
    from brainseg_gui.runs.run_status import RunStatus

    folder = RunFolder(path)
    if not folder.is_there:
        raise BrainsegError("there is no run in this folder", "brainseg runs DIR lists the runs of a folder", path)
    if now:
        message = stop_now(folder)
    elif folder.status() in (RunStatus.RUNNING, RunStatus.SILENT):
        folder.ask_to_stop()
        message = "asked to stop after its present step; --now does not wait for that"
    else:
        raise BrainsegError("this run is not running", "", path)
    sys.stdout.write(f"{printable(path.name)}: {visible(message, 500)}\n")
    return 0


def _row(folder: RunFolder) -> dict[str, Any]:
    from brainseg_gui.runs.run_status import status_of

    events = folder.events()
    epochs = [event for event in events if event.kind == "epoch"]
    steps = [_count(event.values.get("step")) for event in events if event.kind in ("step", "epoch", "checkpoint")]
    scores = {
        _count(event.values.get("epoch")): score
        for event in epochs
        if (score := _score(event.values.get("metrics"))) is not None
    }
    return {
        "run": folder.path.name,
        "status": status_of(events).value,
        "epoch": _count(epochs[-1].values.get("epoch")) if epochs else 0,
        "step": max(steps, default=0),
        "best_dice": max(scores.values(), default=None),
        "best_epoch": max(scores, key=lambda epoch: scores[epoch], default=None),
        "when": events[-1].time if events else folder.changed_at,
    }


def _count(value: object) -> int:
    """A count of an event; 0 for what is none."""
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0


def _score(metrics: object) -> float | None:
    """The mean Dice of an epoch, if it says one."""
    score = metrics.get("val_dice_mean") if isinstance(metrics, dict) else None
    return score if isinstance(score, float) and 0 <= score <= 1 else None


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [[name.replace("_", " ") for name in _COLUMNS]]
    for row in rows:
        best = "–" if row["best_dice"] is None else f"{row['best_dice']:.3f}"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["when"]))
        best_epoch = "–" if row["best_epoch"] is None else str(row["best_epoch"])
        lines.append(
            [printable(row["run"]), row["status"], str(row["epoch"]), str(row["step"]), best, best_epoch, when]
        )
    widths = [max(len(line[n]) for line in lines) for n in range(len(_COLUMNS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(text) + "\n"
