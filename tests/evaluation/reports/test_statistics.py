"""Statistics over a cohort, against numbers worked out by hand and against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from brainseg_gui.evaluation.cohorts.agreement import bland_altman
from brainseg_gui.evaluation.cohorts.statistics import bootstrap_of_mean, holm, paired_test, summarise


def test_a_summary_of_five_cases() -> None:
    summary = summarise([0.1, 0.9, math.nan, 0.5, 0.7, 0.3])
    assert (summary.n, summary.mean, summary.median) == (5, pytest.approx(0.5), 0.5)
    assert (summary.lower, summary.upper) == (pytest.approx(0.3), pytest.approx(0.7))  # ranks 1 and 3 of 0 to 4
    assert (summary.smallest, summary.largest) == (0.1, 0.9)
    low, high = summary.interval
    assert 0.1 < low < 0.5 < high < 0.9


def test_a_summary_of_nothing_is_not_a_number() -> None:
    summary = summarise([math.nan])
    assert summary.n == 0
    assert math.isnan(summary.mean)
    assert math.isnan(summary.interval[0])


def test_the_bootstrap_is_seeded_and_as_wide_as_the_theory_says() -> None:
    values = np.random.default_rng(1).normal(0.8, 0.1, 400)
    first, second = bootstrap_of_mean(values), bootstrap_of_mean(values)
    assert first == second
    assert first != bootstrap_of_mean(values, seed=7)
    expected = 2 * 1.96 * values.std() / math.sqrt(values.size)  # of a mean of 400, normal
    assert first[1] - first[0] == pytest.approx(expected, rel=0.05)
    assert sum(first) / 2 == pytest.approx(values.mean(), abs=0.002)


def test_the_bootstrap_of_two_values_has_three_means() -> None:
    # means of two draws from 0 and 1: 0, ½ and 1 with chances ¼, ½, ¼: both percentiles are the ends
    assert bootstrap_of_mean([0.0, 1.0]) == (0.0, 1.0)
    assert all(math.isnan(end) for end in bootstrap_of_mean([0.4]))


def test_many_cases_are_drawn_in_parts_that_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(50.0)
    whole = bootstrap_of_mean(values)
    monkeypatch.setattr("brainseg_gui.evaluation.cohorts.statistics._CHUNK_DRAWS", 170)
    assert bootstrap_of_mean(values) == whole


def test_patients_are_drawn_with_all_of_their_visits() -> None:
    # one patient has 0 0 0, the other 1: means of two draws are 0, ¼ (0 0 0 1) and 1 with chances ¼, ½, ¼
    assert bootstrap_of_mean([0.0, 0.0, 0.0, 1.0], patients=["a", "a", "a", "b"]) == (0.0, 1.0)
    summary = summarise([0.0, 0.0, math.nan, 1.0], patients=["a", "a", "c", "b"])
    assert (summary.n, summary.patients, summary.mean) == (3, 2, pytest.approx(1 / 3))
    assert all(math.isnan(end) for end in bootstrap_of_mean([0.1, 0.4], patients=["a", "a"]))


def test_a_patient_each_is_as_if_nothing_were_known_of_patients() -> None:
    values = np.random.default_rng(2).uniform(0, 1, 31)
    assert bootstrap_of_mean(values, patients=[str(n) for n in range(31)]) == bootstrap_of_mean(values)
    assert summarise(values).patients == 31


def test_copies_of_cases_do_not_make_the_interval_narrower() -> None:
    """A cohort in which every case occurs ten times knows as much as that in which it occurs once."""
    random = np.random.default_rng(4)
    values = random.normal(0.8, 0.1, 40)
    copies, whose = np.repeat(values, 10), [str(n) for n in np.repeat(np.arange(40), 10)]
    once, wrong, right = bootstrap_of_mean(values), bootstrap_of_mean(copies), bootstrap_of_mean(copies, patients=whose)
    assert right == pytest.approx(once, abs=1e-12)
    assert (wrong[1] - wrong[0]) / (once[1] - once[0]) == pytest.approx(1 / math.sqrt(10), rel=0.05)


def test_the_mean_differences_of_patients_are_tested() -> None:
    # of eight patients with two visits each: differences 1 … 8 up and down by more than themselves
    first = np.zeros(16)
    second = np.ravel([(n + 9, n - 9) for n in range(1, 9)]).astype(float)
    whose = [f"p{n}" for n in np.repeat(np.arange(8), 2)]
    test = paired_test(first, second, patients=whose)
    assert (test.n, test.patients, test.higher, test.lower) == (16, 8, 8, 8)
    assert test.p == pytest.approx(2 / 2**8)  # all eight means are higher
    assert test.effect == 1.0
    assert paired_test(first, second).p > 0.1
    assert test.mean == pytest.approx(4.5)


def test_bland_altman_of_four_volumes() -> None:
    agreement = bland_altman([10, 20, 30, 40], [12, 20, 28, 44])
    assert agreement.differences.tolist() == [2, 0, -2, 4]
    assert agreement.means.tolist() == [11, 20, 29, 42]
    assert agreement.bias == 1.0
    assert agreement.sd == pytest.approx(math.sqrt(20 / 3))  # squares of 1, -1, -3, 3 over n - 1
    assert agreement.limits == pytest.approx((1 - 1.96 * math.sqrt(20 / 3), 1 + 1.96 * math.sqrt(20 / 3)))
    assert math.isnan(bland_altman([1], [2]).sd)


def test_a_case_that_lacks_a_number_is_left_out_and_its_patient_with_it() -> None:
    """It took the figures of all others away, and with visits ended the whole page."""
    agreement = bland_altman([1, 2, math.nan, 4], [1.1, 2.2, 3.3, 4.1])
    assert (agreement.differences.size, agreement.patients) == (3, 3)
    assert (agreement.bias, agreement.sd) == (pytest.approx(0.4 / 3), pytest.approx(0.0577, abs=1e-4))
    visits = bland_altman([1, 2, 3, math.nan], [2, 4, 3, 5], patients=["a", "a", "b", "c"])
    assert (visits.differences.size, visits.patients) == (3, 2)
    assert math.isfinite(visits.sd)


def test_limits_of_agreement_of_visits_hold_the_variance_within_and_between_patients() -> None:
    # differences A 1, 3; B 5, 7; C 3 around 3.8. Within: (2 + 2 + 0) / (5 - 3) = 2. Among means 2, 6, 3:
    # (2·1.8² + 2·2.2² + .8²) / (3 - 1) = 8.4. Each patient counts for (5 - (4 + 4 + 1) / 5) / (3 - 1) = 1.6 visits, so
    # that between patients lie (8.4 - 2) / 1.6 = 4. SD² = 2 + 4.
    reference, whose = np.array([10.0, 20, 30, 40, 50]), ["A", "A", "B", "B", "C"]
    prediction = reference + np.array([1, 3, 5, 7, 3])
    agreement = bland_altman(reference, prediction, patients=whose)
    assert agreement.bias == pytest.approx(3.8)
    assert agreement.sd == pytest.approx(math.sqrt(6))
    assert (agreement.patients, agreement.repeated) == (3, True)
    assert agreement.limits == pytest.approx((3.8 - 1.96 * math.sqrt(6), 3.8 + 1.96 * math.sqrt(6)))
    shuffled = [4, 1, 2, 0, 3]
    again = bland_altman(reference[shuffled], prediction[shuffled], patients=[whose[n] for n in shuffled])
    assert again.sd == pytest.approx(agreement.sd)


def test_patients_who_differ_less_than_their_visits_add_nothing() -> None:
    # means of both patients are 0: among them lies nothing, less than the 4 / 2 that visits differ by
    agreement = bland_altman([0, 0, 0, 0], [1, -1, 1, -1], patients=["A", "A", "B", "B"])
    assert agreement.sd == pytest.approx(math.sqrt(2))
    assert math.isnan(bland_altman([0, 0], [1, 2], patients=["A", "A"]).sd)  # of others one patient says nothing


def test_with_a_case_for_each_patient_limits_are_the_plain_ones_bit_for_bit() -> None:
    random = np.random.default_rng(3)
    ours, theirs = random.lognormal(3, 1, (2, 37))
    plain = bland_altman(ours, theirs)
    named = bland_altman(ours, theirs, patients=[f"p{n}" for n in range(37)])
    assert plain.sd == float((theirs - ours).std(ddof=1))
    assert (named.sd, named.bias, named.limits, named.repeated) == (plain.sd, plain.bias, plain.limits, False)


def test_wilcoxon_is_scipys() -> None:
    random = np.random.default_rng(3)
    first, second = random.uniform(0, 1, 30), random.uniform(0.1, 1, 30)
    second[4] = first[4]  # a tie is left out
    assert paired_test(first, second).p == wilcoxon(second - first).pvalue


def test_a_paired_test_worked_out_by_hand() -> None:
    # differences 1 2 3 4 5 6 with the second sign turned: W+ = 1+3+4+5+6 = 19, W- = 2, of 21
    test = paired_test([0, 0, 0, 0, 0, 0, 0], [1, -2, 3, 4, 5, 6, 0])
    assert (test.n, test.differing, test.higher, test.lower) == (7, 6, 5, 1)
    assert test.effect == pytest.approx(17 / 21)
    # W- ≤ 2 of 64 sign patterns: none, {1}, {2}: 3, two-sided 6/64
    assert test.p == pytest.approx(6 / 64)
    assert (test.mean, test.median) == (pytest.approx(17 / 7), 3.0)


def test_too_few_differences_are_not_tested() -> None:
    test = paired_test([0.1] * 20, [0.2] * 5 + [0.1] * 15)
    assert (test.n, test.differing, test.p) == (20, 5, None)
    same = paired_test([0.5] * 12, [0.5] * 12)
    assert (same.p, same.mean) == (None, 0.0)
    assert math.isnan(same.effect)


def test_pairs_with_an_undefined_number_are_left_out() -> None:
    assert paired_test([0.1, math.nan, 0.3], [0.2, 0.5, math.nan]).n == 1


def test_holm_by_hand() -> None:
    # .01 × 3, then .03 × 2 = .06, then .04 × 1, which may not fall below what came before
    adjusted = holm({"WT": 0.04, "TC": 0.01, "ET": 0.03, "none": None})
    assert adjusted == {"WT": pytest.approx(0.06), "TC": pytest.approx(0.03), "ET": pytest.approx(0.06), "none": None}
    assert holm({"WT": 0.9, "TC": 0.8}) == {"WT": 1.0, "TC": 1.0}
