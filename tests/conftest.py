"""Fixtures shared by all tests."""

from collections.abc import Iterator

import pytest
from huggingface_hub import close_session, constants
from hypothesis import settings

from tests.fakehub import FakeHub

settings.register_profile("project", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("project")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A running Hub on this machine; pass `hub.endpoint` and `hub.token` on explicitly."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with FakeHub() as running:
        yield running
        close_session()
