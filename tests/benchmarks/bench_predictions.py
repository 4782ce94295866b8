"""How right a follow-up is whose masks a network drew: synthetic patients over six visits, scanned at 1 mm and moved.

The visits of `bench_visits`, on voxels as trials have them, are segmented by the shipped default network, registered
with those masks, and measured, as a person has it who opens a patient without masks. Beside it stand the same patients
by their true masks where nothing moved. The network knows no resection cavity: how much of one it calls tumour is
counted.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.identity import Change, Identities, follow
from brainseg_gui.followup.lesions import LesionMap, lesions_of
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, label_region, regions
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import run_to_end
from tests.benchmarks.bench_followup import agreement, follow_up, labels_of
from tests.benchmarks.bench_visits import moved_course, write_course
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section
from training.studies.trial_measures import icc

_CRITERIA = criteria_named("rano2")
_SCHEME = scheme_named("brats2023")
_PATIENTS = 4  # one of each kind of course
_SPACING_MM = 1.0
_TOUCH = 0.1  # of a lesion that another must cover to be taken for it


@dataclass(frozen=True, eq=False)
class Predicted:
    """One patient by its true masks, unmoved, and by a network's, registered."""

    kind: str
    truth: FollowUp
    found: FollowUp
    true_maps: tuple[LesionMap, ...]
    found_maps: tuple[LesionMap, ...]
    true_ids: Identities
    found_ids: Identities
    dice: dict[str, list[float]]
    claimed: list[float]  # of each cavity, the part that is called tumour
    seconds: float


def measure(_cases: Cases) -> Section:
    """Agreement of sums, volumes and categories, and lesions that are missed, claimed or taken for another."""
    before = _processor_s()
    engine = Engine()
    try:
        patients = [_patient(engine, number) for number in range(_PATIENTS)]
    finally:
        engine.close()
    spent = (_processor_s() - before) / len(patients)
    links, lesions = (np.sum([of(patient) for patient in patients], axis=0) for of in (_wrong_links, _missed_and_false))
    events = sum((_events(patient) for patient in patients), Counter[str]())
    text = f"Events (true, found, found on the same visit): {dict(sorted(events.items()))}"
    rows = [
        *_agreement_rows(patients),
        Row(f"wrongly linked of {int(links[1])} pairs of lesions found", float(links[0]), "", at_most=0),
        Row(f"lesions missed of {int(lesions[1])}", float(lesions[0]), ""),
        Row(f"lesions claimed of {int(lesions[3])}", float(lesions[2]), ""),
        Row("six visits from images to measures, longest", max(one.seconds for one in patients), "s", at_most=120),
        Row("the same with making the patient, processor, mean", spent, "s"),
    ]
    return Section(rows, {"categories": _categories(patients)}, f"{text}\n{_categories(patients)}")


def _agreement_rows(patients: Sequence[Predicted]) -> list[Row]:
    pairs = [pair for patient in patients for pair in _pairs(patient)]
    sums = [(a.diameters.total, b.diameters.total) for a, b in pairs]
    claimed = [part for patient in patients for part in patient.claimed]
    return [
        *(Row(f"Dice of {r.key}, median of visits", _median_dice(patients, r.key), "", higher=True) for r in regions()),
        *(Row(f"volume of {r.key}, 1 - ICC", 1 - icc(_volumes(patients, r.key)), "", at_most=0.05) for r in regions()),
        *(Row(f"volume of {r.key}, error, median", _error(patients, r.key), "%") for r in regions()),
        *(
            Row(f"{r.key} in parts of the baseline's, 1 - ICC", 1 - icc(_changes(patients, r.key)), "")
            for r in regions()
        ),
        Row("sums of products, 1 - ICC", 1 - icc(sums), "", at_most=0.05),
        Row("category of sums agrees", agreement(pairs, volumes=False), "%", higher=True),
        Row("category of volumes agrees", agreement(pairs, volumes=True), "%", higher=True),
        Row("of a cavity called tumour, median", 100 * float(np.median(claimed)), "%"),
    ]


def _patient(engine: Engine, number: int) -> Predicted:
    kind, course, moves = moved_course(number, _SPACING_MM)
    with tempfile.TemporaryDirectory() as folder:
        line = time_line_of(write_course(course, moves, Path(folder) / "P"))
        start = time.perf_counter()
        masks = _segmented(engine, line, Path(folder))
        found = run_to_end(
            measure_patient(line, FollowUpRequest(_CRITERIA, masks=masks, scheme=_SCHEME, register=True))
        )
        seconds = time.perf_counter() - start
        pairs = [(_read(visit.source.folder / "seg.nii.gz"), _read(masks[visit.name])) for visit in line.visits]
    truth = follow_up(course, [labels_of(visit) for visit in course], [np.eye(4)] * len(course))
    maps = [tuple(lesions_of(labels, _CRITERIA.kind) for labels in each) for each in zip(*pairs, strict=True)]
    dice = {region.key: [_dice(a.mask(region), b.mask(region)) for a, b in pairs] for region in regions()}
    claimed = [part for a, b in pairs for part in _claimed(a, b)]
    placed = [visit.to_first if visit.to_first is not None else np.eye(4) for visit in found.visits]
    identities = follow(maps[0], moves), follow(maps[1], placed)
    return Predicted(kind, truth, found, maps[0], maps[1], *identities, dice, claimed, seconds)


def _segmented(engine: Engine, line: TimeLine, folder: Path) -> dict[str, Path]:
    """The default network's mask of each visit, in files numbered as BraTS since 2023."""
    masks = {}
    for visit in line.visits:
        case = run_to_end(read_case(visit.source))
        result = run_to_end(engine.segment(case, default_model(), SegmentOptions()))
        image = nib.load(next(iter(visit.source.modalities.values())))
        shape = image.shape
        stored = StoredGrid((shape[0], shape[1], shape[2]), image.affine)
        masks[visit.name] = folder / f"{visit.name}.nii.gz"
        nib.save(
            nib.Nifti1Image(np.ascontiguousarray(stored.from_ras(result.classes)), image.affine), masks[visit.name]
        )
    return masks


def _read(path: Path) -> LabelMap:
    stored = read_mask(path)
    return stored.as_labels(stored.values, stored.stored_grid.grid, _SCHEME)


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def _claimed(truth: LabelMap, found: LabelMap) -> list[float]:
    cavity = truth.mask(label_region("RC"))
    return [float((found.values[cavity] > 0).mean())] if cavity.any() else []


def _processor_s() -> float:
    """Of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# --- agreement ------------------------------------------------------------------------------------------------------


def _pairs(patient: Predicted) -> list[tuple[VisitResult, VisitResult]]:
    return list(zip(results_of(patient.truth), results_of(patient.found), strict=True))


def _median_dice(patients: Sequence[Predicted], key: str) -> float:
    return float(np.median([dice for patient in patients for dice in patient.dice[key]]))


def _volumes(patients: Sequence[Predicted], key: str) -> list[tuple[float, float]]:
    both = (pair for patient in patients for pair in zip(patient.truth.visits, patient.found.visits, strict=True))
    return [(a.volumes[key].value, b.volumes[key].value) for a, b in both]


def _changes(patients: Sequence[Predicted], key: str) -> list[tuple[float, float]]:
    """Volumes in parts of that at the baseline: what a mask that is too wide at every visit leaves right."""
    found = []
    for patient in patients:
        (first, *later) = _volumes([patient], key)
        if min(first) > 0:
            found += [(true / first[0], ours / first[1]) for true, ours in later]
    return found


def _error(patients: Sequence[Predicted], key: str) -> float:
    return 100 * float(np.median([abs(b - a) / a for a, b in _volumes(patients, key) if a > 0]))


def _categories(patients: Sequence[Predicted]) -> str:
    """What each visit is called by sums of products: truth over prediction."""
    lines = []
    for patient in patients:
        pairs = [(a.diameters.category.letters, b.diameters.category.letters) for a, b in _pairs(patient)]
        true, found = (" ".join(words) for words in zip(*pairs, strict=True))
        lines.append(f"{patient.kind:11}{true} / {found}")
    return "\n".join(lines)


# --- identities -----------------------------------------------------------------------------------------------------


def _partners(true: LesionMap, found: LesionMap) -> dict[int, int]:
    """For each true lesion that is found, the found one that covers most of it."""
    partners = {}
    for lesion in true.lesions:
        under = found.numbers[true.numbers == lesion.number]
        counts = np.bincount(under, minlength=2)
        counts[0] = 0
        if counts.max() >= _TOUCH * len(under):
            partners[lesion.number] = int(counts.argmax())
    return partners


def _missed_and_false(patient: Predicted) -> tuple[int, int, int, int]:
    """True lesions without a found one, true lesions, found ones without a true one, found ones."""
    missed = true_count = claimed = found_count = 0
    for true, found in zip(patient.true_maps, patient.found_maps, strict=True):
        missed += len(true.lesions) - len(_partners(true, found))
        claimed += len(found.lesions) - len(_partners(found, true))
        true_count, found_count = true_count + len(true.lesions), found_count + len(found.lesions)
    return missed, true_count, claimed, found_count


def _wrong_links(patient: Predicted) -> tuple[int, int]:
    """Pairs of lesions of neighbouring visits that one of both follow-ups links and the other does not, and all pairs.

    Only lesions that were found on both visits count.
    """
    wrong = total = 0
    partners = [_partners(*pair) for pair in zip(patient.true_maps, patient.found_maps, strict=True)]
    for visit in range(len(partners) - 1):
        for before, ours in partners[visit].items():
            for after, theirs in partners[visit + 1].items():
                total += 1
                wrong += _linked(patient.true_ids, visit, before, after) != _linked(
                    patient.found_ids, visit, ours, theirs
                )
    return wrong, total


def _linked(identities: Identities, visit: int, before: int, after: int) -> bool:
    """Whether a lesion of a visit, by its number there, is or comes of one of the visit before."""
    numbers = identities.numbers
    return numbers[visit + 1][after] in identities.parts_of([numbers[visit][before]], visit + 1)


def _events(patient: Predicted) -> Counter[str]:
    counted = Counter[str]()
    for change in Change:
        true, found = (
            Counter(event.visit for event in record.events if event.change is change)
            for record in (patient.truth, patient.found)
        )
        for words, count in (("true", true), ("found", found), ("both", true & found)):
            counted[f"{change.value} {words}"] += count.total()
    return counted
