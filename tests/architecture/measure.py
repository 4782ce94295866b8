"""Measures of the house: files per folder, circles between packages, lengths of functions, lines."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("brainseg_gui", "training")
_CONTROLLERS = Path("brainseg_gui/controllers")
_SHELL = _CONTROLLERS / "shell"
_FEATURES = _SHELL / "features"
_Statements = tuple[ast.stmt, ...]  # of a module, at any depth: definitions and imports
_PARTS = ("body", "orelse", "finalbody", "handlers", "cases")
_KINDS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class House:
    """What is measured.

    Parameters
    ----------
    modules
        Folder -> modules in it, ``__init__`` aside.
    circles
        Groups of rooms that import each other, directly or by way of others.
    module_circles
        The same of modules, imports within functions and for types too.
    body_lines
        Percentiles 50, 90 and 99 of the lines between a function's head and its end.
    arrows
        Imports between rooms: (from, to) -> how many modules do.
    namesakes
        Name of a class -> the modules that define one of that name, where there are several.
    holding_window
        Controllers outside of the shell that import the window.
    panel_places
        Panel of a feature -> modules of the program that name its class, its own controllers aside: what a new one has
        to touch.
    lines
        Of all modules, in all.
    """

    modules: dict[str, int]
    circles: tuple[tuple[str, ...], ...]
    module_circles: tuple[tuple[str, ...], ...]
    body_lines: tuple[int, int, int]
    arrows: Counter[tuple[str, str]]
    namesakes: dict[str, tuple[str, ...]]
    holding_window: tuple[str, ...]
    panel_places: dict[str, tuple[str, ...]]
    lines: int


def measure(root: Path = ROOT) -> House:
    """Measure the packages of a checkout."""
    paths = [path for top in TOPS for path in sorted((root / top).rglob("*.py"))]
    trees = {path.relative_to(root): _statements(path) for path in paths}
    modules = Counter(path.parent.as_posix() for path in trees if path.name != "__init__.py")
    arrows = _arrows(trees, _rooms(trees))
    lengths = [length for tree in trees.values() for length in _body_lengths(tree)]
    p50, p90, p99 = (int(value) for value in np.percentile(lengths, (50, 90, 99)))
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in paths)
    return House(
        modules=dict(modules),
        circles=_circles(arrows),
        module_circles=_circles(_arrows(trees, {path: _dotted(path.with_suffix("")) for path in trees})),
        body_lines=(p50, p90, p99),
        arrows=arrows,
        namesakes=_namesakes(trees),
        holding_window=_holding_window(trees),
        panel_places=_panel_places(trees),
        lines=lines,
    )


def _statements(path: Path) -> _Statements:
    """Those of `_KINDS`; what is within expressions, most of a tree, is not looked at: it holds none."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _KINDS):
            found.append(node)
        waiting += (inner for part in _PARTS for inner in getattr(node, part, ()))
    return tuple(found)


def _body_lengths(tree: _Statements) -> Iterator[int]:
    """Lines of each function after its head and its docstring."""
    for node in tree:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            yield (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _namesakes(trees: dict[Path, _Statements]) -> dict[str, tuple[str, ...]]:
    """Classes that share a name: a reader who meets it would have to look which one is meant."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in trees.items():
        for node in tree:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(_dotted(path.with_suffix("")))
    return {name: tuple(modules) for name, modules in found.items() if len(modules) > 1}


def _holding_window(trees: dict[Path, _Statements]) -> tuple[str, ...]:
    """Controllers that could do anything with the window; those of the shell may."""
    controllers = {path: tree for path, tree in trees.items() if path.is_relative_to(_CONTROLLERS)}
    outside = {path: tree for path, tree in controllers.items() if not path.is_relative_to(_SHELL)}
    return tuple(_dotted(path.with_suffix("")) for path, tree in outside.items() if "MainWindow" in _names(tree))


def _panel_places(trees: dict[Path, _Statements]) -> dict[str, tuple[str, ...]]:
    """Where each panel is named that a feature makes when it is first needed, but in the controllers that use it."""
    tables = [tree for path, tree in trees.items() if path.parent == _FEATURES and not path.name.startswith("core_")]
    panels = {name for tree in tables for name in _names(tree) if name.endswith("Panel")}
    using = [path for path in trees if path.is_relative_to(_CONTROLLERS) and not path.is_relative_to(_SHELL)]
    named = {path.as_posix(): _names(tree) for path, tree in trees.items() if path not in using}
    return {panel: tuple(path for path, names in named.items() if panel in names) for panel in sorted(panels)}


def _names(tree: _Statements) -> set[str]:
    """Classes and what is imported."""
    classes = {node.name for node in tree if isinstance(node, ast.ClassDef)}
    return classes | {name.rpartition(".")[2] for name in _imported(tree)}


def _rooms(trees: dict[Path, _Statements]) -> dict[Path, str]:
    """The room of each module: a package without packages in it; modules above rooms are their own."""
    folders = {path.parent for path in trees}
    mixed = {parent for folder in folders for parent in folder.parents if parent in folders}
    return {path: _dotted(path.with_suffix("") if path.parent in mixed else path.parent) for path in trees}


def _arrows(trees: dict[Path, _Statements], rooms: dict[Path, str]) -> Counter[tuple[str, str]]:
    """Imports between rooms."""
    known = set(rooms.values())
    arrows: Counter[tuple[str, str]] = Counter()
    for path, tree in trees.items():
        targets = {_room_of(name, known) for name in _imported(tree)} - {None, rooms[path]}
        arrows.update((rooms[path], target) for target in targets if target is not None)
    return arrows


def _dotted(path: Path) -> str:
    return path.as_posix().replace("/", ".").removesuffix(".__init__")


def _imported(tree: _Statements) -> Iterator[str]:
    for node in tree:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _room_of(name: str, rooms: set[str]) -> str | None:
    """The room that a dotted name lies in; None where it is none of ours."""
    while name and name not in rooms:
        name = name.rpartition(".")[0]
    return name or None


def _circles(arrows: Counter[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Rooms of which each can be reached from each other."""
    nodes = {node for arrow in arrows for node in arrow}
    targets: defaultdict[str, set[str]] = defaultdict(set)
    for source, target in arrows:
        targets[source].add(target)
    reached = {node: _reached(node, targets) for node in nodes}
    groups = {
        tuple(sorted({node, *(other for other in reached[node] if node in reached[other])}))
        for node in nodes
        if node in reached[node]
    }
    return tuple(sorted(groups))


def _reached(start: str, targets: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = targets.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def report(house: House) -> str:
    """The measures as text."""
    most = sorted(house.modules.items(), key=lambda item: -item[1])
    p50, p90, p99 = house.body_lines
    return "\n".join(
        [
            f"{house.lines:,} lines in {sum(house.modules.values())} modules of {len(house.modules)} folders",
            f"lines of a function, p50 / p90 / p99: {p50} / {p90} / {p99}",
            f"imports between rooms: {len(house.arrows)} arrows, {len(house.circles)} circles",
            *(f"  circle: {', '.join(circle)}" for circle in house.circles),
            f"modules that import each other: {len(house.module_circles)} circles",
            *(f"  circle: {', '.join(circle)}" for circle in house.module_circles),
            f"classes that share a name: {len(house.namesakes)}",
            *(f"  {name}: {', '.join(modules)}" for name, modules in house.namesakes.items()),
            f"controllers outside of the shell that import the window: {len(house.holding_window)}",
            *(f"  {name}" for name in house.holding_window),
            "modules that name the panel of a feature, its controllers aside:",
            *(f"  {len(places)} {panel}" for panel, places in house.panel_places.items()),
            "modules per folder:",
            *(f"  {count:3d} {folder}" for folder, count in most),
        ]
    )
