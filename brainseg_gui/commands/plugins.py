"""``brainseg plugins``: what other packages bring, and switching it off."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from brainseg_gui.plugins.declared import PlugIn


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``plugins`` to the command line."""
    parser = subparsers.add_parser("plugins", help="list plug-ins, check them, switch them on or off")
    parser.add_argument("--off", metavar="PACKAGE", help="use nothing of this package from now on")
    parser.add_argument("--on", metavar="PACKAGE", help="use it again")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Switch what is asked for, then list everything with its state; 2 where a plug-in cannot be used."""
    from brainseg_gui.plugins.declared import declared
    from brainseg_gui.plugins.switches import switch, switched_off

    packages = {plug_in.package for plug_in in declared()}
    for package, on in ((args.off, False), (args.on, True)):
        if package is not None and package not in packages:
            raise BrainsegError(f"no plug-in is of the package {package}", f"There are {', '.join(packages) or 'none'}")
        if package is not None:
            switch(package, on=on)
    off = switched_off()
    states = {plug_in: "off" if plug_in.package in off else _state(plug_in) for plug_in in declared()}
    if args.json:
        sys.stdout.write(json.dumps([asdict(p) | {"state": state} for p, state in states.items()], indent=1) + "\n")
    else:
        lines = [f"{p.group:9}{p.name:24}{p.package} {p.version}: {state}" for p, state in states.items()]
        sys.stdout.write(for_terminal("\n".join(map(printable, lines)) or "no plug-ins") + "\n")
    return 2 if any(state not in ("on", "off") for state in states.values()) else 0


def _state(plug_in: PlugIn) -> str:
    """Whether it can be used; the reason if not."""
    from brainseg_gui.inference.models.model_folder import read_model_folder
    from brainseg_gui.plugins.declared import folder_of
    from brainseg_gui.plugins.loading import load

    try:
        if plug_in.group == "models":
            read_model_folder(folder_of(plug_in))
        else:
            load(plug_in)
    except BrainsegError as error:
        return str(error)
    return "on"
