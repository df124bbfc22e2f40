"""Drugs that support a cancer therapy and are none themselves (ESMO and NCCN guidelines on supportive care), though POP's list of
agents, which follows the NCI Thesaurus, holds some of them."""

from __future__ import annotations

import re

from mappers.codes import ATC
from mappers.fhir import pairs, words
from mappers.protocol import JsonObject

#: ATC groups (WHO Collaborating Centre, *Guidelines for ATC classification*): everything outside L01 (antineoplastic), L02
#: (endocrine therapy), L03, L04 (immune), H01/H02 (hormones), V03AF (folinates), V10 (radiopharmaceuticals).
_ATC = re.compile(r"[A-GJMNPRS]\d\d")
_ATC_GROUPS = {
    "A04": "an antiemetic",
    "L03AA": "a colony-stimulating factor",
    "B03X": "a drug against anaemia",
    "M05B": "a drug for bones",
    "V03AF": "a cytoprotective drug",
    "J": "an anti-infective",
}
_FOLINATE = ("V03AF03", "V03AF04", "V03AF06")
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(rf"\b(?:{names})", re.I))
    for reason, names in (
        ("an antiemetic", r"ondansetron|granisetron|palonosetron|tropisetron|dolasetron|(?:fos)?aprepitant|(?:fos)?netupitant|"
         r"rolapitant|metoclopramid|olanzapin|prochlorperazin|promethazin|dimenhydrinat|akynzeo|emend|zofran|aloxi"),
        ("a colony-stimulating factor", r"(?:peg|lipeg|tbo-|eflapeg)?filgrastim|efbemalenograstim|lenograstim|sargramostim|"
         r"neulasta|neupogen|granocyte|plerixafor"),
        ("a drug against anaemia", r"epoetin|darbepoetin|luspatercept|ferric|eisen|iron\b"),
        ("a drug for bones", r"zoledron|pamidron|ibandron|denosumab|xgeva|prolia|zometa|clodron|alendron"),
        ("a cytoprotective drug", r"mesna|uromitexan|dexrazoxan|amifostin|glucarpidas|palifermin|rasburicas|allopurinol|"
         r"febuxostat|fasturtec|elitek"),
        ("premedication", r"diphenhydramin|cetirizin|clemastin|hydroxyzin|famotidin|ranitidin|cimetidin|paracetamol|"
         r"acetaminophen|lorazepam|dimetinden"),
        ("a drug for the stomach", r"omeprazol|pantoprazol|esomeprazol|lansoprazol|rabeprazol"),
        ("an anti-infective", r"aciclovir|acyclovir|valacyclovir|cotrimoxazol|sulfamethoxazol|fluconazol|posaconazol|letermovir|"
         r"levofloxacin|ciprofloxacin"),
        ("a vitamin", r"folic acid|folsäure|cyanocobalamin|vitamin|hydroxocobalamin"),
        ("a fluid", r"sodium chloride|natriumchlorid|dextrose|glucose|ringer|sterile water|magnesium|potassium"),
        ("a drug against clotting", r"enoxaparin|dalteparin|tinzaparin|certoparin|heparin|apixaban|rivaroxaban|edoxaban|warfarin|"
         r"phenprocoumon"),
        ("a drug for the bowel", r"loperamid|senna|docusat|macrogol|polyethylene glycol|bisacodyl|lactulos"),
        ("a drug against pain", r"acetylsalicylic|aspirin|ibuprofen|naproxen|diclofenac|morphin|fentanyl|hydromorphon|oxycodon|"
         r"metamizol|celecoxib"),
    )
)  # fmt: skip


def supportive_reason(concept: JsonObject) -> str | None:
    """Why the drug is supportive (``an antiemetic``); None if it is not known as such. Ask for agents first where a description
    names both: ``paclitaxel in sodium chloride`` is paclitaxel."""
    for system, code in pairs(concept):
        if system == ATC and not code.startswith(_FOLINATE):
            for group, reason in _ATC_GROUPS.items():
                if code.startswith(group):
                    return reason
            if _ATC.match(code):
                return "a drug of another group than cancer drugs"
    text = words(concept)
    return next((reason for reason, names in _NAMES if names.search(text)), None)
