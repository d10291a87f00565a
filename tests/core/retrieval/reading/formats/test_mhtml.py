"""Web pages saved as one file."""

from __future__ import annotations

import pytest

from core.errors import DocumentError
from core.retrieval.reading.outline import Block, Text
from tests.core.retrieval.reading.formats.build import read_text

PAGE = """From: <Saved by Blink>
{headers}Subject: =?utf-8?Q?A=20page?=
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--B"

----B
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
{location}
<html><head>{head}</head><body><nav>Home</nav><p>It=E2=80=99s =
here.</p></body></html>
----B
Content-Type: text/css

p {{ color: red }}
----B--
"""


@pytest.mark.parametrize(
    ("headers", "location", "url"),
    [
        ("Snapshot-Content-Location: https://example.com/a\n", "", "https://example.com/a"),
        ("", "Content-Location: https://example.com/b\n", "https://example.com/b"),
        ("", "Content-Location: cid:frame@mhtml.blink\n", None),
    ],
)
@pytest.mark.parametrize("name", ["a.mhtml", "a.mht"])
def test_the_page_and_its_address_are_found(name: str, headers: str, location: str, url: str | None) -> None:
    """As browsers save them."""
    page = PAGE.format(headers=headers, location=location, head="<title>T</title>")
    assert read_text(name, page) == Text("T", (Block("It’s here."),), url)


def test_a_page_without_a_title_has_that_of_the_file() -> None:
    """Which is the subject."""
    assert read_text("a.mhtml", PAGE.format(headers="", location="", head="")).title == "A page"


def test_a_file_without_a_page_is_refused() -> None:
    """With what to do about it."""
    with pytest.raises(DocumentError, match="No web page"):
        read_text("a.mhtml", "From: x\nContent-Type: text/plain\n\nwords")
