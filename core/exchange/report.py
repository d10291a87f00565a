"""What an import did, or would do."""

from __future__ import annotations

from dataclasses import dataclass, field

_MOST = 100
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is not brought in: where it stands, and why."""

    where: str
    why: str


@dataclass(slots=True)
class Report:
    """What was found in an export: `messages` are `new` or `already_present`; of what was skipped the first hundred."""

    format: str = ""
    conversations: int = 0
    messages: int = 0
    new: int = 0
    already_present: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    more_skipped: int = 0

    def skip(self, where: str, why: str) -> None:
        """Notes that something is not brought in."""
        if len(self.skipped) < _MOST:
            self.skipped.append(Skipped(where[:_LONGEST], why[:_LONGEST]))
        else:
            self.more_skipped += 1

    def all_skipped(self) -> list[Skipped]:
        """What was skipped, with a last line for what is not listed."""
        rest = [Skipped("elsewhere", f"{self.more_skipped:,} more were skipped")] if self.more_skipped else []
        return self.skipped + rest
