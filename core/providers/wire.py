"""The chat-completions wire: a chunk's JSON in, events out."""

from __future__ import annotations

import json
from typing import Any

from core.errors import ProviderError
from core.models import Usage
from core.providers import failures
from core.providers.base import Event, Finished, Named, ReasoningDelta, TextDelta
from core.providers.failures import mapping
from core.providers.surrogates import Joiner, mended


class Chunks:
    """Reads the chunks of one generation.

    `error` is set when the model's side reported one: the events given out until then still count. `done` is set when
    nothing more is to be read. A `generation_id` that is already known is not told again. `continues` allows the
    answer to be empty, as there already is text.
    """

    def __init__(self, generation_id: str | None = None, *, secret: str | None = None, continues: bool = False) -> None:
        self.error: ProviderError | None = None
        self.done = False
        self._secret = secret
        self._continues = continues
        self._named = {"id": generation_id} if generation_id else {}
        self._usage: Usage | None = None
        self._finish_reason: str | None = None
        self._answer = Joiner()
        self._reasoning = Joiner()
        self._has_text = False
        self._has_reasoning = False

    @property
    def complete(self) -> bool:
        """Whether the finish was told and confirmed, by `[DONE]` or by the accounts that come after it."""
        return self._finish_reason not in (None, "error") and (self.done or self._usage is not None)

    def data(self, data: str) -> list[Event]:
        """The events of one data line.

        Raises:
            ProviderError: the line cannot be read.
        """
        if data.startswith("[DONE]"):
            self.done = True
            return []
        if not data or data.startswith(":"):  # some proxies pass comments on as data
            return []
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise ProviderError(failures.NONSENSE, retryable=True) from None
        return self.chunk(chunk) if isinstance(chunk, dict) else []

    def chunk(self, chunk: dict[str, Any]) -> list[Event]:
        """The events of one chunk, or of a whole answer that was not streamed."""
        events: list[Event] = []
        if len(self._named) < 3:
            self._name(chunk, events)
        error = chunk.get("error")
        if error:
            self._fail(error)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self._usage = read_usage(usage)
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0], events)
        return events

    def end(self) -> list[Event]:
        """The last events, `Finished` at the end.

        Raises:
            ProviderError: the generation is not complete, or empty.
        """
        if self.error:
            raise self.error
        if self._finish_reason == "error":
            raise ProviderError(failures.SENTENCES[502], status=502, retryable=True)
        if not self.done and not self.complete:
            raise ProviderError(failures.CUT, retryable=True)
        events: list[Event] = []
        self._text(self._answer.end(), events)
        if not self._has_text and not self._continues:
            raise self._emptiness()
        events.append(Finished(self._finish_reason or "unknown", self._usage or Usage()))
        return events

    def _name(self, chunk: dict[str, Any], events: list[Event]) -> None:
        new = {
            key: mended(chunk[key])
            for key in ("id", "model", "provider")
            if key not in self._named and isinstance(chunk.get(key), str) and chunk[key]
        }
        if new:
            self._named |= new
            events.append(Named(new.get("id"), new.get("model"), new.get("provider")))

    def _choice(self, choice: dict[str, Any], events: list[Event]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            reasoning = delta.get("reasoning") or delta.get("reasoning_content") or _details(delta)
            if isinstance(reasoning, str) and (reasoning := self._reasoning.feed(reasoning)):
                self._has_reasoning = True
                events.append(ReasoningDelta(reasoning))
            text = delta.get("content")
            if isinstance(text, str):
                self._text(self._answer.feed(text), events)
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self._finish_reason = mended(reason)
        if choice.get("error"):
            self._fail(choice["error"])

    def _text(self, text: str, events: list[Event]) -> None:
        if text:
            self._has_text = True
            events.append(TextDelta(text))

    def _fail(self, error: object) -> None:
        self.error = self.error or failures.from_error(error, secret=self._secret)

    def _emptiness(self) -> ProviderError:
        if self._finish_reason == "content_filter":
            return ProviderError(failures.SENTENCES[403])
        if self._has_reasoning:
            return ProviderError(failures.ONLY_REASONING)
        return ProviderError(failures.EMPTY, retryable=True)


def read_usage(usage: dict[str, Any]) -> Usage:
    """What a usage object says."""
    return Usage(
        prompt_tokens=count(usage.get("prompt_tokens")),
        completion_tokens=count(usage.get("completion_tokens")),
        reasoning_tokens=count(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        cached_tokens=count(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        cost=amount(usage.get("cost")),
    )


def count(value: object) -> int | None:
    """The value as a number of tokens."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e15 else None


def amount(value: object) -> float | None:
    """The value as an amount of money."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e15 else None


def _details(delta: dict[str, Any]) -> str:
    """The readable part of `reasoning_details`; signatures and encrypted parts have none."""
    details = delta.get("reasoning_details")
    if not isinstance(details, list):
        return ""
    parts = (part.get("text") or part.get("summary") for part in details if isinstance(part, dict))
    return "".join(part for part in parts if isinstance(part, str))
