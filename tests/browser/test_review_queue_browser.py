"""The review queue in a real browser: the ten codes that most patients wait for are decided in the page, the rest lands while it is
looked at, and one decision is taken back. Fewer patients than the acceptance test's 300: the clicking is what is tested here."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_hospital import BY_CODE, expected, gateway_of, landed, settled, waiting

from adapters.sandbox.pop.server import SandboxPop
from gateway.service import Gateway
from gateway.web.server import serving

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

PATIENTS, TOP = 60, 10
#: Milliseconds that a page may take on a busy machine.
PATIENCE = 30_000
#: Where to leave pictures for a person to look at; none by default.
PICTURES = os.environ.get("POP_GATEWAY_SCREENSHOTS")


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[tuple[Gateway, SandboxPop, str]]:
    """A gateway that has worked the hospital, its POP, and the address of its pages."""
    async with (
        gateway_of(PATIENTS, tmp_path) as (gateway, pop, _),
        serving(gateway, host="127.0.0.1", port=0) as address,
    ):
        await settled(gateway)
        yield gateway, pop, address


@pytest.fixture
async def browser() -> AsyncIterator[playwright.Browser]:
    async with playwright.async_playwright() as driver:
        found = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        await found.close()


async def picture(page: playwright.Page, name: str) -> None:
    if PICTURES is not None:
        assert page.viewport_size is not None
        await page.screenshot(
            path=f"{PICTURES}/{name}.png",
            clip={"x": 0, "y": 0, "width": page.viewport_size["width"], "height": 1200},
            full_page=True,
        )


async def decided(page: playwright.Page, *, first: bool) -> str:
    """Decide about the first item of the queue as a person does: look, search, choose, preview, decide."""
    link = page.locator("table.queue td.what a").first
    code = await link.locator("code").inner_text()
    house = BY_CODE[code]
    await link.click()
    await page.wait_for_selector("form.decide")
    if first:
        await picture(page, "item")
    search = page.locator("input[name=q]")
    await search.fill(house.target[1])
    await search.press("Enter")
    await page.wait_for_selector(f"legend:has-text('{house.target[1]}')")
    await page.check(f"input[name=choice][value='map {house.target[0]} {house.target[1]}']")
    if first:
        await page.fill("input[name=author]", "Dr. Code")
        await page.fill("input[name=note]", "house list 2024")
    assert await page.input_value("input[name=author]") == "Dr. Code", "the name is typed once"
    await page.click("text=Preview")
    await page.wait_for_selector("button.primary")
    if first:
        await picture(page, "preview")
    await page.click("button.primary")
    await page.wait_for_selector("progress")
    if first:
        await picture(page, "progress")
    return code


async def test_the_top_ten_are_decided_in_the_page(
    story: tuple[Gateway, SandboxPop, str], browser: playwright.Browser
) -> None:
    gateway, pop, address = story
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(PATIENCE)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    most = [number for _, number in waiting(PATIENTS).most_common(TOP)]
    await page.goto(f"{address}/reviews?code=unmapped-code")
    await picture(page, "queue")
    shown = [int(each) for each in await page.locator("table.queue td.number").all_inner_texts()]
    assert shown[:TOP] == most, "sorted by patients waiting"
    known = []
    for number in range(TOP):
        known.append(await decided(page, first=not number))
        if not number:
            await page.wait_for_selector(f"text=all {most[0]} patients", timeout=PATIENCE)
            assert landed(pop) == expected(known, PATIENTS), "the page shows when all have landed"
            await picture(page, "done")
        await page.goto(f"{address}/reviews?code=unmapped-code")
        await page.wait_for_selector(f"td.what:not(:has-text('{known[-1]}'))")
        await settled(gateway)
        await page.reload()
    assert landed(pop) == expected(known, PATIENTS)

    await page.goto(f"{address}/reviews/decisions")
    assert await page.locator("text=in force").count() == TOP
    await picture(page, "decisions")
    await page.locator("table.list td.number a").last.click()
    await page.click("text=Take back")
    await page.wait_for_selector("h1:has-text('taken back')")
    await settled(gateway)
    assert landed(pop) == expected(known[1:], PATIENTS)
    assert problems == []


async def test_the_queue_is_read_in_the_dark_and_on_a_phone(
    story: tuple[Gateway, SandboxPop, str], browser: playwright.Browser
) -> None:
    _, _, address = story
    for scheme, width in (("dark", 1200), ("light", 375), ("dark", 375)):
        context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        for name, path in (("queue", "/reviews?code=unmapped-code"), ("decisions", "/reviews/decisions")):
            await page.goto(f"{address}{path}")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width}"
            await picture(page, f"{name}-{scheme}-{width}")
            if width < 400 and name == "queue":
                row = await page.locator("table.queue tbody tr").first.bounding_box()
                assert row is not None
                assert row["height"] < 200, "a row is read at a glance on a phone"
        await page.goto(f"{address}/reviews?code=unmapped-code")
        await page.locator("table.queue td.what a").first.click()
        await page.wait_for_selector("form.decide")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"item at {width}"
        await picture(page, f"item-{scheme}-{width}")
        await page.goto(f"{address}/reviews?code=unknown-drugs")
        await page.locator("table.queue td.what a").first.click()
        await page.wait_for_selector("text=no question of terminology")
        assert await page.locator("form.decide").count() == 0
        await picture(page, f"no-question-{scheme}-{width}")
        await context.close()
