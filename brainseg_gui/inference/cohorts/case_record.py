"""A case to segment as plain values, so that a worker anywhere can do it; paths are absolute, on a shared drive."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import ModelError
from brainseg_gui.execution.manifest import Entry, result_name
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.unregistered import records_of_failure
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote, agreed_schemes
from brainseg_gui.imaging.formats.known_formats import is_detached
from brainseg_gui.imaging.formats.mask_note import note_path
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME, ModelFolder, read_model_folder, shipped_folders
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.plain_files import read_bytes


@dataclass(frozen=True)
class ModelIdentity:
    """A model as its bytes are.

    Parameters
    ----------
    folder
        Its path; of one that comes with the program, its name alone.
    passport, weights
        SHA-256 of ``model.json``; of the weights, as the passport says and the engine verifies.
    """

    folder: str
    passport: str
    weights: str

    @classmethod
    def of(cls, model: ModelFolder) -> ModelIdentity:
        """The identity of a model folder.

        Raises
        ------
        ModelError
            If its passport cannot be read.
        """
        try:
            passport = hashlib.sha256(read_bytes(model.path / PASSPORT_NAME)).hexdigest()
        except OSError as error:
            what = f"{PASSPORT_NAME} cannot be read ({error.strerror})"
            raise ModelError(what, "Check the folder", model.path) from error
        folder = model.path.name if model.path in shipped_folders() else str(model.path.absolute())
        return cls(folder, passport, model.passport.sha256)

    def find(self) -> ModelFolder:
        """The model on this computer.

        Raises
        ------
        ModelError
            If it is not there, or another one.
        """
        shipped = {folder.name: folder for folder in shipped_folders()}
        model = read_model_folder(shipped.get(self.folder, Path(self.folder)))
        if ModelIdentity.of(model) != self:
            raise ModelError("it is another model than the one that is asked for", "Copy it here too", model.path)
        return model


@dataclass(frozen=True)
class RunSettings:
    """What all cases of a run have in common.

    Parameters
    ----------
    overwrite
        Whether masks are replaced that nobody's manifest tells of.
    claim
        File that stands as long as the run goes on, in the folder of the manifest.
    """

    model: ModelIdentity
    options: SegmentOptions
    regrid: RegridPolicy
    overwrite: bool
    claim: Path
    program: str = __version__

    @property
    def results(self) -> Path:
        """The folder whose manifest tells of the masks."""
        return self.claim.parent.parent

    @cached_property
    def key(self) -> str:
        """SHA-256 of what masks depend on besides their cases."""
        options = [self.options.device, self.options.precision, self.regrid.value]
        return _digest([self.program, self.model.passport, self.model.weights, *options])


@dataclass(frozen=True)
class CaseRecord:
    """One case of a run.

    Parameters
    ----------
    votes
        How silent masks of its cohort are read; empty where it states its own scheme.
    entries
        What the manifest tells of its mask.
    """

    settings: RunSettings
    job: CaseJob
    votes: Mapping[Path, Vote]
    entries: Sequence[Entry] = ()

    @cached_property
    def key(self) -> str:
        """SHA-256 of what the mask depends on besides its files; of the votes, what each kind of case is read by."""
        numbering = self.job.numbering
        if not self.votes and numbering is None:
            return self.settings.key
        votes = list(self.votes.values())
        read_by = zip(votes, agreed_schemes(votes), strict=True)
        kinds = {(vote.convention, *sorted(vote.present & {3, 4}), scheme.name) for vote, scheme in read_by}
        said = [repr(numbering)] if numbering is not None else []
        return _digest([self.settings.key, *sorted(map(repr, kinds)), *said])

    @property
    def result(self) -> str:
        """What the manifest calls the mask."""
        return result_name(self.settings.results, self.job.output)

    @property
    def source(self) -> CaseSource:
        """The case's files."""
        if self.job.source is None:
            raise ValueError(f"{self.job.name} is no case")
        return self.job.source

    def as_record(self) -> dict[str, Any]:
        """Values of JSON."""
        settings = self.settings
        return {
            "program": settings.program,
            "model": [settings.model.folder, settings.model.passport, settings.model.weights],
            "options": [settings.options.device, settings.options.precision],
            "regrid": settings.regrid.value,
            "overwrite": settings.overwrite,
            "claim": str(settings.claim.absolute()),
            "source": _source_entry(self.source),
            "output": str(self.job.output.absolute()),
            "numbering": self.job.numbering.name if self.job.numbering is not None else None,
            "votes": _votes_entry(self.votes),
            "entries": [entry.as_json() for entry in self.entries],
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> CaseRecord:
        """The case of values of `as_record`."""
        settings = RunSettings(
            ModelIdentity(*record["model"]),
            SegmentOptions(*record["options"]),
            RegridPolicy(record["regrid"]),
            bool(record["overwrite"]),
            Path(record["claim"]),
            record["program"],
        )
        source = _source_of(record["source"])
        votes = {
            Path(place): Vote(scheme, frozenset(n), stated, row) for place, scheme, n, stated, row in record["votes"]
        }
        entries = [Entry.of_json(entry) for entry in record["entries"]]
        numbering = scheme_named(record["numbering"]) if record["numbering"] is not None else None
        job = CaseJob(source.case_id, source, Path(record["output"]), numbering=numbering)
        return cls(settings, job, votes, entries)


def inputs_of(source: CaseSource) -> list[Path]:
    """The files that a mask is made of: images, what tells how it is numbered, and which image is left out."""
    named = {*source.modalities.values(), *([source.reference] if source.reference is not None else [])}
    beside = {path.parent for path in named if is_detached(path)}
    files = {path for folder in beside for path in folder.iterdir() if path.is_file()}
    if source.reference is not None and os.path.isfile(note := note_path(source.reference)):
        files.add(note)
    return sorted(named | files | records_of_failure(source))


def _source_entry(source: CaseSource) -> dict[str, Any]:
    return {
        "case_id": source.case_id,
        "folder": str(source.folder.absolute()),
        "modalities": {modality.value: str(path.absolute()) for modality, path in source.modalities.items()},
        "reference": str(source.reference.absolute()) if source.reference is not None else None,
        "unused": [str(path.absolute()) for path in source.unused],
        "volumes": [modality.value if modality is not None else None for modality in source.volumes],
        "notes": list(source.notes),
        "names": list(source.names),
        "patient": source.patient,
        "convention": source.convention,
        "scheme": source.scheme,
    }


def _source_of(entry: Mapping[str, Any]) -> CaseSource:
    return CaseSource(
        entry["case_id"],
        Path(entry["folder"]),
        {Modality(key): Path(path) for key, path in entry["modalities"].items()},
        Path(entry["reference"]) if entry["reference"] is not None else None,
        tuple(Path(path) for path in entry["unused"]),
        tuple(Modality(key) if key is not None else None for key in entry["volumes"]),
        tuple(entry["notes"]),
        tuple(entry["names"]),
        entry["patient"],
        entry["convention"],
        entry["scheme"],
    )


def _votes_entry(votes: Mapping[Path, Vote]) -> list[list[Any]]:
    return [
        [str(place), vote.scheme, sorted(vote.present), vote.stated, vote.convention]
        for place, vote in sorted(votes.items())
    ]


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
