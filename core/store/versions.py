"""Which of the files that are added are new, and which documents they replace: worked out without a database.

The same bytes are one document, whatever names they were given by: the first is its origin, the others its aliases.
Other bytes of the same origin are a newer version: what was ready stays ready until that is (`replaced_by` says what
it waits for), what was not is replaced at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that is added; `titled` says that a person gave the title, `id` and `created_at` count if it is new."""

    id: str
    created_at: datetime
    title: str
    filename: str
    media_type: str
    size: int
    sha256: str
    origin: str
    url: str | None = None
    tags: tuple[str, ...] = ()
    titled: bool = False


@dataclass(slots=True)
class Version:
    """A document that is here, or comes with this change."""

    id: str
    sha256: str
    origin: str
    status: str
    tags: tuple[str, ...]
    url: str | None
    replaced_by: str | None = None
    aliases: set[str] = field(default_factory=set)

    @property
    def origins(self) -> set[str]:
        """Every name that it was given by."""
        return {self.origin, *self.aliases}

    def holds(self, origin: str) -> bool:
        """Whether it is what this name stands for, or did until a newer version came that is not ready."""
        return origin in self.origins and self.status != "replaced"


class Plan:
    """Takes files one by one; afterwards `versions` are the documents that were here, changed, and the new ones."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions = list(versions)
        self._by_hash = {version.sha256: version for version in self.versions}
        self._by_origin: dict[str, list[Version]] = {}
        for version in self.versions:
            for origin in version.origins:
                self._by_origin.setdefault(origin, []).append(version)

    def take(self, file: NewDocument) -> tuple[str, bool]:
        """The document of a file, and whether it is to be indexed."""
        same = self._by_hash.get(file.sha256)
        if same is not None and same.status in ("indexing", "ready"):
            self._claim(file.origin, same)
            return same.id, False
        new = Version(file.id, file.sha256, file.origin, "indexing", file.tags, file.url)
        if same is not None:  # It failed or was cancelled, and is tried again.
            new.aliases = same.origins - {file.origin}
            _replace(same, new)
        self._claim(file.origin, new)
        self.versions.append(new)
        self._by_hash[file.sha256] = new
        for origin in new.aliases:
            self._by_origin[origin] = [new]
        return new.id, True

    def _claim(self, origin: str, version: Version) -> None:
        """Has `origin` name `version` from now on."""
        holders = [one for one in self._by_origin.get(origin, ()) if one is not version and one.holds(origin)]
        for holder in holders:
            _displace(origin, holder, version)
        self._by_origin[origin] = [*(one for one in holders if one.holds(origin)), version]
        if version.replaced_by is not None:  # Its other names have gone over to the version that it waits for.
            version.origin, version.replaced_by = origin, None
        elif origin != version.origin:
            version.aliases.add(origin)


def _displace(origin: str, holder: Version, version: Version) -> None:
    if origin in holder.aliases:
        holder.aliases.discard(origin)
    elif holder.aliases:
        holder.origin = min(holder.aliases)
        holder.aliases.discard(holder.origin)
    else:
        _replace(holder, version)


def _replace(old: Version, new: Version) -> None:
    new.tags, new.url = tuple(dict.fromkeys((*new.tags, *old.tags))), new.url or old.url
    old.replaced_by = new.id
    if old.status != "ready" or new.status == "ready":
        old.status, old.aliases = "replaced", set()
