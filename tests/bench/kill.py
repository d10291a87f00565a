"""kill -9 under live readers, round after round on one database: what was shown and is no longer there."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from tests.bench._measure import report, running, spread, upstream
from tests.support.rounds import Rounds
from tests.support.server import Server, ServerEnded


def main() -> None:
    """One row for all rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--streams", type=int, default=3, help="answers a round, besides those that are continued")
    parser.add_argument("--readers", type=int, default=4, help="readers an answer, each of another kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with upstream() as base_url, running(base_url) as server:
        row, faults = _measure(server, arguments)
    report("kill", [row], seed=arguments.seed, faults=faults)


def _measure(server: Server, arguments: argparse.Namespace) -> tuple[dict[str, float], list[str]]:
    rounds = Rounds(server, random.Random(arguments.seed))
    totals = {"rounds": 0, "readers": 0, "characters_seen": 0, "characters_lost": 0, "interrupted": 0}
    unopened, starts, faults = 0, list[float](), list[str]()
    for number in range(arguments.rounds):
        try:
            found = asyncio.run(rounds.kill_once(arguments.streams, arguments.readers))
        except ServerEnded as error:
            unopened, faults = unopened + 1, [*faults, f"round {number}: {error}"]
            break
        values = (1, found.readers, found.seen, found.lost, found.interrupted)
        totals = {name: total + value for (name, total), value in zip(totals.items(), values, strict=True)}
        starts.append(found.start_seconds)
        faults += [f"round {number}: {fault}" for fault in found.faults]
        print(f"\rround {number + 1} of {arguments.rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not unopened:
        faults += asyncio.run(rounds.finish())
    kept = {"answers": len(rounds.answers), "databases_that_do_not_open": unopened, "faults": len(faults)}
    return totals | kept | spread(starts, "restart_ms", 1000), faults


if __name__ == "__main__":
    main()
