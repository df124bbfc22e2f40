"""The sandbox POP's case page in a real browser: read in the light and in the dark, on a phone, and edited without a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.server import SandboxPop, running

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture
async def case() -> AsyncIterator[str]:
    """The address of a case with a tumour, three values of a marker and a therapy of many drugs that goes on."""
    pop = SandboxPop()
    records, first = (
        Records(pop.entities, pop.terms),
        {name: [*found.values()] for name, found in pop.terms.lists.items()},
    )

    def add(kind: str, parent: str | None = None, **body: object) -> str:
        _, row = records.create(KINDS[kind].collection, body, user="gateway", parent=parent)
        return str(row["id"])

    case_id = add(
        "PatientCase", clinicalCenter="Test", clinicalIdentifier="A-1", dateOfBirth="1961-05-17", vitalStatus="alive",
        gender=first["AdministrativeGender"][0],
    )  # fmt: skip
    tumour = add(
        "NeoplasticEntity", caseId=case_id, relationship="primary", assertionDate="2024-01-15",
        topography=first["CancerTopography"][0], morphology=first["CancerMorphology"][0],
    )  # fmt: skip
    therapy = add(
        "SystemicTherapy",
        caseId=case_id,
        period={"start": "2024-02-01"},
        intent="palliative",
        targetedEntitiesIds=[tumour],
    )
    for drug in first["AntineoplasticAgent"][:4]:
        add("SystemicTherapyMedication", therapy, drug=drug)
    for day, value in (("2024-02-01", 41.5), ("2024-03-01", 12.25), ("2024-04-01", 3.5)):
        quantity = {"value": value, "unit": "ng__ml"}
        add("TumorMarker", caseId=case_id, date=day, analyte=first["TumorMarkerAnalyte"][0], massConcentration=quantity)
    async with running(pop) as url:
        yield f"{url}/cases/{case_id}"


@pytest.fixture
async def browser() -> AsyncIterator[playwright.Browser]:
    async with playwright.async_playwright() as driver:
        found = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        await found.close()


async def test_it_is_read_in_the_light_and_in_the_dark_on_a_screen_a_phone_and_paper(
    browser: playwright.Browser, case: str
) -> None:
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 375)):
        context = await browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 800}, java_script_enabled=width > 375
        )
        page = await context.new_page()
        problems: list[str] = []
        page.on("console", lambda message, found=problems: found.append(message.text))
        await page.goto(case)
        assert await page.locator("svg.spark polyline").count() == 1
        bar = await page.locator("svg.timeline .bar.open").bounding_box()
        assert bar is not None
        assert bar["width"] > 50
        # Wide tables and the timeline scroll in their own boxes; the page itself never does.
        main = await page.locator("main").bounding_box()
        assert main is not None
        assert main["width"] <= width
        if width > 375:
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert await page.evaluate(CONTRAST) >= 4.5
            await page.emulate_media(media="print")
            assert not await page.locator("header.top").is_visible()
            assert await page.locator("details td").last.is_visible(), "what is folded on the screen is on paper"
        assert problems == []
        await context.close()


#: The smallest contrast (WCAG 2.2, 1.4.3) of a text of the page, or of a label of the timeline, to what is behind it.
CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = text => channels(text).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { while (e && getComputedStyle(e).backgroundColor === "rgba(0, 0, 0, 0)") e = e.parentElement;
    return e ? getComputedStyle(e).backgroundColor : "rgb(255, 255, 255)"; };
  const ratio = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  const found = [...document.querySelectorAll("main *:not(title, option)")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => ratio(light(getComputedStyle(e)[e instanceof SVGElement ? "fill" : "color"]), light(behind(e))));
  return Math.min(...found);
}"""


async def test_a_person_signs_in_and_edits_without_a_script(browser: playwright.Browser, case: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(case)
    await page.get_by_role("link", name="Sign in to edit").click()
    await page.get_by_label("User").fill("curator")
    await page.get_by_label("Password").fill("curator")
    await page.get_by_role("button", name="Sign in").click()
    row = page.locator("tr", has_text="since 1 Feb 2024")
    await row.get_by_role("link", name="Edit").click()
    await page.get_by_label("Cycles").fill("6")
    await page.get_by_label("Period: end").fill("2024-05-31")
    await page.get_by_role("button", name="Save").click()
    row = page.locator("tr", has_text="1 Feb 2024 – 31 May 2024")
    assert await row.locator(".pill.hand").inner_text() == "gateway, curator"
    assert await page.locator("svg.timeline .bar.open").count() == 0
    await row.get_by_role("link", name="Edit").click()
    await page.get_by_role("button", name="Delete this entry").click()
    await page.get_by_role("heading", name="Tumor markers").wait_for()
    assert await page.locator("svg.timeline .bar").count() == 0
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("link", name="Sign in to edit").wait_for()
    assert await page.get_by_role("link", name="Edit", exact=True).count() == 0
    await context.close()
