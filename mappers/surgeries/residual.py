"""What an operation left behind: residual status, or an outcome in POP's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mappers.codes import LOINC, SNOMED
from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import code_of, codings, extension_value, first, has_code, objects, text_of
from mappers.protocol import Context, Resource, Source
from mappers.subjects import TUMOUR, observed_on
from mappers.surgeries.sessions import Session

#: Observations of the residual tumour (MII *Residualstatus*; LOINC 84892-9 Residual tumor classification).
RESIDUAL_CODES = frozenset({(LOINC, "84892-9"), (SNOMED, "445200009")})

#: UICC's residual tumour classification in three steps (Wittekind, TNM Supplement: R0 none, R1 microscopic, R2 macroscopic) on
#: POP's three outcomes, in their order. RX says nothing.
_OUTCOME = {
    "0": ("385669000", "Successful"),
    "1": ("385670004", "Partially successful"),
    "2": ("385671000", "Unsuccessful"),
}
_SNOMED_RESIDUAL = {"1222638005": "0", "1222639002": "1", "1222640000": "2", "1222641001": "X"}
_LETTER = re.compile(r"\s*(?:ajcc |uicc |y?p?)?R\s?([012XU])(?:[\s(].*)?", re.I)
#: The same within a sentence: ``margins negative (R0)``, ``Subtotal resection, R2``. Of two different ones nothing is taken.
_TOKEN = re.compile(r"(?<![\w/-])R([012])(?![\w.])")
#: The day of a residual status is that of the operation, or of its pathology report.
_REPORT_DAYS = 30


def residual_of(concept: Any) -> str | None:
    """``0``, ``1``, ``2``, or ``X`` where it could not be assessed or is not known; None if the concept is no residual status."""
    for coding in codings(concept):
        code = code_of(coding)
        if code in _SNOMED_RESIDUAL:
            return _SNOMED_RESIDUAL[code]
        for text in (code, text_of(coding.get("display"))):
            if (match := _LETTER.fullmatch(text)) is not None:
                return match[1].upper().replace("U", "X")
        if code == "U" and "residual" in str(coding.get("system")).casefold():
            return "X"
    text = text_of(concept.get("text")) if isinstance(concept, dict) else ""
    if len(set(_TOKEN.findall(text))) > 1:
        return None
    match = _LETTER.fullmatch(text)
    return match[1].upper().replace("U", "X") if match is not None else residual_in(text)


def residual_in(text: str) -> str | None:
    """The one residual status that a sentence names."""
    found = set(_TOKEN.findall(text))
    return found.pop() if len(found) == 1 else None


def is_residual(resource: Resource) -> bool:
    """True for an Observation of the residual tumour."""
    return resource.type == "Observation" and has_code(resource.json.get("code"), RESIDUAL_CODES)


def belongs(observation: Resource, session: Session, context: Context) -> int | None:
    """How far apart an Observation and an operation are: 0 if it names it, else days; None if it is about something else."""
    found = [context.resolve(each, within=observation) for each in objects(observation.json.get("partOf"))]
    named = {each.reference for each in found if each is not None and each.type == "Procedure"}
    if named:
        return 0 if named & {each.reference for each in session.statements} else None
    focused = [context.entity_of(TUMOUR, each, within=observation) for each in objects(observation.json.get("focus"))]
    keys = {each.key for each in focused if each is not None}
    if keys and session.targets and not keys & session.targets:
        return None
    observed = observed_on(observation, context)
    day: Day | None = session.main.day
    if observed is None or day is None:
        return None
    apart = (observed[0].date - day.date).days
    return apart if 0 <= apart <= _REPORT_DAYS else None


def put_outcome(drafting: Drafting, session: Session, observations: Iterable[Resource], context: Context) -> None:
    """The operation's own outcome (oBDS 10.1, the local residual status) before the overall one (10.2)."""
    field = "outcome"
    stated: list[tuple[Any, Source]] = []
    members = sorted(session.statements, key=lambda each: (-each.rank, each.reference))
    for each in members:
        json = each.resource.json
        outcomes = objects(json.get("outcome"))
        stated.extend((concept, Source(each.reference, "outcome")) for concept in outcomes)
        code = json.get("code")
        name = text_of(code.get("text")) if isinstance(code, dict) else ""
        if not outcomes and residual_in(name) is not None:
            stated.append(({"text": name}, Source(each.reference, "code")))
        older = _extension(json)
        if older is not None:
            stated.append((older[1], Source(each.reference, older[0])))
    stated.extend(
        (each.json.get("valueCodeableConcept"), Source(each.reference, "valueCodeableConcept")) for each in observations
    )
    for concept, source in stated:
        residual = residual_of(concept)
        drafting.read(source)
        if field in drafting.payload or residual == "X":
            continue
        if residual is not None:
            code, display = _OUTCOME[residual]
            found = context.translate(
                "ProcedureOutcome", {"coding": [{"system": SNOMED, "code": code, "display": display}]}
            )
            if found is not None:
                drafting.put(field, found.concept, source)
                drafting.note_rule(field, found, source)
                text = f"The residual status R{residual} as the outcome."
                drafting.assume(field, "outcome-from-residual-status", text, source)
        else:
            drafting.concept(field, "ProcedureOutcome", concept, context=context, source=source)


def _extension(json: Any) -> tuple[str, Any] | None:
    """The residual status as older oBDS conversions send it: an extension named after it."""
    for extension in objects(json.get("extension")):
        url = extension.get("url")
        if isinstance(url, str) and url.casefold().endswith("residualstatus"):
            return extension_value(json, url) or ("extension", first(extension))
    return None
