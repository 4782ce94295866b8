"""Live counts, the note beside a saved mask, and what ties a journal to a study."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.edits import EditSource, edit_between
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.provenance import (
    Origin,
    provenance,
    seconds_of_work,
    write_provenance,
)
from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tally import Tally
from brainseg_gui.annotation.tools.brush import Brush, sweep
from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.metrics.comparison import compare, compare_table
from brainseg_gui.evaluation.metrics.overlap import joint_table
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import note_path
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.progress import run_to_end

SHAPE = (9, 8, 7)
GRID = Grid(SHAPE, np.diag([1.0, 1.0, 2.0, 1.0]))
SCHEME = scheme_named("brats2020")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=12))
def test_the_tally_is_the_joint_table_after_every_stroke(seeds: list[int]) -> None:
    random = np.random.default_rng(0)
    reference = np.asfortranarray(random.choice(np.array([0, 1, 2, 4], np.uint8), SHAPE))
    annotation = Annotation(LabelMap(random.choice(np.array([0, 1, 2, 4], np.uint8), SHAPE), GRID, SCHEME))
    tally = Tally(annotation.values, reference)
    for seed in seeds:
        stroke = np.random.default_rng(seed)
        points = stroke.uniform(0, 6, (2, 3))
        area = sweep(Brush(float(stroke.uniform(1, 5))), [tuple(p) for p in points], GRID)
        assert area is not None
        slab = annotation.paint(area.becomes(int(stroke.choice([0, 1, 2, 4]))))
        if slab is not None:
            tally.refresh(annotation.values, slab)
        annotation.finish("Brush")
        if seed % 3 == 0 and (move := annotation.undo()) is not None:
            tally.refresh(annotation.values, move.slab)
        np.testing.assert_array_equal(tally.table, joint_table(reference, annotation.values))
        np.testing.assert_array_equal(tally.counts, np.bincount(annotation.values.ravel(), minlength=256))
    wanted = compare(LabelMap(reference, GRID, SCHEME), annotation.labels)
    assert compare_table(tally.table, SCHEME, SCHEME, GRID.voxel_ml) == wanted


def test_a_tally_without_a_reference_counts_volumes() -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[0, 0, :3] = 4
    tally = Tally(values)
    assert (tally.counts[4], tally.counts[0]) == (3, values.size - 3)
    tally.compare_with(values)
    assert tally.table[4, 4] == 3
    with pytest.raises(ValueError, match="shape"):
        tally.compare_with(np.zeros((1, 1, 1), np.uint8))


def test_counting_the_same_box_twice_changes_nothing() -> None:
    values = np.zeros(SHAPE, np.uint8)
    tally = Tally(values, values.copy())
    values[2, 2, 2] = 1
    assert tally.refresh(values, whole_box(SHAPE))
    assert not tally.refresh(values, whole_box(SHAPE))
    assert tally.table[0, 1] == 1


def test_the_whole_table_follows_a_stroke_within_50_ms() -> None:
    grid = Grid((240, 240, 155), np.eye(4))
    values = np.zeros(grid.shape, np.uint8, order="F")
    annotation = Annotation(LabelMap(values, grid, SCHEME))
    tally = Tally(annotation.values, values)
    times = []
    for n in range(5):
        area = sweep(Brush(40), [(100 + 5 * n, 100, 70), (110 + 5 * n, 110, 80)], grid)
        assert area is not None
        slab = annotation.paint(area.becomes(1 + n % 2))
        assert slab is not None
        began = time.process_time()
        tally.refresh(annotation.values, slab)
        compare_table(tally.table, SCHEME, SCHEME, grid.voxel_ml)
        times.append(time.process_time() - began)
    assert min(times) < 0.05


def _edited() -> tuple[Annotation, LabelMap]:
    values = np.zeros(SHAPE, np.uint8)
    values[0] = 2
    start = LabelMap(values, GRID, SCHEME)
    annotation = Annotation(start)
    annotation.edit(Area((slice(1, 2),) * 3, np.ones((1, 1, 1), bool)).becomes(4), "Brush", "brush")
    box = (slice(0, 1), slice(0, 2), slice(0, 2))
    annotation.edit(Area(box, np.ones((1, 2, 2), bool)).becomes(1), "Accept", "proposal", layer="prediction 2")
    annotation.edit(Area((slice(3, 4),) * 3, np.ones((1, 1, 1), bool)).becomes(1), "Brush", "brush")
    annotation.undo()
    return annotation, start


def test_the_note_tells_who_made_each_part() -> None:
    annotation, start = _edited()
    origin = Origin("prediction", "prediction", "model X", values_digest(start.values), "ab" * 32)
    layers = [Origin("prediction 2", "prediction"), Origin("never used", "reference")]
    found = provenance(annotation.snapshot(), annotation.history, origin, layers=layers, program="0.1.0")
    assert found["parts"] == [
        {"made_by": "start", "layer": "", "label": 2, "voxels": 8 * 7 - 4},
        {"made_by": "brush", "layer": "", "label": 4, "voxels": 1},
        {"made_by": "proposal", "layer": "prediction 2", "label": 1, "voxels": 4},
    ]
    assert found["edits"]["count"] == 2  # what is undone does not count
    assert found["edits"]["by_tool"] == {"brush": 1, "proposal": 1}
    assert [layer["layer"] for layer in found["copied_from"]] == ["prediction 2"]
    assert found["started_from"]["model_sha256"] == "ab" * 32
    assert found["labels"][0] == {"label": 1, "meaning": "NCR", "voxels": 4, "volume_ml": 0.008}
    assert json.loads(json.dumps(found)) == found


def test_the_time_spent_leaves_out_long_pauses() -> None:
    one = edit_between("a", whole_box((1, 1, 1)), np.zeros((1, 1, 1), np.uint8), np.ones((1, 1, 1), np.uint8))
    assert one is not None
    edits = [replace(one, source=EditSource(made=made)) for made in (100.0, 110.0, 4000.0, 4030.0)]
    assert seconds_of_work(edits) == 10 + 60 + 30
    assert seconds_of_work(edits[:1]) == 0


def test_the_note_lies_beside_the_mask(tmp_path: Path) -> None:
    mask = tmp_path / "case_seg.nii.gz"
    annotation, start = _edited()
    fields = provenance(annotation.snapshot(), annotation.history, Origin("x", "empty"))
    path = write_provenance(mask, fields)
    assert path == tmp_path / "case_seg.provenance.json" == note_path(mask)
    text = path.read_text("utf-8")
    assert json.loads(text) == fields
    assert str(tmp_path) not in text
    assert "case" not in text
    assert start.values.any()
    with pytest.raises(SaveError, match="the mask is saved, but not the note"):
        write_provenance(tmp_path / "gone" / "x.nii", fields)


def test_an_annotation_without_edits_has_a_note_too() -> None:
    labels = LabelMap(np.zeros(SHAPE, np.uint8), GRID, SCHEME)
    found = provenance(labels, History(), Origin("empty", "empty"))
    assert (found["parts"], found["labels"], found["edits"]["count"]) == ([], [], 0)


def test_a_study_is_known_by_its_voxels(tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    def digest(folder: str, **different: object) -> str:
        return study_digest(run_to_end(read_case(find_case(toy_case(tmp_path / folder, **different)))))

    first = digest("a")
    assert len(first) == 40
    assert digest("b", case_id="Another_name") == first
    assert digest("c", orientation="RAS") == first
    assert digest("d", mask=False) == first
    assert digest("e", seed=1) != first
    assert digest("f", spacing=(1.0, 1.0, 1.1)) != first
    assert digest("g", modalities=("t1", "t1ce", "t2")) != first


def test_a_digest_does_not_depend_on_the_order_in_memory() -> None:
    values = np.random.default_rng(0).integers(0, 5, (20, 19, 33), dtype=np.uint8)
    assert values_digest(values) == values_digest(np.asfortranarray(values))
    assert values_digest(values) != values_digest(values[::-1])
