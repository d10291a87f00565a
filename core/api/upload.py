"""Files that callers send: one to a request, as multipart/form-data, never more of it than is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.types import Message

from core.errors import InvalidValue, TooLarge, Unsupported

_FRAMING = 64 * 1024


@asynccontextmanager
async def uploaded(
    request: Request, longest: int, too_large: str, most_fields: int
) -> AsyncIterator[tuple[UploadFile, FormData]]:
    """The field “file” of a form, of at most `longest` bytes, and the whole form; `too_large` says what to do else.

    Raises:
        Unsupported: it is no form.
        TooLarge: it is longer.
        InvalidValue: there is no file in it.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Unsupported("Send the file as multipart/form-data, in a field named “file”.")
    bounded = Request(request.scope, _bounded(request.receive, longest + _FRAMING, too_large))
    async with bounded.form(max_files=1, max_fields=most_fields) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidValue("There is no file in the field “file”.")
        yield file, form


def _bounded(receive: Callable[[], Awaitable[Message]], most: int, too_large: str) -> Callable[[], Awaitable[Message]]:
    """`receive` that refuses to read on when more than `most` bytes come."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise TooLarge(too_large)
        return message

    return bounded
