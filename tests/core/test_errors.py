"""One tree of errors, each written for the person who meets it."""

from __future__ import annotations

import inspect
import re

import pytest

from core import errors
from core.errors import NotFound, ProviderError, ThroughlineError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if found.__module__ == errors.__name__]


def test_there_are_errors_to_look_at() -> None:
    """The tests below look at every class of the module."""
    assert len(CLASSES) > 12


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_says_in_a_line_what_it_stands_for(kind: type[ThroughlineError]) -> None:
    """Every class has a first line that is a sentence."""
    first = (kind.__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].{10,100}\.", first)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_has_a_code_of_its_own(kind: type[ThroughlineError]) -> None:
    """The API names each class differently, in snake case."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert "code" in vars(kind)
    assert [other for other in CLASSES if other.code == kind.code] == [kind]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_belongs_to_the_tree_that_the_module_draws(kind: type[ThroughlineError]) -> None:
    """All derive from one class, and the drawing at the head of the module names each."""
    assert issubclass(kind, ThroughlineError)
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def test_a_message_is_what_is_shown() -> None:
    """The text of an error is its message, and one that names something carries it."""
    assert str(ThroughlineError("Do this.")) == ThroughlineError("Do this.").message == "Do this."
    missing = NotFound("conversation", "c1")
    assert (missing.kind, missing.identity) == ("conversation", "c1")
    assert missing.message == "There is no conversation “c1”. It may have been deleted."


def test_a_failure_of_the_models_side_says_whether_to_try_again() -> None:
    """By default it is not worth trying again."""
    assert not ProviderError("x").retryable
    error = ProviderError("x", status=429, retryable=True, retry_after=7.0)
    assert (error.status, error.retryable, error.retry_after) == (429, True, 7.0)
