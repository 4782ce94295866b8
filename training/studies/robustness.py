"""How models take what differs from scanner to scanner: ``python -m training.studies.robustness --cases DIR -o OUT``.

Every case is segmented as it is and after each of `training.studies.changes.CHANGES`, or without each set of modalities
that it may lack, and scored against the same reference.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.inference.options import SegmentOptions
from training.compare.cases import ComparedCase, find_cases
from training.compare.chosen_methods import models_named
from training.compare.command import FAULT, ended, tell, write_text
from training.compare.methods import Method
from training.compare.options import add_case_options, add_run_options, asked_of
from training.compare.run import MethodComparison
from training.compare.scores import REGIONS, CaseScore, summarise
from training.compare.store import Store
from training.compare.tables import as_csv, dice_text, markdown_row
from training.studies.changes import CHANGE_SETS, UNCHANGED, ImageChange, changed

VERSION = 2  # of the changes: raise it when they do something else
_RULES = "brats2023"


@dataclass(frozen=True)
class ChangedCase(ComparedCase):
    """A case after a change; its group is the change."""

    change: ImageChange = UNCHANGED

    @classmethod
    def of(cls, case: ComparedCase, change: ImageChange) -> ChangedCase:
        """A case, to be changed when it is read."""
        return cls(case.source, change.name, case.scheme, change)

    @property
    def images_key(self) -> str:
        """Digest of the images and of what is done to them."""
        done = zlib.crc32(f"{VERSION} {self.change.name} {self.case_id}".encode())  # what is random follows the name
        return f"{super().images_key}-{done:08x}"

    @property
    def reference_key(self) -> str:
        """Digest of the mask, what hides parts of it, and how it is read."""
        return f"{super().reference_key} {VERSION} {self.change.name} {self.case_id}"

    def read(self) -> tuple[Case, LabelMap]:
        """Read the case and change it.

        Raises
        ------
        CaseError, ImageError, GridMismatchError
            If a file cannot be used.
        """
        return changed(*super().read(), self.change)


def main(arguments: Sequence[str] | None = None) -> int:
    """Segment changed cases and write the tables; 0, or 2 when something given is at fault or a case was left out."""
    return ended(_study, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.studies.robustness",
        description="Segment every case as it is and after changes that scanners and archives make, or without some of "
        "its modalities, and write robustness.md and .csv, or missing.md and .csv. What was computed already is not "
        "computed again.",
    )
    add_case_options(parser)
    parser.add_argument(
        "--model",
        nargs="+",
        required=True,
        metavar="MODEL",
        help="model folders, names of shipped models, or a folder of the run folders of a cross-validation",
    )
    parser.add_argument(
        "--changes", choices=tuple(CHANGE_SETS), default="scans",
        help="what scanners and archives do (scans, the default), or every set of missing modalities",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the tables")
    add_run_options(parser)
    return parser


def _study(given: argparse.Namespace) -> int:
    methods = models_named(given.model, SegmentOptions(given.device, given.precision))
    faults: list[str] = []

    def leave_out(sentence: str) -> None:
        faults.append(sentence)
        tell(sentence)

    cases = find_cases(given.cases, asked_of(given), leave_out)
    store = Store(given.cache or given.output / "cache")
    changes = (UNCHANGED, *CHANGE_SETS[given.changes])
    scores = _scores(cases, methods, changes, store, leave_out)
    if not scores:
        raise BrainsegError("no case could be scored", "Name cases with masks")
    table = as_table(scores)
    name = "robustness" if given.changes == "scans" else given.changes
    write_text(given.output / f"{name}.md", table)
    write_text(given.output / f"{name}.csv", as_csv(scores))
    sys.stdout.write(table)
    return FAULT if faults else 0


def _scores(
    cases: Sequence[ComparedCase],
    methods: Sequence[Method],
    changes: Sequence[ImageChange],
    store: Store,
    leave_out: Callable[[str], None],
) -> list[CaseScore]:
    """Change after change; what cannot be done as it is, is not tried again."""
    from tqdm import tqdm

    scores: list[CaseScore] = []
    with tqdm(total=len(cases) * len(changes), disable=None, leave=False) as bar:
        for change in changes:
            bar.set_description_str(change.name)
            changed_cases = [ChangedCase.of(case, change) for case in cases]
            say = partial(_leave_out, leave_out, change)
            for row in MethodComparison(changed_cases, methods, store, rules_named(_RULES), None, say).run():
                scores += row
                bar.update()
            if change is UNCHANGED:
                known = {score.case_id for score in scores}
                cases = [case for case in cases if case.case_id in known]
                bar.total = bar.n + len(cases) * (len(changes) - 1)
    return scores


def _leave_out(leave_out: Callable[[str], None], change: ImageChange, sentence: str) -> None:
    leave_out(sentence if change is UNCHANGED else f"{change.name}: {sentence}")


def as_table(scores: Sequence[CaseScore]) -> str:
    """One table per method: mean Dice after each change, and what the case that took it worst lost."""
    lines: list[str] = []
    for method in dict.fromkeys(score.method for score in scores):
        of_method = _complete([score for score in scores if score.method == method])
        lines += [f"## {method}, n = {len({score.case_id for score in of_method})}", "", *_rows(of_method), ""]
    return "\n".join([*lines, _LEGEND, ""])


def _complete(scores: Sequence[CaseScore]) -> list[CaseScore]:
    """The scores of cases that were scored after every change: rows are compared over the same cases."""
    changes = {score.group for score in scores}
    scored = Counter(score.case_id for score in scores)
    return [score for score in scores if scored[score.case_id] == len(changes)]


def _rows(scores: Sequence[CaseScore]) -> Iterator[str]:
    titles = {change.name: change.title for change in itertools.chain((UNCHANGED,), *CHANGE_SETS.values())}
    before = {score.case_id: score for score in scores if score.group == UNCHANGED.name}
    yield markdown_row(("change", "what it is", "Dice mean WT / TC / ET", "largest loss of a case", "false ET"))
    yield markdown_row(["---"] * 5)
    for summary in summarise(scores):
        dice = " / ".join(dice_text(summary.regions[key].dice_mean) for key in REGIONS)
        loss = _largest_loss([score for score in scores if score.group == summary.group], before)
        false = summary.false_enhancement
        claimed = f"{false.claimed} of {false.cases}" if false.cases else "–"
        yield markdown_row((summary.group, titles[summary.group], dice, loss, claimed))


def _largest_loss(scores: Sequence[CaseScore], before: dict[str, CaseScore]) -> str:
    losses = [
        (before[score.case_id].regions[key].dice - score.regions[key].dice, key, score.case_id)
        for score in scores
        if score.case_id in before
        for key in REGIONS
    ]
    loss, region, case_id = max(losses, default=(0.0, "", ""))
    return f"{dice_text(loss)} {region} {case_id}" if loss >= 0.0005 else "none"


_LEGEND = (
    "Dice per case, both empty is 1, one empty 0; the reference is the same throughout, but for what no image shows "
    "any more. Loss: of Dice, against the same case as it is."
)


if __name__ == "__main__":
    sys.exit(main())
