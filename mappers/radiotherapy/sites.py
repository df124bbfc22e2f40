"""Where was irradiated: a location of POP's list, and its one qualifier."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mappers.codes import ICD_10_PCS, LATERALITY, SNOMED
from mappers.fhir import code_of, codings, extension_value, objects, pairs, words
from mappers.protocol import Context, JsonObject, Source, Translation
from mappers.radiotherapy.procedures import BESTRAHLUNG_SIDE
from mappers.radiotherapy.tables import TABLES

LOCATION, QUALIFIER = "RadiotherapyTreatmentLocation", "RadiotherapyTreatmentLocationQualifier"
LEFT, RIGHT, BOTH = "7771000", "24028007", "51440002"
ENTIRE, PARTIAL = "255503000", "255609007"
SIDES = (LEFT, RIGHT, BOTH)
#: Sides of the oBDS (*Seitenlokalisation*); M, U and T name none.
_KEYS = {"L": LEFT, "R": RIGHT, "B": BOTH}
_SIDE_WORDS = (
    (BOTH, re.compile(r"\b(?:bilateral|both|beidseits?|beidseitig|bds\.?|bilat\.?)(?=\W|$)", re.I)),
    (LEFT, re.compile(r"\b(?:left|links|linke[rsn]?|lt\.?|li\.)(?=\W|$)", re.I)),
    (RIGHT, re.compile(r"\b(?:right|rechts|rechte[rsn]?|rt\.?|re\.)(?=\W|$)", re.I)),
)
_OTHER_WORDS = (
    (ENTIRE, re.compile(r"\b(?:whole|entire|ganze?[rs]?)\b", re.I)),
    (PARTIAL, re.compile(r"\b(?:partial|teil)\b", re.I)),
    ("261183002", re.compile(r"\bupper\b", re.I)),
    ("261122009", re.compile(r"\blower\b", re.I)),
    ("260528009", re.compile(r"\bmiddle\b", re.I)),
)
#: Words of a name that say nothing of the place.
_FILLERS = re.compile(
    r"\([^)]*\)|\b(?:bone |skin )?structures?(?: of)?\b|\bof the\b|\bthe\b|\bregion\b|\bptv\b|\bgtv\b|\bctv\b|[,;:]",
    re.I,
)
_COMPOUND = {"ganzhirn": ENTIRE, "wbrt": ENTIRE, "ganzkörper": None}


@dataclass(frozen=True, slots=True)
class Site:
    """A location as stated, and what POP calls it."""

    location: Translation | None
    qualifier: str | None
    concept: JsonObject
    """As stated: for the issue, if it has no translation."""
    source: Source

    @property
    def identity(self) -> str:
        """The same for the same place, however it was written."""
        if self.location is not None:
            return str(self.location.concept["code"]) + (f"/{self.qualifier}" if self.qualifier else "")
        coding = next((code_of(each) for each in codings(self.concept) if code_of(each)), "")
        return coding or " ".join(words(self.concept).casefold().split()) or "unnamed"


def read_site(concept: JsonObject, source: Source, context: Context) -> Site:
    """A CodeableConcept of a body site: POP's own code or name, a pre-coordinated code, a key, or a name with a side."""
    code, qualifier = _keyed(concept)
    translation = context.translate(LOCATION, concept, text=True)
    if translation is None and code is None:
        code = _named(words(concept))
    if translation is None and code is not None:
        translation = context.translate(LOCATION, {"coding": [{"system": SNOMED, "code": code}]})
    return Site(translation, _side_of(concept) or qualifier or _other(words(concept)), concept, source)


def with_qualifiers(site: Site, qualifiers: list[JsonObject], context: Context) -> Site:
    """The site with the qualifier of its BodyStructure: POP holds one, the side before all others, then the first."""
    found: list[str] = []
    for concept in qualifiers:
        translation = context.translate(QUALIFIER, concept, text=True)
        code = str(translation.concept["code"]) if translation is not None else _side_of(concept)
        if code is not None:
            found.append(code)
    best = next((each for each in found if each in SIDES), found[0] if found else None)
    return Site(site.location, best or site.qualifier, site.concept, site.source)


def site_in_text(text: str, source: Source, context: Context) -> Site | None:
    """The one place that a free text names; None if it names none or several."""
    plain = text.casefold()
    found = {
        name for name in TABLES.site_names if len(name) > 3 and re.search(rf"(?<!\w){re.escape(name)}s?(?!\w)", plain)
    }
    found = {name for name in found if not any(name != other and name in other for other in found)}
    codes = {TABLES.site_names[name] for name in found}
    if len(codes) != 1:
        return None
    translation = context.translate(LOCATION, {"coding": [{"system": SNOMED, "code": codes.pop()}]})
    compound = next((_COMPOUND[name] for name in found if name in _COMPOUND), None)
    return Site(translation, _side_in(text) or compound or _other(text), {"text": min(found)}, source)


def _keyed(concept: JsonObject) -> tuple[str | None, str | None]:
    """(location, qualifier) of a code: SNOMED CT pre-coordinated, Zielgebiet, ICD-O-3, ICD-10-PCS section D."""
    for coding in codings(concept):
        code = code_of(coding)
        system = next(iter(pairs({"coding": [coding]})))[0]
        if system == SNOMED and code in TABLES.site_keys["snomed"]:
            return TABLES.site_keys["snomed"][code]
        if "zielgebiet" in system.lower():
            # The 2014 edition appends marks to the key (``3.1.+``, ``9.10.-``): with or without regional nodes, and the like.
            key = re.match(r"\d+\.\d+", code)
            if key is not None and key[0] in TABLES.site_keys["zielgebiet"]:
                return TABLES.site_keys["zielgebiet"][key[0]]
        if "icd-o" in system.lower():
            found = TABLES.topographies.get(code) or TABLES.topographies.get(code[:3])
            if found is not None:
                return found, None
        if system == ICD_10_PCS and re.fullmatch(r"D[0-9A-Z]{6}", code) is not None:
            part = TABLES.pcs_sites.get(code[1] + code[3])
            return part, {"M0": LEFT, "M1": RIGHT}.get(code[1] + code[3])
    return None, None


def _named(text: str) -> str | None:
    """A location by its name without side, part and filling words; of several texts the first that names one."""
    for part in text.split(" | "):
        plain = _FILLERS.sub(" ", part.casefold())
        for _, pattern in (*_SIDE_WORDS, *_OTHER_WORDS):
            plain = pattern.sub(" ", plain)
        name = " ".join(plain.replace(".", " ").split())
        for spelling in (name, name.removesuffix("s"), re.sub(r"^(?:lymph )?nodes?,? ", "", name)):
            if spelling in TABLES.site_names:
                return TABLES.site_names[spelling]
    return None


def _side_of(concept: JsonObject) -> str | None:
    stated = extension_value(concept, (*LATERALITY, BESTRAHLUNG_SIDE))
    if stated is not None and (found := _side_of_code(stated[1])) is not None:
        return found
    return _side_of_code(concept) or _side_in(words(concept))


def _side_of_code(concept: object) -> str | None:
    for system, code in pairs(concept):
        if system == SNOMED and code in SIDES:
            return code
        if "seitenlokalisation" in system.lower() and code in _KEYS:
            return _KEYS[code]
    return _side_in(words(concept))


def side_of(concept: object) -> str | None:
    """The side that a concept is or names."""
    return _side_of_code(concept)


def _side_in(text: str) -> str | None:
    found = [code for code, pattern in _SIDE_WORDS if pattern.search(text)]
    return BOTH if LEFT in found and RIGHT in found else found[0] if found else None


def _other(text: str) -> str | None:
    plain = text.casefold()
    for name, code in _COMPOUND.items():
        if code is not None and name in plain:
            return code
    return next((code for code, pattern in _OTHER_WORDS if pattern.search(text)), None)


def sites_of(json: JsonObject) -> list[tuple[int, JsonObject]]:
    """The body sites of a Procedure, by position."""
    return list(enumerate(objects(json.get("bodySite"))))
