"""Chromium, without a network, looking at pages on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.publication.site import build
from pipelines.settings import Deployment
from tests.support.hostile import hostile_release

CHROMIUM = os.environ.get("DTI_CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(sample_years: Path) -> Path:
    """The site that the demo made of the whole sample."""
    return (sample_years / "site").resolve()


@pytest.fixture(scope="session")
def hostile_site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    deployment = Deployment(published)
    return build.publish_to(deployment, hostile_release(deployment, folder), folder / "site").folder


class Looked:
    """A page and everything that the browser complained about or asked for."""

    def __init__(self, browser: Browser, scheme: str = "light", width: int = 1280) -> None:
        self.context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}
        )
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", lambda dialog: self.troubles.append(f"dialog {dialog.message}"))
        self.page.on("requestfailed", lambda request: self.troubles.append(f"failed {request.url}"))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def at(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        return self.page
