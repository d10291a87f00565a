"""Documents: added, listed, read, removed."""

from __future__ import annotations

from asyncio import get_running_loop, sleep, to_thread

from starlette.datastructures import UploadFile
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, document_whole
from core.api.body import whole_parameter
from core.api.upload import uploaded
from core.errors import InvalidValue
from core.models import Document
from core.retrieval.documents.library import Library
from core.retrieval.reading.read import SIZE_LIMIT
from core.service import current

_TOO_LARGE = "This file is over 50 MB. Split it, or save it without pictures."
_PATIENCE = 60.0
_POLL = 0.05
_FIELDS = 50
_MOST = 1_000_000


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/documents", Documents), Route("/documents/{document_id}", OneDocument)]


class Documents(HTTPEndpoint):
    """All documents."""

    def get(self, request: Request) -> Response:
        """The documents, newest first; `q` is looked for in their titles and origins."""
        limit = whole_parameter(request, "limit", _MOST, _MOST)
        offset = 0 if request.query_params.get("offset") == "0" else whole_parameter(request, "offset", 0, _MOST)
        found = current().library.list(limit, offset, request.query_params.get("q", ""))
        return answer({"documents": [document_whole(document) for document in found]})

    async def post(self, request: Request) -> Response:
        """Adds a file; answers when it is indexed, or `indexing` after a minute, or at once with `wait=false`."""
        library = current().library
        filename, data, url, tags = await _form(request)
        document, created = await to_thread(library.add, filename, data, url=url, tags=tags)
        if request.query_params.get("wait") != "false":
            document = await _indexed(library, document)
        return answer(document_whole(document), 201 if created else 200)


class OneDocument(HTTPEndpoint):
    """One document."""

    def get(self, request: Request) -> Response:
        """The document."""
        return answer(document_whole(current().library.get(request.path_params["document_id"])))

    def delete(self, request: Request) -> Response:
        """Removes it, even while it is being indexed."""
        current().library.remove(request.path_params["document_id"])
        return Response(status_code=204)


async def _form(request: Request) -> tuple[str, bytes, str | None, list[str]]:
    """The name and the bytes of the file, the address and the tags that go with it."""
    async with uploaded(request, SIZE_LIMIT, _TOO_LARGE, _FIELDS) as (file, form):
        url, tags = form.get("url"), form.getlist("tags")
        if isinstance(url, UploadFile):
            raise InvalidValue("“url” must be text.")
        names = [name for tag in tags if isinstance(tag, str) for name in tag.split(",")]
        return (file.filename or "").encode("utf-8", "replace").decode(), await file.read(), url, names


async def _indexed(library: Library, document: Document) -> Document:
    """The document once it is indexed; waits on the loop, as a thread for each upload would be too many."""
    loop = get_running_loop()
    end = loop.time() + _PATIENCE
    while True:
        if not library.indexing(document.id) or loop.time() > end:
            return await to_thread(library.get, document.id)
        await sleep(_POLL)
