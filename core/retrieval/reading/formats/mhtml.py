"""Web pages saved as one file (MHTML): the page itself and where it was found."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from core.errors import DocumentError
from core.retrieval.reading.formats.archive import broken
from core.retrieval.reading.formats.eml import header
from core.retrieval.reading.formats.html import read_html, web_address
from core.retrieval.reading.outline import Text


def read_mhtml(data: bytes) -> Text:
    """The blocks of a saved page, with its address.

    Raises:
        DocumentError: there is no page in it.
        TooLarge: it holds more text than is taken.
    """
    with broken(".mhtml"):
        message = message_from_bytes(data.lstrip(), policy=policy.default)
        page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
        if page is None:
            raise DocumentError("No web page was found in this file. Save the page anew, and add it again.")
        payload = page.get_payload(decode=True)
        text = read_html(payload if isinstance(payload, bytes) else b"", page.get_content_charset())
        url = web_address(header(message, "Snapshot-Content-Location")) or _location(page) or text.url
        return Text(text.title or header(message, "Subject") or None, text.blocks, url)


def _location(page: EmailMessage) -> str | None:
    return web_address(header(page, "Content-Location"))
