"""How far a network's masks measure as an expert's do: ``python -m training.studies.trial_measures``.

What trials measure of one visit, on patients that the network was not trained on: the volume of each region, and the
sum over the target lesions of the criteria.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.followup.criteria import Criteria, all_criteria, criteria_named
from brainseg_gui.followup.lesions import lesions_of, measured
from brainseg_gui.followup.response import default_targets, size_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, LabelMap, regions
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.postprocess import postprocess
from training.compare.cases import ComparedCase, find_cases
from training.compare.chosen_methods import models_named
from training.compare.command import FAULT, ended, tell, write_text
from training.compare.methods import Method
from training.compare.options import add_case_options, add_model_option, add_network_options, asked_of
from training.compare.tables import markdown_row

_FACTS = (
    "ICC(A,1): two-way random effects, absolute agreement, single measurement (McGraw and Wong 1996). Error: of the "
    "network's number, in parts of the expert's, the median of the cases where that is above 0."
)


@dataclass(frozen=True)
class MeasuredTwice:
    """One case.

    Parameters
    ----------
    case_id
        Name of the case.
    expert, network
        By what is measured: ml of a region, and of the sum what the criteria sum up (mm² or mm).
    """

    case_id: str
    expert: Mapping[str, float]
    network: Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write measures.md and measures.csv; 0, or 2 when something given is at fault or a case left out."""
    return ended(_study, _parser().parse_args(arguments))


def icc(measured_twice: Sequence[Sequence[float]]) -> float:
    """ICC(A,1): two-way random effects, absolute agreement, single measurement (McGraw and Wong 1996).

    Parameters
    ----------
    measured_twice
        For each thing that was measured, one number by each who measured; at least two of both.
    """
    values = np.array(measured_twice, dtype=np.float64)
    n, k = values.shape
    rows, columns, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    between = k * ((rows - mean) ** 2).sum() / (n - 1)
    raters = n * ((columns - mean) ** 2).sum() / (k - 1)
    rest = ((values - rows[:, None] - columns + mean) ** 2).sum() / ((n - 1) * (k - 1))
    return float((between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n))


def measures_of(labels: LabelMap, criteria: Criteria) -> dict[str, float]:
    """The volume of each region in ml, and the sum over the targets, as if this were the baseline."""
    grid = labels.grid
    found = {region.key: float(labels.mask(region).sum()) * grid.voxel_ml for region in regions()}
    lesions = {one.number: measured(one, grid, criteria) for one in lesions_of(labels, criteria.kind).lesions}
    targets = default_targets(lesions, criteria)
    found[criteria.name] = float(sum(size_of(lesions[number], criteria) for number in targets))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.studies.trial_measures",
        description="Measure volumes and target lesions in a network's masks and in the experts'.",
    )
    add_case_options(parser)
    add_model_option(parser)
    parser.add_argument("--criteria", choices=list(all_criteria()), default="rano2", help="what is summed up (rano2)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    add_network_options(parser)
    return parser


def _study(given: argparse.Namespace) -> int:
    (model,) = models_named([given.model], SegmentOptions(given.device, given.precision))
    criteria, faults = criteria_named(given.criteria), list[str]()
    pairs = list(_pairs(find_cases(given.cases, asked_of(given), faults.append), model, criteria, faults))
    for sentence in faults:
        tell(sentence)
    if len(pairs) < 2:
        raise BrainsegError("fewer than two cases could be measured", "Name cases with masks")
    table = as_table(model.name, pairs)
    write_text(given.output / "measures.md", table)
    write_text(given.output / "measures.csv", _as_csv(pairs))
    sys.stdout.write(table)
    return FAULT if faults else 0


def _pairs(
    cases: Sequence[ComparedCase], model: Method, criteria: Criteria, faults: list[str]
) -> Iterator[MeasuredTwice]:
    for case in cases:
        try:
            images, reference = case.read()
            found = model.of_case(case.case_id).predict(images)
            classes: NDArray[np.uint8] = found.classes.copy(order="K")
            rules = model.of_case(case.case_id).rules
            postprocess(classes, rules, images.grid.voxel_ml, found.confidence, images.grid.spacing_mm)
        except BrainsegError as error:
            faults.append(f"{case.case_id} is left out: {error}")
            continue
        drawn = LabelMap(classes, reference.grid, scheme_named(NETWORK_SCHEME))
        yield MeasuredTwice(case.case_id, measures_of(reference, criteria), measures_of(drawn, criteria))


def as_table(name: str, pairs: Sequence[MeasuredTwice]) -> str:
    """What is measured, and then the cases, as Markdown."""
    kinds = list(pairs[0].expert)
    lines = [f"# What {name} measures, n = {len(pairs)}", "", markdown_row(("of", "ICC", "error, %"))]
    lines.append(markdown_row(["---"] * 3))
    for kind in kinds:
        both = [(pair.expert[kind], pair.network[kind]) for pair in pairs]
        errors = [abs(ours - theirs) / theirs for theirs, ours in both if theirs > 0]
        error = f"{100 * float(np.median(errors)):.0f}" if errors else "–"
        lines.append(markdown_row((kind, f"{icc(both):.3f}", error)))
    lines += ["", markdown_row(("case", *kinds)), markdown_row(["---"] * (1 + len(kinds)))]
    for pair in pairs:
        lines.append(markdown_row((pair.case_id, *(f"{pair.expert[k]:.1f}, {pair.network[k]:.1f}" for k in kinds))))
    return "\n".join([*lines, "", "Each: expert, network. " + _FACTS, ""])


def _as_csv(pairs: Sequence[MeasuredTwice]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("case_id", "measure", "expert", "network"))
    for pair in pairs:
        writer.writerows((pair.case_id, kind, pair.expert[kind], pair.network[kind]) for kind in pair.expert)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
