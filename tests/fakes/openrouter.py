"""A server that behaves as OpenRouter does, and as it misbehaves; see `tests.fakes.cases` for the models.

    with FakeOpenRouter() as server:
        OpenAIProvider(server.base_url, "key")

or `python -m tests.fakes.openrouter --port 8800` for a browser or a bench.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.cases import HANDLERS, REPLIES, Call, is_rewrite, reply_to, rewrite
from tests.fakes.replies import USAGE, Act, Reply, Step, error_reply, json_reply
from tests.fakes.story import expected_text

__all__ = ["FakeOpenRouter", "Request", "expected_text"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]


class FakeOpenRouter:
    """Serves from its own thread until the context ends.

    `requests` is all that came; `disconnects` names the models whose answers the client left before their end.
    """

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.disconnects: list[str] = []
        self.catalogue: list[dict[str, Any]] = [_entry(f"fake/{name}") for name in sorted({*REPLIES, *HANDLERS})]
        self.not_yet = 1
        """How often `/generation` answers 404 before it knows a generation."""
        self._port = port
        self._tls = tls
        self._scripts: dict[str, list[Reply]] = {}
        self._rewrites: list[Reply] = []
        self._calls: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        """What to set OPENROUTER_BASE_URL to."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}/api/v1"

    def script(self, model: str, steps: Iterable[Step] | Reply) -> None:
        """What to answer the next request for `model` with; several scripts are used in turn, the last for good."""
        self._scripts.setdefault(model, []).append(steps if isinstance(steps, Reply) else Reply(list(steps)))

    def script_rewrite(self, steps: Iterable[Step] | Reply) -> None:
        """What to answer the next request with that asks for a question which stands alone, whatever the model."""
        self._rewrites.append(steps if isinstance(steps, Reply) else Reply(list(steps)))

    def completions(self) -> list[Request]:
        """The requests for answers alone."""
        return [r for r in self.requests if r.path.endswith("/chat/completions") and not is_rewrite(r.body)]

    def rewrites(self) -> list[Request]:
        """The requests for questions that stand alone."""
        return [r for r in self.requests if r.path.endswith("/chat/completions") and is_rewrite(r.body)]

    def wait_for_disconnect(self, model: str, timeout: float = 60.0) -> bool:
        """Whether the client left an answer of `model`; waits for it."""
        with self._left:
            return self._left.wait_for(lambda: model in self.disconnects, timeout)

    def __enter__(self) -> FakeOpenRouter:
        self._thread.start()
        serving = asyncio.start_server(self._connected, "127.0.0.1", self._port, backlog=1024, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while request := await _read(reader):
                    self.requests.append(request)
                    if not await self._answer(request, reader, writer):
                        break
        except asyncio.CancelledError:  # The end: what nobody reads any more is not waited for.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers; tells whether the connection can be used again."""
        name, call = str(request.body.get("model", "")), None
        if request.path.endswith("/chat/completions") and is_rewrite(request.body):
            call = Call(request.body, request.headers, {}, 1, f"gen-rewrite-{len(self.requests)}")
            reply = self._rewrites.pop(0) if self._rewrites else rewrite(call)
            name = "rewrite"
        elif request.path.endswith("/chat/completions"):
            call = self._call(name, request)
            reply = self._reply(name.partition("?")[0], call)
        else:
            reply = self._other(request)
        try:
            return await _write(reply, call, reader, writer)
        except ConnectionError:
            with self._left:
                self.disconnects.append(name)
                self._left.notify_all()
            return False

    def _call(self, name: str, request: Request) -> Call:
        self._calls[name] += 1
        query = dict(parse_qsl(name.partition("?")[2]))
        return Call(request.body, request.headers, query, self._calls[name], f"gen-fake-{len(self.requests)}")

    def _reply(self, model: str, call: Call) -> Reply:
        scripts = self._scripts.get(model)
        if scripts:
            return scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return reply_to(model.removeprefix("fake/"), call)

    def _other(self, request: Request) -> Reply:
        if request.path.endswith("/models"):
            return self._models(request)
        if request.path.endswith("/generation"):
            return self._generation(request.query.get("id", ""))
        if request.path.endswith("/key"):
            return json_reply(200, {"data": {"label": "fake", "limit": None, "usage": 0.5, "is_free_tier": False}})
        return error_reply(404, "Not Found")

    def _models(self, request: Request) -> Reply:
        """Two pages, so that a client has to follow the link."""
        half = len(self.catalogue) // 2
        second = request.query.get("page") == "2"
        data = self.catalogue[half:] if second else self.catalogue[:half]
        following = None if second else f"{request.path}?page=2"
        return json_reply(200, {"data": data, "total_count": len(self.catalogue), "links": {"next": following}})

    def _generation(self, identity: str) -> Reply:
        self._calls[f"generation {identity}"] += 1
        if self._calls[f"generation {identity}"] <= self.not_yet:
            return error_reply(404, f"Generation {identity} not found")
        data = {
            "id": identity, "model": "fake/model", "provider_name": "Fake", "total_cost": USAGE["cost"],
            "tokens_prompt": 15, "tokens_completion": 17, "native_tokens_prompt": 16, "native_tokens_completion": 18,
            "native_tokens_reasoning": 3, "native_tokens_cached": 4, "finish_reason": "stop", "cancelled": False,
        }  # fmt: skip
        return json_reply(200, {"data": data})


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request on a connection, None when there is none."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    start, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = start.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers, json.loads(body) if body else {})


async def _write(reply: Reply, call: Call | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Carries out the steps; each bytes step is one HTTP chunk and one write.

    Raises:
        ConnectionError: the client left.
    """
    headers = {**reply.headers, "Cache-Control": "no-cache", "Transfer-Encoding": "chunked"}
    if call and reply.status == 200:
        headers["X-Generation-Id"] = call.generation_id
    lines = [f"HTTP/1.1 {reply.status} Fake", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    due = asyncio.get_running_loop().time()
    for step in reply.steps:
        if isinstance(step, bytes):
            if step:
                writer.write(b"%x\r\n%b\r\n" % (len(step), step))
        elif isinstance(step, Act):
            if step is Act.CUT:
                await writer.drain()
                return False
            if step is Act.HOLD:
                await reader.read(1)
                raise ConnectionResetError
            break
        else:
            due += step
            await asyncio.sleep(due - asyncio.get_running_loop().time())
        if reader.at_eof() or writer.is_closing():
            raise ConnectionResetError
        if writer.transport.get_write_buffer_size():
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _entry(identity: str) -> dict[str, Any]:
    return {
        "id": identity, "canonical_slug": identity, "name": identity.title(), "created": 1, "description": "A fake.",
        "context_length": 128000, "pricing": {"prompt": "0.0000025", "completion": "0.00001"},
        "top_provider": {"context_length": 128000, "max_completion_tokens": None, "is_moderated": False},
        "supported_parameters": ["max_tokens"], "links": {"details": f"/api/v1/models/{identity}/endpoints"},
    }  # fmt: skip


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with FakeOpenRouter(parser.parse_args().port) as server, contextlib.suppress(KeyboardInterrupt):
        print(json.dumps({"base_url": server.base_url}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
