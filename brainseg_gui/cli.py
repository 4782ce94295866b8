"""The command line: one parser; every command is a module of `brainseg_gui.commands`."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, EngineError, printable
from brainseg_gui.faults.home import stand_in
from brainseg_gui.faults.process_guard import ending_in_order, guard_process, hold_standard_streams
from brainseg_gui.plain_files import for_terminal, visible

COMMANDS = (
    *("window", "demo", "prepare", "segment", "evaluate", "follow", "report", "statistics", "render", "surfaces"),
    *("refine", "train", "learn", "runs", "synthesize", "deface", "export", "plugins", "doctor"),
)
_OF_HEADERS = "pydicom"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of all commands, or of those that are asked for: the others need not be imported."""
    parser = _Parser(
        prog="brainseg",
        description="Read, segment, compare and correct brain-tumour MRI. Without a command, the window opens.",
        epilog="brainseg CASE opens the window on a case. For research; not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"brainseg {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    subparsers.type = str  # the words behind a command are looked at by the command's own parser
    for name in commands:
        import_module(f"brainseg_gui.commands.{name}").add_parser(subparsers)
    return parser


class _Parser(argparse.ArgumentParser):
    """Of the program and of each command: an empty word is no path, which would stand for the working folder, and
    no choice, which would count as not given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("type", Path, _path_of)
        self.register("type", None, _word_of)


def _path_of(word: str) -> Path:
    if not word:
        raise argparse.ArgumentTypeError("an empty word names no file (perhaps a variable of the shell is empty)")
    return Path(word)


def _word_of(word: str) -> str:
    if not word:
        raise argparse.ArgumentTypeError("an empty word says nothing (perhaps a variable of the shell is empty)")
    return word


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a user's error is one line on stderr and exit code 2, one of the drive or the network 1."""
    hold_standard_streams()
    guard_process()
    stand_in()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # the name of a file need not be text
    words = list(sys.argv[1:] if argv is None else argv)
    known = {*COMMANDS, "-h", "--help", "--version"}
    if not words or words[0] not in known:
        if sentence := _mistyped(words):
            print(f"brainseg: {sentence}", file=sys.stderr)  # noqa: T201
            return 2
        words.insert(0, "window")  # brainseg CASE
    arguments = build_parser([words[0]] if words[0] in COMMANDS else COMMANDS).parse_args(words)
    _warn_on_terminal()
    return _run(arguments)


def _warn_on_terminal() -> None:
    warnings.filterwarnings("ignore", module=rf"{_OF_HEADERS}(\.|$)")
    logging.basicConfig(level=logging.WARNING, handlers=[_terminal()])


def _terminal() -> logging.Handler:
    """Warnings in the program's words; what a library says of headers is in the log, and looked at by the program."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)  # the log has more
    terminal.addFilter(lambda record: record.name.partition(".")[0] != _OF_HEADERS)
    terminal.setFormatter(_TerminalFormatter("brainseg: %(message)s"))
    return terminal


def _run(arguments: argparse.Namespace) -> int:
    try:
        with ending_in_order():
            code = int(arguments.run(arguments))
            sys.stdout.flush()
            return code
    except BrainsegError as error:
        print(f"brainseg: {error}", file=sys.stderr)  # noqa: T201
        return 1 if _is_of_the_machine(error) else 2
    except BrokenPipeError:
        _forget_output()
        return 1
    except OSError as error:
        if not (sentence := _of_the_drive(error)):
            raise
        print(f"brainseg: {sentence}", file=sys.stderr)  # noqa: T201
        _forget_output()
        return 1
    except KeyboardInterrupt:
        print("brainseg: interrupted", file=sys.stderr)  # noqa: T201
        return 130


def _is_of_the_machine(error: BrainsegError) -> bool:
    """Whether nothing that was given is at fault: the drive is full, or the network's process died."""
    full = isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_ROOM
    return full or isinstance(error, EngineError)


def _of_the_drive(error: OSError) -> str:
    """What is wrong with a drive, or with a name that it does not take; empty for a fault of ours."""
    if error.errno in _NO_ROOM:
        return f"there is no room to write ({error.strerror}). Free some space."
    if not isinstance(error.filename, str):
        return ""
    return f"{visible(error.filename)}: it cannot be used ({error.strerror}). Check the name and the drive."


def _forget_output() -> None:
    """Let what could not be written go: Python would try again at its end, and complain."""
    with contextlib.suppress(OSError, ValueError):  # no output that the system knows
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _mistyped(words: Sequence[str]) -> str:
    """What to say of a first word that is no case and nearly a command; empty where it is neither."""
    word = words[0] if words else ""
    if not word or word.startswith("-") or os.path.exists(word):
        return ""
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, 1, 0.75)
    return printable(f"{word} is neither a command nor a file. Did you mean brainseg {near[0]}?") if near else ""


class _TerminalFormatter(logging.Formatter):
    """Messages in which a file's name steers no terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return for_terminal(super().format(record))
