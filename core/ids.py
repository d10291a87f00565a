"""Opaque ids that sort by the time they were made, which keeps rows that belong together close on disk."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A new id of 26 letters and digits: 48 bits of milliseconds, 80 random bits (the ULID layout)."""
    value = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
