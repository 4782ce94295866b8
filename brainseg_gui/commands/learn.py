"""``brainseg learn``: fine-tune on corrected cases, compare with the network before, and promote the better one."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.case import add_annotations_option, annotation_homes
from brainseg_gui.commands.terminal import BAR, say, write_line
from brainseg_gui.errors import BrainsegError, listed

if TYPE_CHECKING:
    from collections.abc import Generator

    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.learning.gate import Verdict
    from brainseg_gui.progress import Progress, Result
    from brainseg_gui.runs.run_folder import RunFolder

NOT_BETTER = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``learn`` to the command line."""
    parser = subparsers.add_parser(
        "learn",
        help="fine-tune on corrected cases, and compare with the network before",
        description="Takes the cases of a list that are done, trains on those of some patients from the network in "
        "use, and scores both networks on those of the others (Dice, lesion-wise Dice, HD95, paired test). A run that "
        "was interrupted goes on with --run alone. The exit code is 3 where the new network is not better.",
    )
    parser.add_argument("cohort", nargs="?", type=Path, metavar="COHORT", help="a folder of cases, some of them done")
    parser.add_argument("--run", type=Path, metavar="FOLDER", dest="run_folder", help="the run folder")
    add_annotations_option(parser)
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="network to go on from (default: the one in use)")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="SECTION.KEY=VALUE", help="change a setting"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--promote", action="store_true", help="make the new network the usual one, if it is better")
    parser.add_argument("--take-back", action="store_true", help="take the last promotion back")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Learn; 0 where the new network is better, 3 where it is not, 1 where training failed."""
    _refuse_idle_options(args)
    if args.take_back:
        return _take_back()
    if args.run_folder is None:
        raise BrainsegError("learning needs a run folder", "Give --run FOLDER")
    folder = _prepared(args) if args.cohort is not None else _begun(args.run_folder)
    if code := _trained(folder):
        return code
    verdict = _compared(folder, args.device)
    _print(verdict)
    if args.promote and verdict.passed:
        _promote(folder)
    return 0 if verdict.passed else NOT_BETTER


def _refuse_idle_options(args: argparse.Namespace) -> None:
    """Refuse options that say nothing for what is asked: who gives them believes that they do.

    Raises
    ------
    BrainsegError
        If there is one.
    """
    of_beginning = {"--annotations": args.annotations, "--model": args.model, "--set": args.set}
    of_learning = {"COHORT": args.cohort, "--run": args.run_folder, "--promote": args.promote, **of_beginning}
    if args.take_back and (given := [name for name, value in of_learning.items() if value]):
        raise BrainsegError(f"--take-back leaves no use for {listed(given)}", "Take back alone, and learn afterwards")
    if args.cohort is None and (given := [name for name, value in of_beginning.items() if value]):
        raise BrainsegError(
            f"{listed(given)} {'is' if len(given) == 1 else 'are'} for a new run",
            "Leave out what was settled when it began, or give COHORT and a new --run",
        )


def models_folder() -> Path:
    """Where promoted networks lie."""
    import platformdirs

    return platformdirs.user_data_path("brainseg") / "models"


def _take_back() -> int:
    from brainseg_gui.learning.promotion import take_back

    last = take_back(models_folder())
    say(f"{last.model.name} is the usual network no more; {last.before} is again")
    return 0


def _model_in_use(given: Path | None) -> ModelFolder:
    from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
    from brainseg_gui.learning.promotion import promotions

    known = promotions(models_folder())
    place = given or (known[-1].model if known else None)
    return read_model_folder(place) if place is not None else default_model()


def _prepared(args: argparse.Namespace) -> RunFolder:
    from brainseg_gui.annotation.case_list import NAME, read_entries
    from brainseg_gui.commands.train import changes_of
    from brainseg_gui.imaging.cases.case_folder import find_cohort
    from brainseg_gui.learning.learning_set import LearningRequest, learning_config, prepare_learning
    from brainseg_gui.learning.plan import read_plan
    from brainseg_gui.learning.sides import accepted
    from brainseg_gui.runs.config_file import with_changes

    sources = accepted(find_cohort(args.cohort), read_entries(args.cohort / NAME))
    config = with_changes(learning_config(args.run_folder.name), changes_of(args.set))
    homes = annotation_homes(args.annotations, find_cohort(args.cohort))
    request = LearningRequest(sources, _model_in_use(args.model), config, homes)
    folder = _with_bar(prepare_learning(args.run_folder.resolve(), request))
    plan = read_plan(folder)
    for sentence in plan.left_out:
        say(sentence)
    say(f"{len(plan.trained_on)} cases are trained on from {plan.parent_title}, {len(plan.held_back)} are held back")
    return folder


def _begun(path: Path) -> RunFolder:
    from brainseg_gui.learning.plan import read_plan
    from brainseg_gui.runs.run_folder import RunFolder

    folder = RunFolder(path.resolve())
    read_plan(folder)
    return folder


def _trained(folder: RunFolder) -> int:
    """Train to the end, or on; 0 once there is a model."""
    from brainseg_gui.commands.train import ASKED_TO_END, watch_run
    from brainseg_gui.commands.train_watch import BarWatcher
    from brainseg_gui.runs.events import EventTail
    from brainseg_gui.runs.run_status import RunStatus

    if folder.status() is RunStatus.FINISHED and folder.has_model:
        return 0
    tail = EventTail(folder.events_file)
    tail.read()
    with closing(BarWatcher(folder.config())) as watcher:
        code = watch_run(folder, folder.launch(), tail, watcher)
    if code in (0, ASKED_TO_END) and folder.status() is not RunStatus.FINISHED:
        say("stopped; brainseg learn with --run alone goes on")
        return code or 1
    return code


def _compared(folder: RunFolder, device: str) -> Verdict:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.options import SegmentOptions
    from brainseg_gui.learning.comparing import compare_networks, known_verdict

    if (verdict := known_verdict(folder)) is not None:
        return verdict
    with closing(Engine()) as engine:
        return _with_bar(compare_networks(folder, engine, SegmentOptions(device)))  # type: ignore[arg-type]


def _promote(folder: RunFolder) -> None:
    from brainseg_gui.learning.promotion import promote

    kept = promote(folder, models_folder(), _model_in_use(None).path)
    say(f"promoted: {kept}; brainseg learn --take-back takes it back")


def _print(verdict: Verdict) -> None:
    from brainseg_gui.learning.verdict_text import as_text

    write_line(as_text(verdict))


def _with_bar(work: Generator[Progress, None, Result]) -> Result:
    from tqdm import tqdm

    from brainseg_gui.errors import printable
    from brainseg_gui.progress import run_to_end

    with tqdm(total=1.0, file=sys.stderr, bar_format=BAR, disable=None) as bar, closing(work):

        def tell(progress: Progress) -> None:
            bar.set_description_str(printable(f"{progress.stage} {progress.detail}"), refresh=False)
            bar.update(progress.done - bar.n)

        return run_to_end(work, tell)
