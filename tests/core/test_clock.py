"""Stored times are in order, whatever happens to the machine's clock."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.clock import Clock


class Machine:
    """Both clocks of a machine; `wall` can be set, `monotonic` cannot."""

    def __init__(self) -> None:
        self.ahead = 1_800_000_000.0
        self.ran = 100.0

    def wall(self) -> float:
        return self.ahead + self.ran

    def monotonic(self) -> float:
        return self.ran


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> Clock:
    return Clock(machine.wall, machine.monotonic)


def test_a_time_is_the_machines_in_utc(machine: Machine, clock: Clock) -> None:
    """While nobody sets the clock, stored times are its times."""
    assert clock.now() == datetime.fromtimestamp(machine.wall(), UTC)
    assert clock.now().tzinfo is UTC
    assert clock.warning is None


def test_every_time_is_later_than_the_one_before(machine: Machine, clock: Clock) -> None:
    """Also when the machine's clock stands still, and when it is set to and fro."""
    chance = random.Random(1)
    times = [clock.now() for _ in range(1000)]
    for _ in range(1000):
        machine.ran += chance.random() * 1e-6
        machine.ahead += chance.choice((0, 0, 0, -5.0, 5.0, -86_400.0))
        times.append(clock.now())
    assert all(later > earlier for earlier, later in pairwise(times))


def test_times_of_many_threads_are_all_different(clock: Clock) -> None:
    """No two threads are given the same time."""
    found: list[datetime] = []
    threads = [
        threading.Thread(target=lambda: found.extend(clock.now() for _ in range(300)), daemon=True) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 1800


def test_a_jump_is_told(machine: Machine, clock: Clock) -> None:
    """A clock that was set by more than a minute is said in a sentence with its size and direction."""
    clock.now()
    machine.ahead -= 7200
    clock.now()
    assert "was set 2:00:00 back" in (clock.warning or "")
    machine.ahead += 3 * 86_400
    clock.now()
    assert "was set 3 days, 0:00:00 ahead" in (clock.warning or "")
    assert "Check the date and time settings." in (clock.warning or "")


def test_small_corrections_are_not_worth_a_word(machine: Machine, clock: Clock) -> None:
    """What time servers do all day is not told."""
    for correction in (-30.0, 20.0, -1.0):
        machine.ahead += correction
        clock.now()
    assert clock.warning is None


def test_times_come_after_what_is_stored(machine: Machine, clock: Clock) -> None:
    """A clock that was set back while the server was down gives times behind the newest message, and says so."""
    newest = datetime.fromtimestamp(machine.wall() + 3600, UTC)
    clock.not_before(newest)
    assert newest < clock.now() < newest + timedelta(seconds=1)
    assert "1:00:00 behind the newest saved message" in (clock.warning or "")


def test_an_older_message_changes_nothing(machine: Machine, clock: Clock) -> None:
    """A stored time that is past leaves the clock as it is."""
    clock.not_before(datetime.fromtimestamp(machine.wall() - 3600, UTC))
    assert clock.now() == datetime.fromtimestamp(machine.wall(), UTC)
    assert clock.warning is None
