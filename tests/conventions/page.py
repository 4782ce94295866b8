"""The page of data sets, ``docs/data_sets.md``, made from the table: ``python -m tests.conventions.page``."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.errors import listed
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import MASK, NamingConvention, conventions
from tests.conventions.trees import Example, entries, modalities_of

PAGE = Path(__file__).parents[2] / "docs" / "data_sets.md"
_HEAD = """# Data sets

How public data sets and tools name and lay out their files, as the program reads them: a folder of one is found, read,
segmented, scored and trained on as it was downloaded. Each row is an entry of `resources/conventions.toml`; a test
makes a small folder with the true names for each, and tries all of it. Made by `python -m tests.conventions.page`.

Other names are read by their words (`[words]` of the same file). Where no scheme stands, the images decide.
"""


def segment_words(row: NamingConvention) -> str:
    """What ``segment`` makes of it."""
    missing = [modality.title for modality in Modality if modality not in modalities_of(row)]
    return f"lacks {listed(missing)}" if missing else "yes"


def evaluate_words(row: NamingConvention) -> str:
    """What ``evaluate`` scores."""
    if MASK not in row.paths:
        return "no masks"
    return "WT, TC, ET" if tells_apart(row) else "WT"


def train_words(row: NamingConvention) -> str:
    """What ``train`` makes of it."""
    if MASK not in row.paths:
        return "left out: no mask"
    if not tells_apart(row):
        return "left out: one label"
    return "yes" if segment_words(row) == "yes" else f"left out: {segment_words(row)}"


def tells_apart(row: NamingConvention) -> bool:
    """Whether its masks tell tissues apart."""
    return all(scheme_named(name).tells_apart for name in row.schemes)


def page() -> str:
    """The whole page."""
    return f"{_HEAD}\n{_table()}\n## Paths and sources\n\n" + "\n".join(_paths(row) for row in conventions())


def _table() -> str:
    heads = ("data set or tool", "modalities", "mask", "scheme", "patient, visit", "segment", "evaluate", "train")
    lines = [" | ".join(heads), " | ".join(["---"] * len(heads))]
    lines += [" | ".join(_cells(row)) for row in conventions()]
    return "".join(f"| {line} |\n" for line in lines)


def _cells(row: NamingConvention) -> tuple[str, ...]:
    example = _example(row)
    visit = example.parts.get("visit", "")
    return (
        row.title,
        ", ".join(modality.title for modality in modalities_of(row)),
        f"`{example.path(MASK).rpartition('/')[2]}`" if MASK in row.paths else "–",
        " or ".join(scheme_named(name).title for name in row.schemes) or "by the images",
        f"`{example.parts['patient']}`" + (f", `{visit.strip('_')}`" if visit.strip("_") else ""),
        segment_words(row),
        evaluate_words(row),
        train_words(row),
    )


def _example(row: NamingConvention) -> Example:
    parts = entries()[row.name]["examples"]
    return Example(row, {"channel": "0000", **next((p for p in parts if p.get("visit")), parts[0])})


def _paths(row: NamingConvention) -> str:
    listed_paths = [f"- `{paths[0].replace('{case}', row.case)}`" for paths in row.paths.values()]
    return "\n".join([f"**{row.title}** ({row.source})\n", *listed_paths, ""])


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
