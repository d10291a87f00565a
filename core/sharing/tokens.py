"""Tokens of links: the share's id and a keyed hash of it. The key is a file, so the database opens no link."""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import b32encode
from hashlib import sha256
from pathlib import Path

from core.errors import StorageError

_KEY_BYTES = 32
_HASH_BYTES = 20
_ID_LENGTH = 26
_PURPOSE = b"throughline/share/1/"


class Tokens:
    """Gives the tokens of shares and tells whether one is right, by HMAC-SHA-256 (RFC 2104) cut to 160 bits.

    The key stands in the file `path`, which only this user may read. It is made when it is missing: without the key of
    before, every link of before ends.

    Raises:
        StorageError: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._key = _read(path) or _made(path)
        except OSError as error:
            raise StorageError(f"The file {path} cannot be used: {error.strerror}. Make it readable.") from error

    def token(self, share_id: str) -> str:
        """The token of a share; always the same."""
        found = hmac.digest(self._key, _PURPOSE + share_id.encode("utf-8", "replace"), sha256)
        return share_id + b32encode(found[:_HASH_BYTES]).decode().lower()

    def share_id(self, token: str) -> str | None:
        """The share that a token names; None for one that this server did not give."""
        share_id = token[:_ID_LENGTH]
        right = self.token(share_id).encode("utf-8", "replace")
        return share_id if hmac.compare_digest(token.encode("utf-8", "replace"), right) else None


def _read(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    path.chmod(0o600)  # A copy that was brought back may be open to others.
    return key if len(key) == _KEY_BYTES else None


def _made(path: Path) -> bytes:
    """A new key, on disk whole or not at all before the first link is given."""
    key = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key
