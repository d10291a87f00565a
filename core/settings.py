"""What a person can set: the environment first, then `.streamlit/secrets.toml`; read once, never changed."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import SettingsError

OPENROUTER_URL = "https://openrouter.ai/api/v1"
LOCAL_MODEL = "local"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; secrets are left out of the repr."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str = OPENROUTER_URL
    model: str = LOCAL_MODEL
    local_model: Path | None = None
    data_dir: Path = Path("data")
    api_token: str | None = field(default=None, repr=False)
    cors_origins: tuple[str, ...] = ()
    pending_timeout: float = 1200.0
    token_timeout: float = 120.0

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_dir / "throughline.duckdb"


def read_settings(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the app whose files are in `root`.

    Raises:
        SettingsError: a value cannot be used, or secrets.toml cannot be read.
    """
    values = _Values(os.environ if environ is None else environ, _secrets(root / ".streamlit" / "secrets.toml"))
    api_key = values.text("OPENROUTER_API_KEY")
    local_model = values.text("THROUGHLINE_LOCAL_MODEL")
    data_dir = Path(values.text("THROUGHLINE_DATA_DIR") or "data").expanduser()
    base_url = values.url("OPENROUTER_BASE_URL", OPENROUTER_URL)
    remote = bool(api_key) or base_url != OPENROUTER_URL
    return Settings(
        api_key=api_key,
        base_url=base_url,
        model=values.text("THROUGHLINE_MODEL") or ("openrouter/auto" if remote else LOCAL_MODEL),
        local_model=Path(local_model).expanduser() if local_model else None,
        data_dir=data_dir if data_dir.is_absolute() else root / data_dir,
        api_token=values.text("THROUGHLINE_API_TOKEN"),
        cors_origins=values.origins("THROUGHLINE_CORS_ORIGINS"),
        pending_timeout=values.seconds("THROUGHLINE_PENDING_TIMEOUT", 1200.0),
        token_timeout=values.seconds("THROUGHLINE_TOKEN_TIMEOUT", 120.0),
    )


def _secrets(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The decoder's own message can quote the line, and the line can hold the key.
        raise SettingsError(f"{path} cannot be read as TOML. Correct it or remove it.") from error


class _Values:
    """Looks a name up in the environment, then among the secrets; an empty value is no value."""

    def __init__(self, environ: Mapping[str, str], secrets: Mapping[str, object]) -> None:
        self._environ = environ
        self._secrets = secrets

    def text(self, name: str) -> str | None:
        value = self._environ.get(name) or self._secrets.get(name)
        if value is None or isinstance(value, dict | list):
            return None
        return str(value).strip() or None

    def url(self, name: str, default: str) -> str:
        value = (self.text(name) or default).rstrip("/")
        if not _is_address(value, ("http", "https")):
            raise SettingsError(f"{name} must be an http or https address, such as {default}.")
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self.text(name)
        try:
            seconds = float(value) if value else default
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < float("inf"):
            raise SettingsError(f"{name} must be a number of seconds above 0.")
        return seconds

    def origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(part.strip().rstrip("/") for part in (self.text(name) or "").split(",") if part.strip())
        for origin in origins:
            if origin != "*" and not (_is_address(origin) and origin.count("/") == 2):
                raise SettingsError(f"{name} must list origins such as https://app.example.com, with commas between.")
        return origins


def _is_address(text: str, schemes: tuple[str, ...] = ()) -> bool:
    """Whether `text` names a scheme, one of `schemes` if there are any, and a host, with a port that can be."""
    try:
        parts = urlsplit(text)
        return (
            bool(parts.scheme and parts.hostname) and parts.scheme in (schemes or (parts.scheme,)) and parts.port != 0
        )
    except ValueError:  # A bracket that is not closed, a port that is no number.
        return False
