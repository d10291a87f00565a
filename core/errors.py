"""Every error that a person can meet, one tree:

ThroughlineError
├── InvalidRequest          the request cannot be read
│   └── InvalidValue        it can be read, but a value in it is wrong
│       └── QueryError      a query that somebody wrote cannot be run as it stands
├── NotFound                no such conversation, message, stream, document
│   └── LinkNotFound        a shared link that is wrong or has ended
├── Conflict                it does not fit what is there now
├── TooLarge                more than is taken
├── TooMany                 more at once than is taken
├── Unsupported             a kind of file or body that is not taken
├── Refused                 the caller may not do this
├── SettingsError           a setting cannot be used
├── StorageError            the database cannot be written or read now
│   ├── DatabaseInUse       another process holds it
│   └── DatabaseTooNew      a newer version of the app wrote it
├── DocumentError           a file cannot be turned into text
├── Unavailable             something that answers need is not ready
└── ProviderError           the model's side failed

A message is one sentence or two for the person who reads it, and says what to do. `code` names the
class in the API. HTTP statuses are given in `core.api` alone.
"""

from __future__ import annotations


class ThroughlineError(Exception):
    """An error whose message is written for the person who meets it."""

    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(ThroughlineError):
    """The request cannot be read."""

    code = "invalid_request"


class InvalidValue(InvalidRequest):
    """The request can be read, but a value in it is wrong."""

    code = "invalid_value"


class QueryError(InvalidValue):
    """A query that somebody wrote cannot be run as it stands."""

    code = "query"


class NotFound(ThroughlineError):
    """What was named does not exist."""

    code = "not_found"

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"There is no {kind} “{identity}”. It may have been deleted.")
        self.kind = kind
        self.identity = identity


_LINK = "This link shows nothing. It may be incomplete, have expired or been revoked: ask for a new one."


class LinkNotFound(NotFound):
    """A shared link that is wrong or has ended; which of them is not said, and the link is not repeated."""

    code = "link_not_found"

    def __init__(self, message: str = _LINK) -> None:
        ThroughlineError.__init__(self, message)
        self.kind, self.identity = "link", ""


class Conflict(ThroughlineError):
    """The request does not fit the present state of what it names."""

    code = "conflict"


class TooLarge(ThroughlineError):
    """More than is taken."""

    code = "too_large"


class TooMany(ThroughlineError):
    """More at once than is taken."""

    code = "too_many"


class Unsupported(ThroughlineError):
    """A kind of file or body that is not taken."""

    code = "unsupported_type"


class Refused(ThroughlineError):
    """The caller may not do this."""

    code = "refused"


class SettingsError(ThroughlineError):
    """A setting cannot be used."""

    code = "settings"


class StorageError(ThroughlineError):
    """The database cannot be written or read now."""

    code = "storage"


class DatabaseInUse(StorageError):
    """Another process holds the database file."""

    code = "database_in_use"


class DatabaseTooNew(StorageError):
    """The database was written by a newer version of the app."""

    code = "database_too_new"


class DocumentError(ThroughlineError):
    """A file cannot be turned into text."""

    code = "document"


class Unavailable(ThroughlineError):
    """Something that answers need is not ready."""

    code = "unavailable"


class ProviderError(ThroughlineError):
    """The model's side failed, was cut or spoke nonsense.

    `status` is the HTTP status or the code inside the stream; `retryable` says whether the same request
    may succeed soon; `retry_after` is the wait asked for, in seconds.
    """

    code = "provider"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
