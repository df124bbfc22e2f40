"""The console in a real browser over the running demo: what a person sees, that it stays alive, and that nothing is blocked."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = next(
    (
        path
        for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        if Path(path).exists()
    ),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

#: Milliseconds the demo has for its first import on a busy machine.
PATIENCE = 60_000


@pytest.fixture
async def demo() -> AsyncIterator[str]:
    """The address of a running demo."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POP_GATEWAY_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "demo", "--port", "0", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        found = re.search(r"console\s+(http://\S+)/", line)
        assert found is not None, line
        drain = asyncio.create_task(process.stdout.read())
        yield found.group(1)
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        await drain


@pytest.fixture
async def page(demo: str) -> AsyncIterator[playwright.Page]:
    """A page whose console errors (a blocked script or style, too) fail the test."""
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = await browser.new_page(viewport={"width": 1280, "height": 900})
        problems: list[str] = []
        opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        await opened.goto(demo + "/")
        yield opened
        await browser.close()
        assert problems == []


async def test_a_person_follows_a_patient_to_the_fhir_behind_a_value(page: playwright.Page) -> None:
    row = page.locator("tbody tr", has_text="clara")
    await row.get_by_text("tumor marker").wait_for(timeout=PATIENCE)
    await row.get_by_text("clean").wait_for(timeout=PATIENCE)
    assert "Testperson" not in await page.content()
    await row.get_by_role("link", name="clara").click()
    await page.get_by_role("heading", name="POP entities and where they come from").wait_for()
    case = page.locator("details.entity", has=page.locator("code", has_text="PatientCase:Patient/clara")).first
    assert await case.get_by_text("hidden here").is_visible()
    tumour = page.locator("details.entity", has_text="NeoplasticEntity:Condition/").first
    await tumour.locator(".from a").first.click()
    await page.get_by_role("heading", name="Condition/clara-colon").wait_for()
    raw = page.locator("pre")
    assert not await raw.is_visible()
    await page.get_by_text("Show the FHIR resource").click()
    assert '"resourceType": "Condition"' in await raw.inner_text()


async def test_from_a_patient_to_the_case_in_pop_and_back_and_again(page: playwright.Page) -> None:
    row = page.locator("tbody tr", has_text="clara")
    await row.get_by_text("clean").wait_for(timeout=PATIENCE)
    await row.get_by_role("link", name="clara").click()
    await page.get_by_title("The case as people see it in POP").click()
    await page.get_by_role("heading", name="Course").wait_for()
    assert await page.locator("svg.timeline .mark").count() > 1
    assert "Testperson" not in await page.content()
    await page.get_by_role("link", name="Where it comes from").click()
    await page.get_by_role("heading", name="POP entities and where they come from").wait_for()
    await page.get_by_role("button", name="Replay").click()
    await page.get_by_role("heading", name="POP entities and where they come from").wait_for()


async def test_deliveries_reviews_and_status_tell_what_became_of_everything(page: playwright.Page) -> None:
    await page.locator("tbody tr").first.wait_for(timeout=PATIENCE)
    await page.get_by_role("link", name="Deliveries", exact=True).click()
    await page.locator("tr", has_text="partly-invalid").get_by_role("link").first.click()
    await page.locator("tr .state.bad", has_text="invalid").first.wait_for()
    await page.get_by_role("link", name="Reviews", exact=True).click()
    await page.get_by_text("unmapped-code").first.wait_for(timeout=PATIENCE)
    await page.get_by_role("link", name="Status", exact=True).click()
    await page.get_by_role("heading", name="Polled sources").wait_for()
    assert await page.get_by_text("is stored").first.is_visible()


async def test_the_page_renews_itself_and_says_so(page: playwright.Page) -> None:
    await page.locator("tbody tr").first.wait_for(timeout=PATIENCE)
    async with page.expect_response(
        lambda answer: answer.request.headers.get("x-live") == "1", timeout=PATIENCE
    ) as waiting:
        pass
    assert (await waiting.value).status == 200
    assert await page.locator("#pulse").inner_text() == "live"


async def test_it_can_be_read_without_a_script_and_on_a_phone(demo: str) -> None:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
        opened = await context.new_page()
        for path in ("/", "/deliveries", "/reviews", "/status"):
            answer = await opened.goto(demo + path)
            assert answer is not None
            assert answer.status == 200
            assert await opened.locator("h1").is_visible()
            # Wide tables scroll in their own box; the page itself never does.
            width = await opened.locator("main").bounding_box()
            assert width is not None
            assert width["width"] <= 375
        await browser.close()
