"""Documents: added, listed, read, removed."""

from __future__ import annotations

from asyncio import get_running_loop, sleep, to_thread
from collections.abc import Awaitable, Callable

from starlette.datastructures import UploadFile
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message

from core.api.answers import answer, document_whole
from core.errors import InvalidValue, TooLarge, Unsupported
from core.models import Document
from core.retrieval.read import SIZE_LIMIT
from core.service import Service, current

_FRAMING = 64 * 1024
_PATIENCE = 60.0
_POLL = 0.05


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/documents", Documents), Route("/documents/{document_id}", OneDocument)]


class Documents(HTTPEndpoint):
    """All documents."""

    def get(self, _request: Request) -> Response:
        """The documents, newest first."""
        return answer({"documents": [document_whole(document) for document in current().library.list()]})

    async def post(self, request: Request) -> Response:
        """Adds a file; answers when it is indexed, or `indexing` after a minute."""
        service = current()
        filename, data = await _file(request)
        document, created = await to_thread(service.library.add, filename, data)
        document = await _indexed(service, document)
        return answer(document_whole(document), 201 if created else 200)


class OneDocument(HTTPEndpoint):
    """One document."""

    def get(self, request: Request) -> Response:
        """The document."""
        return answer(document_whole(current().library.get(request.path_params["document_id"])))

    def delete(self, request: Request) -> Response:
        """Removes it."""
        current().library.remove(request.path_params["document_id"])
        return Response(status_code=204)


async def _file(request: Request) -> tuple[str, bytes]:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Unsupported("Send the file as multipart/form-data, in a field named “file”.")
    bounded = Request(request.scope, _bounded(request.receive))
    async with bounded.form(max_files=1, max_fields=20) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidValue("There is no file in the field “file”.")
        return (file.filename or "").encode("utf-8", "replace").decode(), await file.read()


def _bounded(receive: Callable[[], Awaitable[Message]]) -> Callable[[], Awaitable[Message]]:
    """`receive` that refuses to read on when more comes than a file may have."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > SIZE_LIMIT + _FRAMING:
            raise TooLarge("This file is over 50 MB. Split it, or save it without pictures.")
        return message

    return bounded


async def _indexed(service: Service, document: Document) -> Document:
    """The document once it is indexed; waits on the loop, as a thread for each upload would be too many."""
    loop = get_running_loop()
    end = loop.time() + _PATIENCE
    while document.status == "indexing" and loop.time() < end:
        await sleep(_POLL)
        document = await to_thread(service.library.get, document.id)
    return document
