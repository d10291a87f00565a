"""What is taken: names, tags and addresses tidied, pasted text as a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from core.errors import DocumentError, InvalidValue, ThroughlineError
from core.ids import new_id
from core.models import Document
from core.retrieval.documents.originals import hash_of
from core.retrieval.reading.read import check
from core.store.versions import NewDocument

LONGEST_TITLE = 200
LONGEST_URL = 2000
LONGEST_TAG = 50
MOST_TAGS = 20
_LONGEST_NAME = 200
_LONGEST_ORIGIN = 1000
_PAGE = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_START = 4000


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is added; `filename` may be a path, and is its `origin` where none is given; so a `title`."""

    filename: str
    data: bytes
    origin: str | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    title: str | None = None


class Added(NamedTuple):
    """What became of a file: its document and whether that is to be indexed now, or why it was not taken."""

    document: Document | None
    created: bool
    error: ThroughlineError | None


class Skipped(NamedTuple):
    """A file that was not taken, and the sentence that says why."""

    path: str
    why: str


def tidy_path(path: str) -> str:
    """A path as it was given, without what leads out of its folder."""
    # Names that are no text keep their bytes as escapes, lest two become one.
    parts = path.replace("\\", "/").encode("utf-8", "backslashreplace").decode().split("/")
    kept = [part for part in parts if part.strip() not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    return "/".join(kept)[-_LONGEST_ORIGIN:]


def tidy_name(path: str) -> str:
    """The name of a file without its folders, its ending kept."""
    return PurePosixPath(tidy_path(path)).name[-_LONGEST_NAME:]


def tidy_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without needless white space, each once whatever its case.

    Raises:
        InvalidValue: too many, or one is too long.
    """
    kept: dict[str, str] = {}
    for tag in tags:
        text = " ".join(tag.encode("utf-8", "replace").decode().replace("\0", " ").split())
        if len(text) > LONGEST_TAG:
            raise InvalidValue(f"A tag may have up to {LONGEST_TAG} characters. Shorten “{text[:LONGEST_TAG]}…”.")
        if text:
            kept.setdefault(text.casefold(), text)
    if len(kept) > MOST_TAGS:
        raise InvalidValue(f"A document may have up to {MOST_TAGS} tags. Leave some out.")
    return tuple(kept.values())


def tidy_url(url: str | None) -> str | None:
    """The address of a page, None for an empty one.

    Raises:
        InvalidValue: it is no web address.
    """
    text = (url or "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        sound = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # A bracket that is not closed, a port that is no number.
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", text):
        raise InvalidValue("The address must be one of a web page, such as https://example.com/page.")
    if len(text) > LONGEST_URL:
        raise InvalidValue(f"The address may have up to {LONGEST_URL:,} characters.")
    return text


def checked(file: NewFile, at: datetime) -> NewDocument:
    """The row of a file that is added `at` this time.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
        InvalidValue: the address or a tag cannot be taken.
    """
    name = tidy_name(file.filename)
    return NewDocument(
        id=new_id(),
        created_at=at,
        title=file.title or PurePosixPath(name).stem,
        filename=name,
        media_type=check(name, file.data),
        size=len(file.data),
        sha256=hash_of(file.data),
        origin=file.origin or tidy_path(file.filename),
        url=tidy_url(file.url),
        tags=tidy_tags(file.tags),
        titled=bool(file.title),
    )


def pasted(title: str, text: str, url: str | None, tags: Iterable[str]) -> NewFile:
    """Pasted text as a file: a page of HTML if it looks like one, Markdown else.

    Raises:
        InvalidValue: the title, the address or a tag cannot be taken.
        DocumentError: there is no text.
    """
    given, address = " ".join(title.encode("utf-8", "replace").decode().split()), tidy_url(url)
    if len(given) > LONGEST_TITLE:
        raise InvalidValue(f"A title may have up to {LONGEST_TITLE} characters. Shorten it.")
    if not text.strip():
        raise DocumentError("There is no text. Paste some, then add it again.")
    data = text.encode("utf-8", "replace")
    page = bool(_PAGE.match(text[:_START]))
    # Without a title the first words are no name: two letters that begin alike are not versions of one.
    name = given or _first_words(text, page) or "Pasted text"
    origin = f"text/{given or address or f'{name} {hash_of(data)[:12]}'}"
    filename = re.sub(r"[\\/\x00-\x1f]+", " ", name).strip(" .") or "text"
    suffix = ".html" if page else ".md"
    return NewFile(filename + suffix, data, origin, address, tuple(tags), given or None)


def _first_words(text: str, page: bool) -> str:
    if page:
        return ""
    line = next(line for line in text.splitlines() if line.strip())
    return " ".join(line.strip("#*_>-=` \t").split())[:80]
