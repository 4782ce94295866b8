"""Label schemes of people's own, and the label files of other programs: values, round trips, malformed files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.imaging.colours import overlay_table
from brainseg_gui.imaging.formats.mask_note import scheme_fields, scheme_of_fields
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labelling.label_entries import LabelEntry, entries_of, problem_of, scheme_of
from brainseg_gui.imaging.labelling.label_files import LabelFileError, new_entry, read_labels_file, write_labels_file
from brainseg_gui.imaging.labelling.own_schemes import clash_of, load_own_schemes, save_own_scheme, schemes_folder
from brainseg_gui.imaging.labels import LabelMap, Meaning, meanings, regions
from brainseg_gui.imaging.schemes.scheme_guess import LabelEvidence, guess_scheme

SNAP = """\
################################################
# ITK-SnAP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "left hippocampus"
    7    10   20   30      0.5  1  0    "CA1"
"""
SLICER = """\
# Color table file /tmp/Segmentation-label_ColorTable.ctbl
# 3 values
0 Background 0 0 0 0
1 artery 216 101 79 255
3 connective_tissue 111 184 210 255
"""


def _mask(values: list[int], scheme: object) -> LabelMap:
    array = np.array(values, np.uint8).reshape(-1, 1, 1)
    return LabelMap(array, Grid(array.shape, np.eye(4)), scheme)


def test_itk_snap_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "hippocampus.txt"
    path.write_text(SNAP)
    scheme = read_labels_file(path)
    assert (scheme.name, scheme.title) == ("hippocampus", "hippocampus")
    assert dict(scheme.labels) == {1: "left hippocampus", 7: "CA1"}
    assert scheme.look_of(7).colour == "#0a141e"
    assert overlay_table(scheme, 1.0)[[0, 1, 7]].tolist() == [[0, 0, 0, 0], [255, 0, 0, 255], [10, 20, 30, 255]]


def test_slicer_colour_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "vessels.ctbl"
    path.write_text(SLICER)
    scheme = read_labels_file(path)
    assert dict(scheme.labels) == {1: "artery", 3: "connective tissue"}
    assert scheme.look_of(1).colour == "#d8654f"


@pytest.mark.parametrize("ending", [".txt", ".ctbl", ".toml"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    entries = (
        LabelEntry(1, "NCR", "#e5484d", "NCR"),
        LabelEntry(2, "left \u00e6ther", "#010203"),
        LabelEntry(255, "c3", "#fffefd"),
    )
    path = tmp_path / f"mine{ending}"
    write_labels_file(path, scheme_of("mine", entries))
    found = read_labels_file(path)
    assert entries_of(found) == entries
    assert found.title == "mine"


def test_the_files_that_are_written_look_as_those_programs_write_them(tmp_path: Path) -> None:
    scheme = scheme_of("mine", [LabelEntry(2, "left part", "#0a141e")])
    write_labels_file(tmp_path / "a.txt", scheme)
    write_labels_file(tmp_path / "a.ctbl", scheme)
    snap, slicer = ((tmp_path / name).read_text().splitlines() for name in ("a.txt", "a.ctbl"))
    assert snap[1] == "# ITK-SnAP Label Description File"
    assert snap[-2].split() == ["0", "0", "0", "0", "0", "0", "0", '"Clear', 'Label"']
    assert snap[-1] == '    2    10   20   30        1  1  1    "left part"'
    assert slicer == ["# Color table file", "# 2 values", "0 Background 0 0 0 0", "2 left_part 10 20 30 255"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "hello there", "line 1 is no label: hello there"),
        ("a.txt", "# only a comment", "The scheme has no label"),
        ("a.txt", '1 300 0 0 1 1 1 "x"', "line 1 is no label"),
        ("a.txt", '1 1 0 0 1 1 1 "x', "line 1 is no label"),
        ("a.txt", '1001 1 0 0 1 1 1 "ctx"', "has the number 1001; a mask holds 1 to 255"),
        ("a.txt", '1 1 0 0 1 1 1 "a"\n1 1 0 0 1 1 1 "b"', "Two labels have the number 1"),
        ("a.txt", '1 1 0 0 1 1 1 "TC"', "TC is a word of the program"),
        ("a.ctbl", "# Color procedural file\n0 0 0 0", "it is a continuous colour scale"),
        ("a.toml", "format = 1\ntitle = ", "it is no TOML"),
        ("a.toml", "format = 9", "it describes no labels"),
        ("a.toml", "format = 1\ntitle = 'a'\n[[label]]\nnumber = 1\nname = 'x'", "a label lacks its colour"),
        ("a.toml", "format = 1\ntitle = 'a'\n[[label]]\nnumber = 'x'\nname = 'x'\ncolour = '#000000'", "number"),
        ("a.toml", "format = 1\ntitle = 'a'\nlabel = ['x']", "a label is no table"),
        ("a.toml", "format = 1\ntitle = 'a'\n[[label]]\nnumber = 1\nname = 'x'\ncolour = 'red'", "is no colour"),
        (
            "a.toml",
            "format = 1\ntitle = 'BraTS 2017\u20132021'\n[[label]]\nnumber=1\nname='x'\ncolour='#000000'",
            "scheme",
        ),
    ],
)
def test_a_malformed_file_gets_a_sentence_that_names_it(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LabelFileError) as caught:
        read_labels_file(tmp_path / name)
    assert sentence in str(caught.value)
    assert name in str(caught.value)
    assert caught.value.remedy


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "gone.txt", tmp_path, tmp_path / "b.txt"):
        with pytest.raises(LabelFileError, match="cannot be read"):
            read_labels_file(path)


def test_two_labels_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('1 1 0 0 1 1 1 "x"\n2 1 0 0 1 1 1 "x"')
    assert dict(read_labels_file(tmp_path / "a.txt").labels) == {1: "x", 2: "x (2)"}


def test_long_names_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "".join(f'{n} 255 0 0 1 1 1 "{"superior longitudinal fasciculus, " * 2}part {n}"\n' for n in (7, 123))
    )
    first, second = read_labels_file(path).labels.values()
    assert second == first[:54] + " (123)"


def test_a_tissue_under_another_name_still_counts_for_the_regions() -> None:
    scheme = scheme_of("mine", [LabelEntry(5, "solid", "#112233", "ET"), LabelEntry(6, "vessel", "#445566")])
    whole, _, enhancing = regions()
    assert scheme.values_in(whole) == scheme.values_in(enhancing) == (5,)
    assert scheme.value_for("ET") == 5
    assert scheme.look_of(5).key == "solid"
    reference, mine = _mask([4, 4, 0, 0], scheme_named("brats2020")), _mask([5, 0, 6, 0], scheme)
    rows = {row.region.key: row.dice for row in compare(reference, mine).rows}
    assert rows["ET"] == pytest.approx(2 / 3)
    assert rows["vessel"] == 0.0


def test_labels_without_a_tissue_are_compared_by_name() -> None:
    one = scheme_of("one", [LabelEntry(1, "CA1", "#112233"), LabelEntry(2, "CA3", "#445566")])
    other = scheme_of("other", [LabelEntry(9, "CA1", "#998877"), LabelEntry(3, "CA3", "#445566")])
    rows = {row.region.key: row.dice for row in compare(_mask([1, 1, 2, 0], one), _mask([9, 0, 3, 3], other)).rows}
    assert rows == {"WT": 1.0, "TC": 1.0, "ET": 1.0, "CA1": pytest.approx(2 / 3), "CA3": pytest.approx(2 / 3)}


def test_own_schemes_are_known_by_name_in_every_later_start() -> None:
    scheme = scheme_of("Hippocampus, left", [LabelEntry(1, "CA1", "#112233")])
    path = save_own_scheme(scheme)
    assert path == schemes_folder() / "hippocampus-left.toml"
    assert scheme_named("hippocampus-left") == scheme
    load_own_schemes()
    assert label_schemes()["hippocampus-left"] == scheme
    assert "CA1" in meanings()


def test_a_scheme_takes_the_place_of_no_other(tmp_path: Path) -> None:
    """Both are written as ``hippocampus-left.toml``."""
    path = save_own_scheme(scheme_of("Hippocampus, left", [LabelEntry(1, "CA1", "#112233")]))
    before, other = path.read_bytes(), scheme_of("Hippocampus (left)", [LabelEntry(1, "CA3", "#112233")])
    assert clash_of(other.title).startswith("Hippocampus (left) and Hippocampus, left have one short name")
    with pytest.raises(LabelFileError, match="give yours another name"):
        save_own_scheme(other)
    assert path.read_bytes() == before
    assert not clash_of("Hippocampus, left ")
    save_own_scheme(scheme_of("Hippocampus, left", [LabelEntry(1, "CA2", "#112233")]))  # the same one, changed
    assert dict(scheme_named("hippocampus-left").labels) == {1: "CA2"}


def test_a_scheme_is_saved_to_the_file_that_holds_it() -> None:
    """A colleague's file has any name; a second one would hide what is changed, or be hidden by it."""
    theirs = scheme_of("Vessels", [LabelEntry(1, "artery", "#112233")])
    for name in ("a.toml", "z.toml"):
        place = schemes_folder() / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_labels_file(place, theirs)
        load_own_schemes()
        changed = scheme_of("Vessels", [LabelEntry(1, "artery", "#112233"), LabelEntry(2, "vein", "#445566")])
        assert save_own_scheme(changed) == place
        assert load_own_schemes() == []
        assert dict(scheme_named("vessels").labels) == {1: "artery", 2: "vein"}
        place.unlink()


def test_two_files_of_one_short_name_are_told() -> None:
    save_own_scheme(scheme_of("Vessels", [LabelEntry(1, "artery", "#112233")]))
    write_labels_file(schemes_folder() / "x.toml", scheme_of("vessels", [LabelEntry(1, "vein", "#112233")]))
    (problem,) = load_own_schemes()
    assert problem.path == schemes_folder() / "x.toml"
    assert "another file holds labels named vessels" in problem.what
    assert dict(scheme_named("vessels").labels) == {1: "artery"}


@pytest.mark.parametrize("found", [(), (1, 2, 4), (1, 2, 3), (1,), (7, 9)])
def test_an_own_scheme_changes_no_guess(found: tuple[int, ...]) -> None:
    evidence, names = (
        [LabelEvidence(value, 1000, 0.3 * value, 0.5, 0.2) for value in found],
        ["X_t1.nii.gz", "X_seg.nii.gz"],
    )
    before = guess_scheme(evidence, names)
    entries = [LabelEntry(1, "NCR", "#112233", "NCR"), LabelEntry(7, "cavity", "#445566", "RC")]
    save_own_scheme(scheme_of("brats-2017-2021-mine", [*entries, LabelEntry(9, "vessel", "#778899")]))
    assert guess_scheme(evidence, names) == before
    assert guess_scheme((), names, ["brats-2017-2021-mine"]).scheme.labels[7] == "RC"
    assert guess_scheme(evidence, names, ["one that was deleted"]) == before


def test_a_damaged_scheme_hides_no_other() -> None:
    save_own_scheme(scheme_of("good", [LabelEntry(1, "CA1", "#112233")]))
    (schemes_folder() / "bad.toml").write_text("nonsense")
    (schemes_folder() / "brats2020.toml").write_text((schemes_folder() / "good.toml").read_text())
    problems = load_own_schemes()
    assert [problem.path.name for problem in problems] == ["bad.toml"]
    assert "good" in label_schemes()
    assert dict(label_schemes()["brats2020"].labels) == {1: "NCR", 2: "ED", 4: "ET"}


def test_a_note_holds_the_whole_scheme_for_those_who_do_not_have_it() -> None:
    scheme = scheme_of("elsewhere", [LabelEntry(4, "cyst wall", "#112233"), LabelEntry(5, "core", "#0a0b0c", "NCR")])
    fields = scheme_fields(scheme)
    assert scheme_of_fields(fields) == scheme
    assert scheme_of_fields({**fields, "label_looks": {"4": ["x", "x", "red", "red"]}}) is None
    assert scheme_of_fields({**fields, "label_looks": "x"}) is None


def test_a_note_that_says_a_second_colour_is_understood() -> None:
    fields = {"label_scheme": "mine", "label_meanings": {"7": "nerve"}}
    scheme = scheme_of_fields({**fields, "label_looks": {"7": ["nerve", "optic nerve", "#112233", "#445566"]}})
    assert scheme is not None
    assert scheme.look_of(7) == Meaning("nerve", "optic nerve", "#112233")


def test_problems_and_new_labels() -> None:
    ok = LabelEntry(1, "a", "#112233")
    assert problem_of("mine", [ok]) == ""
    assert "needs a name" in problem_of(" ", [ok])
    assert "ET is a word of the program" in problem_of("mine", [LabelEntry(1, "ET", "#112233")])
    assert problem_of("mine", [LabelEntry(1, "ET", "#112233", "ET")]) == ""
    assert "counts as XX" in problem_of("mine", [LabelEntry(1, "a", "#112233", "XX")])
    made = [new_entry([ok]), new_entry([ok, LabelEntry(2, "b", "#e5484d"), LabelEntry(4, "ET", "#f5d90a", "ET")])]
    assert [entry.number for entry in made] == [2, 5]  # a hole means something in other schemes
    assert made[1].colour not in ("#112233", "#e5484d", "#f5d90a")
    assert new_entry([LabelEntry(255, "last", "#112233")]).number == 1
    assert new_entry([LabelEntry(n, str(n), "#112233") for n in range(1, 256)]) is None
