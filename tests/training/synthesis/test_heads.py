"""Whole heads: what a label map says of them, tumours grown in them, and pictures of them on the networks' field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.preparation.heads.field import BRIGHTEST, SHAPE
from training.synthesis.anatomy import Tissue
from training.synthesis.heads.contrast import KINDS, draw_contrast
from training.synthesis.heads.head import TISSUES, Head, HeadTissue, read_head, with_fat
from training.synthesis.heads.picture import draw_picture, draw_view
from training.synthesis.heads.pictures import load_pictures, main
from training.synthesis.heads.tumours import IN_HULL, TumourHead, grow_head, save_head

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def head(toy_labels: Array, tmp_path_factory: pytest.TempPathFactory) -> Head:
    """The toy brain in its skull, with muscle around it and specks in the air."""
    room = 14
    labels = np.pad(toy_labels, room)
    i, j, k = np.indices(labels.shape) - (np.array(labels.shape).reshape(3, 1, 1, 1) - 1) / 2
    size = np.sqrt((i / 31) ** 2 + (j / 36) ** 2 + (k / 30) ** 2)
    labels[(labels == 0) & (size < 1.5)] = 507
    labels[1, 1, 1] = 24
    path = tmp_path_factory.mktemp("heads") / "toy_seg_01.nii.gz"
    nib.save(nib.Nifti1Image(labels, np.eye(4)), path)
    return read_head(path)


def test_the_hull_holds_brain_and_sulci_and_neither_bone_nor_specks(head: Head) -> None:
    inside = np.bincount(head.tissue[head.hull], minlength=TISSUES)
    assert inside[HeadTissue.BONE] == inside[HeadTissue.MUSCLE] == inside[HeadTissue.AIR] == 0
    brain = np.isin(head.tissue, (Tissue.WHITE, Tissue.CORTEX, Tissue.VENTRICLE))
    assert (head.hull & brain).sum() > 0.97 * brain.sum()
    assert head.tissue[4, 4, 1] == HeadTissue.AIR
    assert (head.tissue == HeadTissue.DURA).any()


def test_fat_lies_under_the_skin_as_thick_as_asked(head: Head) -> None:
    thin, thick = (with_fat(head, thickness) == HeadTissue.FAT for thickness in (1.0, 5.0))
    assert 0 < thin.sum() < thick.sum()
    assert (head.tissue[thick] == HeadTissue.MUSCLE).all()
    assert head.depth_mm[thick].max() < 7


def test_tumours_belong_to_the_brain_wherever_they_grow(head: Head) -> None:
    grown = [grow_head(head, (5, number)) for number in range(4)]
    again = grow_head(head, (5, 1))
    assert np.array_equal(again.labels, grown[1].labels)
    sick = [one.labels[(one.labels % IN_HULL) >= HeadTissue.NECROSIS] for one in grown]
    assert sum(len(voxels) for voxels in sick) > 0
    assert all((voxels >= IN_HULL).all() for voxels in sick)


@pytest.mark.parametrize("kind", KINDS)
def test_contrasts_keep_air_and_bone_dark_and_every_tissue_above_nothing(kind: str) -> None:
    tables = np.array([draw_contrast(np.random.default_rng(seed), kind) for seed in range(20)])
    assert tables.shape == (20, TISSUES)
    assert (tables > 0).all()
    assert (tables[:, HeadTissue.AIR] < 0.1).all()


def test_contrasts_differ_as_the_modalities_do() -> None:
    t1, t1ce, t2, flair = (
        np.median([draw_contrast(np.random.default_rng(seed), kind) for seed in range(30)], axis=0)
        for kind in KINDS[:4]
    )
    assert t1[Tissue.VENTRICLE] < t1[Tissue.CORTEX] < t1[Tissue.WHITE]
    assert t2[Tissue.VENTRICLE] > t2[Tissue.CORTEX] > t2[Tissue.WHITE]
    assert flair[Tissue.VENTRICLE] < flair[Tissue.WHITE] < flair[Tissue.CORTEX]
    assert t1ce[Tissue.VESSEL] > 1.5 * t1[Tissue.VESSEL]
    assert t1ce[HeadTissue.MUCOSA] > 1.5 * t1[HeadTissue.MUCOSA]


def test_a_picture_and_its_truth_lie_on_the_field(head: Head) -> None:
    rng = np.random.default_rng(2)
    picture = draw_picture(rng, draw_view(rng, _as_grown(head)), "t2")
    assert picture.image.shape == picture.brain.shape == SHAPE
    assert 0.0 <= picture.image.min() < picture.image.max() <= BRIGHTEST
    assert 0.0 <= picture.brain.min() < 0.01 < 0.99 < picture.brain.max() <= 1.0
    whole_ml, seen_ml = head.hull.sum() / 1000, picture.brain.sum() * 27 / 1000
    assert 0.3 * whole_ml < seen_ml < 1.7 * whole_ml


def test_a_set_that_was_interrupted_goes_on(head: Head, tmp_path: Path) -> None:
    stock, out = tmp_path / "stock", tmp_path / "out"
    stock.mkdir()
    with (stock / "toy_seg_01-0.npz").open("wb") as file:
        save_head(file, _as_grown(head))
    command = ["--stock", str(stock), "--out", str(out), "--each", "2"]
    assert main([*command, "--heads", "1"]) == 0
    before = (out / "00000.npz").stat().st_mtime_ns
    assert main([*command, "--heads", "2"]) == 0
    assert (out / "00000.npz").stat().st_mtime_ns == before
    pictures = load_pictures(out / "00001.npz")
    assert pictures.image.shape == (2, *SHAPE)
    assert pictures.image.dtype == np.uint8
    assert set(pictures.kinds) <= set(KINDS)


def _as_grown(head: Head) -> TumourHead:
    labels = head.tissue + IN_HULL * head.hull.astype(np.uint8)
    return TumourHead(labels.astype(np.uint8), np.array(labels.shape) / 2.0, 6.0, 0.3, head.name)
