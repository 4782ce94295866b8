"""Placing and warping a brain, at 1 and at 2 mm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.synthesis.anatomy import Anatomy, Tissue
from training.synthesis.brain import Brain, posed_brain
from training.synthesis.presets import SynthesisPriors
from training.synthesis.warp import diffeomorphism, draw_head_pose, sample_at_nodes, with_mass_effect

Shape = tuple[int, int, int]


def test_the_warp_is_a_bijection_and_moves_as_far_as_asked() -> None:
    shape = (80, 96, 72)
    warp = diffeomorphism(np.random.default_rng(1), shape, 3.0, 30.0)
    assert 1.5 < warp.std() < 4.5
    assert _jacobian(warp / 4.0).min() > 0.1


def test_mass_effect_is_a_bijection_outwards_and_spares_the_skull(
    anatomy: Anatomy, toy_priors: SynthesisPriors, grid_shape: Shape
) -> None:
    pose = draw_head_pose(np.random.default_rng(1), anatomy, toy_priors.pose, grid_shape)
    pose = replace(pose, displacement=np.zeros_like(pose.displacement))
    hull_mm = sample_at_nodes(pose, anatomy.hull_mm)
    centre = np.array(pose.shape) / 2.0
    moved = with_mass_effect(pose, hull_mm, centre, 12.0, 0.45, 20.0).displacement
    assert _jacobian(moved / 4.0).min() > 0.05
    nodes = np.indices(moved.shape[1:]) * 4.0 - 4.0 - centre.reshape(3, 1, 1, 1)
    assert ((moved * nodes).sum(axis=0) <= 1e-4).all()  # the pull-back looks inwards: tissue moves outwards
    assert np.abs(moved).max() > 2.0
    assert np.abs(moved[:, hull_mm <= 0]).max() < 1e-6


def test_tissue_shares_sum_to_one_and_hold_partial_volume(brain: Brain) -> None:
    np.testing.assert_allclose(brain.fractions.sum(axis=0), 1.0, atol=1e-4)
    white = brain.share(Tissue.WHITE)
    assert ((white > 0.2) & (white < 0.8)).sum() > 5000


def test_flipped_or_not_the_midline_is_negative_on_the_left(anatomy: Anatomy, toy_priors: SynthesisPriors) -> None:
    flips = set()
    for seed in range(6):
        pose = draw_head_pose(np.random.default_rng(seed), anatomy, toy_priors.pose, (46, 50, 42), 2.0)
        posed = posed_brain(anatomy, pose)
        flips.add(bool(np.linalg.det(pose.matrix) < 0))
        white = posed.share(Tissue.WHITE) > 0.5
        assert posed.midline_mm[:10][white[:10]].max() < 0 < posed.midline_mm[-10:][white[-10:]].min()
    assert flips == {True, False}


def test_a_source_voxel_is_found_again_on_the_target(
    anatomy: Anatomy, toy_priors: SynthesisPriors, grid_shape: Shape
) -> None:
    pose = draw_head_pose(np.random.default_rng(3), anatomy, toy_priors.pose, grid_shape)
    wanted = np.array(anatomy.tissue.shape) / 2.0 + (8.0, -5.0, 3.0)
    i, j, k = np.round(pose.target_of(wanted)).astype(int)
    np.testing.assert_allclose(pose.coordinates()[:, i, j, k], wanted, atol=2.0)


def _jacobian(displacement: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Determinant of the map x -> x + displacement, both in lattice units: (i, j, k)."""
    gradient = np.stack([np.stack(np.gradient(part)) for part in displacement])  # (component, axis, i, j, k)
    return np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)) + np.eye(3))


def test_a_brain_at_two_millimetres_is_the_same_brain(
    anatomy: Anatomy, toy_priors: SynthesisPriors, grid_shape: Shape
) -> None:
    fine, coarse = (
        posed_brain(anatomy, draw_head_pose(np.random.default_rng(4), anatomy, toy_priors.pose, grid_shape, spacing))
        for spacing in (1.0, 2.0)
    )
    np.testing.assert_allclose(coarse.fractions.sum(axis=0), 1.0, atol=1e-5)
    for tissue in (Tissue.WHITE, Tissue.CORTEX, Tissue.VENTRICLE):
        np.testing.assert_allclose(coarse.share(tissue).sum() * 8.0, fine.share(tissue).sum(), rtol=0.05)
    first, second = (
        np.argwhere(one.share(Tissue.VENTRICLE) > 0.5).mean(axis=0) * one.spacing_mm for one in (fine, coarse)
    )
    np.testing.assert_allclose(first, second, atol=4.0)  # the warps are drawn on different lattices


def test_a_source_voxel_is_found_at_two_millimetres(anatomy: Anatomy, toy_priors: SynthesisPriors) -> None:
    pose = draw_head_pose(np.random.default_rng(3), anatomy, toy_priors.pose, (46, 50, 42), 2.0)
    wanted = np.array(anatomy.tissue.shape) / 2.0 + (8.0, -5.0, 3.0)
    i, j, k = np.round(pose.target_of(wanted)).astype(int)
    np.testing.assert_allclose(pose.coordinates()[:, i, j, k], wanted, atol=3.0)
