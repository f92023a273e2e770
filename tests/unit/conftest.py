"""No room may start a foreign program: the canary is on PATH and in the environment of every unit test."""

from __future__ import annotations

import pytest

from tests.canary import Canary, armed, canary, canary_folder

__all__ = ["armed", "canary", "canary_folder"]


@pytest.fixture(autouse=True)
def _guarded(canary: Canary, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if request.path.name == "test_signatures.py" or request.path.parent.name == "reviews":
        return  # which start ssh-keygen, and mean to
    for name, value in canary.environment().items():
        # These two also act on what the tests' own git does to build a repository.
        if name != "GIT_EXTERNAL_DIFF" and not name.startswith("GIT_TRACE"):
            monkeypatch.setenv(name, value)
