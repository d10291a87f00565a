"""Embedding, side by side with `SentenceTransformer.encode` as it comes: throughput, nDCG@10, latency of queries.

python -m tests.bench.embedding [--collection FOLDER] [--passages 200] [--rounds 7] [--queries 100]

The collection is a folder as BEIR lays it out (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`); without one, the sample
documents are cut into passages. Each round gives the next passages to both, in turns first, so that what else the
machine does falls on both. The ratios are what counts.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import os
import re
import resource
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.folder import model_folder
from tests.bench._measure import ROOT, report, rounded, spread

_CRANFIELD = Path(__file__).with_name("data") / "cranfield"
_QUESTIONS = ("When is the lamp lit?", "How much does it weigh?", "who pays for repairs", "What was decided, and why?")

Vectors = NDArray[np.float32]
Judged = dict[str, dict[str, float]]


class Collection(NamedTuple):
    """Texts and questions by id, and how well which text answers which question."""

    texts: dict[str, str]
    queries: dict[str, str]
    judged: Judged


class Round(NamedTuple):
    """Passages a second of wall time and of CPU time."""

    wall: float
    cpu: float


def main() -> None:
    options = _options()
    collection = read(options.collection) if options.collection else samples()
    texts = list(collection.texts.values())[: options.passages * options.rounds]
    print(f"{len(texts)} passages, {len(collection.queries)} questions")
    embedder = Embedder()
    assert embedder.wait(300), embedder.failed
    plain = _plain()
    rounds, found = _rounds(plain, embedder, texts, options.passages)
    queries = list(collection.queries.values())
    idle = _latencies(embedder, queries, options.queries)
    busy = _while_embedding(embedder, texts, lambda: _latencies(embedder, queries, options.queries))
    rows = [_row(name, rounds[name]) for name in ("as it comes", "Throughline")]
    rows[0]["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows[1]["peak_mb"] = _peak(embedder)
    if collection.judged and len(texts) == len(collection.texts):
        rows[0]["ndcg_10"] = rounded(ndcg(collection, found[0], plain(queries)))
        rows[1]["ndcg_10"] = rounded(ndcg(collection, found[1], np.stack([embedder.query(q) for q in queries])))
    latencies = spread(idle, "query_ms_idle", 1000) | spread(busy, "query_ms_while_embedding", 1000)
    report("embedding", rows, **_ratios(rounds), worst_cosine=_worst(*found), **latencies)
    embedder.close()


def read(folder: Path) -> Collection:
    """A collection in BEIR's layout."""
    texts = {row["_id"]: f"{row['title']}\n{row['text']}".strip() for row in _lines(folder / "corpus.jsonl")}
    queries = {row["_id"]: row["text"] for row in _lines(folder / "queries.jsonl")}
    judged: Judged = defaultdict(dict)
    with (folder / "qrels.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged[row["query-id"]][row["corpus-id"]] = float(row["score"])
    return Collection(texts, {key: text for key, text in queries.items() if key in judged}, judged)


def samples() -> Collection:
    """Passages of up to 1,000 characters from the sample documents, each several times at another cut."""
    whole = " ".join(file.read_text() for file in sorted((ROOT / "data" / "samples").glob("*.md")))
    words = re.split(r"\s+", whole)
    cuts = [" ".join(words[start : start + 40 + start % 130]) for start in range(0, len(words), 7)]
    return Collection(
        {str(n): text[:1000] for n, text in enumerate(cuts)}, {str(n): text for n, text in enumerate(_QUESTIONS)}, {}
    )


def ndcg(collection: Collection, passages: Vectors, questions: Vectors, depth: int = 10) -> float:
    """nDCG at `depth`, judgements as gains (Järvelin and Kekäläinen, 2002), by exact search."""
    ids = list(collection.texts)
    found = []
    for query, scores in zip(collection.queries, questions @ passages.T, strict=True):
        gains = collection.judged[query]
        ranked = [gains.get(ids[i], 0.0) for i in np.argsort(-scores, kind="stable")[:depth]]
        best = sorted(gains.values(), reverse=True)[:depth]
        found.append(_discounted(ranked) / _discounted(best))
    return statistics.fmean(found)


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def _plain() -> Callable[[list[str]], Vectors]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), device="cpu")
    return lambda texts: model.encode(texts, show_progress_bar=False)


def _rounds(
    plain: Callable[[list[str]], Vectors], embedder: Embedder, texts: list[str], size: int
) -> tuple[dict[str, list[Round]], tuple[Vectors, Vectors]]:
    measured: dict[str, list[Round]] = {"as it comes": [], "Throughline": []}
    vectors: dict[str, list[Vectors]] = {name: [] for name in measured}
    ways = [("as it comes", plain, time.process_time), ("Throughline", embedder.passages, lambda: _cpu(embedder))]
    for _, embed, _ in ways:
        embed(texts[:16])
    for number, start in enumerate(range(0, len(texts), size)):
        part = texts[start : start + size]
        for name, embed, cpu in ways if number % 2 else reversed(ways):
            wall, used = time.perf_counter(), cpu()
            vectors[name].append(embed(part))
            wall, used = time.perf_counter() - wall, cpu() - used
            measured[name].append(Round(len(part) / wall, len(part) / used))
            print(f"round {number + 1}: {name}: {len(part) / wall:.1f} a second, {len(part) / used:.1f} a CPU second")
    return measured, (np.concatenate(vectors["as it comes"]), np.concatenate(vectors["Throughline"]))


def _ratios(rounds: dict[str, list[Round]]) -> dict[str, float]:
    pairs = list(zip(rounds["Throughline"], rounds["as it comes"], strict=True))
    return {
        "ratio": rounded(statistics.median(ours.wall / plain.wall for ours, plain in pairs)),
        "cpu_ratio": rounded(statistics.median(ours.cpu / plain.cpu for ours, plain in pairs)),
    }


def _row(name: str, rounds: Sequence[Round]) -> dict[str, Any]:
    return {
        "encode": name,
        "a_second": rounded(statistics.median(r.wall for r in rounds)),
        "a_cpu_second": rounded(statistics.median(r.cpu for r in rounds)),
    }


def _worst(plain: Vectors, ours: Vectors) -> float:
    return float(f"{float((plain * ours).sum(axis=1).min()):.6f}")


def _latencies(embedder: Embedder, queries: Sequence[str], count: int) -> list[float]:
    taken = []
    for number in range(count):
        started = time.perf_counter()
        embedder.query(queries[number % len(queries)])
        taken.append(time.perf_counter() - started)
        time.sleep(0.05)
    return taken


def _while_embedding(embedder: Embedder, texts: list[str], measure: Callable[[], list[float]]) -> list[float]:
    enough = threading.Event()

    def embed() -> None:
        while not enough.is_set():
            embedder.passages(texts[:128])

    thread = threading.Thread(target=embed)
    thread.start()
    time.sleep(0.5)
    try:
        return measure()
    finally:
        enough.set()
        thread.join()


def _cpu(embedder: Embedder) -> float:
    fields = Path(f"/proc/{embedder._model.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(embedder: Embedder) -> int:
    status = Path(f"/proc/{embedder._model.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _lines(path: Path) -> list[dict[str, str]]:
    packed = path.with_name(path.name + ".gz")
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else path.read_text()
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = _CRANFIELD if _CRANFIELD.is_dir() else None
    parser.add_argument("--collection", type=Path, default=default, help="a folder in BEIR's layout")
    parser.add_argument("--passages", type=int, default=200, help="passages a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds at most; seven take in all of Cranfield")
    parser.add_argument("--queries", type=int, default=100, help="queries whose latency is taken, idle and busy each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
