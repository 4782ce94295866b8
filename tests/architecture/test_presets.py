"""What a run does follows from its settings: a preset's name is for people."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.measure import ROOT


def _decided_by_preset(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        decides = node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else node
        if isinstance(decides, ast.Compare | ast.Match | ast.Subscript) or decides is not node:
            for part in ast.walk(decides.subject if isinstance(decides, ast.Match) else decides):
                if isinstance(part, ast.Attribute) and part.attr == "preset":
                    yield part.lineno


def test_nothing_is_decided_by_the_name_of_a_preset() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for top in ("brainseg_gui", "training")
        for path in (ROOT / top).rglob("*.py")
        if "preset" in (text := path.read_text("utf-8"))  # the others need not be parsed
        for line in _decided_by_preset(ast.parse(text))
    ]
    shown = ("brainseg_gui/commands", "brainseg_gui/views")  # an argument, and an entry of a list
    assert [place for place in found if not place.startswith(shown)] == []


def test_the_search_finds_what_hangs_on_a_name() -> None:
    texts = ('x = c.preset == "seed"', "kinds[c.preset]", "if c.preset: pass", "match c.preset:\n case 1: pass")
    assert all(list(_decided_by_preset(ast.parse(text))) for text in texts)
