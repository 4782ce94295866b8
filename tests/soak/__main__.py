"""``make soak``: an hour-long scripted day in the real window, and what it left in memory.

``python -m tests.soak --minutes 60 --seed 1 -o FOLDER`` writes ``samples.jsonl`` and ``verdict.txt`` into the folder;
the exit status is 1 when something grew that may not, and 3 when the day was too short to tell.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.day import Day
    from tests.soak.sample import Sample

WARM_UP_SHARE = 1 / 6  # of the day: ten minutes of an hour; a short day begins with one visit that does everything
TOO_SHORT = 3


def main() -> int:
    """Spend the day, print the table, say what is wrong."""
    arguments = _arguments()
    folder = arguments.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="brainseg-soak-") as name, _shared_memory() as shared:
        private = _private_folders(Path(name))
        return _spend(arguments, folder, Path(name), (private, Path(shared)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="when the day ends at the latest")
    parser.add_argument("--visits", type=int, default=0, help="cases after which it ends; 0: no limit")
    parser.add_argument("--seed", type=int, default=1, help="of the script")
    parser.add_argument("--cases", type=int, default=20, help="cases to make")
    parser.add_argument("--small", action="store_true", help="small cases and short rounds, as in the tests")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for what was measured")
    return parser.parse_args()


def _shared_memory() -> tempfile.TemporaryDirectory[str]:
    """A folder of this day's own, so that blocks of other programs are not taken for ours."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="brainseg-soak-", dir=memory if memory.is_dir() else None)


def _private_folders(folder: Path) -> Path:
    """Settings, caches and temporary files of this day alone; returns where temporary files go."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder / name.lower())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["TMPDIR"] = str(folder / "tmp")
    tempfile.tempdir = os.environ["TMPDIR"]
    (folder / "tmp").mkdir()
    return folder / "tmp"


def _spend(arguments: argparse.Namespace, folder: Path, work: Path, empty: tuple[Path, Path]) -> int:
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from brainseg_gui.app import Application
    from brainseg_gui.inference.engine import shared_block
    from tests.soak.day import Day, Plan
    from tests.soak.study import make_study

    shared_block.FOLDERS = (empty[1], *shared_block.FOLDERS[1:])
    random = np.random.default_rng(arguments.seed)
    study = make_study(work / "study", random, cases=arguments.cases, small=arguments.small)
    plan = Plan(arguments.minutes, arguments.visits)
    if arguments.small:
        plan = Plan(arguments.minutes, arguments.visits, round_visits=1, slices=150, strokes=15, segmentations=0.5)
    qt = QApplication(["brainseg"])
    application = Application(qt)
    application.window.resize(1280, 860)
    application.start([])
    (work / "saved").mkdir()
    with (folder / "samples.jsonl").open("w", encoding="utf-8") as lines:

        def tell(sample: Sample) -> None:
            lines.write(sample.to_line() + "\n")
            lines.flush()
            print(_short(sample), flush=True)

        day = Day(application, study, plan, random, folder=work / "saved", empty=empty, tell=tell)
        day.run()
    application.leave()
    day.errors.close()
    return _judge(arguments, folder, day)


def _judge(arguments: argparse.Namespace, folder: Path, day: Day) -> int:
    """Print and write what came of the day; returns the exit status."""
    from tests.soak.verdict import FEWEST, SHORT_DAY, Limits, offences, table

    limits = SHORT_DAY if arguments.small else Limits()
    first = 0.0 if arguments.small else WARM_UP_SHARE * arguments.minutes
    warm = [sample for sample in day.samples if sample.minute >= first]
    done = ", ".join(f"{count:,} {what}" for what, count in day.person.done.most_common())
    said = "; ".join(f"{count} × {what}" for what, count in day.person.said.most_common(8))
    lines = [f"{day.samples[-1].minute:.1f} minutes, seed {arguments.seed}: {done}"]
    lines.append(f"Problems that were said: {said or 'none'}")
    short = len(warm) < FEWEST
    wrong = [] if short else offences(warm, limits)
    wrong += [f"went wrong: {error}" for error in day.errors.found]
    lines += [f"Too short to tell: {len(warm)} samples after the warm-up"] if short else [table(warm, limits)]
    lines += [f"WRONG: {sentence}" for sentence in wrong]
    print("\n".join(lines))
    (folder / "verdict.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if wrong else TOO_SHORT if short else 0


def _short(sample: Sample) -> str:
    return (
        f"{sample.minute:6.1f} min {sample.visits:4} cases {sample.window_mb:7.1f} MB ({sample.heap_mb:.1f} in use,"
        f" {sample.caches_mb:.1f} more in caches)"
        f" engine {sample.engine_mb:.1f} MB, {len(sample.handles)} handles, {sample.threads} threads"
        f", {sample.widgets} widgets, {sample.qobjects} Qt and {sample.objects:,} Python objects"
        f", scroll {sample.scroll_ms:.1f}/{sample.scroll_cpu_ms:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
