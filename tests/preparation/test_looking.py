"""Images are looked at: a picture of each, and what is told of them where tags are silent or wrong."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.heads.contrast import CHANNELS
from brainseg_gui.preparation.heads.field import FloatArray
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.looking import PICTURE_PX, is_unsure, look_at, small_picture
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.preparation.roles import Certainty
from brainseg_gui.preparation.steps.settling import settle_roles
from brainseg_gui.progress import Progress, run_to_end
from tests.preparation.heads import T1CE, T2, brain, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.preparation.test_steps import prepared_work, seeing

GRID = grid_of((34, 42, 40), (5.0, 5.0, 5.0))


def telling(*answers: Modality | None) -> BrainFinder:
    """Networks that see a brain, and for each image in turn the contrast that is wanted."""
    said = iter(answers)

    def contrast(_: FloatArray) -> Generator[Progress, None, FloatArray]:
        yield Progress("inferring", 0.5)
        shares = np.full(len(CHANNELS), 0.01, np.float32)
        shares[CHANNELS.index(next(said))] = 0.96
        return shares.reshape(1, 1, 1, 1, -1)

    return replace(seeing("brain"), contrast=contrast)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images without any tag, and a file that only looks like one."""
    place = tmp_path_factory.mktemp("raw")
    for name, contrast in (("a", T2), ("b", T1CE), ("c", T1CE)):
        save(head(GRID, contrast), place / f"{name}.nii.gz")
    (place / "d.nii.gz").write_bytes((place / "a.nii.gz").read_bytes()[:900])
    return place


def test_images_tell_what_tags_do_not(raw: Path) -> None:
    examination = run_to_end(examine(raw))
    assert all(is_unsure(one) for one in examination.series)
    told = run_to_end(look_at(examination, telling(Modality.T2, Modality.T1CE, Modality.T1)))
    roles = {one.name: one.role for one in told.series}
    assert [roles[name].modality for name in "abc"] == [Modality.T2, Modality.T1CE, Modality.T1]
    assert roles["a"].certainty is Certainty.UNSURE, "an image alone is never taken without a word"
    assert roles["b"].certainty is Certainty.UNSURE
    choice = choose_series(told)
    assert choice.reference is Modality.T1CE
    assert "neither its name nor its times tell" in choice.chosen[Modality.T2].role.reason
    assert "the image looks like T2 (96%)" in choice.chosen[Modality.T2].role.reason


def test_the_likelier_of_two_images_is_taken_although_it_is_coarser(tmp_path: Path) -> None:
    for name, edge in (("fine", 4.0), ("thick", 5.0)):
        save(head(grid_of((34, 42, 40), (5.0, 5.0, edge)), T2), tmp_path / f"{name}.nii.gz")
    told = run_to_end(look_at(run_to_end(examine(tmp_path)), telling(Modality.T2, Modality.T2)))
    assert [one.likelihood for one in told.series] == pytest.approx([0.96, 0.96])
    assert told.series[choose_series(told).chosen[Modality.T2].number].name == "fine"
    fine, thick = told.series
    doubtful = replace(fine, look=replace(fine.look, seen={Modality.T2: 0.6, Modality.FLAIR: 0.4}))
    taken = choose_series(replace(told, series=(doubtful, thick))).chosen[Modality.T2]
    assert taken.number == 1
    assert taken.role.reason.endswith("by its image the likeliest of 2")


def test_pictures_come_before_the_networks_and_need_none(raw: Path) -> None:
    examination = run_to_end(examine(raw))
    told = run_to_end(look_at(examination, None))
    shown = {one.name for one in told.series if one.look is not None}
    assert shown == {"a", "b", "c"}
    assert all(one.role.modality is None for one in told.series)
    with closing(look_at(examination, telling())) as looking:  # whose network would fail when asked
        pictures = 0
        while pictures < 3:
            pictures += next(looking).partial is not None


def test_what_was_seen_is_not_looked_at_again(raw: Path) -> None:
    answers = (Modality.T2, Modality.T1CE, Modality.T1)
    told = run_to_end(look_at(run_to_end(examine(raw)), telling(*answers)))
    again = run_to_end(look_at(told, telling()))  # it would run out of answers
    assert [one.role for one in again.series] == [one.role for one in told.series]


def test_a_mask_of_any_name_is_told_by_its_values(raw: Path, tmp_path: Path) -> None:
    """It was taken for a series, unsure, and asked of the networks."""
    save(head(GRID, T2), tmp_path / "a.nii.gz")
    mask = Volume(np.asfortranarray(brain(GRID).astype(np.int16) * 4), GRID, 1.0, 0.0, tmp_path / "mine.nii.gz")
    save(mask, mask.path)
    save(mask, tmp_path / "t1.nii.gz")  # whoever names it so is believed
    told = run_to_end(look_at(run_to_end(examine(tmp_path)), telling(Modality.T2)))
    roles = {one.name: one.role for one in told.series}
    assert roles["a"].modality is Modality.T2
    assert roles["mine"].modality is None
    assert roles["mine"].certainty is Certainty.LIKELY
    assert roles["mine"].reason == "it holds few values, all whole numbers: a mask"
    assert roles["t1"].modality is Modality.T1
    assert set(choose_series(told).chosen) == {Modality.T2, Modality.T1}


def test_what_contradicts_its_tags_is_a_doubt_and_a_persons_word_is_kept() -> None:
    work = replace(prepared_work(t2=head(GRID, T2)), brain=brain(GRID))
    seen = {modality: 0.98 if modality is Modality.FLAIR else 0.005 for modality in CHANNELS}
    found = run_to_end(settle_roles(replace(work, seen={Modality.T2: seen}))).work
    (doubt,) = found.doubts
    assert "is taken for T2, which is unsure" in doubt
    assert "but the image looks like FLAIR (98%)" in doubt
    by_person = replace(work.choice, by_person=frozenset([Modality.T2]))
    kept, sentences = run_to_end(settle_roles(replace(work, choice=by_person, seen={Modality.T2: seen})))
    assert not kept.doubts
    assert "T2 was said by a person, but the image looks like FLAIR" in sentences[0]


def marked(corner: tuple[slice, slice, slice], spacing: tuple[float, float, float]) -> Volume:
    """A box of tissue with a bright corner."""
    shape = (40, 50, 30)
    values = np.zeros(shape, np.int16)
    values[4:36, 5:45, 3:27] = 100
    values[corner] = 400
    return Volume(values, Grid(shape, np.diag([*spacing, 1.0])), 1.0, 0.0, Path("x.nii.gz"))


@pytest.mark.parametrize(
    ("spacing", "corner"),
    [
        ((1.0, 1.0, 5.0), (slice(30, 36), slice(38, 45), slice(3, 27))),  # axial: the patient's front right
        ((1.0, 5.0, 1.0), (slice(30, 36), slice(5, 45), slice(22, 27))),  # coronal: top right
        ((5.0, 1.0, 1.0), (slice(4, 36), slice(38, 45), slice(22, 27))),  # sagittal: top front
    ],
)
def test_a_picture_is_the_slice_that_was_scanned_upright_and_seen_from_the_feet(
    spacing: tuple[float, float, float], corner: tuple[slice, slice, slice]
) -> None:
    picture = small_picture(marked(corner, spacing))
    assert picture.shape == (PICTURE_PX, PICTURE_PX)
    rows, columns = np.nonzero(picture > 200)
    assert rows.mean() < PICTURE_PX / 2
    assert columns.mean() < PICTURE_PX / 2
    filled = np.argwhere(picture > 0)
    assert max(filled.max(axis=0) - filled.min(axis=0)) >= PICTURE_PX - 4
