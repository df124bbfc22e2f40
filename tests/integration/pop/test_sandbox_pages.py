"""The sandbox POP's pages over HTTP: what they show, and editing by hand under POP's own rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop.pages.case import Cases
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]
CASE = {
    "clinicalCenter": "Test Hospital", "clinicalIdentifier": "A-1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive",
    "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
    "externalSource": "EHR", "externalSourceId": "Patient/clara",
}  # fmt: skip


class Site:
    """A sandbox with one case, and a browser of sorts."""

    def __init__(self, pop: SandboxPop, http: httpx.AsyncClient) -> None:
        self.pop, self.http = pop, http
        self.records = Records(pop.entities, pop.terms)
        self.case = self.add("PatientCase", CASE)
        tumour = {
            "relationship": "primary", "assertionDate": "2024-01-15", "topography": self.concept("CancerTopography"),
            "morphology": self.concept("CancerMorphology"),
        }  # fmt: skip
        self.tumour = self.add("NeoplasticEntity", tumour)
        self.therapy = self.add(
            "SystemicTherapy", {"period": {"start": "2024-02-01"}, "intent": "palliative", "cycles": 4}
        )
        drug = {
            "drug": self.concept("AntineoplasticAgent"),
            "dosageMassSurface": {"value": 0.075, "unit": "g__square_meter"},
        }
        self.drug = self.add("SystemicTherapyMedication", drug, parent=self.therapy)
        for day, value in (("2024-02-01", 41.5), ("2024-03-01", 12.25)):
            content = {"date": day, "analyte": self.concept("TumorMarkerAnalyte"), "relatedEntitiesIds": [self.tumour]}
            self.marker = self.add("TumorMarker", {**content, "massConcentration": {"value": value, "unit": "ug__l"}})

    def concept(self, terminology: str) -> JsonObject:
        return next(iter(self.pop.terms.lists[terminology].values()))

    def add(self, kind: str, body: JsonObject, *, parent: str | None = None) -> str:
        body = body if parent is not None or kind == "PatientCase" else {"caseId": self.case, **body}
        _, row = self.records.create(KINDS[kind].collection, body, user="gateway", parent=parent)
        return str(row["id"])

    def row(self, kind: str, identity: str) -> JsonObject:
        row = self.pop.entities.get(KINDS[kind].collection, identity)
        assert row is not None
        return row

    async def sign_in(self, name: str, password: str | None = None, target: str = "/") -> httpx.Response:
        page = await self.http.get("/sign-in", params={"next": target})
        (form,) = forms(page.text)
        return await self.http.post("/sign-in", data={**form.fields, "username": name, "password": password or name})

    async def edit(self, identity: str, **changed: str | list[str]) -> httpx.Response:
        """Open the form of an entity, change fields, save."""
        address = f"/cases/{self.case}/edit/{identity}"
        form = next(each for each in forms((await self.http.get(address)).text) if each.action == address)
        return await self.http.post(address, data={**form.fields, **changed})


class FoundForm:
    """A form of a page: where it is sent to, and what is in it."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str | list[str]] = {}


class _Forms(HTMLParser):
    """What a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[FoundForm] = []
        self._select: tuple[str, bool] | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.found.append(FoundForm(given["action"] or ""))
        elif tag == "input":
            self.found[-1].fields[given["name"] or ""] = given.get("value") or ""
        elif tag == "select":
            self._select = (given["name"] or "", "multiple" in given)
            self.found[-1].fields[self._select[0]] = [] if self._select[1] else ""
        elif tag == "option" and self._select is not None and "selected" in given:
            name, several = self._select
            fields = self.found[-1].fields
            fields[name] = [*fields[name], given["value"] or ""] if several else given["value"] or ""
        elif tag == "textarea":
            self._area = given["name"]
            self.found[-1].fields[self._area or ""] = ""

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.found[-1].fields[self._area] = data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None


def forms(html: str) -> list[FoundForm]:
    """The forms of a page but for the one that signs out."""
    parser = _Forms()
    parser.feed(html)
    return [form for form in parser.found if form.action != "/sign-out"]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    pop = SandboxPop(console="http://127.0.0.1:9")
    async with running(pop) as url, httpx.AsyncClient(base_url=url) as http:
        yield Site(pop, http)


async def test_anybody_reads_a_case_and_nothing_of_the_hospital(site: Site) -> None:
    row = site.row("PatientCase", site.case)
    listed = await site.http.get("/")
    assert row["pseudoidentifier"] in listed.text
    page = await site.http.get(f"/cases/{site.case}")
    assert page.status_code == 200
    for expected in (
        row["pseudoidentifier"],
        "75 mg/m²",
        "<polyline",
        "since 1 Feb 2024",
        'class="timeline"',
        "gateway",
    ):
        assert expected in page.text
    for hidden in ("A-1", "Test Hospital", "clara", "/edit/"):
        assert hidden not in page.text
    assert f"http://127.0.0.1:9/cases/{site.case}" in page.text
    assert "script" not in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert (await site.http.get("/cases/none")).status_code == 404
    assert (await site.http.get("/static/pages.css")).headers["Content-Type"] == "text/css"
    assert site.pop.counts == {}, "pages are no requests to the API"


async def test_many_cases_are_paged_and_found_by_their_pseudonym(site: Site) -> None:
    for number in range(60):
        site.add("PatientCase", {**CASE, "clinicalIdentifier": f"B-{number}"})
    first = (await site.http.get("/")).text
    assert first.count('<th scope="row">') == 50
    assert "1 to 50" in first
    older = (await site.http.get("/", params={"offset": "50"})).text
    name = site.row("PatientCase", site.case)["pseudoidentifier"]
    assert older.count('<th scope="row">') == 11
    assert name in older
    assert name not in first
    found = (await site.http.get("/", params={"pseudonym": name.lower()})).text
    assert found.count('<th scope="row">') == 1
    assert "No case here" in (await site.http.get("/", params={"pseudonym": "nobody"})).text
    assert (await site.http.get("/", params={"offset": "-1"})).status_code == 200


async def test_who_may_edit(site: Site) -> None:
    address = f"/cases/{site.case}/edit/{site.marker}"
    away = await site.http.get(address)
    assert (away.status_code, away.headers["Location"]) == (303, f"/sign-in?next={address}")
    wrong = await site.sign_in("curator", "no")
    assert wrong.status_code == 400
    assert "refuses" in wrong.text
    assert (await site.sign_in("viewer", target=address)).headers["Location"] == address
    assert (await site.http.get(address)).status_code == 403
    (out,) = [form for form in _all_forms((await site.http.get("/")).text) if form.action == "/sign-out"]
    assert (await site.http.post("/sign-out", data=out.fields)).status_code == 303
    assert (await site.http.get(address)).status_code == 303
    cookie = (await site.sign_in("curator")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await site.http.get(address)).status_code == 200
    assert "Test Hospital" in (await site.http.get(f"/cases/{site.case}")).text
    assert (await site.http.get("/api/v1/users")).status_code == 401, "the API does not take the pages' cookie"


def _all_forms(html: str) -> list[FoundForm]:
    parser = _Forms()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", ""])
async def test_signing_in_leads_nowhere_else(site: Site, target: str) -> None:
    assert (await site.sign_in("curator", target=target)).headers["Location"] == "/"


async def test_a_form_of_another_site_writes_nothing(site: Site) -> None:
    await site.sign_in("curator")
    address = f"/cases/{site.case}/edit/{site.therapy}"
    form = next(each for each in forms((await site.http.get(address)).text) if each.action == address)
    changed = {**form.fields, "cycles": "9"}
    for data, headers in (
        ({**changed, "token": ""}, {}),
        ({**changed, "token": "0" * 64}, {}),
        (changed, {"Origin": "http://evil.example"}),
        (changed, {"Origin": "null"}),
        (changed, {"Sec-Fetch-Site": "cross-site"}),
    ):
        assert (await site.http.post(address, data=data, headers=headers)).status_code == 403
    deletion = f"/cases/{site.case}/delete/{site.therapy}"
    assert (await site.http.post(deletion, data={"version": form.fields["version"]})).status_code == 403
    assert site.row("SystemicTherapy", site.therapy)["cycles"] == 4


async def test_an_edit_is_stored_under_the_editors_name(site: Site) -> None:
    await site.sign_in("curator")
    saved = await site.edit(site.therapy, **{"cycles": "6", "period.end": "2024-06-30"})
    assert (saved.status_code, saved.headers["Location"]) == (303, f"/cases/{site.case}#e-{site.therapy}")
    row = site.row("SystemicTherapy", site.therapy)
    assert (row["cycles"], row["period"]) == (6, {"start": "2024-02-01", "end": "2024-06-30"})
    assert "curator" in row["updatedBy"]
    assert row["caseId"] == site.case
    other = site.add("SystemicTherapy", {"period": {"start": "2024-08-01"}, "intent": "curative"})
    assert (await site.edit(site.therapy, cycles="7")).status_code == 303
    page = (await site.http.get(f"/cases/{site.case}")).text
    assert page.count('<span class="pill hand">') == 1, (
        "POP signs every therapy of the case, but this one alone was edited"
    )
    assert '<span class="pill hand">gateway, curator</span>' in page.partition(site.therapy)[2]
    assert site.row("SystemicTherapy", other)["updatedBy"] is not None


async def test_an_older_form_is_not_saved_over_a_newer_version(site: Site) -> None:
    await site.sign_in("curator")
    address = f"/cases/{site.case}/edit/{site.therapy}"
    old = next(each for each in forms((await site.http.get(address)).text) if each.action == address)
    assert (await site.edit(site.therapy, cycles="6")).status_code == 303
    for path in (address, address.replace("/edit/", "/delete/")):
        answer = await site.http.post(path, data={**old.fields, "cycles": "8"})
        assert answer.status_code == 409
        assert "Somebody else has changed this" in answer.text
    assert site.row("SystemicTherapy", site.therapy)["cycles"] == 6


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cycles": "-1"}, "check constraint"),
        ({"cycles": "many"}, "«many» is no whole number"),
        ({"intent": ""}, "intent: Field required"),
        ({"period.end": "2023-01-01"}, "POP answers 500"),
    ],
)  # fmt: skip
async def test_what_pop_refuses_is_told_and_kept_in_the_form(site: Site, changed: dict[str, str], told: str) -> None:
    await site.sign_in("curator")
    before = dict(site.row("SystemicTherapy", site.therapy))
    answer = await site.edit(site.therapy, **changed)
    assert answer.status_code == 422
    assert told in answer.text
    (name, value), *_ = changed.items()
    assert next(each for each in forms(answer.text) if "/edit/" in each.action).fields[name] == value
    assert site.row("SystemicTherapy", site.therapy) == before


async def test_deleting_an_entity_and_the_case(site: Site) -> None:
    await site.sign_in("curator")
    for identity, leads_to in ((site.drug, f"/cases/{site.case}#e-{site.case}"), (site.case, "/")):
        page = await site.http.get(f"/cases/{site.case}/edit/{identity}")
        removal = next(each for each in forms(page.text) if "/delete/" in each.action)
        answer = await site.http.post(removal.action, data=removal.fields)
        assert answer.headers["Location"] == leads_to
        assert (await site.http.get(f"/cases/{site.case}/edit/{identity}")).status_code == 303
    assert list(site.pop.entities.collections()) == []


async def test_poison_is_shown_as_such_and_can_be_repaired(site: Site) -> None:
    row = site.row("PatientCase", site.case)
    site.pop.entities.put("patient-cases", {**row, "endOfRecords": "2024-05-01"})
    page = await site.http.get(f"/cases/{site.case}")
    assert page.status_code == 200
    assert "POP cannot show this case" in page.text
    await site.sign_in("curator")
    assert (await site.edit(site.case, endOfRecords="")).status_code == 303
    assert "POP cannot show" not in (await site.http.get(f"/cases/{site.case}")).text


async def test_saving_a_form_unchanged_changes_nothing(site: Site) -> None:
    await site.sign_in("curator")
    assert await saved_unchanged(site, site.case) == 6


async def test_forms_of_many_kinds_give_back_what_they_show(shared: Path) -> None:
    pop = SandboxPop(terminologies=shared / "pop/terminologies")
    async with running(pop) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
        site = Site(pop, http)
        await site.sign_in("curator")
        exported = json.loads((shared / "pop/native-export/melanoma-acral.json").read_text(encoding="utf-8"))[
            "entities"
        ]
        assert await saved_unchanged(site, load(site, exported)) > 30


def load(site: Site, exported: dict[str, Any]) -> str:
    """Store an exported case under new ids; returns its id."""
    ids: dict[str, str] = {}
    pending = [(name, each) for name, rows in exported.items() for each in (rows if isinstance(rows, list) else [rows])]
    while pending:
        waiting = []
        for name, row in pending:
            kind = next((kind for kind in KINDS.values() if _called(kind) == name and _is(kind, row)), None)
            if kind is None or kind.name == "TherapyLine":
                continue
            body = {field: row[field] for field in kind.properties - {"therapyLineId"} if row.get(field) is not None}
            parent = row.get("parentId")
            references = [name for name in kind.references if name in body]
            needed = {each for name in references for each in _list(body[name])} | {parent} - {None}
            if needed - ids.keys():
                waiting.append((name, row))
                continue
            for field in references:
                new = [ids[each] for each in _list(body[field])]
                body[field] = new if field in kind.many else new[0]
            owner = None if parent is None else ids[parent]
            _, stored = site.records.create(kind.collection, body, user="gateway", parent=owner)
            ids[row["id"]] = stored["id"]
        assert len(waiting) < len(pending)
        pending = waiting
    return ids[exported["case"]["id"]]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _called(kind: Kind) -> str:
    """What the export calls a kind's rows."""
    if kind.name == "PatientCase":
        return "case"
    if kind.name == "MolecularTherapeuticRecommendation":
        return "tumor-boards/therapeutic-recommendations"
    first, *others = kind.collection.split("/")
    return "/".join([first, *others[-1:]])


def _is(kind: Kind, row: JsonObject) -> bool:
    return all(row.get(field) == value for field, value in kind.const.items())


async def saved_unchanged(site: Site, case_id: str) -> int:
    """Open and save the form of every entity but POP's own lines; returns how many, having seen that none changed."""
    cases = Cases(site.pop.entities, Reader(site.pop.entities, site.pop.terms), site.pop.accounts)
    case = cases.find(case_id)
    assert case is not None
    site.case = case_id
    entries = [each for each in case.all() if each.kind.name != "TherapyLine"]
    for entry in entries:
        before = _content(entry.kind, site.row(entry.kind.name, entry.id))
        answer = await site.edit(entry.id)
        assert answer.status_code == 303, (entry.kind.name, answer.text)
        assert _content(entry.kind, site.row(entry.kind.name, entry.id)) == before, entry.kind.name
    return len(entries)


def _content(kind: Kind, row: JsonObject) -> JsonObject:
    # Saving a therapy makes POP's lines anew.
    return {name: value for name, value in row.items() if name in kind.properties and name != "therapyLineId"}
