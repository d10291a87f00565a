"""E-mail: who wrote what to whom."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from core.errors import DocumentError
from core.retrieval.reading.read import read
from tests.core.retrieval.reading.formats.build import read_text, rows, texts

HEADERS = "From: Anna <anna@example.com>\nTo: bert@example.com\nDate: Mon, 06 May 2024 09:30:00 +0000"


def message(subject: str = "The ferry") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    for line in HEADERS.split("\n"):
        name, value = line.split(": ", 1)
        mail[name] = value
    return mail


def test_headers_text_and_quotes_are_kept() -> None:
    """The subject is the title."""
    mail = message("Fähre, alt")
    mail.set_content("It sails at nine.\n\n> When does it\n> sail?\n")
    text = read("a.eml", mail.as_bytes())
    assert text.title == "Fähre, alt"
    assert texts(text) == [HEADERS, "It sails at nine.", "> When does it\n> sail?"]


def test_plain_text_goes_before_html_and_attachments_are_named() -> None:
    """Their own text is not read."""
    mail = message()
    mail.set_content("Plain.")
    mail.add_alternative("<p>Rich.</p>", subtype="html")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="fares.pdf")
    mail.add_attachment("a,b", filename="Zeiten März.csv")
    assert texts(read("a.eml", mail.as_bytes()))[1:] == ["Plain.", "Attachments: fares.pdf, Zeiten März.csv"]


def test_html_is_read_where_there_is_nothing_else() -> None:
    """With its headings."""
    mail = message()
    mail.set_content("<h2>News</h2><p>It sails.</p><script>x</script>", subtype="html")
    assert rows(read("a.eml", mail.as_bytes()))[1:] == [("News", "It sails.")]


def test_an_attached_message_is_read_under_its_subject() -> None:
    """As forwarded mail is."""
    mail, inner = message(), message("Earlier")
    inner.set_content("Inner words.")
    mail.set_content("See below.")
    mail.add_attachment(inner)
    assert ("Earlier", "Inner words.") in rows(read("a.eml", mail.as_bytes()))


@pytest.mark.parametrize(
    "body",
    [
        "Content-Type: text/plain; charset=no-such\n\nGrüße",
        "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 8bit\n\nGrüße",
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==",
    ],
)
def test_wrong_encodings_are_mended(body: str) -> None:
    """Mail often says what is not so."""
    assert texts(read_text("a.eml", f"From: a@b\nSubject: x\n{body}"))[-1] == "Grüße"


def test_headers_that_no_parser_understands_are_shown_as_they_are() -> None:
    """And the rest is read."""
    text = read_text("a.eml", "From: " + "<(" * 500 + "\nDate: never\nSubject: =?utf-8?q?=ZZ?=\n\nWords")
    assert texts(text)[-1] == "Words"
    assert "Date: never" in text.content


def test_messages_within_messages_have_an_end() -> None:
    """A thousand parts inside each other are refused or cut, not followed to the bottom of the stack."""
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(1000))
    with pytest.raises(DocumentError):
        read_text("a.eml", f"From: a@b\nSubject: x\n{parts}")


def test_what_is_no_mail_is_refused() -> None:
    """Whatever its name says."""
    with pytest.raises(DocumentError, match="no e-mail"):
        read_text("a.eml", "Dear Anna,\nhello.")
