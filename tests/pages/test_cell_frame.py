"""Results as frames of data: every value as what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.analysis.sandbox import Result
from pages._notebook.cell_frame import frame


def test_values_are_what_their_columns_are() -> None:
    """Numbers, times and days are themselves, nothing is nothing, and what has no look of its own is text."""
    data = frame(
        Result(
            [
                ("whole", "BIGINT"),
                ("part", "DOUBLE"),
                ("money", "DECIMAL(18,2)"),
                ("yes", "BOOLEAN"),
                ("at", "TIMESTAMP WITH TIME ZONE"),
                ("day", "DATE"),
                ("tags", "VARCHAR[]"),
                ("pair", "STRUCT(image VARCHAR)"),
            ],
            [
                [1, 1.5, 2.25, True, "2026-01-31T12:00:00.000001Z", "2026-01-31", ["a"], {"image": "x"}],
                [None, "NaN", None, None, None, None, None, None],
            ],
        )
    )
    first, second = data.iloc[0].to_dict(), data.iloc[1]
    assert first["at"].to_pydatetime() == datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC)
    del first["at"]
    assert first == {
        "whole": 1,
        "part": 1.5,
        "money": 2.25,
        "yes": True,
        "day": date(2026, 1, 31),
        "tags": '["a"]',
        "pair": '{"image": "x"}',
    }
    assert second.isna().all()
    assert str(data["whole"].dtype) == "Int64"


def test_what_only_text_can_hold_is_text() -> None:
    """Numbers of too many digits and years beyond our calendar are shown as they are written."""
    exact = "123456789012345678.123"
    rows = [[str(2**100), exact, "infinity"], [1, 0.5, "2026-01-31"]]
    data = frame(Result([("huge", "HUGEINT"), ("money", "DECIMAL(38,3)"), ("day", "DATE")], rows))
    assert data["huge"].tolist() == [str(2**100), "1"]
    assert data["money"].tolist() == [exact, "0.5"]
    assert data["day"].tolist() == ["infinity", "2026-01-31"]


def test_a_sum_is_a_number() -> None:
    """DuckDB adds up in 128 bits; what fits into 64 is drawn and aligned as a number."""
    data = frame(Result([("total", "HUGEINT")], [[5], [str(2**60)], [None]]))
    assert str(data["total"].dtype) == "Int64"
    assert data["total"].dropna().tolist() == [5, 2**60]


def test_an_empty_result_has_its_columns() -> None:
    """And two columns of one name are told apart."""
    data = frame(Result([("a", "BIGINT"), ("a", "VARCHAR"), ("a_2", "VARCHAR")], []))
    assert list(data.columns) == ["a", "a_2", "a_2_2"]
    assert len(data) == 0
