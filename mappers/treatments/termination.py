"""Why a therapy ended."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mappers.codes import SNOMED, TERMINATION_REASON
from mappers.fhir import extension_value, first, objects, pairs, words
from mappers.protocol import JsonObject, Resource, Source

#: Ended, as each type calls it (R4 value sets of status); an order may be cancelled after doses of it were given.
ENDED = frozenset({"completed", "stopped", "ended", "revoked", "final", "cancelled"})
#: SNOMED CT *Treatment not tolerated*, as POP has it.
NOT_TOLERATED = "407563006"
#: oBDS *Ende_Grund*: other reasons and unknown ones are none that POP could hold.
_NO_REASON = frozenset({"S", "U"})
#: mCODE before STU2 called it ``onco-core-TerminationReason-extension``.
_URL = re.compile(r"termination-?reason(?:-extension)?$", re.I)
#: What people write → POP's reasons (mCODE *Treatment Termination Reason*). Progression is a therapy that does not work.
_WORDS = tuple(
    (re.compile(pattern, re.I), code)
    for pattern, code in (
        (r"progress|no response|refractory|ineffective|therapieversagen|lack of (?:response|efficacy)", "266721009"),
        (r"toxic|adverse|side effect|intoleran|not tolerated|nebenwirkung|unverträglich", NOT_TOLERATED),
        (
            r"refus|declin|patient(?:'s)? (?:request|choice|decision|wish)|verweiger|abgelehnt|patientenwunsch",
            "105480006",
        ),
        (r"complet|abgeschlossen|regulär", "182992009"),
        (r"death|died|deceased|verstorben", "419620001"),
        (r"lost to follow", "399307001"),
        (r"financ|insurance|unable to afford|\bcosts?\b", "160932005"),
        (r"pregnan|schwanger", "77386006"),
        (r"moved away|verzogen", "184081006"),
        (r"non-?complian|non-?adheren", "7058009"),
        (r"not available|shortage|lieferengpass", "309846006"),
    )
)


def stated_termination(carriers: Sequence[Resource]) -> tuple[JsonObject, Source] | None:
    """Why a therapy ended: mCODE's extension, the reason of an ended state, a registry's *Ende_Grund* as outcome."""
    for each in carriers:
        json = each.json
        stated = extension_value(json, TERMINATION_REASON)
        if stated is not None and isinstance(stated[1], dict):
            return stated[1], Source(each.reference, "extension")
        for extension in objects(json.get("extension")):
            if _URL.search(str(extension.get("url"))) and isinstance(extension.get("valueCodeableConcept"), dict):
                return extension["valueCodeableConcept"], Source(each.reference, "extension")
        reason = first(json.get("statusReason"))
        if reason and json.get("status") in ENDED:
            return reason, Source(each.reference, "statusReason")
        outcome = first(json.get("outcome")) if each.type == "Procedure" else {}
        if outcome and not any(code in _NO_REASON for _, code in pairs(outcome)):
            return outcome, Source(each.reference, "outcome")
    return None


def reason_of_words(concept: JsonObject) -> JsonObject | None:
    """POP's reason for words that name exactly one."""
    text = words(concept)
    found = {code for pattern, code in _WORDS if pattern.search(text)}
    return {"coding": [{"system": SNOMED, "code": found.pop()}]} if len(found) == 1 else None
