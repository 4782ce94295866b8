"""Every method on every case, as a generator of scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.inference.postprocess import postprocess
from training.compare.cases import ComparedCase
from training.compare.methods import Method, Prediction
from training.compare.pictures import Column, draw_case
from training.compare.scores import CaseScore, foci_of, region_numbers
from training.compare.store import Store

SCORING = 4  # of the code that scores, rules after the network included: raise it when scores change


@dataclass(frozen=True)
class MethodComparison:
    """What is compared.

    Parameters
    ----------
    cases, methods
        All are paired.
    store
        What was computed already.
    rules
        How empty masks and lesions count.
    pictures
        Folder that gets one picture per case, or None.
    tell
        Is told of a case that a method cannot do.
    """

    cases: Sequence[ComparedCase]
    methods: Sequence[Method]
    store: Store
    rules: RuleSet
    pictures: Path | None
    tell: Callable[[str], None]

    def run(self) -> Iterator[tuple[CaseScore, ...]]:
        """Score case after case; one tuple per case, without the methods that cannot do it."""
        patients = names_of_patients(self.cases)
        for case in self.cases:
            try:
                yield tuple(replace(score, patient=patients[case.source.identity]) for score in self._of_case(case))
            except BrainsegError as error:
                self.tell(f"{case.case_id} is left out: {error}")
                yield ()

    def _of_case(self, case: ComparedCase) -> Iterator[CaseScore]:
        one = _OneCase(case, self.store)
        columns = []
        for method in self.methods:
            try:
                part = method.of_case(case.case_id)
                found = self._score(one, part)  # perhaps kept under another name of the same network
                score = replace(found, group=case.group, case_id=case.case_id, method=method.name)
                if self.pictures is not None:
                    columns.append(Column(one.classes(part), score))
            except BrainsegError as error:
                self.tell(f"{method.name} cannot do {case.case_id}: {error}")
                continue
            yield score
        if self.pictures is not None:
            draw_case(*one.read(), columns, self.pictures / f"{case.case_id}.png")

    def _score(self, one: _OneCase, method: Method) -> CaseScore:
        case = one.case
        parts = (SCORING, method.key, method.rules, case.images_key, case.reference_key, self.rules)
        key = hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()

        def compute() -> CaseScore:
            reference = one.read()[1]
            numbers = region_numbers(reference, one.classes(method), self.rules)
            seconds = one.prediction(method).seconds
            return CaseScore(case.group, case.case_id, method.name, numbers, seconds, foci_of(reference))

        return self.store.score(key, compute)


def names_of_patients(cases: Sequence[ComparedCase]) -> dict[Path, str]:
    """Whose each case is, by its place: the folder of a patient's visits by its name alone, where no other has that."""
    owners, _ = patients_of([case.source for case in cases])
    count = Counter(Path(owner).name for owner in set(owners.values()))
    return {place: name if count[name := Path(owner).name] == 1 else owner for place, owner in owners.items()}


class _OneCase:
    """A case whose images are read when they are needed, once."""

    def __init__(self, case: ComparedCase, store: Store) -> None:
        self.case = case
        self._store = store
        self._read: tuple[Case, LabelMap] | None = None
        self._predictions: dict[str, Prediction] = {}

    def read(self) -> tuple[Case, LabelMap]:
        if self._read is None:
            self._read = self.case.read()
        return self._read

    def prediction(self, method: Method) -> Prediction:
        if method.key not in self._predictions:
            found = self._store.prediction(method.key, self.case.images_key, lambda: method.predict(self.read()[0]))
            self._predictions[method.key] = found
        return self._predictions[method.key]

    def classes(self, method: Method) -> NDArray[np.uint8]:
        """A method's classes after its rules."""
        prediction = self.prediction(method)
        classes = prediction.classes.copy(order="K")
        grid = self.read()[0].grid
        postprocess(classes, method.rules, grid.voxel_ml, prediction.confidence, grid.spacing_mm)
        return classes
