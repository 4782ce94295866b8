"""Exporting as the program does, and looking whether what went out is in its place and can be read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.exchange.bids import export_bids
from brainseg_gui.exchange.nnunet import export_nnunet
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.formats.mask_note import scheme_fields
from brainseg_gui.imaging.formats.reading import read_header, read_labels
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.progress import run_to_end
from tests.fuzz.measure import WrongAnswer


def note() -> dict[str, Any]:
    """The note beside a mask, with a scheme of its own."""
    own = LabelScheme("mine", "Mine", {2: "ED", 4: "ET"})
    return {
        "voxels_digest": "0" * 40,
        "annotator": "anna",
        "saved": "2026-03-01T09:30:00+00:00",
        "study": "0" * 40,
        **scheme_fields(own),
        "label_looks": {"2": ["ED", "oedema", "#00ff00"], "4": ["ET", "rim", "#ffff00"]},
    }


def export_nnunet_out(cohort: Path) -> None:
    """Export as a raw data set of nnU-Net, and look through it."""
    out = cohort.parent / "out" / "Dataset501_Toys"
    _exported(cohort, out, export_nnunet)
    description = json.loads((out / "dataset.json").read_text("utf-8"))
    known = set(description["labels"].values())
    for path in out.rglob("*.nii.gz"):
        read_header(path)
        if path.parent.name == "labelsTr" and not set(read_labels(path)[0].ravel().tolist()) <= known:
            raise WrongAnswer("a mask holds a number that dataset.json does not describe")


def export_bids_out(cohort: Path) -> None:
    """Export as derivatives of BIDS, and look through them."""
    out = cohort.parent / "out" / "derived"
    _exported(cohort, out, export_bids)
    json.loads((out / "dataset_description.json").read_text("utf-8"))
    for path in out.rglob("*.tsv"):
        heads, *rows = path.read_text("utf-8").splitlines()
        for row in rows:
            cells = row.split("\t")
            if len(cells) != len(heads.split("\t")) or not row.replace("\t", "").isprintable():
                raise WrongAnswer(f"a row that is none: {row!a}")
            if any(cell.lstrip(' "').startswith(("=", "+", "@")) for cell in cells):
                raise WrongAnswer(f"a spreadsheet would evaluate {row!a}")


def _exported(cohort: Path, out: Path, export: Callable[..., Any]) -> None:
    before = _listed(cohort)
    try:
        outcomes = run_to_end(export(find_cohort(cohort), out))
    finally:
        if _listed(cohort) != before:
            raise WrongAnswer("something was written among the images")
    if any(path.is_symlink() or not path.resolve().is_relative_to(out.resolve()) for path in out.rglob("*")):
        raise WrongAnswer("something lies outside of the export")
    if any(len(part) > 255 or set(part) - _ALLOWED for path in out.rglob("*") for part in path.relative_to(out).parts):
        raise WrongAnswer("a name that the layout does not allow")
    faults: list[BrainsegError] = [outcome.error for outcome in outcomes if outcome.error is not None]
    if faults:
        raise faults[0]


_ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


def _listed(cohort: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in cohort.rglob("*"))
