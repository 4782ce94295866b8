"""Which series is what: T1, T1ce, T2, FLAIR or something else, told from what the scanner wrote, with the reason.

Words decide first, in the languages that scanners' protocols are written in; times decide where words say nothing, by
the ranges that brain protocols have at 1.5 and 3 T (Ellingson et al. 2015, the consensus protocol for brain tumours).
Whether contrast agent is in a T1 is told by its words, by the agent's own field, and by whether another T1 came before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from brainseg_gui.imaging.modality import Modality


class Described(Protocol):
    """What is said of a series: by a DICOM header, or by the name of a file and the note beside it."""

    @property
    def description(self) -> str:
        """What it is called."""

    @property
    def words(self) -> Mapping[str, str]:
        """Text that describes the sequence, by DICOM's keywords."""

    @property
    def times(self) -> Mapping[str, float]:
        """TE, TR and TI in ms, by DICOM's keywords."""


class Certainty(Enum):
    """How sure a guess is."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Role:
    """What a series is taken for.

    Parameters
    ----------
    modality
        None for what is none of the four.
    certainty
        How sure that is.
    reason
        Why, for people: ``"flair" in its name; TI 2500 ms``.
    """

    modality: Modality | None
    certainty: Certainty
    reason: str


# Words of other contrasts come first: a "t2*" is no T2, a "flair" is no T2 although both words may stand there.
_OTHERS = re.compile(
    r"dwi|diff|adc|tensor|dti|ep2d|epi\b|bold|fmri|perf|dsc|dce|asl\b|cbf|cbv|swi|t2\W?\*|t2star|hemo|mip\b|tof|angio"
    r"|venc|spectro|csi\b|svs\b|field\W?map|b0\W?map|localizer|localiser|scout|survey|loc\b|calib|\bpd\b|proton|ciss"
    r"|fiesta|stir\b|phase|mra\b|mrv\b|subtr|\bsub\b(?!-\w)",  # sub-1 is a person in BIDS
    re.IGNORECASE,
)
_FLAIR = re.compile(r"flair|dark\W?fluid|tirm|\bir\W?t2|fl(?:ü|ue)ssig", re.IGNORECASE)
_T2 = re.compile(r"(?<![a-z0-9])t2(?![0-9])|t2w", re.IGNORECASE)
_T1 = re.compile(
    r"(?<![a-z0-9])t1(?![0-9])|t1w|mp\W?rage|mpr\b|bravo|spgr|fspgr|\btfe\b|ir\W?fspgr|mp2rage|vibe", re.IGNORECASE
)
_CONTRAST = re.compile(
    r"(?<![a-z])(?:gd|gad\w*|post(?!\W*(?:op(?![a-z])|oper|fossa|surg))|ce|c\+|\+c|km|kontrast\w*|contrast\w*|contraste"
    r"|injecte|inj|dotarem|gadovist|magnevist|prohance|multihance|iv|ev|mdc)(?![a-z])"
    r"|\+\s*gd|(?<![a-z])t1c(?:e)?(?![a-z])|после|造影|增强",
    re.IGNORECASE,
)
_NO_CONTRAST = re.compile(r"(?<![a-z])(?:pre|nativ\w*|sans|sin|ohne|without|non|no|plain|w/?o)(?![a-z])", re.IGNORECASE)
_NO_FAT_SATURATION = re.compile(  # says nothing of contrast agent
    r"(?<![a-z])(?:no|non|without|w/?o|ohne|sans|sin)[\W_]*(?:fat\W?sat\w*|fat\W?supp\w*|fatsat|fs|fat|mt|mtc|spair|spir)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_T1_FLAIR = re.compile(r"t1w?\W*flair", re.IGNORECASE)

_FLUID_NULLED_MS = 1500.0
_T1_TE_MS, _T2_TE_MS = 30.0, 70.0
_T1_TR_MS, _T2_TR_MS = 1000.0, 2000.0
_COVERAGE_STEP_MM, _WHOLE_STEPS = 25.0, 4
_CLEARLY = 0.2
"""From which difference on one series is clearly likelier to be something than another, by their images."""
_ORDER = {certainty: place for place, certainty in enumerate(Certainty)}


def role_of(header: Described) -> Role:
    """What a series is by itself; `roles_of` compares it with the others of its examination."""
    name = _words(header)
    if found := _OTHERS.search(name):
        return Role(None, Certainty.SURE, f"“{found[0]}” in its name")
    first = _T1.search(name)
    if (found := _FLAIR.search(name)) and not (first and _nulls_little(name, header)):
        return _by_name(Modality.FLAIR, found[0], header)
    if first and (found or not _T2.search(name)):
        return _t1(header, f"“{first[0]}” in its name", Certainty.SURE)
    if (second := _T2.search(name)) and not first:
        long_inversion = _inversion_ms(header) > _FLUID_NULLED_MS
        modality = Modality.FLAIR if long_inversion else Modality.T2
        return _by_name(modality, second[0], header)
    return _by_times(header)


def _words(header: Described) -> str:
    """The name of a series with its words apart."""
    return header.description.replace("_", " ")


def _nulls_little(name: str, header: Described) -> bool:
    """Whether a T1 that is called a FLAIR is one: by its name, or by an inversion too short to null fluid."""
    called = _T1_FLAIR.search(name) is not None and _by_times(header).modality is not Modality.FLAIR
    return called or 0 < _inversion_ms(header) <= _FLUID_NULLED_MS


def _by_name(modality: Modality, word: str, header: Described) -> Role:
    """A name that the times agree with is sure; one that they contradict is not."""
    timed = _by_times(header)
    agrees = timed.modality in (None, modality) or {timed.modality, modality} <= {Modality.T1, Modality.T1CE}
    reason = f"“{word}” in its name"
    if agrees:
        return Role(modality, Certainty.SURE, reason)
    return Role(modality, Certainty.UNSURE, f"{reason}, but {timed.reason}")


def _by_times(header: Described) -> Role:
    echo, repetition, inversion = (
        header.times.get(key, 0.0) for key in ("EchoTime", "RepetitionTime", "InversionTime")
    )
    said = ", ".join(
        f"{name} {value:g} ms" for name, value in (("TE", echo), ("TR", repetition), ("TI", inversion)) if value
    )
    if not echo or not repetition:
        return Role(None, Certainty.UNSURE, "neither its name nor its times tell what it is")
    if inversion > _FLUID_NULLED_MS and echo >= _T2_TE_MS:
        return Role(Modality.FLAIR, Certainty.LIKELY, said)
    if echo >= _T2_TE_MS and repetition >= _T2_TR_MS:
        return Role(Modality.T2, Certainty.LIKELY, said)
    gradient = "GR" in header.words.get("ScanningSequence", "")
    if echo <= _T1_TE_MS and (repetition <= _T1_TR_MS or (gradient and 0 < inversion <= _FLUID_NULLED_MS)):
        return _t1(header, said, Certainty.LIKELY)
    return Role(None, Certainty.UNSURE, f"{said} fit none of the four")


def _inversion_ms(header: Described) -> float:
    return header.times.get("InversionTime", 0.0)


def _t1(header: Described, reason: str, certainty: Certainty) -> Role:
    name = _words(header)
    said = _CONTRAST.search(name)
    denied = _denies_contrast(name)
    if said and not denied:
        return Role(Modality.T1CE, certainty, f"{reason}, and “{said[0].strip()}”")
    agent = header.words.get("ContrastBolusAgent", "")
    if agent and not _denies_contrast(agent) and not denied:
        return Role(Modality.T1CE, certainty, f"{reason}, and a contrast agent is noted")
    return Role(Modality.T1, certainty, reason)


def _denies_contrast(text: str) -> bool:
    """Whether words say that there is no contrast agent: "no FS" is no such."""
    return _NO_CONTRAST.search(_NO_FAT_SATURATION.sub(" ", text)) is not None


def roles_of(headers: Sequence[Described]) -> tuple[Role, ...]:
    """What each series of an examination is, told from all of them together.

    Of two T1 that do not say whether contrast agent was given, the one that came later is taken for T1ce, as unsure: it
    may be a repetition.
    """
    roles = [role_of(header) for header in headers]
    plain = [number for number, role in enumerate(roles) if role.modality is Modality.T1]
    if len(plain) < 2 or any(role.modality is Modality.T1CE for role in roles):
        return tuple(roles)
    if any(_denies_contrast(_words(headers[number])) for number in plain):
        unsaid = [number for number in plain if not _denies_contrast(_words(headers[number]))]
    else:
        unsaid = plain
    later = max(unsaid, key=lambda number: headers[number].words.get("SeriesTime", ""), default=None)
    times = {headers[number].words.get("SeriesTime", "") for number in plain}
    if later is None or len(times) < 2:
        return tuple(roles)
    reason = f"{roles[later].reason}, and another T1 came before it"
    roles[later] = Role(Modality.T1CE, Certainty.UNSURE, reason)
    return tuple(roles)


@dataclass(frozen=True)
class Chosen:
    """The series that is taken for a modality, by its number, and why it and not another."""

    number: int
    role: Role


def choose(
    roles: Sequence[Role],
    voxels_mm: Sequence[tuple[float, float, float]],
    extents_mm: Sequence[float] | None = None,
    likelihoods: Sequence[float | None] | None = None,
) -> Mapping[Modality, Chosen]:
    """One series per modality: the surest, of equally sure ones those that nothing else is clearly likelier than.

    Of these it is the one that shows most of the head, then the finest. Fine is what no edge of a voxel is long in:
    thick slices with small pixels are not finer than 1 mm all around.

    Parameters
    ----------
    roles, voxels_mm
        What each series is taken for, and its spacing.
    extents_mm
        The shortest side of each series.
    likelihoods
        How likely each is what it is taken for, where its image alone tells; None where more does.
    """
    shown = [_coverage(extent) for extent in extents_mm] if extents_mm is not None else [0] * len(roles)
    likely = likelihoods if likelihoods is not None else [None] * len(roles)
    chosen: dict[Modality, Chosen] = {}
    for modality in Modality:
        candidates = [number for number, role in enumerate(roles) if role.modality is modality]
        if not candidates:
            continue
        surest = min((roles[number].certainty for number in candidates), key=_ORDER.__getitem__)
        sure = [number for number in candidates if roles[number].certainty is surest]
        open_to_it = _none_likelier(sure, likely)
        best = min(open_to_it, key=lambda number: (-shown[number], *_fineness(voxels_mm[number]), number))
        role = roles[best]
        if len(candidates) > 1:
            part = any(shown[number] < shown[best] for number in open_to_it)
            why = _why_chosen(len(candidates), len(open_to_it), part=part, likelier=len(open_to_it) < len(sure))
            role = replace(role, reason=f"{role.reason}; {why}")
        chosen[modality] = Chosen(best, role)
    return chosen


def _none_likelier(candidates: Sequence[int], likelihoods: Sequence[float | None]) -> list[int]:
    """Those than which no other one is clearly likelier; what no image alone tells is as likely as any."""
    least = max((found for number in candidates if (found := likelihoods[number]) is not None), default=0.0) - _CLEARLY
    return [number for number in candidates if (found := likelihoods[number]) is None or found >= least]


def _fineness(voxel_mm: tuple[float, float, float]) -> tuple[float, float]:
    i, j, k = voxel_mm
    return round(max(i, j, k), 2), round(i * j * k, 3)


def _why_chosen(count: int, left: int, *, part: bool, likelier: bool) -> str:
    """Why one of several was taken; `left` of them after the less likely ones were put away."""
    finest = "the finest that shows the most" if part else "the finest"
    if not likelier:
        return f"{finest}, of {count}" if part else f"{finest} of {count}"
    return f"by its image the likeliest of {count}" if left == 1 else f"{finest} of the {left} likeliest, of {count}"


def _coverage(extent_mm: float) -> int:
    """How much of a head is shown, in steps; what is about 100 mm high or more shows a whole brain, or nearly so."""
    return min(round(extent_mm / _COVERAGE_STEP_MM), _WHOLE_STEPS)
