"""Every row of the table of conventions, as a folder with the true names: found, read, scored and trained on."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.commands.segmenting.jobs import plan_jobs
from brainseg_gui.evaluation.cohorts import run
from brainseg_gui.execution.clusters import Workers, local_workers
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import CHANNEL, MASK, VOLUMES, conventions
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.inference.cohorts.cohort import AtWork, CohortSegmentation, Segmented
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import SegmentResult
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.runs.config import Data, Sampling, TrainingConfig
from tests.conventions.page import PAGE, evaluate_words, page, segment_words, train_words
from tests.conventions.trees import Tree, modalities_of, plant, scheme_of, write
from training.data.cache import Cache
from training.data.cases import check_data
from training.data.data_set import TrainingCase
from training.data.order import CaseOrder
from training.data.patch import patch_size
from training.errors import TrainingError
from training.recipe import recipe_of

NAMES = [row.name for row in conventions()]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tree]:
    """The data set of a row, written once for all tests."""
    folder = tmp_path_factory.mktemp("planted")
    return cache(lambda name: plant(folder, name))


@pytest.fixture(params=NAMES)
def tree(request: pytest.FixtureRequest, planted: Callable[[str], Tree], tmp_path: Path) -> Tree:
    """The data set of each row in turn, as the test's own copy."""
    return planted(request.param).copied(tmp_path)


def _by_id(tree: Tree) -> dict[str, CaseSource]:
    return {source.case_id: source for source in find_cohort(tree.root)}


def test_there_are_enough_and_each_names_its_source() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 30
    assert all(len(row.source) > 20 for row in conventions())


def test_cases_modalities_masks_and_patients_are_found(tree: Tree) -> None:
    found = _by_id(tree)
    assert sorted(found) == sorted(example.case_id for example in tree.examples)
    owners, doubtful = patients_of(list(found.values()))
    assert not doubtful
    for number, example in enumerate(tree.examples):
        source = found[example.case_id]
        assert tuple(source.modalities) == tuple(m for m in Modality if m in modalities_of(tree.row))
        if not {VOLUMES, CHANNEL} & set(tree.row.paths):
            assert source.modalities == {m: tree.file(number, m) for m in modalities_of(tree.row)}
        assert source.reference == (tree.file(number, MASK) if MASK in tree.row.paths else None)
        same = {e.case_id for e in tree.examples if e.parts["patient"] == example.parts["patient"]}
        assert {case_id for case_id, s in found.items() if owners[s.identity] == owners[source.identity]} == same


def test_a_file_or_folder_of_a_case_opens_it_with_its_mask(tree: Tree) -> None:
    for source in find_cohort(tree.root):
        first = next(iter(source.modalities.values()))
        folders = {path.parent for path in source.modalities.values()}
        opened = [find_case(first)] if len(folders) == 1 else []
        alone = len(folders) == 1 and sum(s.folder == source.folder for s in find_cohort(tree.root)) == 1
        opened += [find_case(source.folder)] if alone else []
        for case in opened:
            assert case.modalities == source.modalities
            if tree.row.name not in ("flat", "bids", "bids-one"):  # whose masks lie apart, in folders of any name
                assert case.reference == source.reference


def test_masks_are_read_by_their_scheme_without_doubt(tree: Tree) -> None:
    for source in find_cohort(tree.root):
        case = run_to_end(read_case(source))
        assert not case.doubts
        if case.reference is not None:
            expected = scheme_of(tree.row)
            present = case.reference.present()
            assert [case.reference.scheme.meaning_of(v) for v in present] == [expected.meaning_of(v) for v in present]
            assert case.reference.scheme.tells_apart is expected.tells_apart


def test_segment_finds_every_case_and_names_its_mask(tree: Tree, tmp_path: Path) -> None:
    jobs = plan_jobs([tree.root], tmp_path / "out")
    assert {job.output.name for job in jobs} == {f"{example.case_id}_pred.nii.gz" for example in tree.examples}
    assert all((job.source.missing == ()) is (segment_words(tree.row) == "yes") for job in jobs if job.source)
    assert all(job.fault is None for job in jobs)


def test_segment_numbers_what_it_finds_as_the_data_set_does(tree: Tree, tmp_path: Path) -> None:
    """Through the same generator that the command and the window run, with a network that finds all there is."""
    jobs = [job for job in plan_jobs([tree.root], tmp_path / "out") if job.source is not None]
    cohort = [job.source for job in jobs if job.source is not None]
    work = CohortSegmentation(_AllThereIs(), default_model(), None, overwrite=False, cohort=cohort)  # type: ignore[arg-type]
    ends = [step.partial for step in work.run(jobs) if not isinstance(step.partial, AtWork)]
    assert [type(end) for end in ends] == [Segmented] * len(tree.examples)
    expected = scheme_of(tree.row)
    complete = {"ED", "ET"} <= set(expected.labels.values()) and {"NCR", "NET"} & set(expected.labels.values())
    scheme = expected if complete else scheme_named("brats2020")  # no tissue is lost for want of a number
    for end in ends:
        assert not end.case.doubts
        values = set(np.unique(read_labels(end.job.output)[0]).tolist()) - {0}
        assert values == {scheme.value_for(tissue) for tissue in ("NCR", "ED", "ET")}


class _AllThereIs:
    """An engine that answers with one voxel of each class: background, NCR, ED, ET."""

    def segment(self, case: Case, *_: object) -> Iterator[Progress]:
        yield Progress("inferring", 0.5)
        classes = np.zeros(case.grid.shape, np.uint8)
        classes.flat[:4] = range(4)
        return SegmentResult(classes, {}, "CPU", "float32", "nobody's", ())


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """The process that scores, for all data sets: it takes longer to start than the cases to score."""
    with local_workers(1) as workers:
        yield workers


def test_evaluate_pairs_and_scores_what_segment_would_write(
    tree: Tree, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if MASK not in tree.row.paths:
        assert evaluate_words(tree.row) == "no masks"
        return
    for number, example in enumerate(tree.examples):
        values, stored = read_labels(tree.file(number, MASK))
        write(np.asarray(stored.from_ras(values)), tmp_path / "out" / f"{example.case_id}_pred.nii.gz")
    scores = tmp_path / "scores.csv"
    given = ["--reference", str(tree.root), "--prediction", str(tmp_path / "out"), "--csv", str(scores)]
    monkeypatch.setattr(run, "local_workers", lambda _processes: nullcontext(workers))
    assert main(["evaluate", *given]) == 0  # 2 where the command doubts what it read
    with scores.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["region"] in ("WT", "TC", "ET")]
    expected = {(e.case_id, region) for e in tree.examples for region in evaluate_words(tree.row).split(", ")}
    assert {(row["case_id"], row["region"]) for row in rows} == expected
    assert {float(row["dice"]) for row in rows} == {1.0}


def test_train_keeps_patients_together_or_says_why_not(tree: Tree, tmp_path: Path) -> None:
    config = Data(train=(str(tree.root),), validation=(), split=0.5)
    words = train_words(tree.row)
    if words != "yes":
        reason = {"left out: no mask": "it has no mask", "left out: one label": "(tell the parts|is missing)"}[words]
        with pytest.raises(TrainingError, match=reason):
            check_data(config, tuple(Modality), seed=0)
        return
    found = check_data(config, tuple(Modality), seed=0)
    assert len(found.training) + len(found.validation) == len(tree.examples)
    owners, _ = patients_of([case.source for case in (*found.training, *found.validation)])
    ours, theirs = ({owners[c.source.identity] for c in side} for side in (found.training, found.validation))
    assert ours
    assert theirs
    assert not ours & theirs
    assert {case.scheme.name for case in found.training} <= {scheme_of(tree.row).name, "msd", "brats2020"}
    assert _tissues_of_first_batch(found.training, tmp_path) == _tissues_in(tree)


def _tissues_of_first_batch(cases: Sequence[TrainingCase], tmp_path: Path) -> set[str]:
    """What the truth of a batch holds that the trainer makes of the cases, each case once and whole."""
    from training.data.data import Patches

    cache = Cache(tmp_path / "cache", recipe_of(TrainingConfig(), 4), "float16")
    entries = [cache.get(case) for case in cases]
    whole = Sampling(patch=(0, 0, 0), batch=len(entries), workers=1)
    with closing(Patches(CaseOrder(entries), patch_size(whole, entries, 8), whole, None)) as patches:
        images, truth = patches[0]
    assert np.isfinite(images).all()
    assert images.std(axis=(0, 1, 2, 3)).all()  # every modality
    return {NETWORK_CLASSES[n] for n in range(1, truth.shape[-1]) if truth[..., n].any()}


def _tissues_in(tree: Tree) -> set[str]:
    """What the masks of a row hold, by the network's classes."""
    held = set(scheme_of(tree.row).labels.values())
    return {"NCR" if tissue in ("NCR", "NET") else tissue for tissue in held & {"NCR", "NET", "ED", "ET"}}


def test_the_page_of_data_sets_is_made_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "make it again: python -m tests.conventions.page"
