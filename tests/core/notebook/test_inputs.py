"""Inputs: a value of their type or none, whatever they were before."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import InvalidValue
from core.notebook.inputs import parameter, settled
from core.notebook.values import JSON, Cell, CellKind


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("text", "it's", "it's"),
        ("text", None, ""),
        ("text", 5, "5"),
        ("number", 5, 5),
        ("number", 2.5, 2.5),
        ("number", " 7 ", 7),
        ("number", "1e3", 1000.0),
        ("number", None, None),
        ("date", "2026-01-31", "2026-01-31"),
        ("date", None, None),
    ],
)
def test_a_value_is_kept_as_its_type_has_it(type_: str, given: JSON, kept: JSON) -> None:
    """Nothing stays nothing, but for texts."""
    settings = settled("x", {}, {"type": type_, "value": given})
    assert settings["value"] == kept
    assert type(settings["value"]) is type(kept)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("number", "abc"),
        ("number", float("inf")),
        ("number", "nan"),
        ("number", True),
        ("number", [1]),
        ("date", "31.1.2026"),
        ("date", "2026-02-30"),
        ("date", 5),
        ("text", "x" * 10_001),
        ("text", {"a": 1}),
        ("choice", "c"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(type_: str, value: JSON) -> None:
    """The input is named."""
    with pytest.raises(InvalidValue, match="“x” takes"):
        settled("x", {"type": type_, "choices": ["a", "b"]}, {"value": value})


def test_a_choice_is_the_first_until_one_is_made() -> None:
    """One that is there no more is made anew; numbers stay numbers."""
    settings = settled("x", {}, {"type": "choice", "choices": [3, 4, 3]})
    assert (settings["value"], settings["choices"]) == (3, [3, 4])
    settings = settled("x", settings, {"value": 4})
    assert settled("x", settings, {"choices": [5, 4]})["value"] == 4
    assert settled("x", settings, {"choices": [5, 6]})["value"] == 5
    assert settled("x", settings, {"choices": []})["value"] is None


def test_a_choice_from_the_rows_of_a_cell_is_whatever_was_chosen() -> None:
    """Rows change, so it may be none of them, and nothing at first; what was chosen of a list is not of the rows."""
    settings = settled("x", {}, {"type": "choice", "source": "models", "value": None})
    assert settings["value"] is None
    assert settled("x", settings, {"value": "gone"})["value"] == "gone"
    with pytest.raises(InvalidValue, match="“x” takes"):
        settled("x", settings, {"value": ["a"]})
    listed = settled("x", {}, {"type": "choice", "choices": [3, 4]})
    assert settled("x", listed, {"source": "models"})["value"] is None
    assert settled("x", settings | {"choices": [3, 4]}, {"source": ""})["value"] == 3


def test_another_type_keeps_what_it_can() -> None:
    """And forgets what it cannot, without an error; the rest of the settings stays."""
    settings = settled("x", {}, {"type": "text", "value": "12", "label": "Rows", "help": "how many"})
    as_number = settled("x", settings, {"type": "number"})
    assert as_number == {"type": "number", "value": 12, "label": "Rows", "help": "how many"}
    assert settled("x", settings, {"type": "date"})["value"] is None


@pytest.mark.parametrize("given", [{"type": "colour"}, {"type": "choice", "choices": [[1]]}, {"type": 5}])
def test_what_is_no_input_is_refused(given: dict[str, JSON]) -> None:
    """With what there is."""
    with pytest.raises(InvalidValue):
        settled("x", {}, given)


def test_a_query_is_given_a_date_as_a_date() -> None:
    """All else as it is kept."""

    def given(type_: str, value: JSON) -> object:
        return parameter(Cell("1", CellKind.INPUT, "x", "", {"type": type_, "value": value}))

    assert given("date", "2026-01-31") == date(2026, 1, 31)
    assert given("date", None) is None
    assert given("text", "2026-01-31") == "2026-01-31"
