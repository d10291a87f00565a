"""The marks in ChatGPT's answers that stand for a source: made links where the source is known, else taken out."""

from __future__ import annotations

import re
from typing import Any

from core.exchange.values import Fields, fields, items, name, text

# `【12†source】` until 2024; since then between private-use characters, `\ue200cite\ue202turn0search1\ue201`.
_MARK = re.compile(r"[ ]?(【[^【】†]*†[^【】]*】|\ue200[^\ue200\ue201]*\ue201)")
_LEFT_OVER = re.compile(r"[\ue200-\ue206]")
_MOST = 1_000
_BRACKETS = re.compile(r"[][<>\\]")
_URL = re.compile(r"https?://[^\s<>()\[\]\"\\]{1,2000}")


def answer_text(said: str, about: Fields) -> str:
    """An answer's text; `about` is its message's `metadata`."""
    if "†" not in said and not _LEFT_OVER.search(said):
        return said
    known, left = _known(said, about), _MOST

    def shown(mark: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        written = known.get(mark[1], "") if left >= 0 else ""
        return f" {written}" if written and mark[0] != mark[1] and written[0] != " " else written

    return _LEFT_OVER.sub("", _MARK.sub(shown, said))


def _known(said: str, about: Fields) -> dict[str, str]:
    """What to write for each mark whose source is known."""
    found = dict[str, str]()
    for reference in map(fields, items(about.get("content_references"))[:_MOST]):
        mark = text(reference.get("matched_text")).strip()
        found[mark] = _links([reference, *items(reference.get("items"))]) or _plain(reference)
    for citation in map(fields, items(about.get("citations"))[:_MOST]):
        start, end = citation.get("start_ix"), citation.get("end_ix")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(said):
            found[said[start:end].strip()] = _links([citation.get("metadata")])
    return found


def _links(sources: list[Any]) -> str:
    links = dict[str, str]()
    for source in map(fields, sources[:5]):
        url = text(source.get("url"))
        if _URL.fullmatch(url):
            label = name(source.get("title")) or name(source.get("attribution")) or url
            links[url] = f"[{' '.join(_BRACKETS.sub(' ', label).split())}]({url})"
    return f" ({', '.join(links.values())})" if links else ""


def _plain(reference: Fields) -> str:
    """What a mark that is no link says, such as the name of an entity."""
    said = text(reference.get("alt"))[:_MOST]
    return "" if "\ue200" in said or "](" in said else said
