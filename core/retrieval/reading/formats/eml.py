"""E-mail: who wrote what to whom, by the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from selectolax.lexbor import LexborHTMLParser

from core.errors import DocumentError
from core.retrieval.reading.formats.archive import broken
from core.retrieval.reading.formats.html import add_html
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.outline import Outline, Text

_HEADERS = ("From", "To", "Cc", "Date")
_DEPTH = 5  # Of messages within messages.


def read_eml(data: bytes) -> Text:
    """The blocks of a message: its headers, its text with what it quotes, the names of what was attached.

    Raises:
        DocumentError: this is no message.
        TooLarge: it holds more text than is taken.
    """
    outline = Outline()
    with broken(".eml"):
        message = message_from_bytes(data, policy=policy.default)
        if not any(header(message, name) for name in ("From", "Date", "Subject", "Received", "Message-ID")):
            raise DocumentError("This file is named .eml but is no e-mail. Give it its right ending and add it again.")
        _message(message, outline, 0)
        title = header(message, "Subject")
    return outline.finish(title)


def header(message: MIMEPart, name: str) -> str:
    """The value of a header as people read it, or nothing."""
    try:
        return str(message.get(name) or "")
    except Exception:  # The parser of the standard library stumbles over headers that are not what they should be.
        return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def body_of(part: MIMEPart) -> str:
    """The characters of a text part, whatever it says of its encoding."""
    payload = part.get_payload(decode=True)
    return decode(payload if isinstance(payload, bytes) else b"", part.get_content_charset())


def _message(message: EmailMessage, outline: Outline, depth: int) -> None:
    outline.add("\n".join(f"{name}: {header(message, name)}" for name in _HEADERS if header(message, name)))
    attached = []
    body = message.get_body(("plain", "html"))
    if body is not None:
        with suppress(DocumentError):  # A body that is no text after all.
            _body(body, outline)
    for part in _attachments(message):
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, EmailMessage) and depth < _DEPTH:
                outline.heading(2, header(inner, "Subject") or "Attached message")
                _message(inner, outline, depth + 1)
                outline.close(2)
        elif part.get_filename():
            attached.append(str(part.get_filename()))
    if attached:
        outline.add(f"Attachments: {', '.join(attached)}")


def _body(part: MIMEPart, outline: Outline) -> None:
    text = body_of(part)
    if part.get_content_type() == "text/html":
        add_html(LexborHTMLParser(text), outline)
        return
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        outline.add(paragraph)


def _attachments(message: MIMEPart) -> Iterator[MIMEPart]:
    """Every part that is not itself made of parts, messages within the message unopened."""
    if message.get_content_maintype() != "multipart":
        return
    for part in message.iter_parts():
        if part.get_content_maintype() == "multipart":
            yield from _attachments(part)
        else:
            yield part
