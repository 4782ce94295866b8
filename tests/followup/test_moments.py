"""What names of visits tell of when they were."""

from __future__ import annotations

from datetime import date

import pytest

from brainseg_gui.followup.moments import Span, moment_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2007.04.06", "2007-04-06"),
        ("ses-20210304", "2021-03-04"),
        ("2021-03-04_post", "2021-03-04"),
        ("20210304101500", "2021-03-04"),
        ("04.03.2021", "2021-03-04"),
        ("2021-03", "2021-03"),
        ("scan_2019", "2019"),
        ("week-044", "after 308 to 314 days"),
        ("week-000-1", "after 0 to 6 days"),
        ("6months", "after 183 to 212 days"),
        ("day_1", "after 1 day"),
        ("24h_postop", "after 1 day"),
        ("36h", "after 1 to 2 days"),
        ("3m_postop", "after 91 to 121 days"),
        ("postop_6mo", "after 183 to 212 days"),
        ("1y", "after 365 to 730 days"),
        ("C3D1", ""),  # day 1 of the third cycle, not of all
        ("001", ""),
        ("20211304", ""),  # no such month
        ("2021-02-30", ""),  # no such day
        ("tumour", ""),
        ("T2", ""),
        ("120210304", ""),  # a longer number is no date
    ],
)
def test_a_name_tells_a_date_days_or_neither(name: str, words: str) -> None:
    assert moment_of(name).words == words


def test_a_data_set_counts_days_in_its_own_way() -> None:
    pattern = r"\d\d_(?P<day>\d{4})"
    assert moment_of("01_0106", pattern).days_until(moment_of("00_0000", pattern)) == Span(-106, -106)
    assert moment_of("", r"(?:_FU(?P<day>\d+)d)?").since_start == Span(0, 0)


def test_days_between_are_as_wide_as_the_dates() -> None:
    assert moment_of("2021-03-04").days_until(moment_of("2021-03-14")) == Span(10, 10)
    assert moment_of("2021-03").days_until(moment_of("2021-04-10")) == Span(10, 40)
    assert moment_of("2021-03").days_until(moment_of("2021-03")) == Span(-30, 30)
    assert moment_of("week-01").days_until(moment_of("week-03")) == Span(8, 20)
    assert moment_of("week-01").days_until(moment_of("2021-03-04")) is None
    assert moment_of("001").days_until(moment_of("002")) is None


def test_a_date_of_the_moment_stays_a_date() -> None:
    assert moment_of("2020-02").latest == date(2020, 2, 29)


def test_words_of_a_course_have_an_order() -> None:
    names = ["followup", "postop", "baseline", "recurrence", "preop"]
    assert sorted(names, key=lambda name: moment_of(name).stage) == [
        "preop",
        "baseline",
        "postop",
        "followup",
        "recurrence",
    ]


def test_words_of_treatments_have_an_order_too() -> None:
    names = ["relapse", "EOT", "postRT", "BL", "mid-RT", "preRT", "FU2"]
    order = ["preRT", "BL", "mid-RT", "EOT", "postRT", "FU2", "relapse"]
    assert sorted(sorted(names), key=lambda name: moment_of(name).stage) == order
