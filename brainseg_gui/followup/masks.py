"""The masks of a patient's visits, read by one label scheme: a visit on which nothing enhances must not decide it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.evaluation.masks import reading_of
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.cases.sureness_note import VolumeLimits, read_sureness
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote, agreed_schemes
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labels import UNKNOWN, LabelMap, LabelScheme
from brainseg_gui.imaging.schemes.understanding import stated_schemes
from brainseg_gui.progress import Progress, scaled


@dataclass(frozen=True, eq=False)
class VisitMask:
    """The mask of a visit.

    Parameters
    ----------
    path
        Its file.
    labels
        Its voxels and what they mean.
    notes
        How they were read, in sentences.
    stated
        Whether the scheme is stated by a person, the mask, its names or its data set.
    sure_ml
        Key of a region -> the volumes in ml between which the network that made the mask sees it; empty where a
        person or another program did.
    """

    path: Path
    labels: LabelMap
    notes: tuple[str, ...]
    stated: bool
    sure_ml: VolumeLimits = field(default_factory=dict)


def read_masks(
    visits: Sequence[Visit], paths: Mapping[int, Path], scheme: LabelScheme | None
) -> Generator[Progress, None, dict[int, VisitMask]]:
    """The masks of some visits.

    Parameters
    ----------
    paths
        Index of a visit -> its mask.
    scheme
        What the numbers mean; None to let masks, names, and the numbers with the images tell.

    Yields
    ------
    Progress
        One per mask.

    Raises
    ------
    ImageError
        If one cannot be read.
    """
    found = {}
    for number, (index, path) in enumerate(paths.items()):
        yield Progress("reading", number / len(paths), printable(visits[index].name))
        part = number / len(paths), (number + 1) / len(paths)
        found[index] = yield from scaled(_read(visits[index], path, scheme), *part)
    votes = [_vote(visits[index], mask) for index, mask in found.items()]
    agreed = agreed_schemes(votes)
    return {index: read_like(mask, other) for (index, mask), other in zip(found.items(), agreed, strict=True)}


def _read(visit: Visit, path: Path, scheme: LabelScheme | None) -> Generator[Progress, None, VisitMask]:
    found = yield from _understood(visit, path, scheme)
    return replace(found, sure_ml=read_sureness(path, found.labels.values))


def _understood(visit: Visit, path: Path, scheme: LabelScheme | None) -> Generator[Progress, None, VisitMask]:
    stored = read_mask(path)
    labels = stored.as_labels(stored.values, stored.stored_grid.grid, scheme_named("brats2020"))
    listed = stated_schemes(visit.source) if scheme is None and path == visit.source.reference else ()
    known = label_schemes()[listed[0]] if len(listed) == 1 else None
    if known is not None and all(known.meaning_of(value) != UNKNOWN for value in labels.present()):
        sentence = f"The labels are read as {known.title}, as the data set states"
        return VisitMask(path, labels.with_scheme(known), (sentence, *stored.notes), True)
    told = scheme is not None or said_scheme(labels, path) is not None
    case = (yield from _case_of(visit)) if not told and labels.present() else None
    read = reading_of(labels, path, scheme, case)
    notes = (read.sentence, *stored.notes, *([read.doubt] if read.doubt else []))
    return VisitMask(path, read.labels, notes, read.stated)


def _case_of(visit: Visit) -> Generator[Progress, None, Case | None]:
    """The visit with its images; None where they cannot be read.

    They tell what enhances from what is dead, swollen or cut away: 3 and 4, 1 and 2 are each of them in some data set.
    """
    try:
        return (yield from read_case(replace(visit.source, reference=None)))
    except BrainsegError:
        return None  # registering says what is wrong with them; numbers and names still tell something


def _vote(visit: Visit, mask: VisitMask) -> Vote:
    present = frozenset(mask.labels.present())
    return Vote(mask.labels.scheme.name, present, mask.stated, visit.source.convention)


def read_like(mask: VisitMask, agreed: LabelScheme, whose: str = "the other visits' are") -> VisitMask:
    """A mask as others of the patient are read, where it does not state its scheme."""
    own = mask.labels.scheme
    if mask.stated or agreed.name == own.name:
        return mask
    sentence = f"The labels are read as {agreed.title}, as {whose}; alone it would be {own.title}"
    return replace(mask, labels=mask.labels.with_scheme(agreed), notes=(sentence, *mask.notes[1:]))
