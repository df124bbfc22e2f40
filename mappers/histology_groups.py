"""Which ICD-O-3 histologies count as the same tumour in one organ.

IARC/WHO/IACR/ENCR, *International Rules for Multiple Primary Cancers (ICD-O Third Edition)*, Internal Report 2004/02, table 2:
groups of malignant neoplasms that are histologically different for the purpose of defining multiple tumours (after Berg 1994).
Groups 5, 14 and 17 are the unspecified ones: they are no different from the specified groups that they could be.
"""

from __future__ import annotations

from functools import lru_cache

#: Group → its ranges of four-digit morphologies.
_GROUPS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((8051, 8084), (8120, 8131)),  # squamous and transitional cell carcinomas
    2: ((8090, 8110),),  # basal cell carcinomas
    3: (
        (8140, 8149), (8160, 8162), (8190, 8221), (8260, 8337), (8350, 8551), (8570, 8576), (8940, 8941),
    ),  # adenocarcinomas
    4: (
        (8030, 8046), (8150, 8157), (8170, 8180), (8230, 8255), (8340, 8347), (8560, 8562), (8580, 8671),
    ),  # other specific carcinomas
    5: ((8010, 8015), (8020, 8022), (8050, 8050)),  # unspecified carcinomas
    6: (
        (8680, 8713), (8800, 8921), (8990, 8991), (9040, 9044), (9120, 9125), (9130, 9136), (9141, 9252), (9370, 9373),
        (9540, 9582),
    ),  # sarcomas and soft tissue tumours
    7: ((9050, 9055),),  # mesothelioma
    8: ((9840, 9840), (9861, 9931), (9945, 9946), (9950, 9950), (9961, 9964), (9980, 9987)),  # myeloid
    9: (
        (9670, 9699), (9728, 9728), (9731, 9734), (9761, 9767), (9769, 9769), (9823, 9826), (9833, 9833), (9836, 9836),
        (9940, 9940),
    ),  # B-cell
    10: (
        (9700, 9719), (9729, 9729), (9768, 9768), (9827, 9831), (9834, 9834), (9837, 9837), (9948, 9948),
    ),  # T- and NK-cell
    11: ((9650, 9667),),  # Hodgkin
    12: ((9740, 9742),),  # mast cell
    13: ((9750, 9758),),  # histiocytes and accessory lymphoid cells
    14: (
        (9590, 9591), (9596, 9596), (9727, 9727), (9760, 9760), (9800, 9801), (9805, 9805), (9820, 9820), (9832, 9832),
        (9835, 9835), (9860, 9860), (9960, 9960), (9970, 9970), (9975, 9975), (9989, 9989),
    ),  # unspecified haematopoietic
    15: ((9140, 9140),),  # Kaposi sarcoma
    16: (
        (8720, 8790), (8930, 8936), (8950, 8983), (9000, 9030), (9060, 9110), (9260, 9365), (9380, 9539),
    ),  # other specified
    17: ((8000, 8005),),  # unspecified
}  # fmt: skip
_COULD_BE = {5: frozenset({1, 2, 3, 4}), 14: frozenset({8, 9, 10, 11, 12, 13})}
_UNSPECIFIED = frozenset({5, 14, 17})
#: From here on ICD-O's histologies are of blood and lymph.
_HAEMATOLOGIC = 9590

#: Diseases of blood and lymph that have several histologies, or whose unspecified one is among IACR's group 14 (WHO
#: classification; SEER Hematopoietic Database, *same primary*): grades of follicular lymphoma, Hodgkin lymphoma, plasma cell
#: neoplasms, acute myeloid leukaemias, precursor neoplasms, CLL and small lymphocytic lymphoma, large B-cell, marginal zone,
#: Burkitt, lymphoplasmacytic lymphoma, CML, myelodysplastic syndromes. Any other specified histology is a disease by itself.
_DISEASES: tuple[tuple[tuple[int, int], ...], ...] = (
    ((9690, 9698),), ((9650, 9667),), ((9731, 9734),), ((9840, 9840), (9861, 9861), (9865, 9874), (9891, 9931)),
    ((9727, 9729), (9811, 9818), (9835, 9837)), ((9670, 9670), (9823, 9823)), ((9678, 9680), (9684, 9684), (9688, 9688)),
    ((9689, 9689), (9699, 9699)), ((9687, 9687), (9826, 9826)), ((9671, 9671), (9761, 9761)), ((9863, 9863), (9875, 9875)),
    ((9980, 9989),),
)  # fmt: skip


@lru_cache(maxsize=2048)
def group_of(morphology: str) -> int:
    """The group of ``8500/3``; 17 (unspecified) for anything that is no morphology or is in no group."""
    number = int(morphology[:4]) if morphology[:4].isdigit() else 8000
    return next((group for group, ranges in _GROUPS.items() if any(low <= number <= high for low, high in ranges)), 17)


def specified(morphology: str) -> bool:
    """True if it names a kind of tumour."""
    return group_of(morphology) not in _UNSPECIFIED


def is_haematologic(morphology: str) -> bool:
    """True for leukaemias, lymphomas and their relatives."""
    return morphology[:4].isdigit() and int(morphology[:4]) >= _HAEMATOLOGIC


@lru_cache(maxsize=2048)
def _disease(morphology: str) -> int:
    """The first histology of its disease; 0 for what names none (lymphoma or leukaemia, not otherwise specified)."""
    number = int(morphology[:4])
    for ranges in _DISEASES:
        if any(low <= number <= high for low, high in ranges):
            return ranges[0][0]
    return number if specified(morphology) else 0


def same_histology(left: str, right: str) -> bool:
    """Whether two histologies of one organ can be of one tumour. Of blood and lymph each disease is one of its own: a CLL that
    turns into a large B-cell lymphoma becomes a second entry (SEER Hematopoietic Database, rule M10)."""
    if left[:4] == right[:4]:
        return True
    if is_haematologic(left) and is_haematologic(right) and _disease(left) and _disease(right):
        return _disease(left) == _disease(right)
    one, other = group_of(left), group_of(right)
    if 17 in (one, other) or other in _COULD_BE.get(one, ()) or one in _COULD_BE.get(other, ()):
        return True
    return one == other and not is_haematologic(left)
