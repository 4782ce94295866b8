"""What a mask of the program says about its numbers is believed before any guess, as far as it fits."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import (
    header_words,
    note_path,
    read_note,
    said_scheme,
    scheme_fields,
    scheme_of_fields,
)
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.schemes.understanding import understand
from brainseg_gui.progress import run_to_end

OWN = LabelScheme("mine", "Mine", MappingProxyType({7: "ET", 9: "ED"}))


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path))))


def saved(case: Case, path: Path, scheme: LabelScheme, values: tuple[int, ...] = (1, 2, 3)) -> LabelMap:
    """A mask whose labels lie where they say nothing, written by the program."""
    array = np.zeros(case.grid.shape, np.uint8)
    for number, value in enumerate(values):
        array[3 + number, 3, 3] = value
    labels = LabelMap(array, case.grid, scheme)
    write_labels(path, labels, case.header)
    return labels


def noted(path: Path, **fields: object) -> None:
    note_path(path).write_text(json.dumps({"voxels_digest": "0" * 40, **fields}), "utf-8")


@pytest.mark.parametrize("scheme", list(label_schemes().values()), ids=lambda scheme: scheme.name)
def test_every_scheme_comes_back_from_the_header_and_from_the_note(
    case: Case, tmp_path: Path, scheme: LabelScheme
) -> None:
    path = tmp_path / "m.nii.gz"
    labels = saved(case, path, scheme, tuple(scheme.labels))
    assert said_scheme(labels, path) == (scheme, "its header")
    labels, sentence = understand(case, labels.with_scheme(OWN), path)
    assert labels.scheme == scheme
    assert sentence.endswith("as its header says")
    other = scheme_named("msd" if scheme.name != "msd" else "ed-et-ncr")
    noted(path, **scheme_fields(other))
    if set(labels.present()) <= set(other.labels):  # the note is the newer word
        assert said_scheme(labels, path) == (other, "the note beside it")
    else:
        assert said_scheme(labels, path) == (scheme, "its header")


def test_a_scheme_of_ones_own_comes_back_whole(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "m.nii"
    labels = saved(case, path, OWN, (7, 9))
    assert said_scheme(labels, path) is None  # nobody else knows its name
    noted(path, **scheme_fields(OWN))
    found = said_scheme(labels, path)
    assert found is not None
    assert (found[0].title, dict(found[0].labels)) == ("Mine", {7: "ET", 9: "ED"})


def test_the_header_names_the_scheme_though_its_file_is_away() -> None:
    assert header_words(OWN, "net 1") == "brainseg mask, mine, by net 1"
    other = LabelScheme("brats2020", "Not that one", MappingProxyType({1: "ET"}))
    assert header_words(other) == "brainseg mask"  # the name means something else here
    assert header_words(LabelScheme("a, by b", "No name", MappingProxyType({1: "ET"}))) == "brainseg mask"


def test_a_mask_that_was_renumbered_elsewhere_is_not_read_by_its_old_header(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "m.nii"
    saved(case, path, scheme_named("brats2020"), (1, 2, 4))
    noted(path, **scheme_fields(scheme_named("brats2020")))
    image = nib.load(path)
    values = np.asarray(image.dataobj).copy()
    values[values == 4] = 3
    nib.save(nib.Nifti1Image(values, image.affine, image.header), path)
    renumbered = LabelMap(values, case.grid, scheme_named("brats2020"))
    assert said_scheme(renumbered, path) is None
    noted(path, **scheme_fields(scheme_named("brats2020")), labels=[{"label": 3, "meaning": "?"}])
    assert said_scheme(renumbered, path) == (scheme_named("brats2020"), "the note beside it")


@pytest.mark.parametrize(
    "fields",
    [
        {"label_scheme": "nobody's"},
        {"label_scheme": 4, "label_meanings": [1]},
        {"label_scheme": "mine", "label_meanings": {"0": "ET"}},
        {"label_scheme": "mine", "label_meanings": {"300": "ET"}},
        {"label_scheme": "mine", "label_meanings": {"x": "ET"}},
        {"label_scheme": "mine", "label_meanings": {"1": "<b>"}},
        {"label_scheme": "x" * 10_000, "label_meanings": {}},
        {},
    ],
)
def test_a_note_that_makes_no_sense_says_nothing(fields: dict[str, Any]) -> None:
    assert scheme_of_fields(fields) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000, b"0" * (5 * 2**20)])
def test_a_damaged_note_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.provenance.json").write_bytes(content)
    assert read_note(tmp_path / "m.nii.gz") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are a thing of POSIX")
def test_a_pipe_or_a_link_is_no_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.provenance.json")
    assert read_note(tmp_path / "m.nii") is None
    noted(tmp_path / "there.nii", label_scheme="msd")
    (tmp_path / "n.provenance.json").symlink_to(tmp_path / "there.provenance.json")
    assert read_note(tmp_path / "n.nii") is None


def test_older_notes_name_their_scheme_only(tmp_path: Path) -> None:
    noted(tmp_path / "m.nii.gz", label_scheme="brats-ped", annotator="anna", saved="2026-03-01T10:00:00+00:00")
    note = read_note(tmp_path / "m.nii.gz")
    assert note is not None
    assert (note.scheme, note.annotator, note.study) == (scheme_named("brats-ped"), "anna", "")
    assert note.saved is not None
    assert note.saved.year == 2026


@pytest.mark.parametrize("field", ["label_title", "label_scheme"])
@pytest.mark.parametrize("text", ["\u202egpj.exe", "a\x1b[2J", "line\nbreak", "\u2028"])
def test_the_name_of_a_strangers_scheme_is_shown_as_signs(field: str, text: str) -> None:
    """It is said of the case that is opened, in the window and on the terminal."""
    found = scheme_of_fields({"label_meanings": {"7": "ET"}, "label_title": "", field: text})
    assert found is not None
    assert found.title.isprintable()
    assert found.name.isprintable()
