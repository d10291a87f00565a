"""Documents' own words as HTML in which nothing of theirs means anything; pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode, urlsplit

from core.retrieval.searching.snippets import Part


def block(text: str, kind: str) -> str:
    """A block of text as it was written, line breaks and direction of writing kept; `kind` is its class."""
    return f'<div class="{kind}" dir="auto">{escape(text)}</div>'


def marked(parts: Iterable[Part]) -> str:
    """A snippet with its words marked."""
    shown = (f"<mark>{escape(part.text)}</mark>" if part.marked else escape(part.text) for part in parts)
    return f'<div class="words" dir="auto">{"".join(shown)}</div>'


def link(text: str, address: str) -> str:
    """A link that opens in a new tab, so that an answer that is being written here goes on undisturbed."""
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(text)}</a>'


def passage_address(passage_ids: Iterable[str], words: str = "") -> str:
    """Where passages that were found together are shown, with `words` marked."""
    return "source?" + urlencode({"passage": list(passage_ids), "words": words}, doseq=True)


def place(title: str, heading: str | None, page: int | None) -> str:
    """Where a passage stands: title › heading, page."""
    where = f"{title} › {heading}" if heading and heading != title else title
    return f"{where} · p. {page}" if page else where


def web_address(url: str | None) -> str | None:
    """The address of a saved page if a browser may follow it: http and https alone."""
    try:
        found = urlsplit(url or "")
    except ValueError:
        return None
    return url if found.scheme in ("http", "https") and found.netloc else None
