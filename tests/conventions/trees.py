"""Folders of public data sets with their true names and small volumes, one for each row of the table of conventions."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import CHANNEL, MASK, VOLUMES, Kind, NamingConvention, conventions

SHAPE = (20, 22, 16)
AFFINE = np.diag([-4.0, -4.0, 4.0, 1.0])
TABLE = Path(__file__).parents[2] / "resources" / "conventions.toml"
_TISSUES = ("NCR", "ED", "ET")
_LEVELS = {  # brain, NCR, ED, ET
    Modality.T1: (500, 400, 420, 480),
    Modality.T1CE: (520, 420, 440, 1000),
    Modality.T2: (400, 700, 650, 560),
    Modality.FLAIR: (420, 470, 800, 640),
}


@dataclass(frozen=True)
class Example:
    """One case of a row, as its table entry gives it."""

    row: NamingConvention
    parts: Mapping[str, str]

    @property
    def case_id(self) -> str:
        return self.row.case.format(**self.parts)

    def path(self, kind: Kind) -> str:
        """The preferred path of a kind, without ending."""
        return self.row.paths[kind][0].replace("{case}", self.row.case).format(**self.parts)


@dataclass(frozen=True)
class Tree:
    """A data set on disk."""

    root: Path
    row: NamingConvention
    examples: tuple[Example, ...]
    ending: str
    bases: tuple[Path, ...]

    def copied(self, folder: Path) -> Tree:
        """The same below another folder."""
        root = folder / self.root.name
        shutil.copytree(self.root, root, copy_function=shutil.copyfile)
        return replace(self, root=root, bases=tuple(root / base.relative_to(self.root) for base in self.bases))

    def file(self, number: int, kind: Kind) -> Path:
        base = self.bases[number % len(self.bases)]
        return base / f"{self.examples[number].path(kind)}{self.ending}"


@cache
def entries() -> dict[str, Any]:
    """The rows as the table writes them."""
    rows = tomllib.loads(TABLE.read_text("utf-8"))["convention"]
    named = {row["name"]: row for row in rows}
    return {name: named[row["like"]] | row if "like" in row else row for name, row in named.items()}


def scheme_of(row: NamingConvention) -> LabelScheme:
    """The scheme that the row's masks are numbered by here."""
    return scheme_named(row.schemes[0] if row.schemes else "brats2020")


def modalities_of(row: NamingConvention) -> tuple[Modality, ...]:
    """What the row's cases hold."""
    return row.order or tuple(m for m in Modality if m in row.paths)


def plant(folder: Path, name: str) -> Tree:
    """Write the cases of a row with all that lies beside them."""
    row, entry = next(row for row in conventions() if row.name == name), entries()[name]
    root, ending = folder / name, entry.get("ending", ".nii.gz")
    bases = tuple(root / within for within in entry.get("within", [""]))
    examples = tuple(Example(row, parts) for parts in entry["examples"])
    tree = Tree(root, row, examples, ending, bases)
    for number, example in enumerate(examples):
        _plant_case(tree, number, example, entry)
    if "dataset_json" in entry:
        (bases[0] / "dataset.json").write_text(json.dumps(entry["dataset_json"]), "utf-8")
    return tree


def _plant_case(tree: Tree, number: int, example: Example, entry: Mapping[str, Any]) -> None:
    tissues = _tissues(number)
    images = {m: _image(m, tissues, number) for m in Modality}
    order = tree.row.order
    if VOLUMES in tree.row.paths:
        write(np.stack([images[m] for m in order], -1), tree.file(number, VOLUMES))
    elif CHANNEL in tree.row.paths:
        for channel, modality in enumerate(order):
            parts = {**example.parts, "channel": f"{channel:04}"}
            path = tree.bases[0] / f"{tree.row.paths[CHANNEL][0].format(**parts)}{tree.ending}"
            write(images[modality], path)
    else:
        for modality in modalities_of(tree.row):
            write(images[modality], tree.file(number, modality))
    if MASK in tree.row.paths:
        write(_numbered(tissues, scheme_of(tree.row)), tree.file(number, MASK))
    base = tree.bases[number % len(tree.bases)]
    for other in entry.get("also", ()):
        path = other.replace("{case}", tree.row.case).format(**example.parts)
        write((tissues >= 0).astype(np.uint8), base / f"{path}{tree.ending}")


def write(array: np.ndarray, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, AFFINE), path)
    return path


def _tissues(number: int) -> np.ndarray:
    """-1 air, 0 brain, then 1 NCR, 2 ED and 3 ET: a ball in a ball in a ball."""
    grid = np.stack(np.indices(SHAPE)).astype(float)
    middle = np.array(SHAPE).reshape(3, 1, 1, 1) / 2
    tissues = np.where(np.sqrt(((grid - middle) ** 2).sum(0)) < 8, 0, -1)
    distance = np.sqrt(((grid - middle - np.array([1, (number % 3) - 1, 0]).reshape(3, 1, 1, 1)) ** 2).sum(0))
    for radius, tissue in ((4.6, 2), (3.2, 3), (1.9, 1)):
        tissues[distance < radius] = tissue
    return tissues


def _image(modality: Modality, tissues: np.ndarray, number: int) -> np.ndarray:
    random = np.random.default_rng(number * 10 + list(Modality).index(modality))
    levels = np.array([*_LEVELS[modality], 0])  # -1, air, is the last one
    return np.where(tissues < 0, 0, levels[tissues] + random.normal(0, 25, SHAPE)).astype(np.int16)


def _numbered(tissues: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    values = np.zeros(SHAPE, np.uint8)
    for number, tissue in enumerate(_TISSUES, start=1):
        if tissue in scheme.labels.values() or tissue == "NCR" or not scheme.tells_apart:
            values[tissues == number] = scheme.value_for(tissue) if _has(scheme, tissue) else 0
    return values


def _has(scheme: LabelScheme, tissue: str) -> bool:
    return not scheme.tells_apart or bool({tissue, "NET"} & set(scheme.labels.values())) or tissue != "NCR"
