"""Which cases of a cohort were read otherwise than the others, and how they are to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.records.report import CaseReport
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote, agreed_schemes, differs, words_of
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelScheme

_ENOUGH = 3  # predictions of one model that suggest the same other scheme, and most of them: it is the model's


def read_alike(cases: Sequence[CaseReport | None], chosen: ChosenSchemes) -> Mapping[int, tuple[ChosenSchemes, str]]:
    """Schemes for the cases that are to be scored again, by their place, each with what is doubtful about it.

    The references of a cohort follow one scheme, as `agreed_schemes` finds it. The predictions of a model follow the
    reference's, unless most of them suggest another one.
    """
    places = [place for place, case in enumerate(cases) if case is not None]
    scored = [case for case in cases if case is not None]
    references = _of_references(scored) if chosen.reference is None else {}
    models = _of_models(scored) if chosen.prediction is None else {}
    odd: dict[int, tuple[ChosenSchemes, str]] = {}
    for number, (place, case) in enumerate(zip(places, scored, strict=True)):
        reference, prediction = references.get(number), models.get(case.model)
        doubt = _words(case, reference, prediction)
        if doubt:
            odd[place] = (ChosenSchemes(reference or chosen.reference, prediction or chosen.prediction), doubt)
    return odd


def _words(case: CaseReport, reference: LabelScheme | None, prediction: LabelScheme | None) -> str:
    words = []
    if reference is not None:
        words.append(words_of(_vote(case), reference))
    if prediction is not None and prediction.name != case.prediction_scheme:
        words.append(f"Its prediction is read as {prediction.title}, which most of this model's suggest")
    return ". ".join(words)


def _of_references(cases: Sequence[CaseReport]) -> dict[int, LabelScheme]:
    """The scheme of each reference that is not read as its cohort's are."""
    votes = [_vote(case) for case in cases]
    agreed = agreed_schemes(votes)
    return {
        number: scheme
        for number, (vote, scheme) in enumerate(zip(votes, agreed, strict=True))
        if not vote.stated and scheme.name != vote.scheme and differs(vote, scheme)
    }


def _vote(case: CaseReport) -> Vote:
    return Vote(case.reference_scheme, frozenset(case.labels), case.stated)


def _of_models(cases: Sequence[CaseReport]) -> dict[str, LabelScheme]:
    """The scheme of each model's predictions where it is not that of the references."""
    found = {}
    for model in {case.model for case in cases}:
        suggested = Counter(case.suggested for case in cases if case.model == model)
        total = suggested.total()
        del suggested[""]
        name, count = next(iter(suggested.most_common(1)), ("", 0))
        if count >= _ENOUGH and 2 * count > total:
            found[model] = label_schemes()[name]
    return found
