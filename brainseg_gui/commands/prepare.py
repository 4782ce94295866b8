"""``brainseg prepare``: from raw series, as a scanner or an archive gave them, to cases that networks take."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from brainseg_gui.commands.options.cluster import add_cluster_options, count_of, refuse_cluster_options
from brainseg_gui.commands.terminal import BAR, INPUT_FAULT, say, write_line
from brainseg_gui.errors import BrainsegError
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from brainseg_gui.imaging.modality import Modality
    from brainseg_gui.preparation.heads.finder import BrainFinder
    from brainseg_gui.preparation.prepare_place import PreparationRequest, PreparedExamination
    from brainseg_gui.progress import Progress

Result = TypeVar("Result")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``prepare`` to the command line."""
    parser = subparsers.add_parser(
        "prepare",
        help="make cases of raw series",
        description="Of each examination, DICOM or files: finds out which series is what, registers all to the finest "
        "T1ce (or the best there is; another one where most do not fit that), resamples them to 1 mm and takes the "
        "skull off. preparation.json in each prepared case says how it was made. The source is only read.",
    )
    parser.add_argument("places", nargs="+", type=Path, metavar="RAW", help="folder or file of one examination")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="gets a folder for each")
    add_role_option(parser)
    parser.add_argument(
        "--space", choices=("1mm", "reference"), default="1mm", help="voxels of the result: 1 mm, or the reference's"
    )
    parser.add_argument("--keep-skull", action="store_true", help="do not take the skull off")
    parser.add_argument("--deface", action="store_true", help="keep the skull, but remove the face")
    parser.add_argument("--even-out", action="store_true", help="take out shading by the coil (N4)")
    parser.add_argument("--overwrite", action="store_true", help="replace prepared cases that were made otherwise")
    parser.add_argument("--fresh", action="store_true", help="prepare anew what was prepared before of the same files")
    parser.add_argument(
        "--processes", type=count_of, metavar="N", help="number of processes of --cluster local (one for each core)"
    )
    add_cluster_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per examination and line")
    parser.set_defaults(run=run)


def add_role_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--role``, for a single examination."""
    role_help = "which series is what, by number or name, or none: t1ce=4; once for each modality"
    parser.add_argument("--role", action="append", default=[], metavar="MODALITY=SERIES", help=role_help)


def run(args: argparse.Namespace) -> int:
    """Prepare every examination; 0, or 2 when only input is at fault or to be looked at, or 1."""
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.commands.tasks.faults import exit_code
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.preparation.prepare_place import PreparationRequest
    from brainseg_gui.preparation.steps.work import Space, Wishes

    args.places = each_once(args.places)
    wishes = Wishes(
        Space(args.space), strip=not (args.keep_skull or args.deface), even_out=args.even_out, deface=args.deface
    )
    request = PreparationRequest(
        args.output, wishes, roles_said(args.role, args.places), args.overwrite, fresh=args.fresh
    )
    if args.cluster is not None:
        from brainseg_gui.commands.preparing.cluster import prepare_on_cluster

        return prepare_on_cluster(args, request)
    refuse_cluster_options(args)
    with closing(Engine()) as engine:
        finder = finder_of(engine)
        preparing = PreparationRun(request, finder, as_json=args.json)
        for place in args.places:
            preparing.prepare(place)
    if preparing.faults and len(args.places) > 1:
        say(f"{len(preparing.faults)} of {len(args.places)} examinations could not be prepared")
    return exit_code(preparing.faults) or (INPUT_FAULT if preparing.doubts else 0)


def each_once(places: Sequence[Path]) -> list[Path]:
    """The same places, none of them twice: a folder that is named again is no second examination."""
    found = dict[Path, Path]()
    for place in places:
        found.setdefault(place.resolve(), place)
    return list(found.values())


def roles_said(words: list[str], places: list[Path]) -> dict[Modality, str]:
    """What ``--role`` says.

    Raises
    ------
    BrainsegError
        If a word names no modality, or there are several examinations.
    """
    from brainseg_gui.imaging.modality import Modality

    if words and len(places) > 1:
        raise BrainsegError("--role is for one examination", "Prepare those that need it one by one")
    keys = [modality.value for modality in Modality]
    said = {}
    for word in words:
        key, _, series = word.partition("=")
        if key.lower() not in keys or not series:
            raise BrainsegError(f"--role {word} names no modality and series", f"Write --role {keys[0]}=SERIES")
        said[Modality(key.lower())] = series
    return said


def prepare_shown(
    place: Path, request: PreparationRequest, finder: BrainFinder | None, taken: set[Path]
) -> PreparedExamination:
    """Prepare one examination with a bar that shows how far it is; see `prepare_place`."""
    from brainseg_gui.preparation.prepare_place import prepare_place

    return run_shown(prepare_place(place, request, finder, taken), place.name)


def run_shown(work: Generator[Progress, None, Result], name: str) -> Result:
    """Run a generator to its end with a bar that shows how far it is."""
    from tqdm import tqdm

    from brainseg_gui.progress import run_to_end

    with closing(tqdm(total=1.0, file=sys.stderr, bar_format=BAR, disable=None, leave=False)) as bar:

        def tell(progress: Progress) -> None:
            bar.set_description_str(for_terminal(f"{name}: {progress.stage}"), refresh=False)
            bar.update(progress.done - bar.n)

        with closing(work):
            return run_to_end(work, tell)


@dataclass
class PreparationRun:
    """Prepares one place after the other, and says how each ended."""

    request: PreparationRequest
    finder: BrainFinder | None
    as_json: bool = False
    faults: list[Exception] = field(default_factory=list)
    doubts: int = 0
    _taken: set[Path] = field(default_factory=set)

    def prepare(self, place: Path) -> PreparedExamination | None:
        """Prepare one; None where it could not be, which was said."""
        try:
            done = prepare_shown(place, self.request, self.finder, self._taken)
        except BrainsegError as error:
            self.faults.append(error)
            say(str(error))
            if self.as_json:
                write_line(json.dumps({"place": str(place), "error": str(error)}))
            return None
        self._tell(place, done)
        return done

    def _tell(self, place: Path, done: PreparedExamination) -> None:
        from brainseg_gui.commands.preparing.told import entry_of, sentences_of

        doubts = done.preparation.doubts
        self.doubts += bool(doubts)
        for doubt in doubts:
            say(f"{done.folder.name}: {doubt}")
        write_line(json.dumps(entry_of(place, done)) if self.as_json else sentences_of(done))
