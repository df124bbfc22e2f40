"""The gateway's own adapter against the server: signing in, adoption, doubtful time-outs, long lists, the guard before the wire."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from contract.table import Findings
from contract.target import CENTRE, PREFIX, TIMEOUT, Target

from adapters.pop.client import Exchange, PopClient
from adapters.pop.errors import PopAmbiguous, PopContract, PopRejected, PopServerError, PopUnauthorised
from adapters.pop.kinds import JsonObject
from adapters.pop.session import MemoryTokenStore, Session

SESSION = "/api/v1/auth/session"
SOURCE = "Gateway contract test"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
FEMALE = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}
Table = Callable[[str, str], Findings]


class Cutting(httpx.AsyncHTTPTransport):
    """A connection that loses the answer to a POST: POP has got it and nobody hears of it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; after a POST, run into the time-out."""
        response = await super().handle_async_request(request)
        if request.method == "POST":
            await response.aread()
            await response.aclose()
            raise httpx.ReadTimeout("cut", request=request)
        return response


@dataclass
class Stage:
    """The adapter with the technical account's session, and what it sent."""

    target: Target
    tokens: MemoryTokenStore
    sent: list[Exchange] = field(default_factory=list)
    clients: list[PopClient] = field(default_factory=list)

    def client(self, **changed: object) -> PopClient:
        """A client; closed at the end of the test."""
        account = self.target.accounts["gateway"]
        settings = {
            "username": account.username, "password": lambda: account.password, "tokens": self.tokens,
            "observer": self.sent.append, "timeout": TIMEOUT, **changed,
        }  # fmt: skip
        self.clients.append(PopClient(url=self.target.url, **settings))  # type: ignore[arg-type]
        return self.clients[-1]

    async def case(self, identifier: str | None = None) -> str:
        """A new case of the suite."""
        made = await self.client().create("PatientCase", case(identifier or f"{PREFIX}{uuid.uuid4()}"))
        self.target.made(made)
        return made


def case(identifier: str) -> JsonObject:
    """An invented case."""
    return {
        "clinicalCenter": CENTRE, "clinicalIdentifier": identifier, "gender": FEMALE, "dateOfBirth": "1961-05-17",
        "vitalStatus": "alive",
    }  # fmt: skip


def status(case_id: str, number: int = 0) -> JsonObject:
    """A performance status, told apart by its external id."""
    day = f"2024-{number // 28 + 1:02}-{number % 28 + 1:02}"
    return {"caseId": case_id, "date": day, "ecogScore": 1, "externalSource": SOURCE, "externalSourceId": f"s-{number}"}


@pytest.fixture
async def stage(target: Target, http: httpx.AsyncClient) -> AsyncIterator[Stage]:
    made = Stage(target, await target.session(http))
    yield made
    for client in made.clients:
        await client.aclose()


async def test_signing_in(stage: Stage, findings: Table) -> None:
    to = findings("adapter", "session")
    tokens = MemoryTokenStore()
    await tokens.write(Session(token="0" * 32, issued_at=2**40))
    client = stage.client(tokens=tokens)
    lists = await asyncio.gather(*(client.list("PerformanceStatus", case_id=UNKNOWN) for _ in range(10)))
    to.compare("an ended session is renewed, for ten calls at once", [[]] * 10, lists)
    to.compare("by one login", 1, [item.path for item in stage.sent].count(SESSION))
    stage.sent.clear()
    wrong = stage.client(tokens=MemoryTokenStore(), password=lambda: f"wrong-{uuid.uuid4()}")
    for _ in range(3):
        try:
            await wrong.list("PatientCase")
            to.different("a wrong password", "PopUnauthorised", "an answer")
        except PopUnauthorised:
            to.same("a wrong password")
    to.compare("is tried once, then waits", [(SESSION, 400)], [(item.path, item.status) for item in stage.sent])
    to.conclude()


async def test_the_server(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "server"), stage.client()
    account = await client.account()
    to.compare("the account may manage cases", True, account.can_manage_cases)
    to.compare("healthcheck", "ok", (await client.health())["database"])
    document = await client.openapi()
    to.compare("its own OpenAPI document", True, "PatientCaseCreate" in document["components"]["schemas"])
    difference = client.clock_difference
    to.compare("the clock difference is known", True, difference is not None and abs(difference) < 86_400)
    for terminology in ("AdministrativeGender", "CancerTopography"):
        concepts = await client.concepts(terminology)
        to.compare(
            f"{terminology} is read to its end", len({(c["system"], c["code"]) for c in concepts}), len(concepts)
        )
    to.conclude()


async def test_adoption(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "adoption"), stage.client()
    for form in ("{}", "{} ü?#&=+", "{}/2", "../{}", " {} "):
        identifier = form.format(f"{PREFIX}{uuid.uuid4()}")
        case_id = await stage.case(identifier)
        found = await client.find_case(CENTRE, identifier)
        to.compare(f"find_case {form}", case_id, found and found["id"])
    to.compare("find_case of nobody", None, await client.find_case(CENTRE, f"{PREFIX}{uuid.uuid4()}"))
    to.compare("find_case in another centre", None, await client.find_case(f"{CENTRE}, elsewhere", identifier))
    try:
        await client.create("PatientCase", case(identifier))
        to.different("the same identity again", "PopRejected", "created")
    except PopRejected as error:
        to.compare("the same identity again", True, "unique_clinical_identifier_per_center" in str(error))
    to.conclude()


async def test_doubtful_time_outs(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "ambiguous"), stage.client()
    cutting = stage.client(transport=Cutting())
    identifier = f"{PREFIX}{uuid.uuid4()}"
    with pytest.raises(PopAmbiguous):
        await cutting.create("PatientCase", case(identifier))
    found = await client.find_case(CENTRE, identifier)
    to.compare("a case whose answer was lost is found by its identity", True, found is not None)
    assert found is not None
    stage.target.made(found["id"])
    with pytest.raises(PopAmbiguous):
        await cutting.create("PerformanceStatus", status(found["id"]))
    listed = await client.list("PerformanceStatus", case_id=found["id"], external_source=SOURCE)
    to.compare("an entity is found by its external id, once", ["s-0"], [item["externalSourceId"] for item in listed])
    to.conclude()


async def test_long_lists(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "lists"), stage.client()
    one, two = await stage.case(), await stage.case()
    for number in range(53):
        await client.create("PerformanceStatus", status(one, number))
    await client.create("PerformanceStatus", {**status(two), "externalSource": "Other"})
    listed = await client.list("PerformanceStatus", case_id=one)
    to.compare("more than a page", {f"s-{n}" for n in range(53)}, {item["externalSourceId"] for item in listed})
    to.compare("each once", 53, len(listed))
    to.compare("of one case", 1, len(await client.list("PerformanceStatus", case_id=two)))
    to.compare("of one source", [], await client.list("PerformanceStatus", case_id=two, external_source=SOURCE))
    to.compare("of a case that is not there", [], await client.list("PerformanceStatus", case_id=UNKNOWN))
    to.conclude()


async def test_errors(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "errors"), stage.client()
    with pytest.raises(PopServerError):
        await client.create("PerformanceStatus", status(UNKNOWN))
    to.same("an unknown case is a PopServerError")
    nonsense = {"code": "nonsense", "system": "http://example.org/x"}
    with pytest.raises(PopRejected, match=r"has no concept nonsense of http://example\.org/x"):
        await client.create("PatientCase", {**case(f"{PREFIX}{uuid.uuid4()}"), "gender": nonsense})
    to.same("an unknown concept is a PopRejected that names it")


async def test_the_guard(stage: Stage, findings: Table) -> None:
    to, client = findings("adapter", "guard"), stage.client()
    case_id = await stage.case()
    therapy = {"caseId": case_id, "intent": "palliative"}
    radiotherapy = {"caseId": case_id, "intent": "palliative", "sessions": 3}
    refused: list[tuple[str, JsonObject]] = [
        ("PatientCase", {**case("x"), "endOfRecords": "2024-05-01"}),
        *(("SystemicTherapy", {**therapy, "period": period}) for period in ({}, {"end": "2024-05-01"}, None, [])),
        ("SystemicTherapy", therapy),
        *(("Radiotherapy", {**radiotherapy, "period": period}) for period in ({}, {"end": "2024-05-01"}, None, [])),
        ("Vitals", {"caseId": case_id, "date": "2024-05-01", "height": {"value": 0, "unit": "m"}}),
        ("PerformanceStatus", {**status(case_id), "ecogScore": 6}),
        ("PerformanceStatus", {**status(case_id), "colour": "blue"}),
    ]
    stage.sent.clear()
    for kind, body in refused:
        with pytest.raises(PopContract):
            await client.create(kind, body)
        with pytest.raises(PopContract):
            await client.update(kind, UNKNOWN, body)
        to.same(f"{kind} {sorted(body.keys() - {'caseId'})}")
    to.compare("nothing was sent", [], stage.sent)
    to.conclude()
