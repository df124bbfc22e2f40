"""Which drugs a resource names: its medication, the ingredients of it, or the protocol of a course."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mappers.agents import Agent, agents_of, read_protocol, supportive_reason
from mappers.codes import ATC, MEDICATION_PROFILES
from mappers.fhir import codings, first, objects, pairs, profiles, text_of, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.terminology.agent_names import read_agents
from mappers.treatments.intents import stated_intent

#: WHO stems of cancer drugs (*The use of stems in the selection of International Nonproprietary Names*): such an agent of POP's
#: list is one even where nothing else says so. POP's list, which is the NCI Thesaurus's, has statins and antihistamines, too.
_STEMS = re.compile(
    r"(?:tinib|ciclib|parib|platin|rubicin|taxel|vedotin|deruxtecan|mafodotin|emtansine|leucel|rasib|sidenib|lutamide|trexed|poside|"
    r"citabine|zomib|lisib|fenib|metostat|menib|[a-z]limab|[a-z]tamab|[a-z]ixumab)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug, with the agents that it is known to be."""

    concept: JsonObject
    source: Source
    agents: tuple[Agent, ...]

    @property
    def may_be_one(self) -> bool:
        """It could be a cancer drug that is not known here: its name has a stem of theirs, or nothing but a code names it."""
        if self.agents or supportive_reason(self.concept) is not None:
            return bool(self.agents)
        text = words(self.concept)
        coded = any(system == ATC and code.startswith(("L01", "L02")) for system, code in pairs(self.concept))
        return coded or not text or sounds_like_one(text)


def sounds_like_one(name: str) -> bool:
    """A nonproprietary name with the stem of a cancer drug."""
    return _STEMS.search(name) is not None


def drugs_of(member: Resource, context: Context) -> list[Drug]:
    """The medication by its code or words, else its active ingredients, else what the reference to it calls it."""
    concept = member.json.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        return [Drug(concept, Source(member.reference, "medicationCodeableConcept"), agents_of(concept, context))]
    reference = first(member.json.get("medicationReference"))
    medication = context.resolve(reference, within=member)
    found: list[Drug] = []
    if medication is not None and medication.type == "Medication":
        code = medication.json.get("code")
        if isinstance(code, dict):
            found.append(Drug(code, Source(medication.reference, "code"), agents_of(code, context)))
        if found and found[0].agents:
            return found
        ingredients = [
            Drug(item, Source(medication.reference, f"ingredient[{position}]"), agents_of(item, context))
            for position, each in enumerate(objects(medication.json.get("ingredient")))
            if isinstance(item := each.get("itemCodeableConcept"), dict) and each.get("isActive") is not False
        ]
        if any(drug.agents for drug in ingredients):
            return ingredients
        found = found or ingredients
    display = text_of(reference.get("display"))
    if display:
        named = {"text": display}
        shown = Drug(named, Source(member.reference, "medicationReference"), agents_of(named, context))
        if shown.agents or not found:
            return [shown]
    return found


def is_claimed(json: JsonObject) -> bool:
    """The resource says by itself that it belongs to a cancer therapy: an mCODE profile, an intent, a course it is part of."""
    return (
        bool(profiles(json) & MEDICATION_PROFILES) or stated_intent(json) is not None
        or bool(json.get("partOf")) or bool(json.get("basedOn"))
    )  # fmt: skip


def protocol_of(json: JsonObject) -> str:
    """The name of a protocol, or a list of agents, in a plan's title or description, or among what a Procedure used."""
    texts = [text_of(json.get("title")), text_of(json.get("description"))]
    for name in ("usedCode", "code"):
        for concept in objects(json.get(name)):
            texts += [text_of(concept.get("text")), *(text_of(each.get("display")) for each in codings(concept))]
    return next((text for text in texts if text and (read_protocol(text) or read_agents(text)[0])), "")
