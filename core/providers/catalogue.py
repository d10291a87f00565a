"""The server's other answers: the list of models, and what a generation took."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urljoin, urlsplit

from core.models import Model, Usage
from core.providers.failures import mapping
from core.providers.surrogates import mended
from core.providers.wire import amount, count

_PAGES = 5


async def read_models(get: Callable[[str], Awaitable[dict[str, Any]]], url: str) -> tuple[Model, ...]:
    """The models on the page at `url` and the few that may follow it."""
    found: dict[str, Model] = {}
    origin = urlsplit(url)[:2]
    for _ in range(_PAGES):
        page = await get(url)
        entries = page.get("data")
        models = [_model(entry) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        found |= {model.id: model for model in models if model}
        following = mapping(page.get("links")).get("next")
        if not isinstance(following, str) or not following:
            break
        url = urljoin(url, following)
        if urlsplit(url)[:2] != origin:  # the key goes along, and must not leave for another host
            break
    return tuple(found.values())


def read_generation(answer: dict[str, Any]) -> Usage | None:
    """What `/generation` says a generation took, in the tokens that were billed."""
    data = answer.get("data")
    if not isinstance(data, dict):
        return None
    return Usage(
        prompt_tokens=_first_count(data, "native_tokens_prompt", "tokens_prompt"),
        completion_tokens=_first_count(data, "native_tokens_completion", "tokens_completion"),
        reasoning_tokens=_first_count(data, "native_tokens_reasoning"),
        cached_tokens=_first_count(data, "native_tokens_cached"),
        cost=next((cost for name in ("total_cost", "usage") if (cost := amount(data.get(name))) is not None), None),
    )


def _first_count(data: dict[str, Any], *names: str) -> int | None:
    return next((found for name in names if (found := count(data.get(name))) is not None), None)


def _model(entry: dict[str, Any]) -> Model | None:
    identity = entry.get("id")
    if not isinstance(identity, str) or not identity:
        return None
    name, pricing = entry.get("name"), mapping(entry.get("pricing"))
    context = count(entry.get("context_length")) or count(mapping(entry.get("top_provider")).get("context_length"))
    return Model(
        id=mended(identity),
        name=mended(name if isinstance(name, str) and name else identity),
        context_length=context or None,
        prompt_price=_price(pricing.get("prompt")),
        completion_price=_price(pricing.get("completion")),
    )


def _price(value: object) -> float | None:
    """US dollars per token; routers say -1, as their price varies."""
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return None
    return float(price) if price.is_finite() and price >= 0 else None
