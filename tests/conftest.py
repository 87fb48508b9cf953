"""What the tests share: the app on a free port and a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import FLAGS, chromium_path, running_app


@pytest.fixture(scope="session")
def app_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running app."""
    with running_app(tmp_path_factory.mktemp("app") / "log") as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A headless Chromium of the system; a skip with its reason where there is none."""
    found = chromium_path()
    if found is None:
        pytest.skip("no Chromium on this machine: the browser tests need Debian's package chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()
