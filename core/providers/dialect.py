"""What OpenRouter has to be told and other servers of the same wire may refuse, and the other way round."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from core.providers.base import ChatRequest

_ROOM_TO_REASON = 1_000
"""Tokens that a short reply gets on top where reasoning cannot be turned off."""


class Dialect:
    """The wire as one server speaks it."""

    def __init__(self, base_url: str) -> None:
        self._is_openrouter = (urlsplit(base_url).hostname or "").endswith("openrouter.ai")
        self._reasoners: set[str] = set()  # Models that have refused to answer without reasoning.

    def fields(self, request: ChatRequest) -> dict[str, Any]:
        """The fields of a request's body that depend on the server."""
        if not self._is_openrouter:
            short = {} if request.most_tokens is None else {"max_tokens": request.most_tokens}
            return {"stream_options": {"include_usage": True}, **short}
        # Compression is on by default for short contexts and silently drops the middle of the conversation.
        return {"plugins": [{"id": "context-compression", "enabled": False}], **self._brevity(request)}

    def learn(self, request: ChatRequest) -> bool:
        """Takes note that a model refused to answer without reasoning; whether asking again now is another request."""
        if request.most_tokens is None or not self._is_openrouter or request.model in self._reasoners:
            return False
        self._reasoners.add(request.model)
        return True

    def _brevity(self, request: ChatRequest) -> dict[str, Any]:
        if request.most_tokens is None:
            return {}
        if request.model in self._reasoners:
            return {"max_tokens": request.most_tokens + _ROOM_TO_REASON, "reasoning": {"effort": "low"}}
        return {"max_tokens": request.most_tokens, "reasoning": {"enabled": False}}
