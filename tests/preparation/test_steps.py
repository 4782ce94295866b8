"""Raw series become images on one grid without a skull, and masks go back to where the series were."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from brainseg_gui.errors import Cancelled
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Grid, StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.heads.field import FloatArray
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.native import native_mask
from brainseg_gui.preparation.raw_examination import Choice, RawExamination
from brainseg_gui.preparation.registration.motion import Alignment, displacement_mm
from brainseg_gui.preparation.roles import Certainty, Chosen, Role
from brainseg_gui.preparation.series import FileNotes, Series
from brainseg_gui.preparation.steps import agreement
from brainseg_gui.preparation.steps.placing import register_series, resample_series, target_grid
from brainseg_gui.preparation.steps.prepare import prepare
from brainseg_gui.preparation.steps.settling import settle_roles
from brainseg_gui.preparation.steps.stripping import find_brain, strip, take_out_shading
from brainseg_gui.preparation.steps.work import PreparationWork, Space, Step, Stepped, Wishes
from brainseg_gui.progress import Progress, run_to_end
from tests.preparation.heads import T1CE, T2, brain, brain_points, few_samples, grid_of, head
from tests.preparation.test_registration import motion

REFERENCE = grid_of((40, 50, 46), (4.2, 4.2, 4.2))
THICK = grid_of((42, 52, 30), (4.2, 4.2, 6.6))
MOVED = motion((3, -2, 5), (4, -3, 6))


def work_of(
    volumes: Mapping[Modality, Volume], reference: Modality = Modality.T1CE, **wishes: object
) -> PreparationWork:
    """Series that were read; the first is number 1."""
    series = []
    for number, (modality, volume) in enumerate(volumes.items(), 1):
        role = Role(modality, Certainty.SURE, "its name says so")
        header = ImageHeader(volume.path, volume.grid.shape, StoredGrid(volume.grid.shape, volume.grid.affine))
        series.append(Series(number, modality.value, FileNotes(modality.value), role, header, (volume.path,)))
    chosen = {one.role.modality: Chosen(n, one.role) for n, one in enumerate(series) if one.role.modality}
    examination = RawExamination("Jane", Path("Jane"), tuple(series))
    return PreparationWork(examination, Choice(chosen, reference), Wishes(**wishes), native=dict(volumes))  # type: ignore[arg-type]


def stepped(step: Step, work: PreparationWork) -> Stepped:
    return run_to_end(step(work))


@pytest.fixture(scope="module")
def registered() -> PreparationWork:
    volumes = {
        Modality.T1CE: head(REFERENCE, T1CE, seed=1),
        Modality.T2: head(THICK, T2, MOVED, seed=2),
        Modality.FLAIR: head(REFERENCE, T2, seed=3),
    }
    with few_samples():
        return stepped(register_series, work_of(volumes)).work


def test_each_series_is_laid_onto_the_reference(registered: PreparationWork) -> None:
    alignments = registered.alignments
    assert list(alignments) == list(registered.native)
    assert displacement_mm(alignments[Modality.T2].to_series, MOVED, brain_points()) < 1.5
    assert alignments[Modality.FLAIR].is_still
    assert not registered.doubts


def test_what_cannot_be_registered_stays_where_its_files_place_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(fixed: Volume, moving: Volume) -> Generator[Progress, None, Alignment]:
        yield Progress("registering", 0.5)
        return Alignment(MOVED, problem="it covers 3% of the reference's head. Leave it out")

    monkeypatch.setattr(agreement, "register", lost)
    volumes = {Modality.T1CE: head(REFERENCE, T1CE), Modality.T2: head(THICK, T2)}
    work, sentences = stepped(register_series, work_of(volumes))
    assert work.alignments[Modality.T2].is_still
    assert work.grid_of(Modality.T2) is THICK
    assert work.doubts[0].startswith("T1ce and T2 do not fit each other, and nothing tells which lies right")
    assert "T2 could not be registered and lies where its files place it: it covers 3%" in work.doubts[1]
    assert "T2 stays where its files place it" in sentences


def test_a_place_that_was_found_and_not_believed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a T1ce turned by 75° it was right: accepted, enhancing tumour came to Dice .91, and left out to .60."""

    def refused(fixed: Volume, moving: Volume) -> Generator[Progress, None, Alignment]:
        yield Progress("registering", 0.5)
        return Alignment(MOVED, problem="it would have to be turned by 83°", refused=MOVED)

    monkeypatch.setattr(agreement, "register", refused)
    volumes = {Modality.T1CE: head(REFERENCE, T1CE), Modality.T2: head(THICK, T2)}
    work = stepped(register_series, work_of(volumes)).work
    assert "turned by 83°, as “As it was found” shows where it is placed by hand. Place it" in work.doubts[-1]
    assert work.alignments[Modality.T2].is_still


def test_what_to_do_with_all_that_cannot_be_registered_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(fixed: Volume, moving: Volume) -> Generator[Progress, None, Alignment]:
        yield Progress("registering", 0.5)
        return Alignment(MOVED, problem=f"it covers {'3' if moving.grid is THICK else '5'} %")

    monkeypatch.setattr(agreement, "register", lost)
    images = {Modality.T2: head(THICK, T2), Modality.FLAIR: head(REFERENCE, T2, seed=3)}
    work, _ = stepped(register_series, work_of({Modality.T1CE: head(REFERENCE, T1CE), **images}))
    nothing, remedy = work.doubts
    assert nothing.startswith("No two of T1ce, T2 and FLAIR fit each other")
    assert remedy.startswith(
        "T2 and FLAIR could not be registered and lie where their files place them: T2: it covers 3"
    )
    assert "FLAIR: it covers 5 %. Place them by hand" in remedy
    assert remedy.endswith("or --role t2=none --role flair=none)")


def test_all_get_voxels_of_a_millimetre_and_tissue_lies_on_tissue(registered: PreparationWork) -> None:
    work = stepped(resample_series, registered).work
    assert work.grid.spacing_mm == (1.0, 1.0, 1.0)
    here = head(REFERENCE, T2, noise=0.0)
    inside = brain(REFERENCE)
    found = work.prepared[Modality.T2].on_grid(REFERENCE).stored
    assert np.corrcoef(found[inside], here.stored[inside])[0, 1] > 0.7  # 0.76 at the truth, 0.39 unmoved


def test_the_grid_of_the_reference_is_kept_bit_for_bit(registered: PreparationWork) -> None:
    work = stepped(resample_series, replace(registered, wishes=Wishes(Space.REFERENCE))).work
    assert work.grid is REFERENCE
    for modality in (Modality.T1CE, Modality.FLAIR):
        assert work.prepared[modality].stored is registered.native[modality].stored
    assert work.prepared[Modality.T2].grid is REFERENCE


@pytest.mark.parametrize(
    ("grid", "kept"),
    [
        (grid_of((20, 20, 20), (1.0, 0.98, 1.02)), True),
        (grid_of((20, 20, 20), (1.0, 1.0, 2.0)), False),
        (grid_of((20, 20, 20), (1.0, 1.0, 1.0), motion((0, 0, 4), (0, 0, 0))), False),
    ],
)
def test_voxels_of_a_millimetre_along_the_patient_stay(grid: Grid, *, kept: bool) -> None:
    found = target_grid(grid, Space.MILLIMETRE)
    assert (found is grid) is kept
    if not kept:
        assert found.spacing_mm == (1.0, 1.0, 1.0)
        corners = [grid.to_world((i, j, k)) for i in (0, 19) for j in (0, 19) for k in (0, 19)]
        voxels = [(np.linalg.inv(found.affine) @ (*corner, 1.0))[:3] for corner in corners]
        assert np.all(np.array(voxels) > -0.51)
        assert np.all(np.array(voxels) < np.array(found.shape) - 0.49)


def prepared_work(**volumes: Volume) -> PreparationWork:
    """Series that lie on one grid, registered and resampled to it."""
    named = {Modality(name): volume for name, volume in volumes.items()}
    work = stepped(register_series, work_of(named, next(iter(named)), space=Space.REFERENCE)).work
    return stepped(resample_series, work).work


def seeing(where: str) -> BrainFinder:
    """A network that takes for brain what is bright enough on the head's T2, or nothing."""

    def predict(batch: FloatArray) -> Generator[Progress, None, FloatArray]:
        yield Progress("inferring", 0.5)
        found = np.zeros((*batch.shape[:4], 2), np.float32)
        if where == "brain":
            i, j, k = np.indices(batch.shape[1:4])
            ball = ((i - 32) / 21) ** 2 + ((j - 40) / 27) ** 2 + ((k - 40) / 25) ** 2 <= 1
            found[0, ..., 1] = ball
        found[..., 0] = 1 - found[..., 1]
        return found

    return BrainFinder(predict, "made up 1")


def test_the_skull_goes_where_the_network_sees_brain() -> None:
    work = prepared_work(t2=head(REFERENCE, T2))
    work, sentences = run_to_end(find_brain(work, seeing("brain")))
    assert work.brain is not None
    assert work.brain_found is not None
    assert work.brain_found.network == "made up 1"
    assert work.brain_found.volume_ml == pytest.approx(4 / 3 * np.pi * 63 * 81 * 75 / 1000, rel=0.03)
    assert "The brain measures" in sentences[0]
    bare = stepped(strip, work).work.prepared[Modality.T2]
    assert not bare.stored[~work.brain].any()
    assert np.array_equal(bare.stored[work.brain], work.prepared[Modality.T2].intensities()[work.brain])


def test_without_a_network_or_a_brain_the_skull_stays_and_that_is_told() -> None:
    work = prepared_work(t2=head(REFERENCE, T2))
    for finder, words in ((None, "comes without a network"), (seeing("nothing"), "No brain was found")):
        found = run_to_end(find_brain(work, finder)).work
        assert words in found.doubts[-1]
        assert stepped(strip, found).work.prepared == work.prepared


def test_a_head_that_is_stripped_needs_no_network() -> None:
    image = head(REFERENCE, T2, noise=0.0)
    bare = Volume(np.where(brain(REFERENCE), image.stored, 0), REFERENCE, 1.0, 0.0, image.path)
    work, sentences = run_to_end(find_brain(prepared_work(t2=bare), None))
    assert sentences == ("The skull is off already",)
    assert work.brain is not None
    assert np.array_equal(work.brain, bare.stored != 0)
    assert not work.doubts


def enhanced(noise_seed: int, gain: int) -> Volume:
    """A head whose middle shines by so much."""
    image = head(REFERENCE, T1CE, seed=noise_seed)
    stored = image.stored.copy()
    stored[14:24, 18:28, 18:28] += gain
    return Volume(stored, REFERENCE, 1.0, 0.0, image.path)


@pytest.mark.parametrize(("first", "second", "changed"), [(0, 300, False), (300, 0, True)])
def test_the_t1_that_shines_is_the_t1ce(first: int, second: int, *, changed: bool) -> None:
    plain, shining = enhanced(1, first), enhanced(2, second)
    work = replace(prepared_work(t1ce=shining, t1=plain), brain=brain(REFERENCE))
    found = stepped(settle_roles, work).work
    assert (found.prepared[Modality.T1CE].stored is plain.stored) is changed
    assert found.series_of(Modality.T1CE).name == ("t1" if changed else "t1ce")
    assert bool(found.doubts) is changed
    assert found.reference is (Modality.T1 if changed else Modality.T1CE)
    assert found.native[found.reference] is shining  # all was brought onto it
    said = replace(work, choice=replace(work.choice, by_person=frozenset([Modality.T1])))
    kept = stepped(settle_roles, said).work
    assert kept.prepared == work.prepared
    assert bool(kept.doubts) is changed


def test_a_t1_that_lies_elsewhere_is_not_compared_with_the_t1ce() -> None:
    """A T1 that showed the top of a head was taken for the T1ce, and the whole case was laid onto it."""
    plain, shining = enhanced(1, 300), enhanced(2, 0)
    work = replace(prepared_work(t1ce=shining, t1=plain), brain=brain(REFERENCE))
    lost = Alignment(np.eye(4), overlap=0.07, problem="it covers 7% of the reference's head")
    found, sentences = stepped(settle_roles, replace(work, alignments={**work.alignments, Modality.T1: lost}))
    assert found.series_of(Modality.T1CE).name == "t1ce"
    assert found.prepared == work.prepared
    assert "were not compared" in sentences[-1]


@pytest.mark.parametrize(("gain", "likely"), [(0, False), (100, True)])
def test_both_t1_are_compared_where_both_show_the_head(gain: int, *, likely: bool) -> None:
    """Where the T1 ends the T1ce seemed to shine, or what shone in it seemed not to."""
    first = REFERENCE.shape[2] * 3 // 10
    plain, shining = enhanced(1, 0), enhanced(2, gain)
    upper = replace(plain, stored=plain.stored[:, :, first:], grid=_from(REFERENCE, first))
    native = {Modality.T1CE: shining, Modality.T1: upper}
    work = work_of(native, Modality.T1CE, space=Space.REFERENCE)
    alignments = {Modality.T1CE: Alignment(np.eye(4)), Modality.T1: Alignment(np.eye(4), overlap=0.7)}
    guesses = {m: Chosen(one.number, Role(m, Certainty.UNSURE, "a guess")) for m, one in work.choice.chosen.items()}
    choice = replace(work.choice, chosen=guesses)
    placed = replace(work, native=native, alignments=alignments, choice=choice)
    resampled = replace(stepped(resample_series, placed).work, brain=brain(REFERENCE))
    found = stepped(settle_roles, resampled).work
    assert found.series_of(Modality.T1CE).name == "t1ce"
    assert (found.choice.chosen[Modality.T1CE].role.certainty is Certainty.LIKELY) is likely


def _from(grid: Grid, first: int) -> Grid:
    """The slices of a grid from one on."""
    affine, (i, j, k) = grid.affine.copy(), grid.shape
    affine[:3, 3] = grid.to_world((0, 0, first))
    return Grid((i, j, k - first), affine)


def test_what_does_not_lie_on_the_reference_has_no_say_in_where_the_brain_is() -> None:
    work = prepared_work(t1ce=head(REFERENCE, T1CE), t2=head(REFERENCE, T2))
    alone = run_to_end(find_brain(work, seeing("brain"))).work.brain
    away = np.eye(4)
    away[:3, 3] = (0, 90, 0)
    lost = Alignment(away, problem="it fits the reference hardly better (0.20) than by chance (0.13)")
    found, sentences = run_to_end(
        find_brain(replace(work, alignments={**work.alignments, Modality.T2: lost}), seeing("brain"))
    )
    assert np.array_equal(found.brain, alone)
    assert any("T2 has no say in it" in one for one in sentences)


def test_a_t1_told_by_its_image_alone_stays_a_doubt_whatever_shines() -> None:
    """What is taken for a T1 may be a FLAIR: the comparison tells two T1 apart, and not that they are T1."""
    work = prepared_work(t1ce=enhanced(2, 300), t1=enhanced(1, 0))
    silent = Role(None, Certainty.UNSURE, "neither its name nor its times tell what it is")
    series = tuple(replace(one, first_role=silent) for one in work.examination.series)
    chosen = {m: Chosen(one.number, Role(m, Certainty.UNSURE, "a guess")) for m, one in work.choice.chosen.items()}
    untold = replace(
        work,
        brain=brain(REFERENCE),
        examination=replace(work.examination, series=series),
        choice=replace(work.choice, chosen=chosen),
    )
    found = stepped(settle_roles, untold).work
    assert found.prepared == untold.prepared
    assert len([one for one in found.doubts if "which is unsure" in one]) == 2


def test_fat_that_one_of_two_t1_suppresses_is_not_taken_for_contrast_agent() -> None:
    """Fat beside the brain once decided: of 30 painted pairs with agent it exchanged 10."""
    plain, shining = enhanced(1, 0), enhanced(2, 300)
    beside = binary_dilation(brain(REFERENCE), iterations=2) & ~brain(REFERENCE)
    fatty = replace(plain, stored=np.where(beside, plain.stored + 400, plain.stored).astype(np.int16))
    work = replace(prepared_work(t1ce=shining, t1=fatty), brain=brain(REFERENCE))
    found = stepped(settle_roles, work).work
    assert found.prepared[Modality.T1CE].stored is shining.stored
    assert not found.doubts
    alike = replace(prepared_work(t1ce=enhanced(3, 0), t1=fatty), brain=brain(REFERENCE))
    guesses = {m: Chosen(one.number, Role(m, Certainty.UNSURE, "a guess")) for m, one in alike.choice.chosen.items()}
    open_to_doubt = replace(alike, choice=replace(alike.choice, chosen=guesses))
    doubts = stepped(settle_roles, open_to_doubt).work.doubts
    assert any("taken for T1ce, which is unsure" in doubt for doubt in doubts), "neither shines: nobody can tell"


def test_shading_is_taken_out_and_the_mean_stays() -> None:
    grid = grid_of((30, 36, 33), (5.6, 5.6, 5.6))
    image = head(grid, T1CE)
    slope = np.linspace(0.6, 1.6, 30)[:, None, None]
    shaded = Volume((image.stored * slope).astype(np.float32), grid, 1.0, 0.0, image.path)
    where = brain(grid)
    work = replace(prepared_work(t1ce=shaded), brain=where, wishes=Wishes(even_out=True))
    even, sentences = stepped(take_out_shading, work)
    assert "T1ce by up to" in sentences[0]

    def tilt(values: NDArray[np.float32]) -> float:
        ratio = values[where] / np.maximum(image.stored[where], 20)
        return abs(float(np.corrcoef(ratio, np.indices(grid.shape)[0][where])[0, 1]))

    assert tilt(even.prepared[Modality.T1CE].intensities()) < 0.5 * tilt(shaded.stored)
    assert stepped(take_out_shading, replace(work, wishes=Wishes())).work.prepared == work.prepared


def test_a_mask_goes_back_to_the_series_as_it_was(registered: PreparationWork) -> None:
    scheme = scheme_named("brats2020")
    values = np.zeros(REFERENCE.shape, np.uint8)
    values[24:32, 26:34, 24:32] = 4
    labels = LabelMap(values, REFERENCE, scheme)
    still = native_mask(labels, REFERENCE, registered.alignments[Modality.FLAIR])
    assert still.values is values
    back = native_mask(labels, THICK, registered.alignments[Modality.T2])
    assert back.grid is THICK
    middle = (np.argwhere(back.values).mean(axis=0) @ THICK.affine[:3, :3].T) + THICK.affine[:3, 3]
    truth = MOVED @ (*REFERENCE.to_world((27.5, 29.5, 27.5)), 1.0)
    assert np.linalg.norm(middle - truth[:3]) < 2.0
    ml = 8**3 * REFERENCE.voxel_ml
    assert np.count_nonzero(back.values) * THICK.voxel_ml == pytest.approx(ml, rel=0.15)


def test_a_cancel_does_not_wait_for_the_end_of_resampling(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Event()

    def endless(self: Volume, grid: Grid, should_stop: Callable[[], bool]) -> Volume:
        while not should_stop():
            time.sleep(0.01)
        stopped.set()
        raise Cancelled

    monkeypatch.setattr(Volume, "on_grid", endless)
    work = work_of({Modality.T2: head(THICK, T2)}, Modality.T2)
    resampling = resample_series(replace(work, alignments={Modality.T2: Alignment(np.eye(4))}))
    for _ in range(3):
        next(resampling)
    resampling.close()
    assert stopped.wait(10)


def test_a_cancel_ends_the_preparation_at_any_step(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = head(grid_of((32, 38, 35), (5.2, 5.6, 5.6)), T2)
    work = work_of({Modality.T2: volume}, Modality.T2)

    def read(_: Series) -> Generator[Progress, None, Volume]:
        yield Progress("reading", 0.0)
        return volume

    monkeypatch.setattr(Series, "read", read)
    whole = list(prepare(work.examination, work.choice, Wishes(), seeing("brain")))
    done = [progress.done for progress in whole]
    assert done == sorted(done)
    names = [progress.partial.done[-1].name for progress in whole if progress.partial is not None]
    before, after = (
        ["reading series", "registering", "resampling"],
        ["comparing images with tags", "evening out", "stripping"],
    )
    assert names == [*before, "finding the brain", *after]
    with closing(prepare(work.examination, work.choice, Wishes(), seeing("brain"))) as cancelled:
        next(cancelled)
