"""Files are written in one place of the code: a writer of one's own would follow links, or leave half a file."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = "brainseg_gui/storage/"

# What writes elsewhere, and why no stranger and no crash can make use of it.
EXCEPTIONS = {
    ("brainseg_gui/annotation/journal/journal.py", "open"): "appends to a journal in the user's own private folder",
    ("brainseg_gui/annotation/journal/journal_folder.py", "rename"): "puts a damaged journal aside, in that folder",
    ("brainseg_gui/controllers/settings/settings_start.py", "rename"): "puts the user's own settings aside",
    ("brainseg_gui/controllers/layers/masks.py", "rename"): "names a layer, not a file",
    ("brainseg_gui/views/layers/labels_dialog.py", "rename"): "names a scheme, not a file",
    ("brainseg_gui/faults/log_file.py", "os.open"): "the log, in the user's own private folder",
    ("brainseg_gui/faults/log_file.py", "open"): "the log: an open descriptor",
    ("brainseg_gui/faults/running.py", "os.open"): "marks of running windows, made anew in a private folder",
    ("brainseg_gui/faults/running.py", "os.replace"): "a mark is whole or not there, in that folder",
    ("brainseg_gui/faults/running.py", "replace"): "the trace of the last crash, in that folder",
    ("brainseg_gui/faults/scratch.py", "open"): "the null device",
    ("brainseg_gui/faults/home.py", "mkdtemp"): "a folder of its own",
    ("brainseg_gui/faults/scratch.py", "mkdtemp"): "a folder of its own",
    ("brainseg_gui/imaging/formats/meta_image.py", "write_bytes"): "a mask, into what `storage.replacing` gave",
    ("brainseg_gui/imaging/formats/mgh.py", "write_bytes"): "a mask, into what `storage.replacing` gave",
    ("brainseg_gui/imaging/formats/nrrd.py", "open"): "a mask, into what `storage.replacing` gave",
    ("brainseg_gui/inference/engine/shared_block.py", "mkstemp"): "shared memory: a new file without another name",
    ("brainseg_gui/inference/engine/shared_block.py", "open"): "shared memory, by the name that the program gave it",
    (
        "brainseg_gui/controllers/annotating/neighbours.py",
        "shutil.copyfile",
    ): "a mask that came back, in a private folder",
    ("brainseg_gui/exchange/mask_as_file.py", "mkdtemp"): "a folder of its own, in the program's private one",
    ("brainseg_gui/exchange/neighbours.py", "replace"): "names the mask from before anew, in that folder",
    ("brainseg_gui/learning/promotion.py", "open"): "a network's files, into a folder that was made for them",
    ("training/heads/study.py", "open"): "appends to a study's results, in the folder that was named for them",
    ("training/data/cache.py", "rename"): "puts a whole entry in its place, inside the marked folder of the cache",
    ("training/synthesis/batch.py", "rename"): "puts a whole case in its place",
    ("training/synthesis/batch.py", "replace"): "adds what a case lacks, in a folder that is no link",
    ("training/train.py", "rename"): "names a damaged checkpoint, in a folder that was found to be no link",
}
_METHODS = {"write_text", "write_bytes", "touch", "rename", "symlink_to", "hardlink_to", "mkstemp", "mkdtemp",
            "NamedTemporaryFile", "FileHandler"}  # fmt: skip
_OF_STORAGE = {"write_text", "write_bytes"}
_OS = {"replace", "rename", "link", "symlink"}
_SHUTIL = {"copy", "copyfile", "copy2", "copytree", "move"}


def _writes(call: ast.Call) -> str:
    """What a call writes with; empty where it does not."""
    function = call.func
    if isinstance(function, ast.Name):
        return "open" if function.id == "open" and _is_for_writing(call, 1) else ""
    if not isinstance(function, ast.Attribute):
        return ""
    name, owner = function.attr, function.value.id if isinstance(function.value, ast.Name) else ""
    if owner == "os":
        return f"os.{name}" if name in _OS or (name == "open" and "O_CREAT" in ast.unparse(call)) else ""
    if owner == "shutil":
        return f"shutil.{name}" if name in _SHUTIL else ""
    if owner == "temporary" and name in ("open", "write_bytes"):  # what `storage.replacing` gave
        return ""
    if name == "open":
        return "open" if _is_for_writing(call, 0) else ""
    if name == "replace":  # that of a path has one argument; those of texts and dates have others
        return "replace" if len(call.args) == 1 and not call.keywords else ""
    if name in _OF_STORAGE and (owner == "chosen_file" or any(word.arg == "chosen" for word in call.keywords)):
        return ""
    return name if name in _METHODS else ""


def _is_for_writing(call: ast.Call, place: int) -> bool:
    given = call.args[place : place + 1] + [word.value for word in call.keywords if word.arg == "mode"]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in given)


@cache
def _found() -> list[tuple[str, str, int]]:
    """What writes in the whole code: file, how, line."""
    found = []
    for top in ("brainseg_gui", "training"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(HOME):
                continue
            calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            found += [(name, how, call.lineno) for call in calls if (how := _writes(call))]
    return found


def test_nothing_is_written_outside_of_the_one_home() -> None:
    others = [f"{name}:{line}: {how}" for name, how, line in _found() if (name, how) not in EXCEPTIONS]
    assert not others, "write through brainseg_gui.storage, or say in EXCEPTIONS why not"


def test_every_exception_is_still_needed() -> None:
    assert set(EXCEPTIONS) == {(name, how) for name, how, _ in _found()} & set(EXCEPTIONS)


@pytest.mark.parametrize(
    "code",
    ["open(p, 'w')", "p.open('ab')", "open(p, mode='r+')", "p.write_text('')", "p.write_bytes(b'')", "p.touch()",
     "os.replace(a, b)", "p.replace(q)", "p.rename(q)", "os.open(p, os.O_CREAT)", "tempfile.mkstemp()", "os.link(a, b)",
     "logging.FileHandler(p)", "shutil.move(a, b)"],
)  # fmt: skip
def test_writers_are_seen(code: str) -> None:
    assert _writes(ast.parse(code, mode="eval").body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "code",
    ["open(p)", "p.open('rb')", "'a'.replace('b', 'c')", "d.replace(tzinfo=None)", "write_text(p, t, chosen=True)",
     "chosen_file.write_text(p, t, chosen=False)", "os.open(p, os.O_RDONLY)", "replace(a, b=1)", "dialog.open()"],
)  # fmt: skip
def test_readers_are_not(code: str) -> None:
    assert not _writes(ast.parse(code, mode="eval").body)  # type: ignore[arg-type]
