"""The real embedding model, in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.folder import model_folder
from tests.support.server import alive, wait_for

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "data" / "samples"


def test_vectors_are_of_unit_length_and_in_order(embedder: Embedder) -> None:
    """Each text gets its own vector, whatever batch it was in."""
    texts = [f"{'long ' * (n % 7)}text number {n}" for n in range(20)]
    vectors = embedder.passages(texts)
    assert vectors.shape == (20, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    for n in (0, 6, 19):
        assert vectors[n] @ embedder.query(texts[n]) > 0.999


def test_nearness_is_nearness_in_meaning(embedder: Embedder) -> None:
    """A question is nearer to its answer than to other texts."""
    vectors = embedder.passages(["The keeper lit the lamp at dusk.", "Bread is baked from rye.", "Stocks fell."])
    assert int(np.argmax(vectors @ embedder.query("When was the light switched on?"))) == 0


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    """An empty list is answered with an empty array."""
    assert embedder.passages([]).shape == (0, 384)


def test_many_texts_come_back_in_their_order(embedder: Embedder) -> None:
    """More texts than one request takes are put together again."""
    texts = [f"word {n % 5} of many" for n in range(300)]
    vectors = embedder.passages(texts)
    assert vectors.shape == (300, 384)
    assert np.einsum("nd,nd->n", vectors, vectors[np.arange(300) % 5]).min() > 0.999


def test_hostile_text_is_embedded_like_any_other(embedder: Embedder) -> None:
    """Lone surrogates, control characters, nothing at all and a very long text do no harm."""
    vectors = embedder.passages(["", "\udc80\x00\x1b[2J", "word " * 100_000, "🙂" * 500])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_question_waits_for_no_passage(embedder: Embedder) -> None:
    """While a long document is embedded by two threads, questions are answered."""
    texts = ["some words that fill a passage " * 30] * 200
    threads = [threading.Thread(target=embedder.passages, args=(texts,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    answers = [embedder.query("quick") for _ in range(10)]
    assert all(thread.is_alive() for thread in threads)
    assert all(answer @ answers[0] == pytest.approx(1, abs=1e-4) for answer in answers)
    for thread in threads:
        thread.join()


def test_vectors_are_those_of_the_library(embedder: Embedder) -> None:
    """What makes embedding quick leaves each within a cosine of 0.99 of the library's own, which other machines use."""
    texts = [file.read_text() for file in sorted(SAMPLES.glob("*.md"))] + ["A short one.", "Another, a little longer."]
    code = (
        "import sys, json, numpy; from core.retrieval.encoders.embed_worker import _library\n"
        "from sentence_transformers import SentenceTransformer\n"
        "texts, folder = json.load(sys.stdin), sys.argv[1]\n"
        "plain = SentenceTransformer(folder, device='cpu').encode(texts)\n"
        "assert numpy.allclose(_library(folder).encode(texts), plain, atol=1e-5)\n"
        "numpy.save(sys.argv[2], plain)"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, str(model_folder()), f"{folder}/plain.npy"]
        given = json.dumps(texts).encode()
        done = subprocess.run(command, cwd=ROOT, input=given, capture_output=True, timeout=150)
        assert done.returncode == 0, done.stderr.decode()
        plain = np.load(f"{folder}/plain.npy")
    assert np.einsum("nd,nd->n", embedder.passages(texts), plain).min() > 0.99


def test_the_server_s_process_never_loads_torch() -> None:
    """Importing the library and starting the embedder takes no heavy import, and waits for none."""
    code = (
        "import sys; from core.retrieval.documents.library import Library\n"
        "from core.retrieval.encoders.embed import Embedder\n"
        "e = Embedder(); e.start(); assert not e.ready\n"
        "bad = {'torch', 'sentence_transformers', 'transformers'} & set(sys.modules); assert not bad, bad\n"
        "e.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_a_model_that_cannot_be_loaded_is_said_to(tmp_path: Path) -> None:
    """Whoever waits learns of it with a sentence that says what to do."""
    broken = Embedder(tmp_path)
    try:
        assert not broken.wait(60)
        assert broken.failed is not None
        with pytest.raises(Unavailable, match="pip install"):
            broken.query("x")
    finally:
        broken.close()


def test_a_process_that_was_killed_is_started_again_and_one_that_was_closed_is_not() -> None:
    """The next text is embedded as if nothing had happened; a thread that waits when the server ends is told so."""
    embedder = Embedder()
    try:
        first = embedder.query("again")
        assert embedder._model._process is not None
        embedder._model._process.kill()
        assert embedder.query("again") @ first == pytest.approx(1, abs=1e-4)
        threading.Timer(0.3, embedder.close).start()
        with pytest.raises(Unavailable, match="shutting down"):
            embedder.passages(["some words that fill a passage " * 30] * 2000)
    finally:
        embedder.close()


def test_closing_ends_a_wait() -> None:
    """Nobody waits for a model that will not come."""
    embedder = Embedder()
    embedder.start()
    threading.Timer(0.3, embedder.close).start()
    assert not embedder.wait(30)
    with pytest.raises(Unavailable):
        embedder.query("x")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_secret_reaches_the_model_s_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries that are loaded there never see the key or the token."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-never-seen")
    monkeypatch.setenv("THROUGHLINE_API_TOKEN", "token-never-seen")
    embedder = Embedder()
    try:
        embedder.start()
        process = Path(f"/proc/{embedder._model.pid}")
        wait_for(lambda: b"embed_worker" in (process / "cmdline").read_bytes(), 60, "it is not started")
        environment = (process / "environ").read_bytes()
        assert b"PATH=" in environment
        assert b"-never-seen" not in environment
    finally:
        embedder.close()


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_the_embedding_process_ends_with_its_server() -> None:
    """A server that is killed leaves no process behind."""
    code = (
        "from core.retrieval.encoders.embed import Embedder\n"
        "e = Embedder(); assert e.wait(100); print(e._model.pid, flush=True)\n"
        "import os; os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120)
    pid = int(done.stdout)
    wait_for(lambda: not alive(pid), 60, "the embedding process is still there")
