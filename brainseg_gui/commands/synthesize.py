"""``brainseg synthesize``: make patients who never lived, with exact masks, to train on and to test with."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from brainseg_gui.commands.options.cluster import add_cluster_options, count_of, retries_of

_ASKED_S = 5.0  # then it is told


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``synthesize`` to the command line."""
    parser = subparsers.add_parser(
        "synthesize",
        help="make synthetic cases",
        description="Write BraTS-style folders of synthetic patients: real anatomies, procedural tumours, simulated "
        "MRI. The same seed gives the same files, whatever the number of processes. Started again, it goes on where "
        "it ended.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder that gets one folder per case")
    parser.add_argument(
        "--anatomy", type=Path, nargs="+", required=True, metavar="DIR",
        help="1 mm label maps with FreeSurfer's numbers, such as SynthSeg's, or folders of them",
    )  # fmt: skip
    parser.add_argument("--cases", type=int, default=1, metavar="N", help="number of cases (1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the set (0)")
    parser.add_argument(
        "--priors", choices=("training", "demonstration", "unseen"), default="training",
        help="wide, like the demonstration case, or outside of the wide ones for tests (training)",
    )  # fmt: skip
    parser.add_argument("--spacing-mm", type=int, choices=(1, 2), default=1, help="edge of a voxel (1)")
    parser.add_argument(
        "--processes",
        type=count_of,
        metavar="N",
        help="number of processes (1; with --cluster local one for each core)",
    )
    add_cluster_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Start the generator, which is a process of its own, and pass on its exit code."""
    generator = subprocess.Popen(command_of(args))
    try:
        while True:
            try:
                return generator.wait()
            except KeyboardInterrupt:  # the terminal has interrupted the generator too
                generator.send_signal(signal.SIGINT)
    except SystemExit:  # whoever ends this process means the generator
        _end(generator)
        raise


def _end(generator: subprocess.Popen[bytes]) -> None:
    """Ask it to end its workers, too; what a script started with ``&`` does not hear that."""
    if sys.platform != "win32":
        generator.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            generator.wait(_ASKED_S)
            return
    generator.terminate()
    generator.wait()


def command_of(args: argparse.Namespace) -> list[str]:
    """The generator's command line."""
    command = [sys.executable, "-P", "-m", "training.synthesis", "--out", _no_option(args.out)]
    command += ["--anatomy", *map(_no_option, args.anatomy)]
    for name in ("cases", "seed", "priors", "spacing_mm"):
        command += [f"--{name.replace('_', '-')}", str(getattr(args, name))]
    if args.processes is not None:
        command += ["--processes", str(args.processes)]
    if args.cluster is not None:
        command += ["--cluster", args.cluster]
    return [*command, "--retries", str(retries_of(args))]


def _no_option(path: Path) -> str:
    """A path as a word of a command line that is not taken for an option, whatever it begins with."""
    name = str(path)
    return os.path.join(os.curdir, name) if name.startswith("-") else name
