"""Settings are read once, the environment before the secrets, and a wrong one is said in a sentence."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import OPENROUTER_URL, Settings, read_settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".streamlit").mkdir()
    return tmp_path


def secrets(root: Path, text: str) -> None:
    (root / ".streamlit" / "secrets.toml").write_text(text, "utf-8")


def test_without_any_setting_the_local_model_answers(root: Path) -> None:
    """Nothing has to be set."""
    settings = read_settings(root, {})
    assert settings == Settings(data_dir=root / "data")
    assert (settings.model, settings.base_url, settings.api_token) == ("local", OPENROUTER_URL, None)
    assert settings.database == root / "data" / "throughline.duckdb"


def test_a_key_makes_openrouter_the_default(root: Path) -> None:
    """With a key, or with a server of one's own, the default model is no longer the local one."""
    assert read_settings(root, {"OPENROUTER_API_KEY": "sk-1"}).model == "openrouter/auto"
    assert read_settings(root, {"OPENROUTER_BASE_URL": "http://localhost:1234/v1"}).model == "openrouter/auto"
    assert read_settings(root, {"OPENROUTER_API_KEY": "sk-1", "THROUGHLINE_MODEL": "local"}).model == "local"


def test_the_environment_goes_before_the_secrets(root: Path) -> None:
    """A value of the environment wins; one that is missing or empty there is taken from secrets.toml."""
    secrets(root, 'OPENROUTER_API_KEY = "from-file"\nTHROUGHLINE_MODEL = "file/model"\nTHROUGHLINE_API_TOKEN = "token"')
    environ = {"THROUGHLINE_MODEL": "env/model", "OPENROUTER_API_KEY": "", "OTHER": "x"}
    settings = read_settings(root, environ)
    assert (settings.model, settings.api_key, settings.api_token) == ("env/model", "from-file", "token")


def test_every_setting_is_read(root: Path) -> None:
    """Each name of the table reaches its field, cleaned of blanks and slashes at its end."""
    environ = {
        "OPENROUTER_API_KEY": " sk-1 ",
        "OPENROUTER_BASE_URL": "https://models.example.com/v1/",
        "THROUGHLINE_MODEL": "some/model",
        "THROUGHLINE_LOCAL_MODEL": "/models/one.gguf",
        "THROUGHLINE_DATA_DIR": "/srv/data",
        "THROUGHLINE_API_TOKEN": "token",
        "THROUGHLINE_CORS_ORIGINS": "https://a.example.com/, http://localhost:3000 ,",
        "THROUGHLINE_PENDING_TIMEOUT": "60",
        "THROUGHLINE_TOKEN_TIMEOUT": "1.5",
    }
    assert read_settings(root, environ) == Settings(
        "sk-1",
        "https://models.example.com/v1",
        "some/model",
        Path("/models/one.gguf"),
        Path("/srv/data"),
        "token",
        ("https://a.example.com", "http://localhost:3000"),
        60.0,
        1.5,
    )


def test_a_relative_folder_lies_in_the_apps_own(root: Path) -> None:
    """The data are found from wherever the app is started."""
    assert read_settings(root, {"THROUGHLINE_DATA_DIR": "other"}).data_dir == root / "other"
    assert read_settings(root, {"THROUGHLINE_DATA_DIR": "~/data"}).data_dir == Path.home() / "data"


def test_no_secret_is_shown(root: Path) -> None:
    """Neither the key nor the token is in what a log would show of the settings."""
    settings = read_settings(root, {"OPENROUTER_API_KEY": "sk-hidden", "THROUGHLINE_API_TOKEN": "token-hidden"})
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)


def test_settings_do_not_change() -> None:
    """What was read holds as long as the app runs."""
    with pytest.raises(FrozenInstanceError):
        Settings().model = "other"  # type: ignore[misc]


_WRONG = [
    ("OPENROUTER_BASE_URL", "openrouter.ai/api/v1"),
    ("OPENROUTER_BASE_URL", "ftp://openrouter.ai"),
    ("OPENROUTER_BASE_URL", "https://"),
    ("OPENROUTER_BASE_URL", "http://[::1"),
    ("OPENROUTER_BASE_URL", "http://localhost:port/v1"),
    ("OPENROUTER_BASE_URL", "http://localhost:99999/v1"),
    ("THROUGHLINE_CORS_ORIGINS", "app.example.com"),
    ("THROUGHLINE_CORS_ORIGINS", "https://app.example.com, localhost"),
    ("THROUGHLINE_CORS_ORIGINS", "https://[app"),
    ("THROUGHLINE_CORS_ORIGINS", "https://app.example.com/chat"),
    ("THROUGHLINE_PENDING_TIMEOUT", "soon"),
    ("THROUGHLINE_PENDING_TIMEOUT", "0"),
    ("THROUGHLINE_TOKEN_TIMEOUT", "-1"),
    ("THROUGHLINE_TOKEN_TIMEOUT", "inf"),
    ("THROUGHLINE_TOKEN_TIMEOUT", "nan"),
]


@pytest.mark.parametrize(("name", "value"), _WRONG)
def test_a_wrong_value_is_named_in_a_sentence(root: Path, name: str, value: str) -> None:
    """The sentence names the setting and says what it has to be, from the environment as from the secrets."""
    with pytest.raises(SettingsError, match=f"^{name} must .*\\.$"):
        read_settings(root, {name: value})
    secrets(root, f'{name} = "{value}"')
    with pytest.raises(SettingsError, match=f"^{name} must .*\\.$"):
        read_settings(root, {})


@pytest.mark.parametrize("text", ['OPENROUTER_API_KEY = "sk-secret', "[[[", "a = 1\na = 2"])
def test_secrets_that_cannot_be_read_are_not_quoted(root: Path, text: str) -> None:
    """The sentence names the file, and shows nothing of what stands in it."""
    secrets(root, text)
    with pytest.raises(SettingsError, match=r"secrets\.toml cannot be read as TOML") as refused:
        read_settings(root, {})
    assert "sk-secret" not in str(refused.value)


def test_a_folder_in_place_of_the_secrets_is_said(root: Path) -> None:
    """What is no file at all is told like a file that cannot be read."""
    (root / ".streamlit" / "secrets.toml").mkdir()
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        read_settings(root, {})


def test_bytes_that_are_no_text_are_said(root: Path) -> None:
    """A file in another encoding is refused with the same sentence."""
    (root / ".streamlit" / "secrets.toml").write_bytes(b'a = "\xff\xfe"')
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        read_settings(root, {})


def test_other_sections_of_the_secrets_are_left_alone(root: Path) -> None:
    """Streamlit keeps other things in that file."""
    secrets(root, 'THROUGHLINE_MODEL = "file/model"\n[connections.sql]\nurl = "x"\n[OPENROUTER_API_KEY]\na = 1')
    settings = read_settings(root, {})
    assert (settings.model, settings.api_key) == ("file/model", None)
