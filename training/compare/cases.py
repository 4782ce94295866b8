"""The cases that methods are compared on, and what each is scored against."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.progress import run_to_end
from training.data.case_files import content_of, digests

_SYNTHESIS = "synthesis.json"  # the generator leaves it beside its cases, whose masks are numbered in one way
_SYNTHESIS_SCHEME = "brats2020"


@dataclass(frozen=True)
class ComparedCase:
    """A case with a reference.

    Parameters
    ----------
    source
        Its files; `reference` is the mask to score against.
    group
        The folder that it was found in, by name: a summary covers one group.
    scheme
        What the mask's numbers mean; None is guessed from the images.
    """

    source: CaseSource
    group: str
    scheme: LabelScheme | None = None

    @property
    def case_id(self) -> str:
        """Name of the case."""
        return self.source.case_id

    @property
    def images_key(self) -> str:
        """Digest of the images: what a method sees."""
        return _digest(digests(replace(self.source, reference=None)))

    @property
    def reference_key(self) -> str:
        """Digest of the mask and of how it is read."""
        mask = self.source.reference
        return _digest([content_of(mask).digest if mask is not None else "", self.scheme.name if self.scheme else ""])

    def read(self) -> tuple[Case, LabelMap]:
        """Read the images and the reference.

        Raises
        ------
        CaseError, ImageError, GridMismatchError
            If a file cannot be used.
        """
        case, reference = self.read_images()
        if reference is None:
            raise CaseError("it has no mask", "Name one with --reference", self.source.folder)
        return case, reference

    def read_images(self) -> tuple[Case, LabelMap | None]:
        """As `read`, of a case that may have no reference."""
        case = run_to_end(read_case(self.source))
        reference = case.reference
        if reference is not None and self.scheme is not None:
            reference = reference.with_scheme(self.scheme)
        return case, reference


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Asked:
    """What the person says about the cases.

    Parameters
    ----------
    references
        Mask of a case, by its id, instead of the one beside its images.
    schemes
        Label scheme by case id or group; the empty name stands for all others.
    most
        Cases taken of each folder at most, spread evenly; 0 takes all.
    """

    references: Mapping[str, Path]
    schemes: Mapping[str, LabelScheme]
    most: int = 0


def find_cases(
    folders: Sequence[Path], asked: Asked, tell: Callable[[str], None], *, unscored: bool = False
) -> tuple[ComparedCase, ...]:
    """Find the cases of case folders and cohorts.

    Parameters
    ----------
    folders
        Each a case, or a folder of cases.
    asked
        References, schemes and limits.
    tell
        Is told of cases without a mask, which are left out.
    unscored
        Keep these too.

    Raises
    ------
    CaseError
        If a folder holds no case, two cases share an id, or a reference was named for none.
    """
    found: dict[str, ComparedCase] = {}
    for folder in folders:
        group, sources = _in_folder(folder)
        for source in spread(sources, asked.most):
            case = _compared(source, group, asked)
            if case.source.reference is None and not unscored:
                tell(f"{case.case_id} is left out: it has no mask; name one with --reference {case.case_id}=FILE")
                continue
            if case.case_id in found:
                first = found[case.case_id].source.folder
                raise CaseError(f"the case {case.case_id} is in {first} too", "Compare them apart", source.folder)
            found[case.case_id] = case
    if strangers := set(asked.references) - set(found):
        raise CaseError(f"there is no case {min(strangers)} to use a reference for", "Check the name")
    return tuple(found.values())


def spread(sources: Sequence[CaseSource], most: int) -> list[CaseSource]:
    """At most so many of a sequence, evenly spread; 0 is all."""
    if not most or most >= len(sources):
        return list(sources)
    return [sources[n * len(sources) // most] for n in range(most)]


def _in_folder(folder: Path) -> tuple[str, Sequence[CaseSource]]:
    folder = folder.resolve()
    try:
        alone = find_case(folder)
    except BrainsegError:
        return folder.name, find_cohort(folder)
    return alone.folder.parent.name, (alone,)


def _compared(source: CaseSource, group: str, asked: Asked) -> ComparedCase:
    if source.case_id in asked.references:
        source = replace(source, reference=asked.references[source.case_id])
    scheme = next((asked.schemes[name] for name in (source.case_id, group, "") if name in asked.schemes), None)
    if scheme is None and (source.folder.parent / _SYNTHESIS).is_file():
        scheme = scheme_named(_SYNTHESIS_SCHEME)
    return ComparedCase(source, group, scheme)


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` arguments; a value alone is named "".

    Raises
    ------
    BrainsegError
        If a name is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        if name in pairs:
            raise BrainsegError(f"{option} is given twice for {name or 'all cases'}", "Give it once")
        pairs[name] = value
    return pairs
