"""Operations by name: the display of a code, or text. A name counts only if every word of it is understood."""

from __future__ import annotations

import re
from functools import lru_cache

from mappers.surgeries.operations import Operation, patterns
from mappers.terminology.neoplasm_names import read_name

_TAG = re.compile(r"\s*\((?:procedure|regime/therapy|finding|body structure)\)")
#: How the surgeon got there says nothing of what was removed.
_APPROACH = re.compile(
    r"\b(?:laparos[ck]op\w*|thora[ck]os[ck]op\w*|roboti?\w*|da vinci|assisted|hand assisted|video|vats|open|offene?|"
    r"minimally invasive|endoscopic approach|percutaneous|unilateral|elective|primary|s/p|using|approach|via|procedure|"
    r"operation for|surgical|palliativ\w*|curative|kurative?)\b"
)  # fmt: skip
_SIDES = re.compile(
    r"\b(?:left|right|bilateral|both|links|rechts|beidseits?|lt|rt|female|male|entire|structure of|the)\b"
)
_JOINTS = re.compile(r"\s*(?:,|;|\+|/|\||\bwith\b|\band\b|\bmit\b|\bund\b|\bplus\b)\s*")

#: Charge codes' names begin with whose charge it is: professional fee, hospital charge.
_FEE = re.compile(r"^(?:pr|hc|chg|hb|pb)\s+")
#: "Mastectomy, partial", "mastectomy simple complete": the kind comes last in catalogues.
_INVERTED = re.compile(
    r"\b(\w+(?:ectomy|tomy|ation))\b,?((?: (?:simple|complete|total|partial|radical|modified|segmental|subtotal|abdominal|vaginal)"
    r"(?:,|\b))+)"
)
#: Two parts of one operation that surgeons join with a stroke.
_STROKE = re.compile(r"\b(tah|tlh|lavh|rath)\s*[/+&]\s*(bso)\b")
_BRACKETS = re.compile(r"\([^()]*\)")

_LEFT = re.compile(r"\b(?:left|links(?:seitig)?e?|lt)\b", re.I)
_RIGHT = re.compile(r"\b(?:right|rechts(?:seitig)?e?|rt)\b", re.I)
_BOTH = re.compile(r"\b(?:bilateral|both|beidseits?|beidseitig\w*|both sides)\b", re.I)
LEFT, RIGHT, BILATERAL = "7771000", "24028007", "51440002"

#: ICD-O-3 topographies with a side (SEER Program Manual, *Sites for which laterality codes must be recorded*).
_PAIRED = frozenset({
    "C07", "C08", "C09", "C30", "C31", "C34", "C38", "C40", "C41", "C44", "C47", "C49", "C50", "C56", "C57", "C62", "C63", "C64",
    "C65", "C66", "C69", "C70", "C71", "C72", "C74", "C75", "C76", "C77",
})  # fmt: skip

_REFUSED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), reason)
    for pattern, reason in (
        (r"(?<!excisional )(?<!excision )\bbiops|\bbiopt|\bpunch|stanzbiops|fine needle|\bfna\b|needle aspirat|feinnadel|"
         r"bone marrow aspir|knochenmark(?:punktion|aspir)", "a biopsy: it diagnoses a tumour, it does not remove one"),
        (r"\bport(?:-a-cath|acath)?\b|portsystem|portimplant|central (?:venous|line)|\bpicc\b|catheter|katheter|venous access|"
         r"hickman", "a venous access, catheter or port"),
        (r"\b(?:colon|gastr|bronch|cyst|hyster|sigmoid|rect|laryng|o?esophag|duoden|enter|mediastin)os[kc]op|"
         r"\bendos[kc]op(?:y|ie)\b|koloskopie|\bercp\b|\begd\b", "an endoscopy"),
        (r"\b(?:ct|mri|mrt|pet|dexa)\b|x-?ray|röntgen|\b(?:ultraso|sonogra|mammogra|scintigra|szintigra|radiograph|tomogra|"
         r"imaging|echocardiogra)", "imaging"),
        (r"reconstruct|rekonstruktion|\bflap\b|lappenplastik|expander|\bimplant|prosthesis|mammoplasty|\bgraft",
         "a reconstruction: it removes no tumour"),
        (r"ana?esthes|anästhesie|narkose", "an anaesthesia"),
        (r"\bstoma\b|stomy\b|\bstent|\bdrain(?:age)?\b|bypass|punktion|centesis|tube placement|\bpeg\b",
         "a procedure that removes no tumour"),
        (r"transplant", "a transplantation"),
    )
)  # fmt: skip


@lru_cache(maxsize=8192)
def named(text: str) -> Operation | None:
    """The operation that a name tells: of several that it joins, the one that removes most."""
    plain = _STROKE.sub(r"\1 \2", _FEE.sub("", _TAG.sub("", text.casefold())))
    inverted = _INVERTED.sub(r"\2 \1", plain)
    bare = _BRACKETS.sub(" ", inverted)
    found = next(filter(None, (_match(_normal(each)) for each in dict.fromkeys((plain, inverted, bare)))), None)
    if found is None:
        plain = bare
        parts = [_match(_normal(part)) for part in _JOINTS.split(plain)]
        found = max((each for each in parts if each is not None), key=lambda each: (each.rank, each.key), default=None)
    return found


def _match(name: str) -> Operation | None:
    if not name:
        return None
    return next((operation for pattern, operation in patterns() if pattern.fullmatch(name)), None)


def _normal(text: str) -> str:
    text = re.sub(r"[\-.,:()\[\]'’`]", " ", text)
    text = _SIDES.sub(" ", _APPROACH.sub(" ", text))
    text = " ".join(text.split())
    return re.sub(r"^(?:of|for|im|der|des)\s|\s(?:of|for|by|in)$", "", text).strip()


#: SNOMED CT names operations by what is done to what (*Excision of X*, *Resection of lesion of X*).
_EXCISION_OF = re.compile(
    r"(?:(?:total|partial|wide|local|radical|segmental|complete) )*(?:excision|resection|removal) of (?:a )?"
    r"(?:(?:part|whole|lesion|(?:malignant )?(?:tumou?r|neoplasm)|mass|tissue) of )?(.+)"
)


@lru_cache(maxsize=8192)
def excised_site(text: str) -> str | None:
    """The site of an excision whose name is no operation of its own: ``Excision of neoplasm of pharynx`` → C14.0."""
    match = _EXCISION_OF.fullmatch(_normal(_TAG.sub("", text.casefold())))
    found = read_name(match[1]) if match is not None else None
    return found.topography if found is not None and found.morphology is None else None


@lru_cache(maxsize=8192)
def side_in(text: str) -> str | None:
    """The side that a text names, as SNOMED CT's qualifier; None if none or several."""
    if _BOTH.search(text) or (_LEFT.search(text) and _RIGHT.search(text)):
        return BILATERAL
    if _LEFT.search(text):
        return LEFT
    return RIGHT if _RIGHT.search(text) else None


def has_sides(topography: str | None) -> bool:
    """False for an organ of which there is one: the right of a right hemicolectomy is no side."""
    return topography is None or topography[:3] in _PAIRED


#: ICD-O-3 C77: lymph nodes of the regions that dissections are named after.
_NODES = tuple(
    (re.compile(pattern, re.I), code)
    for code, pattern in (
        ("C77.0", r"\bneck\b|cervical|zervikal|\bhals"), ("C77.1", r"mediastin|thorac|thorak|hilar"),
        ("C77.2", r"retroperiton|abdomin|para-?aort|mesenter|\bd[12]\b"), ("C77.3", r"axill|\balnd\b"),
        ("C77.4", r"inguin|groin|leiste"), ("C77.5", r"pelvi|becken|iliac"),
    )
)  # fmt: skip


@lru_cache(maxsize=1024)
def node_region(text: str) -> str | None:
    """The lymph nodes of the one region that a text names."""
    found = {code for pattern, code in _NODES if pattern.search(text)}
    return found.pop() if len(found) == 1 else None


#: ICD-O-3 C34: the lobe that a resection is named after.
_LOBES = tuple(
    (re.compile(pattern, re.I), code)
    for code, pattern in (
        ("C34.1", r"\bupper\b|oberlappen|\b[rl]ul\b|lingul"), ("C34.2", r"\bmiddle\b|mittellappen|\brml\b"),
        ("C34.3", r"\blower\b|unterlappen|\b[rl]ll\b"),
    )
)  # fmt: skip


@lru_cache(maxsize=1024)
def lobe(text: str) -> str | None:
    """The lobe of the lung that a text names, if one."""
    found = {code for pattern, code in _LOBES if pattern.search(text)}
    return found.pop() if len(found) == 1 else None


#: ICD-O-3 C44: the skin of the regions that surgeons name.
_SKIN = tuple(
    (re.compile(rf"\b(?:{regions})\b", re.I), code)
    for code, regions in (
        ("C44.0", "lip|lippe"), ("C44.1", "eyelid|augenlid"), ("C44.2", "ear|ohr|auricle"),
        ("C44.3", "face|cheek|nose|forehead|chin|temple|gesicht|wange|nase|stirn|kinn"),
        ("C44.4", "scalp|neck|kopfhaut|hals|nacken"),
        ("C44.5", "back|trunk|chest|abdomen|buttocks?|flank|axilla|groin|rücken|rumpf|brust|bauch|gesäß|leiste"),
        ("C44.6", "(?:upper |fore)?arm|hand|fingers?|thumb|shoulder|elbow|wrist|upper (?:limb|extremity)|oberarm|"
                  "unterarm|schulter"),
        ("C44.7", "(?:lower )?leg|thigh|calf|foot|heel|toes?|hip|knee|shin|ankle|sole|lower (?:limb|extremity)|"
                  "oberschenkel|unterschenkel|wade|fuß|ferse|zehe|hüfte|knie"),
    )
)  # fmt: skip


@lru_cache(maxsize=1024)
def skin_region(text: str) -> str | None:
    """The skin of the one region that a text names."""
    found = {code for pattern, code in _SKIN if pattern.search(text)}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=8192)
def refused(text: str) -> str:
    """Why a name is no operation on a tumour; empty if it may be one."""
    return next((reason for pattern, reason in _REFUSED if pattern.search(text)), "")
