"""What is sent to a scoring process and what comes back, as lines of JSON; and the key by which a result is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.imaging.formats.known_formats import is_image
from brainseg_gui.imaging.formats.mask_note import read_note
from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.plain_files import open_file
from brainseg_gui.plugins.declared import plug_ins

# Raised whenever a number of the report changes its meaning: older results are then scored again.
METRICS = 3


@dataclass(frozen=True)
class PairStamp:
    """Both files of a pair at one moment: their stamps, and `ScoringTask.key`."""

    stamps: tuple[tuple[int, ...], ...]
    key: str


@dataclass(frozen=True)
class ScoringTask:
    """One pair to score.

    Parameters
    ----------
    model
        Name of the model that made the prediction.
    pair
        Files.
    chosen
        Label schemes that the person named.
    rules
        What distances and lesions follow.
    regrid
        What may be done with a prediction that lies on another grid than its reference.
    """

    model: str
    pair: Pair
    chosen: ChosenSchemes
    rules: RuleSet
    regrid: RegridPolicy = RegridPolicy.STRICT

    def as_line(self) -> str:
        """One line of JSON."""
        pair = self.pair
        return json.dumps(
            {
                "model": self.model,
                "case_id": pair.case_id,
                "reference": str(pair.reference),
                "prediction": str(pair.prediction),
                "images": str(pair.images) if pair.images is not None else None,
                "schemes": _scheme_names(self.chosen),
                "rules": asdict(self.rules),
                "placing": self.regrid.value,
            }
        )

    @classmethod
    def from_line(cls, line: str) -> ScoringTask:
        """The task of a line of `as_line`.

        Raises
        ------
        BrainsegError
            If a label scheme is unknown here.
        """
        entry: Mapping[str, Any] = json.loads(line)
        images = Path(entry["images"]) if entry["images"] is not None else None
        pair = Pair(entry["case_id"], Path(entry["reference"]), Path(entry["prediction"]), images)
        chosen = ChosenSchemes(*(_scheme_of(name) for name in entry["schemes"]))
        return cls(entry["model"], pair, chosen, RuleSet(**entry["rules"]), RegridPolicy(entry["placing"]))

    def seen(self) -> PairStamp:
        """What the files hold now; the same before and after they were read says what was read.

        Raises
        ------
        BrainsegError
            If a file cannot be read.
        """
        stamps = []
        for path in (self.pair.reference, self.pair.prediction):
            try:
                stamps.append(_stamp(path))
            except OSError as error:
                raise BrainsegError(f"it cannot be read ({error.strerror})", "Check the file", path) from error
        return PairStamp(tuple(stamps), self.key())

    def key(self) -> str:
        """SHA-256 of everything that the result depends on: both files, rules, schemes, and the program's version.

        Images only help to guess a scheme; they count by name, size and time, and only where one is guessed.

        Raises
        ------
        BrainsegError
            If a file cannot be read.
        """
        digest = hashlib.sha256()
        settings = [__version__, METRICS, asdict(self.rules), scheme_contents(self.chosen), self.regrid.value]
        guessing = self.chosen.reference is None or self.chosen.prediction is None
        masks = (self.pair.reference, self.pair.prediction)
        # a guess looks at the names too, and at what the masks say about themselves
        names = [*map(str, masks), _images_seen(self.pair), *map(_note_seen, masks)] if guessing else []
        digest.update(json.dumps([settings, names]).encode())
        for path in masks:
            try:
                with open_file(path) as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
            except OSError as error:
                raise BrainsegError(f"it cannot be read ({error.strerror})", "Check the file", path) from error
        return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes with everything that is written; the time of the last change of a file cannot be set back."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def scheme_contents(chosen: ChosenSchemes) -> list[object]:
    """What results depend on of schemes and measures that people may change: not their names alone."""
    asked = [_known_as(scheme) if scheme is not None else None for scheme in (chosen.reference, chosen.prediction)]
    guessed = label_schemes() if None in asked else {}
    own = [_known_as(scheme) for name, scheme in sorted(guessed.items()) if name not in built_in_schemes()]
    measures = [(plug_in.name, plug_in.package, plug_in.version) for plug_in in plug_ins("measures")]
    return [asked, own, measures]


def _known_as(scheme: LabelScheme) -> object:
    """A scheme by all that its numbers mean."""
    return [scheme.name, sorted((number, str(meaning)) for number, meaning in scheme.labels.items()), str(scheme.other)]


def _scheme_names(chosen: ChosenSchemes) -> list[str | None]:
    return [scheme.name if scheme is not None else None for scheme in (chosen.reference, chosen.prediction)]


def _scheme_of(name: str | None) -> LabelScheme | None:
    if name is None:
        return None
    if (scheme := label_schemes().get(name)) is None:
        raise BrainsegError(f"the label scheme {name} is unknown here", "Put your schemes where the workers find them")
    return scheme


def _note_seen(mask: Path) -> str:
    note = read_note(mask)
    return repr(note.scheme) if note is not None else ""


def _images_seen(pair: Pair) -> list[list[Any]]:
    if pair.images is None:
        return []
    folder = pair.images if pair.images.is_dir() else pair.images.parent
    try:
        files = sorted(path for path in folder.iterdir() if is_image(path))
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    except OSError:
        return []  # scoring says what is wrong with them
