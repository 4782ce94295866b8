"""Whatever tool makes a proposal: locks hold, undo is identity, the journal follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.proposal import Proposal
from brainseg_gui.annotation.rules import PaintOver, PaintRules
from brainseg_gui.annotation.slab import Area, LabelChange
from brainseg_gui.annotation.tools import algebra, click_answers, clicks, fill, interpolate, islands, morphology, seeds
from brainseg_gui.annotation.tools.brush import Brush, BrushShape, sweep
from brainseg_gui.annotation.tools.polygon import polygon
from brainseg_gui.annotation.tools.threshold import follow_edges, in_range, range_around
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

SHAPE = (14, 13, 12)
SPACING = (1.0, 1.0, 2.0)
GRID = Grid(SHAPE, np.diag([*SPACING, 1.0]))
SCHEME = scheme_named("brats2013")  # it has the numbers 1 to 4
IMAGE = Volume(np.random.default_rng(8).normal(100, 30, SHAPE).astype(np.float32), GRID, 1.0, 0.0, Path("toy.nii.gz"))
STUDY = "ab" * 20

Random = np.random.Generator
Tool = Callable[[np.ndarray, Random], LabelChange | None]


def _voxel(random: Random) -> tuple[int, int, int]:
    i, j, k = (int(random.integers(0, n)) for n in SHAPE)
    return i, j, k


def _label(random: Random, lowest: int = 1) -> int:
    return int(random.integers(lowest, 5))


def _plane(random: Random) -> Plane | None:
    return (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, None)[int(random.integers(0, 4))]


def _painted(area: Area | None, random: Random) -> LabelChange | None:
    return None if area is None else area.becomes(_label(random, 0))


def _stroke(random: Random) -> Area | None:
    brush = Brush(float(random.uniform(1, 8)), list(BrushShape)[int(random.integers(0, 2))], _plane(random))
    return sweep(brush, [_voxel(random) for _ in range(int(random.integers(1, 4)))], GRID)


def _lasso(values: np.ndarray, random: Random) -> LabelChange | None:
    plane = _plane(random) or Plane.AXIAL
    outline = [tuple(float(v) for v in random.uniform(-2, 15, 3)) for _ in range(6)]
    area = polygon(outline, plane, int(random.integers(0, SHAPE[plane.axis])), SHAPE)
    return _painted(area, random)


def _threshold(values: np.ndarray, random: Random) -> LabelChange | None:
    area = _stroke(random)
    wanted = range_around(IMAGE, _voxel(random), 4.0)
    return None if area is None else in_range(area, IMAGE, wanted).becomes(_label(random, 0))


def _adaptive(values: np.ndarray, random: Random) -> LabelChange | None:
    at = _voxel(random)
    area = sweep(Brush(8), [at], GRID)
    return None if area is None else follow_edges(area, IMAGE, at).becomes(_label(random, 0))


def _grown_seeds(values: np.ndarray, random: Random) -> LabelChange | None:
    scribbles = np.zeros(SHAPE, np.uint8)
    scribbles[0, 0, 0] = seeds.BACKGROUND_SEED
    scribbles[7, 7, 7], scribbles[12, 3, 4] = 2, _label(random)
    return run_to_end(seeds.grow({Modality.T1: IMAGE}, scribbles, whole_box(SHAPE))).change(values)


def _proposed(values: np.ndarray, random: Random) -> LabelChange | None:
    proposal = Proposal(random.integers(0, 5, SHAPE, dtype=np.uint8), SCHEME)
    choice = int(random.integers(0, 4))
    if choice == 0:
        return proposal.accept_all(values)
    region = regions()[int(random.integers(0, 3))] if choice == 1 else None
    pieces = proposal.pieces(values, region) if choice <= 2 else ()  # none when all of it was accepted before
    area = pieces[0].area if pieces else _stroke(random)
    return None if area is None else proposal.accept(area)


def _hint(random: Random, known: Sequence[str] = ("WT", "TC", "ET", "NCR")) -> Hint:
    return Hint(known[int(random.integers(0, len(known)))], bool(random.integers(0, 2)), (_voxel(random),))


def _clicked(values: np.ndarray, random: Random) -> LabelChange | None:
    return run_to_end(clicks.from_images({Modality.T1: IMAGE}, values, SCHEME, [_hint(random)]))


def _clicked_by_network(values: np.ndarray, random: Random) -> LabelChange | None:
    whole = random.random(SHAPE) < 0.7
    core = whole & (random.random(SHAPE) < 0.5)
    wanted = {"WT": whole, "TC": core, "ET": core & (random.random(SHAPE) < 0.5)}
    return click_answers.change_towards(
        values, SCHEME, whole_box(SHAPE), wanted, _hint(random, NESTED_REGIONS), SPACING
    )


TOOLS: dict[str, Tool] = {
    "click": _clicked,
    "click by a network": _clicked_by_network,
    "brush": lambda values, r: _painted(_stroke(r), r),
    "lasso": _lasso,
    "flood": lambda values, r: _painted(fill.flood(values, _voxel(r), _plane(r)), r),
    "flood by intensity": lambda values, r: _painted(fill.flood_intensities(IMAGE, _voxel(r), 20, _plane(r)), r),
    "holes": lambda values, r: _painted(fill.holes(values, _label(r, 0), _plane(r), only_background=False), r),
    "threshold": _threshold,
    "adaptive": _adaptive,
    "seeds": _grown_seeds,
    "interpolate": lambda values, r: _painted(
        interpolate.interpolated(np.where(np.arange(12) % 4, 0, values), _label(r), 2, GRID), r
    ),
    "largest": lambda values, r: _painted(islands.but_the_largest(values, _label(r, 0)), r),
    "small": lambda values, r: _painted(islands.smaller_than(values, _label(r), 80), r),
    "island": lambda values, r: _painted(islands.island_at(values, _voxel(r), any_label=True), r),
    "grow": lambda values, r: _painted(morphology.growth(values, _label(r, 0), 1.5, SPACING), r),
    "shrink": lambda values, r: _painted(morphology.shrinkage(values, _label(r, 0), 1.0, SPACING), r),
    "smooth": lambda values, r: morphology.smoothed(values, None, 1.0, SPACING),
    "smooth one": lambda values, r: morphology.smoothed(values, _label(r), 1.0, SPACING),
    "boolean": lambda values, r: algebra.combined(
        values, _label(r), values == _label(r), list(algebra.Operation)[int(r.integers(0, 4))]
    ),
    "swap": lambda values, r: algebra.swapped(values, _label(r), _label(r)),
    "merge": lambda values, r: algebra.merged(values, [_label(r), _label(r)], _label(r)),
    "replace": lambda values, r: algebra.replaced(values, r.integers(0, 5, SHAPE, dtype=np.uint8)),
    "proposal": _proposed,
}


def _start() -> Annotation:
    random = np.random.default_rng(4)
    coarse = random.integers(0, 5, (5, 5, 4), dtype=np.uint8)
    values = np.kron(coarse, np.ones((3, 3, 3), np.uint8))[:14, :13, :12]
    return Annotation(LabelMap(values, GRID, SCHEME))


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_proposes_something_and_writes_nothing_itself(name: str) -> None:
    annotation = _start()
    before = annotation.values.copy()
    proposals = [TOOLS[name](annotation.values, np.random.default_rng(seed)) for seed in range(12)]
    np.testing.assert_array_equal(annotation.values, before)
    for change in proposals:
        if change is not None:
            assert change.mask.shape == annotation.values[change.slab].shape
            assert change.mask.dtype == bool
    assert any(annotation.edit(change, name, name) is not None for change in proposals)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(TOOLS)),
            st.integers(0, 10**6),
            st.frozensets(st.integers(0, 4), max_size=2),
            st.sampled_from(PaintOver),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_tool_breaks_a_lock_and_every_tool_can_be_undone(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, frozenset[int], PaintOver]]
) -> None:
    folder = JournalFolder(tmp_path_factory.mktemp("journals"))
    journal = Journal(folder.path / "x.journal", JournalHeader(STUDY, SHAPE, SCHEME, "a"), folder.lock(STUDY))
    annotation = _start()
    start = annotation.values.copy()
    for name, seed, locked, over in steps:
        before = annotation.values.copy()
        annotation.rules = PaintRules(2, over, frozenset({0, 3}), locked)
        annotation.edit(TOOLS[name](annotation.values, np.random.default_rng(seed)), name, name)
        for label in locked:
            np.testing.assert_array_equal(annotation.values == label, before == label)
        journal.follow(annotation.history, annotation.settled)
    restored = folder.restore(journal.path, STUDY, SHAPE)
    np.testing.assert_array_equal(restored.values, annotation.values)
    end = annotation.values.copy()
    while annotation.undo() is not None:
        pass
    np.testing.assert_array_equal(annotation.values, start)
    while annotation.redo() is not None:
        pass
    np.testing.assert_array_equal(annotation.values, end)
