"""Correcting by clicks: `python -m training.clicks prepare | train | mend | export | curves`.

`prepare FOLDER… -o CASES` keeps what the shipped network, or others, see of cases. `train CASES… --run RUN` trains the
network for clicks; started again it goes on from its newest checkpoint, and a file named ``stop`` in the run folder
ends it. `export RUN -o FOLDER` makes it one that the program uses. `mend CASES… -o FILE` trains what mends masks, in
minutes. `curves CASES…` lets a robot correct cases by clicks and prints Dice after each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.engine.environment import prepare_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 0 when done, 2 when something given is at fault."""
    given = _parser().parse_args(arguments)
    prepare_environment()
    try:
        given.run_command(given)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.clicks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    prepare = commands.add_parser("prepare", help="keep what networks see of cases")
    prepare.add_argument("folders", type=Path, nargs="+", help="cases, or folders of cases")
    prepare.add_argument("-o", "--output", type=Path, required=True, help="folder for them")
    models = "folders of networks, each for one case after the other (default: the one that comes with the program)"
    prepare.add_argument("--model", type=Path, nargs="+", metavar="FOLDER", help=models)
    prepare.add_argument("--scheme", default="", help="label scheme of the masks (default: guessed)")
    prepare.add_argument("--most", type=int, default=0, help="cases of each folder (all)")
    prepare.set_defaults(run_command=_prepare)
    train = commands.add_parser("train", help="train the network for clicks")
    train.add_argument("--run", type=Path, required=True, help="folder of the run")
    train.add_argument("--start", type=Path, help="network to begin with (.keras)")
    train.add_argument("--steps", type=int, default=3000, help="steps in all (3000)")
    train.add_argument("--rate", type=float, default=1e-3, help="learning rate at the beginning (0.001)")
    train.add_argument("--seed", type=int, default=0, help="seed of the run (0)")
    train.set_defaults(run_command=_train)
    export = commands.add_parser("export", help="write the folder of a network for clicks")
    export.add_argument("run", type=Path, help="folder of the run")
    export.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    export.add_argument("--results", default="not measured", help="a sentence for the passport")
    export.set_defaults(run_command=_export)
    mend = commands.add_parser("mend", help="train what mends masks")
    mend.add_argument("-o", "--output", type=Path, required=True, help="file for it (.npz)")
    mend.add_argument("--seed", type=int, default=0, help="seed of people and training (0)")
    mend.set_defaults(run_command=_mend)
    curves = commands.add_parser("curves", help="print Dice after each click of a robot")
    curves.add_argument("--method", default="seeds", help="seeds, balls, or a network for clicks (.keras)")
    curves.add_argument("--begin", choices=("nothing", "prediction"), default="prediction")
    curves.add_argument("--clicks", type=int, default=10, help="clicks of each case (10)")
    curves.add_argument("--wrong", type=float, default=0.0, help="share of the clicks that go astray (0)")
    curves.set_defaults(run_command=_curves)
    curves.add_argument("--mender", type=Path, help="what mends masks (.npz); the method answers where it cannot")
    for command in (train, mend, curves):
        command.add_argument("cases", type=Path, nargs="+", help="folders of prepared cases, or such cases")
        command.add_argument("--without", nargs="*", default=(), metavar="CASE", help="cases that are left out")
    return parser


def _files(given: argparse.Namespace) -> list[Path]:
    found = [
        file
        for place in given.cases
        for file in (sorted(place.glob("*.npz")) if place.is_dir() else [place])
        if file.stem not in given.without and not file.name.endswith(".tmp.npz")
    ]
    if not found:
        raise BrainsegError("there is no prepared case", "Make some with `python -m training.clicks prepare`")
    return found


def _prepare(given: argparse.Namespace) -> None:
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
    from training.clicks.prepare import prepare_cases
    from training.compare.cases import Asked, find_cases

    schemes = {"": scheme_named(given.scheme)} if given.scheme else {}
    cases = find_cases(given.folders, Asked({}, schemes, given.most), _say)
    models = [read_model_folder(folder) for folder in given.model] if given.model else [default_model()]
    for name in prepare_cases(cases, models, given.output):
        _say(name)


def _train(given: argparse.Namespace) -> None:
    from training.clicks.train import ClickTraining, train

    train(ClickTraining(given.run, _files(given), given.steps, rate=given.rate, seed=given.seed, start=given.start))


def _mend(given: argparse.Namespace) -> None:
    from training.clicks.mender import name_in_passport, rows_of, save_mender, trained_mender

    save_mender(trained_mender(rows_of(_files(given), given.seed), given.seed), given.output)
    name_in_passport(given.output)


def _export(given: argparse.Namespace) -> None:
    from training.clicks.train import export

    export(given.run, given.output, given.results)


def _curves(given: argparse.Namespace) -> None:
    from brainseg_gui.inference.clicks.mender_file import read_mender
    from training.clicks.curves import sessions, table
    from training.clicks.people import Person
    from training.clicks.robot import by_balls, by_mender, by_network, by_seeds

    known = {"seeds": by_seeds, "balls": by_balls}
    answer = known.get(given.method) or by_network(Path(given.method))
    if given.mender is not None:
        answer = by_mender(read_mender(given.mender), answer)
    found = sessions(_files(given), given.begin, answer, given.clicks, Person(wrong=given.wrong))
    _say(table(found, f"{given.method} from {given.begin}"))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
