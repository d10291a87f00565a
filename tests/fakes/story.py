"""The deterministic text that the fake models write."""

from __future__ import annotations

from functools import cache

_WORDS = (
    "river", "stone", "naïve", "light", "paper", "東京", "winter", "signal", "café", "morning", "Straße", "thread",
    "harbour", "memory", "🌊", "window", "garden", "Ωmega", "slowly", "answer", "letter", "bridge", "copper",
)  # fmt: skip


@cache
def token(index: int) -> str:
    """One token; every tenth carries its number, so that a lost or doubled piece shows."""
    if index % 120 == 0:
        return f"## Part {index // 120}\n\n" if index == 0 else f"\n\n## Part {index // 120}\n\n"
    if index % 40 == 0:
        return "\n\n- "
    if index % 10 == 0:
        return f" {index}."
    word = _WORDS[index * 7 % len(_WORDS)]
    return f" **{word}**" if index % 17 == 0 else f" {word}"


def expected_text(tokens: int) -> str:
    """All that `fake/stream?tokens=…` writes."""
    return "".join(map(token, range(tokens)))
