"""A PDF's page as an image, with the quote highlighted."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound, ThroughlineError
from core.models import Citation, Document
from core.retrieval.reading.page_image import page_image
from pages._common import session

_PDF = "application/pdf"


def has_page(document: Document | None, source: Citation) -> bool:
    """Whether the source stands on a page that can be shown."""
    if document is None or document.id != source.document_id:  # Removed, or a newer version with other pages.
        return False
    return document.media_type == _PDF and source.page is not None


def show_page(document: Document, source: Citation) -> None:
    """Shows the page, or says why it cannot be shown."""
    assert source.page is not None
    try:
        image = _image(document.id, source.page, source.quote)
    except NotFound:
        st.caption("The file was not kept, so its page cannot be shown.")
    except ThroughlineError as error:
        st.caption(error.message)
    else:
        st.image(image, width="stretch", alt=f"Page {source.page}, with the quote highlighted")


@st.cache_data(max_entries=32, show_spinner="Drawing the page…")
def _image(document_id: str, page: int, quote: str) -> bytes:
    return page_image(session.service().library.original(document_id), page, quote)
