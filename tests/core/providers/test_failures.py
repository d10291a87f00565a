"""Every failure is one sentence that says what to do, and never tells a key."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from core.errors import ProviderError
from core.providers.failures import PrefillRefused, from_error, from_response
from tests.core.providers.support import KEY
from tests.fakes.cases import REPLIES
from tests.fakes.replies import Reply


def failure(reply: Reply) -> ProviderError:
    """The error that a canned reply stands for."""
    body = b"".join(step for step in reply.steps if isinstance(step, bytes))
    return from_response(reply.status, body, reply.headers, secret=KEY)


@pytest.mark.parametrize(
    ("case", "says", "retryable"),
    [
        ("400-model", "Choose another model", False),
        ("400-context", "Start a new conversation, or choose a model with a longer context", False),
        ("401", "OPENROUTER_API_KEY", False),
        ("402-credits", "Add credits", False),
        ("402-in-flight", "Wait a moment", True),
        ("403-moderation", "Rephrase", False),
        ("404-availability", "Choose another model", False),
        ("408", "Ask again", True),
        ("429", "Wait a moment", True),
        ("429-daily", "come back tomorrow", False),
        ("500", "Ask again", True),
        ("500-raw", "The tensor melted", True),
        ("502-html", "Ask again", True),
        ("503", "Wait a moment", True),
        ("524-html", "Ask again", True),
        ("529", "Wait a moment", True),
    ],
)
def test_http_errors(case: str, says: str, retryable: bool) -> None:
    """A status and a body become a sentence, and the word on whether to try again."""
    error = failure(REPLIES[case])
    assert says in error.message
    assert error.retryable is retryable
    assert error.status == REPLIES[case].status


@pytest.mark.parametrize("case", ["502-html", "524-html"])
def test_html_is_not_quoted(case: str) -> None:
    """A proxy's page is never shown."""
    assert "<" not in failure(REPLIES[case]).message and "edge" not in failure(REPLIES[case]).message
    inner = {"code": 502, "message": "Provider returned error", "metadata": {"raw": "<html><body>edge</body></html>"}}
    assert "edge" not in from_error(inner).message


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"\xff", b'{"error":null}', b'{"error":{"message":[]}}'])
def test_strange_bodies(body: bytes) -> None:
    """A body that says nothing leaves the status to speak."""
    error = from_response(503, body, {})
    assert error.retryable and "“" not in error.message


@pytest.mark.parametrize("error", ["boom", 7, [], {"code": True}, {"metadata": "x"}, {"code": "odd", "message": None}])
def test_strange_errors(error: object) -> None:
    """An error of any shape is still an error."""
    assert isinstance(from_error(error), ProviderError)


def test_codes() -> None:
    """The code may be a number, a number in words or a word."""
    assert from_error({"code": 429}).status == 429
    assert from_error({"code": "429"}).status == 429
    assert from_error({"code": "server_error"}).status == 500
    assert from_error({"error_type": "provider_overloaded"}).status == 503
    assert from_error({"code": "context_length_exceeded", "message": "too long"}).retryable is False


def test_long_messages_are_cut() -> None:
    """The other side's words are kept short."""
    assert len(from_error({"code": 500, "message": "word " * 1000}).message) < 500


def test_retry_after() -> None:
    """The wait asked for is found wherever it stands."""
    assert failure(REPLIES["429-retry-after"]).retry_after == 7.0
    full = {"code": "capacity_exhausted", "retry_after": 4}
    assert from_error({"code": 429, "availability": full}).retry_after == 4.0
    date = formatdate(time.time() + 60, usegmt=True)
    assert 50 < (from_response(503, b"", {"Retry-After": date}).retry_after or 0) <= 60
    reset = str(int((time.time() + 60) * 1000))
    inner = {"code": 429, "metadata": {"headers": {"X-RateLimit-Reset": reset}}}
    assert 50 < (from_error(inner).retry_after or 0) <= 60
    assert 50 < (from_response(429, b"", {"x-ratelimit-reset": reset}).retry_after or 0) <= 60
    assert from_response(429, b"", {"retry-after": "soon"}).retry_after is None


@pytest.mark.parametrize("filler", ["", "x" * 270, "x" * 290])
@pytest.mark.parametrize("key", [KEY, "an-unusual+key/of=another~kind"])
def test_keys_are_never_told(key: str, filler: str) -> None:
    """A key that the other side repeats is left out, also where the message is cut."""
    message = f"{filler} bad key {key}; Authorization: Bearer {key}"
    for error in ({"message": message}, {"message": "", "metadata": {"raw": json.dumps({"error": message})}}):
        told = from_response(401, json.dumps({"error": error}).encode(), {}, secret=key).message
        assert key not in told and key[:12] not in told


def test_prefill() -> None:
    """A model that cannot go on from a given answer is told apart."""
    said = {"code": 400, "message": "This model does not support assistant message prefill. End with a user message."}
    assert isinstance(from_error(said), PrefillRefused)
    assert not isinstance(from_error({"code": 400, "message": "Bad temperature"}), PrefillRefused)


@pytest.mark.parametrize("case", sorted(name for name, reply in REPLIES.items() if reply.status != 200))
def test_sentences(case: str) -> None:
    """Every message is a sentence for a person: no brackets of JSON, no class names."""
    message = failure(REPLIES[case]).message
    assert message[0].isupper() and message.rstrip("”")[-1] and "{" not in message and "Error(" not in message


def test_wrong_address() -> None:
    """An address where no API answers is told as that."""
    for status in (301, 404, 405):
        assert "OPENROUTER_BASE_URL" in from_response(status, b"<html>moved</html>", {}).message


def test_forbidden() -> None:
    """A key that may not use a model is told apart from a question that is refused."""
    error = from_error({"code": 403, "metadata": {"error_type": "permission_denied"}})
    assert "may not use this model" in error.message
