"""What installed packages declare as entry points for this program, read from their metadata: nothing is imported.

Ours, not `importlib.metadata`: its import and its scan of a hundred packages take 50 ms of processor time at the start,
these lines 2 ms.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from brainseg_gui.plain_files import MEBIBYTE, read_bytes, visible
from brainseg_gui.plugins.switches import switched_off

Group = Literal["models", "measures", "formats", "tools"]
GROUPS: tuple[Group, ...] = get_args(Group)
_MARK = b"[brainseg."
_NAME = re.compile(r"[\w.\- ]{1,60}")
_TARGET = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_]\w*)?")


@dataclass(frozen=True)
class PlugIn:
    """One entry point.

    Parameters
    ----------
    package, version
        The distribution that brings it.
    group
        What it is.
    name
        Its name: of a model or tool, the key of a measure, the ending of a format.
    target
        ``module`` or ``module:attribute``.
    """

    package: str
    version: str
    group: Group
    name: str
    target: str

    @property
    def words(self) -> str:
        """For sentences: “volume_similarity of brainseg-example 1.0”."""
        return f"{self.name} of {self.package} {self.version}"


@cache
def declared() -> tuple[PlugIn, ...]:
    """Every plug-in that is installed, by package and name, also of packages that are switched off."""
    found = {plug_in: None for place in dict.fromkeys(sys.path) for plug_in in _in_folder(Path(place or "."))}
    return tuple(sorted(found, key=lambda p: (p.package.lower(), p.group, p.name)))


def plug_ins(group: Group) -> tuple[PlugIn, ...]:
    """The plug-ins of one kind that are switched on."""
    off = switched_off() if declared() else frozenset()
    return tuple(plug_in for plug_in in declared() if plug_in.group == group and plug_in.package not in off)


def model_folders() -> tuple[Path, ...]:
    """Where the models of plug-ins lie; the packages themselves are not imported."""
    return tuple(folder_of(plug_in) for plug_in in plug_ins("models"))


def folder_of(plug_in: PlugIn) -> Path:
    """Where the model of a plug-in lies: its target names a folder of the package as if it were a module."""
    from importlib.util import find_spec

    top, *rest = plug_in.target.partition(":")[0].split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0] if places else top, *rest)


def _in_folder(folder: Path) -> Iterator[PlugIn]:
    try:
        entries = [entry.path for entry in os.scandir(folder) if entry.name.endswith(".dist-info")]
    except OSError:  # a zip, or nothing
        return
    for entry in entries:
        file = os.path.join(entry, "entry_points.txt")
        try:
            content = read_bytes(Path(file), MEBIBYTE) if os.path.exists(file) else b""  # most packages have none
        except OSError:
            continue
        if _MARK in content:
            yield from _of_package(Path(entry), content)


def _of_package(info: Path, content: bytes) -> Iterator[PlugIn]:
    from configparser import ConfigParser, Error  # there are plug-ins at all: most often there are none

    name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except Error:
        return
    for group in GROUPS:
        section = f"brainseg.{group}"
        for key, target in parser.items(section) if parser.has_section(section) else ():
            if _NAME.fullmatch(key) and _TARGET.fullmatch(target):
                yield PlugIn(visible(name.replace("_", "-")), visible(version), group, key, target)
