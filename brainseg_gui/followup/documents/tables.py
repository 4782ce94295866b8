"""The tables and sentences of a follow-up, as rows of text: terminal and page show the same."""

from __future__ import annotations

import math

from brainseg_gui.anatomy.words import HEADS, HOW_RIGHT, location_cells
from brainseg_gui.evaluation.reports.case_tables import TextTable
from brainseg_gui.followup.documents.growth import REGIONS, growth_of, overall_rates
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.jumps import jumps_of
from brainseg_gui.followup.moments import Span
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION, Assessment, percent_words
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.volumes import VolumeRange, doubling_days, growth_rate, volume_words
from brainseg_gui.imaging.numbering import number_of

_REGIONS = ("WT", "TC", "ET", "RC")
_SLOW = 0.1  # per cent a day
_UNDRAWN = " (not drawn beside the curves: the baseline has no date)"
_GROWTH = (
    "± and limits of a volume hold two parts, put together as the root of their sum of squares (JCGM 100:2008): a "
    "border half a voxel further in or out, as another grid or another hand would draw it; and, of a mask that a "
    "network made and nobody changed, the volumes that its probabilities allow, of what belongs to the region by 84 % "
    "and by 16 %, where neighbours are right or wrong together (no other dependence gives a wider range: Dhaene "
    "et al., Insur Math Econ 2002, 31:3). "
    "Growth in % a day is ln(V2 / V1) / t (Mehrara et al., Cancer Res 2007, 67:3970), "
    "mm a year that of the diameter of a ball (Mandonnet et al., Ann Neurol 2003, 53:524); limits of both come from "
    "dates that are not exact. Over all visits: least squares, with 95 % interval; no doubling time where that holds 0."
)
_ATLAS = (
    "Where lesions lie is what an atlas of 20 healthy brains says of their places, laid on the first visit affinely. "
    f"{HOW_RIGHT}"
)


def heading(record: FollowUp) -> str:
    """Whose visits, how many, and by which criteria."""
    return f"{record.patient}: {lead(record)}"


def lead(record: FollowUp) -> str:
    """How many visits, over which time, and by which criteria: what stands under the patient's name."""
    count = len(record.visits)
    ends = [visit.moment for visit in record.visits if visit.moment.earliest is not None]
    time = f" from {ends[0].words} to {ends[-1].words}" if len(ends) > 1 else ""
    return f"{count} visit{'s' * (count != 1)}{time}, {record.criteria.title}"


def visit_table(record: FollowUp) -> TextTable:
    """A row for each visit: its date, category, volumes, sum and changes; columns that nothing fills are left out."""
    criteria, results = record.criteria, {result.visit: result for result in results_of(record)}
    doubts = {*doubts_of(record, tuple(results.values())), *jumps_of(record)}
    dated = any(visit.moment.earliest is not None and visit.moment.words != visit.name for visit in record.visits)
    regions = [key for key in _REGIONS if any(key in visit.volumes for visit in record.visits)]
    heads: tuple[str, ...] = ("visit", "when", "category", "days") if dated else ("visit", "category", "days")
    heads = (*heads, *(f"{key} ml" for key in regions), f"sum {criteria.unit}")
    heads = (*heads, "baseline %", "nadir %", "by volume", "doubling days")
    rows: list[tuple[str, ...]] = []
    before = -1
    for index, visit in enumerate(record.visits):
        volumes = [volume_words(visit.volumes[key]) if key in visit.volumes else "" for key in regions]
        result = results.get(index)
        first: tuple[str, ...] = (visit.name, visit.moment.words) if dated else (visit.name,)
        if result is None:
            rows.append((*first, "no mask", days_words(record.days(index)), *volumes, "", "", "", "", ""))
            continue
        found = result.diameters
        percents = (_percent(found.from_baseline), _percent(found.from_nadir))
        by_volume = result.volumes.category.letters if result.volumes is not None else ""
        doubling = _doubling(record, results[before], result) if before in results else ""
        total = f"{found.total:.0f}" if criteria.dimensions == 2 else f"{found.total:.1f}"
        rows.append(
            (
                *first,
                _category(found, index in doubts),
                days_words(result.days),
                *volumes,
                total,
                *percents,
                by_volume,
                doubling,
            )
        )
        before = index
    return TextTable("Visits", heads, tuple(rows), words=len(heads[: heads.index("days")]))


def _category(found: Assessment, in_doubt: bool) -> str:
    reasons = f": {'; '.join(found.reasons)}" if found.reasons else ""
    return f"{found.category.letters}{' ?' if in_doubt else ''}{reasons}"


def _doubling(record: FollowUp, before: VisitResult, now: VisitResult) -> str:
    """Days in which the targets' volume doubled, or halved (below zero), at the pace since the visit before."""
    if before.volumes is None or now.volumes is None:
        return ""
    days = record.visits[before.visit].moment.days_until(record.visits[now.visit].moment)
    found = doubling_days(growth_rate(before.volumes.total, now.volumes.total, days)).value
    return "" if math.isnan(found) else _days_to(found)


def _days_to(doubling: float) -> str:
    """Days to double, or to halve."""
    return f"{doubling:.0f}" if doubling > 0 else f"halves in {-doubling:.0f}"


def days_words(days: Span | None) -> str:
    """A number of days for a column; empty where nothing tells."""
    if days is None:
        return ""
    return f"{days.most:.0f}" if days.least == days.most else f"{days.least:.0f} to {days.most:.0f}"


def _percent(value: float) -> str:
    return "" if math.isnan(value) else percent_words(value)


def growth_table(record: FollowUp) -> TextTable:
    """A row for each region of each visit: its volume and what it grew by; then the line through all visits."""
    told = any(visit.by_network for visit in record.visits)
    network = ("ml, network",) if told else ()
    heads = ("visit", "region", "ml", "ml, limits", *network, "% a day", "doubling days", "mm a year")
    growth = {(found.visit, found.region): found for found in growth_of(record)}
    rows: list[tuple[str, ...]] = []
    for index, visit in enumerate(record.visits):
        for region in (key for key in REGIONS if key in visit.volumes):
            volume, found = visit.volumes[region], growth.get((index, region))
            paces = ("", "", "")
            if found is not None:
                paces = (_rate(found.rate), _doubling_range(found.doubling), _ranged(found.diametric, 1))
            limits = [_limits_words(volume.low, volume.high)]
            if told:
                limits.append(_limits_words(*visit.by_network[region]) if region in visit.by_network else "")
            rows.append((visit.name, region, f"{volume.value:.1f}", *limits, *paces))
    for region, rate in overall_rates(record).items():
        rows.append(
            (
                "all, fitted",
                region,
                "",
                "",
                *([""] if told else []),
                _rate(rate),
                _doubling_range(doubling_days(rate)) if rate.low * rate.high > 0 else "",
                "",
            )
        )
    return TextTable("Volumes and growth", heads, tuple(rows), words=2)


def _rate(rate: VolumeRange) -> str:
    """Per cent a day, to two digits where it is slow: a glioma of low grade grows by some hundredths."""
    return _ranged(rate, 2 if abs(rate.value) >= _SLOW else 3)


def _doubling_range(days: VolumeRange) -> str:
    """Days to double, or to halve, with their limits."""
    if not math.isfinite(days.value) or days.value > 0:
        return _ranged(days, 0)
    return f"halves in {_ranged(VolumeRange(-days.value, -days.high, -days.low), 0)}"


def _limits_words(low: float, high: float) -> str:
    return f"{low:.1f} to {high:.1f}"


def _ranged(value: VolumeRange, decimals: int) -> str:
    """A number, with its limits where it has some that differ."""
    if not math.isfinite(value.value):
        return ""
    number = f"{value.value:.{decimals}f}"
    ends = [f"{end:.{decimals}f}" for end in (value.low, value.high) if math.isfinite(end)]
    return number if len(ends) < 2 or ends == [number] * 2 else f"{number} ({ends[0]} to {ends[1]})"


def lesion_table(record: FollowUp) -> TextTable:
    """A row for each lesion of each visit."""
    targets = {result.visit: result.targets for result in results_of(record)}
    heads = ("visit", "lesion", "role", "plane", "measurable", "slice", "longest mm", "across mm", "ml")
    rows: list[tuple[str, ...]] = []
    for index, visit in enumerate(record.visits):
        for number, lesion in record.lesions(index).items():
            cross = lesion.cross
            place = (cross.plane.title.lower(), lesion.why_not or "yes", str(number_of(cross.slice_index)))
            sizes = (f"{cross.longest_mm:.1f}", f"{cross.across_mm:.1f}", f"{lesion.volume_ml:.2f}")
            role = "target" if number in targets.get(index, ()) else ""
            rows.append((visit.name, str(number), role, *place, *sizes))
    return TextTable("Lesions", heads, tuple(rows), words=5)


def location_table(record: FollowUp) -> TextTable:
    """A row for each lesion of each visit: where in the brain it lies, and what is near; none where nobody asked."""
    heads = ("visit", "lesion", *HEADS)
    rows: list[tuple[str, ...]] = []
    for index, visit in enumerate(record.visits):
        for number, lesion in record.lesions(index).items():
            if lesion.location is not None:
                rows.append((visit.name, str(number), *location_cells(lesion.location)))
    return TextTable("Where lesions lie", heads, tuple(rows), words=6)


def event_lines(record: FollowUp) -> list[str]:
    """What became of lesions, visit by visit."""
    return [f"{record.visits[event.visit].name}: {event.words}" for event in record.events]


def doubt_lines(record: FollowUp) -> list[str]:
    """Why the categories with a question mark are in doubt, and labels that may have changed, visit by visit."""
    doubts, jumps = doubts_of(record), jumps_of(record)
    words = [(visit, said[visit]) for visit in sorted({*doubts, *jumps}) for said in (doubts, jumps) if visit in said]
    return [f"{record.visits[visit].name}: {doubt}." for visit, doubt in words]


def note_lines(record: FollowUp) -> list[str]:
    """What was assumed, and how masks were read: each sentence once."""
    lines = [f"{note}." for note in record.notes]
    seen: dict[str, list[str]] = {}
    for visit in record.visits:
        for note in visit.notes:
            seen.setdefault(note, []).append(visit.name)
    every = len(record.visits)
    return [
        *lines,
        *(f"{'All visits' if 1 < every == len(names) else ', '.join(names)}: {note}." for note, names in seen.items()),
    ]


def definition_lines(record: FollowUp) -> list[str]:
    """What the numbers mean, where that is published, and what they do not say."""
    criteria = record.criteria
    what = "products of the two diameters" if criteria.dimensions == 2 else "longest diameters"
    located = [_ATLAS] if location_table(record).rows else []
    return [
        f"{criteria.title}: {criteria.source}.",
        f"Sums of {what} of up to {criteria.targets} targets ({criteria.kind.title}; what touches is one lesion, at "
        "corners too). Lines stay within the lesion and end halfway to the first voxel outside.",
        *([_GROWTH] if growth_of(record) else []),
        *located,
        CAUTION,
    ]


def remark_lines(record: FollowUp) -> list[str]:
    """Treatments, what else people wrote, and which lines they moved."""
    found = [
        f"{treatment.day.isoformat()}: {treatment.text}{_UNDRAWN if record.days_to(treatment.day) is None else ''}"
        for treatment in record.treatments
    ]
    for index, visit in enumerate(record.visits):
        found += [f"{visit.name}: {text}" for text in record.remarks(index)]
        for lesion in visit.lesions:
            found += [f"{visit.name}, lesion {lesion}: {text}" for text in record.remarks(index, lesion)]
            if record.is_edited(index, lesion):
                found.append(f"{visit.name}, lesion {lesion}: its lines were moved by hand")
    return found


def key_images_caption(record: FollowUp) -> str:
    """What the key images show."""
    return (
        "Of each visit the slice of the largest target, with its diameters, each visit in its own position; "
        f"measured by {record.criteria.title}, no diagnosis."
    )
