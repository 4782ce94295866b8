"""The task of reporting on one case, wherever it runs: the page and the PDF, entered into the manifest."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.anatomy.case_places import with_places
from brainseg_gui.commands.tasks.faults import failed
from brainseg_gui.evaluation.cohorts.scoring_task import scheme_contents
from brainseg_gui.evaluation.documents.case_file import write_report
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.reports.case_content import read_content
from brainseg_gui.execution.fitness import unfit_for
from brainseg_gui.execution.manifest import FOLDER, Entry, ManifestWriter
from brainseg_gui.followup.documents.case_visits import number_among, with_visits
from brainseg_gui.followup.own_masks import masks_beside
from brainseg_gui.followup.visits import TimeLine
from brainseg_gui.followup.visits_near import visits_near
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.file_mark import mark_of
from brainseg_gui.imaging.formats.mask_note import note_path
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.inference.cohorts.case_record import inputs_of
from brainseg_gui.progress import run_to_end
from brainseg_gui.storage.folder import make_folders

_ONE = threading.Lock()  # however many threads a worker has: what draws the figures is not made for several
ENDINGS = (".html", ".pdf")
SETTINGS = ("rules", "reference_scheme", "prediction_scheme", "regrid")


def report_task(record: dict[str, Any]) -> dict[str, Any]:
    """Write the report of a record's case: its ``case``, ``files`` and whether they were ``known``, or `failed`."""
    if sentence := unfit_for(record["program"], __version__):
        return {"unfit": sentence}
    try:
        with _ONE:
            return _Report(record).written()
    except Exception as error:  # noqa: BLE001  a fault of one must not lose the others
        return failed(error, record["case"])


def report_name(case_id: str, ending: str) -> str:
    """The file of a report."""
    return f"{case_id}_report{ending}"


@dataclass(frozen=True)
class _Report:
    record: Mapping[str, Any]

    def written(self) -> dict[str, Any]:
        """What is told of the case, whose reports are written unless they are there."""
        files = [self._output / report_name(self._source.case_id, ending) for ending in ENDINGS]
        lacking = self.record["prediction"] == ""
        doubts = ["it has no prediction there; its report shows its own mask alone"] if lacking else []
        told = {"case": self._source.case_id, "files": [str(path) for path in files], "doubts": doubts}
        inputs = self._inputs()
        if all(self._is_current(path, inputs) for path in files):
            return {**told, "known": True}
        marks = {str(path): mark_of(path) for path in inputs}
        rules, chosen = rules_named(self.record["rules"]), ChosenSchemes(*map(_scheme, self._schemes))
        regrid = RegridPolicy(self.record["regrid"])
        content = run_to_end(
            read_content(self._source, self._source.reference, self._prediction, chosen, rules, regrid)
        )
        content = run_to_end(with_places(content))
        content = run_to_end(with_visits(content, self._line, self._of_visits, chosen))
        make_folders(self._output / FOLDER, self._output)
        for path in files:
            write_report(content, path)
            _writer(self._output).append(Entry(path.name, self._key, marks, mark_of(path), {}))
        return {**told, "known": False}

    @cached_property
    def _source(self) -> Any:
        return find_case(Path(self.record["case"]))

    @property
    def _prediction(self) -> Path | None:
        return Path(self.record["prediction"]) if self.record["prediction"] else None

    @cached_property
    def _line(self) -> TimeLine | None:
        return visits_near(self._source)

    @cached_property
    def _of_visits(self) -> dict[int, Path]:
        """Index of an earlier visit -> its mask."""
        others = {Path(image): Path(mask) for image, mask in self.record["of_visits"].items()}
        here = number_among(self._line, self._source) if self._line is not None else None
        masks = masks_beside(self._line, others) if self._line is not None else {}
        return {index: path for index, path in masks.items() if here is not None and index < here}

    @property
    def _output(self) -> Path:
        return Path(self.record["output"])

    @property
    def _schemes(self) -> tuple[str, str]:
        return self.record["reference_scheme"], self.record["prediction_scheme"]

    @property
    def _key(self) -> str:
        visits = [visit.name for visit in self._line.visits] if self._line is not None else []
        schemes = scheme_contents(ChosenSchemes(*map(_scheme, self._schemes)))
        settings = {"program": __version__, "visits": visits, **{name: self.record[name] for name in SETTINGS}}
        settings["known schemes"] = schemes
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def _inputs(self) -> list[Path]:
        """The files that the report is made of."""
        prediction = self._prediction
        found = [path for path in (prediction, *self._of_visits.values()) if path is not None]
        masks = [path for mask in found for path in (mask, note_path(mask)) if os.path.isfile(path)]
        return [*inputs_of(self._source), *masks]

    def _is_current(self, path: Path, inputs: list[Path]) -> bool:
        entries = (Entry.of_json(found) for found in self.record["entries"] if found["output"] == path.name)
        return any(entry.is_current(self._key, inputs, path) for entry in entries)


def _scheme(name: str) -> Any:
    return scheme_named(name) if name else None


@cache
def _writer(output: Path) -> ManifestWriter:
    return ManifestWriter(output)
