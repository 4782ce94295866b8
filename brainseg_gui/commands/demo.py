"""``brainseg demo``: the demonstration case in the window, or the same work without one."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from brainseg_gui.commands.window import has_display
from brainseg_gui.imaging.cases.demo_case import demo_case, shipped_demo
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.plain_files import for_terminal


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="open the demonstration case",
        description="Open the demonstration case, a synthetic patient. Without a display (or with --headless) the "
        "same work is done without a window: segment, score, save the mask and a picture.",
    )
    parser.add_argument("--headless", action="store_true", help="do the work without a window")
    parser.add_argument(
        "-o", "--output", type=Path, default=None, metavar="OUT", help="folder for the results of --headless"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the demonstration case, or work through it."""
    if arguments.headless or not has_display():
        if not arguments.headless:
            print("No display: doing the demonstration without a window.")  # noqa: T201
        return _work_through(arguments.output)
    from brainseg_gui.app import run as run_window

    return run_window([demo_case()])


def _work_through(output: Path | None) -> int:
    """Open, segment, score, save and draw; the commands do what the window does."""
    import platformdirs

    folder = output or platformdirs.user_cache_path("brainseg") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    case = shipped_demo()
    mask, picture = folder / f"{case.name}_pred{MASK_ENDING}", folder / f"{case.name}.png"
    steps = (
        ["segment", str(case), "-o", str(mask), "--overwrite"],
        ["evaluate", "--reference", str(case), "--prediction", str(mask)],
        ["render", str(case), "--prediction", str(mask), "-o", str(picture)],
    )
    for step in steps:
        code = _run_command(step)
        if code:
            return code
    print(for_terminal(f"Mask: {mask}\nPicture: {picture}"))  # noqa: T201
    return 0


def _run_command(words: list[str]) -> int:
    """Run another command as a person would type it."""
    parser = argparse.ArgumentParser(prog="brainseg")
    import_module(f"brainseg_gui.commands.{words[0]}").add_parser(parser.add_subparsers())
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))
