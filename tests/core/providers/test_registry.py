"""Which client serves which model, and what there is to choose from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ProviderError
from core.models import Model
from core.providers.model_cache import ModelCache
from core.providers.registry import Providers
from core.settings import Settings
from tests.core.providers.support import KEY, run
from tests.fakes.openrouter import FakeOpenRouter


def models_of(settings: Settings, times: int = 1) -> tuple[Model, ...]:
    """What a fresh app with these settings offers."""

    async def talk() -> tuple[Model, ...]:
        providers = Providers(settings)
        try:
            for _ in range(times):
                found = await providers.models()
            return found
        finally:
            await providers.close()

    return run(talk())


def test_choice() -> None:
    """The name `local` means this machine, any other the server."""
    providers = Providers(Settings(api_key=KEY))
    assert providers.for_model("local") == (providers.local, "local")
    assert providers.for_model("vendor/m") == (providers.remote, "vendor/m")


def test_no_key() -> None:
    """Without a key the way out is told; a server of one's own may need none."""
    with pytest.raises(ProviderError, match="Set OPENROUTER_API_KEY to use vendor/m, or choose the local model"):
        Providers(Settings()).for_model("vendor/m")
    own = Providers(Settings(base_url="http://127.0.0.1:1234/v1"))
    assert own.for_model("vendor/m")[0] is own.remote


def test_without_a_key_only_the_local_model(tmp_path: Path) -> None:
    """Nothing is asked of the network that could not be used."""
    assert [model.id for model in models_of(Settings(data_dir=tmp_path))] == ["local"]


def test_list_is_kept(server: FakeOpenRouter, tmp_path: Path) -> None:
    """The list is asked for once, and known again after a restart."""
    settings = Settings(api_key=KEY, base_url=server.base_url, data_dir=tmp_path / "new")
    found = models_of(settings, times=3)
    asked = len(server.requests)
    assert found[0].id == "local" and "fake/echo" in {model.id for model in found}
    assert models_of(settings) == found
    assert len(server.requests) == asked
    assert [path.name for path in settings.data_dir.iterdir()] == ["models.json"]


def test_offline(tmp_path: Path) -> None:
    """Without network an old list does, and without a list the local model does."""
    settings = Settings(api_key=KEY, base_url="http://127.0.0.1:9/v1", data_dir=tmp_path)
    assert [model.id for model in models_of(settings)] == ["local"]
    ModelCache(tmp_path / "models.json", settings.base_url, clock=lambda: 1.0).keep((Model("old/m", "Old"),))
    assert [model.id for model in models_of(settings)] == ["local", "old/m"]


def test_time_to_live(tmp_path: Path) -> None:
    """A list is fresh for an hour, and of one server only."""
    now = 1000.0
    cache = ModelCache(tmp_path / "models.json", "http://a", clock=lambda: now)
    assert not cache.is_fresh
    cache.keep((Model("m", "M"),))
    assert cache.is_fresh
    now += 3599
    assert ModelCache(tmp_path / "models.json", "http://a", clock=lambda: now).is_fresh
    now += 2
    assert not cache.is_fresh and cache.models
    assert not ModelCache(tmp_path / "models.json", "http://b", clock=lambda: now).models


@pytest.mark.parametrize("content", ["", "[]", "{", '{"base_url":"http://a"}', json.dumps({"base_url": "http://a", "models": [{"x": 1}], "until": 1})])  # fmt: skip  # noqa: E501
def test_spoilt_file(tmp_path: Path, content: str) -> None:
    """A file that cannot be read is as good as none."""
    (tmp_path / "models.json").write_text(content)
    assert ModelCache(tmp_path / "models.json", "http://a").models == ()


def test_the_room_in_a_model(server: FakeOpenRouter, tmp_path: Path) -> None:
    """It is known for the local model, and for the server's once the list is there."""
    providers = Providers(Settings(api_key=KEY, base_url=server.base_url, data_dir=tmp_path))
    assert (providers.context_of("local"), providers.context_of("fake/echo")) == (4096, None)

    async def ask() -> None:
        await providers.models()
        await providers.close()

    run(ask())
    assert (providers.context_of("fake/echo"), providers.context_of("none")) == (128_000, None)
