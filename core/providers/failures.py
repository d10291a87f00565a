"""What went wrong on the model's side, as one sentence that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.errors import ProviderError
from core.providers.hints import asked_wait

CUT = "The connection to the model was cut before the answer was complete. Continue the answer, or ask again."
EMPTY = "The model gave an empty answer. Ask again, or choose another model."
ONLY_REASONING = "The model thought but gave no answer. Ask again, or choose another model."
NONSENSE = "The model's server answered with something that is not an answer. Check OPENROUTER_BASE_URL, or ask again."
BAD_KEY = "OPENROUTER_API_KEY holds characters that no key has. Copy the key again."

_TOO_LONG = (
    "This conversation is too long for the model. Start a new conversation, or choose a model with a longer context."
)
_DAILY = "Today's free requests are used up. Add credits at openrouter.ai, choose another model, or come back tomorrow."
_IN_FLIGHT = "Too many requests are running for the credits left. Wait a moment, or add credits at openrouter.ai."
_KEY_LIMIT = "The API key has reached its spending limit. Raise it at openrouter.ai, or use another key."
_NO_API = "There is no model API at this address. Check OPENROUTER_BASE_URL."
_NOT_ALLOWED = "The API key may not use this model. Choose another model, or use another key."
_NO_SUCH_MODEL = "The model's provider does not know this model. Choose another model."
_WITHHELD = "The model's provider refused to answer this. Rephrase the question, or choose another model."

SENTENCES = {
    400: "The model's provider could not accept the request. Change the question, or choose another model.",
    401: "The API key was refused. Check OPENROUTER_API_KEY.",
    402: "There are not enough credits for this request. Add credits at openrouter.ai, or choose a cheaper model.",
    403: _WITHHELD,
    404: "No provider offers this model under your settings now. Choose another model.",
    408: "The request took too long to arrive. Ask again.",
    413: "The request is too large for the model. Start a new conversation, or use fewer documents.",
    422: "The model's provider could not accept the request. Change the question, or choose another model.",
    429: "The model's provider is taking no more requests right now. Wait a moment, or choose another model.",
    500: "The model's provider failed. Ask again, or choose another model.",
    502: "The model's provider cannot be reached. Ask again, or choose another model.",
    503: "The model has no free capacity now. Wait a moment, or choose another model.",
    504: "The model's provider took too long. Ask again, or choose another model.",
    524: "The model's provider took too long. Ask again, or choose another model.",
    529: "The model's provider is overloaded. Wait a moment, or choose another model.",
}
_TRANSIENT = frozenset({408, 429, *range(500, 600)}) - {501, 505}

_STATUS_OF_TYPE = {
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "invalid_request": 400,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "model_not_found": 400,
    "authentication": 401,
    "authentication_error": 401,
    "payment_required": 402,
    "content_policy_violation": 403,
    "permission_denied": 403,
    "refusal": 403,
    "not_found": 404,
    "rate_limit_exceeded": 429,
    "server": 500,
    "server_error": 500,
    "provider_unavailable": 502,
    "provider_overloaded": 503,
    "timeout": 504,
}
_TOO_LONG_TYPES = frozenset({
    "context_length_exceeded", "exceed_context_size_error", "max_tokens_exceeded", "token_limit_exceeded",
    "string_too_long",
})  # fmt: skip
_LONG_WORDS = re.compile(r"context (?:length|size|window)|maximum context|prompt is too long", re.IGNORECASE)
_PREFILL_WORDS = re.compile(r"prefill|end with a user message|last message .{0,40}\buser\b", re.IGNORECASE)
_REASONING_WORDS = re.compile(r"reasoning .{0,40}(?:mandatory|cannot be disabled|required)", re.IGNORECASE)
_KEY_SHAPED = re.compile(r"\bsk-[\w-]{8,}|(?<=Bearer )\S+", re.IGNORECASE)
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|title|h1|center)\b", re.IGNORECASE)


class PrefillRefused(ProviderError):
    """The model does not go on from an answer that is given to it."""


class ReasoningRequired(ProviderError):
    """The model cannot answer without reasoning."""


def from_response(status: int, body: bytes, headers: Mapping[str, str], *, secret: str | None = None) -> ProviderError:
    """The error that an HTTP answer other than 200 stands for."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    if status < 400 or (status in (404, 405) and not error):
        return ProviderError(_NO_API, status=status)
    return from_error(error, status=status, headers=headers, secret=secret)


def from_error(
    error: object, *, status: int | None = None, headers: Mapping[str, str] | None = None, secret: str | None = None
) -> ProviderError:
    """The error that an `error` value stands for, wherever it was found."""
    details: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
    kinds = _kinds(details)
    status = _status(details, kinds) or status or 500
    words = _words(details, secret)
    sentence, retryable = _judged(status, kinds, words)
    said = f" The provider says: “{words}”" if words else ""
    return _kind(status, words)(
        sentence + said,
        status=status,
        retryable=retryable,
        retry_after=asked_wait(details, headers or {}),
    )


def from_transport(error: httpx.HTTPError, base_url: str) -> ProviderError:
    """The error that a connection that failed stands for."""
    host = urlsplit(base_url).hostname
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return ProviderError(f"{host} cannot be reached. Check the network, then ask again.", retryable=True)
    if isinstance(error, httpx.TimeoutException):
        return ProviderError(f"{host} was silent for too long. Ask again, or choose another model.", retryable=True)
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return ProviderError(CUT, retryable=True)
    return ProviderError(NONSENSE)


def redacted(text: str, secret: str | None) -> str:
    """The text without the key, or anything that looks like one."""
    return _KEY_SHAPED.sub("[key]", text.replace(secret, "[key]") if secret else text)


def _judged(status: int, kinds: frozenset[str], words: str) -> tuple[str, bool]:
    """What to say, and whether the same request may succeed soon."""
    if kinds & _TOO_LONG_TYPES or (status in (400, 413) and _LONG_WORDS.search(words)):
        return _TOO_LONG, False
    if "openrouter_free_tier_daily" in kinds:
        return _DAILY, False
    if "openrouter_in_flight_budget" in kinds:
        return _IN_FLIGHT, True
    if "openrouter_key_limit" in kinds:
        return _KEY_LIMIT, False
    if "model_not_found" in kinds:
        return _NO_SUCH_MODEL, False
    if "permission_denied" in kinds:
        return _NOT_ALLOWED, False
    return SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400]), status in _TRANSIENT


def _kind(status: int, words: str) -> type[ProviderError]:
    if status == 400 and _PREFILL_WORDS.search(words):
        return PrefillRefused
    return ReasoningRequired if status == 400 and _REASONING_WORDS.search(words) else ProviderError


def _kinds(details: dict[str, Any]) -> frozenset[str]:
    """Every word for the kind of failure; they stand in different places in different answers."""
    metadata, availability = mapping(details.get("metadata")), mapping(details.get("availability"))
    found = (
        details.get("code"), details.get("type"), details.get("error_type"), details.get("limit_source"),
        metadata.get("error_type"), metadata.get("limit_source"), availability.get("code"),
    )  # fmt: skip
    return frozenset(value for value in found if isinstance(value, str))


def _status(details: dict[str, Any], kinds: frozenset[str]) -> int | None:
    for value in (details.get("code"), details.get("http_status"), details.get("status")):
        if isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)):
            return int(value)
    return next((_STATUS_OF_TYPE[kind] for kind in sorted(kinds) if kind in _STATUS_OF_TYPE), None)


def _words(details: dict[str, Any], secret: str | None) -> str:
    """The other side's own words, when they can be shown: short, without markup, without keys."""
    message = details.get("message")
    raw = _raw_words(mapping(details.get("metadata")).get("raw"))
    words = raw if raw and (not message or message == "Provider returned error") else message
    if not isinstance(words, str) or _MARKUP.search(words):
        return ""
    # The key goes first: cutting could leave a part of it that no longer looks like one.
    words = " ".join(redacted(words, secret).encode("utf-8", "replace").decode().split())
    return words if len(words) <= 300 else words[:299] + "…"


def _raw_words(raw: object) -> str:
    try:
        inner = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        inner = None
    if isinstance(inner, dict):
        error = inner.get("error", inner)
        message = error.get("message") if isinstance(error, dict) else error
        return message if isinstance(message, str) else ""
    return raw if isinstance(raw, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """The value, or nothing if it is not a mapping."""
    return value if isinstance(value, dict) else {}
