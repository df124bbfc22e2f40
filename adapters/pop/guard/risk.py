"""Which risk classes a risk assessment's methodology has. POP refuses any other pair (422 *is not a valid choice for risk
methodology*); a methodology that is not listed takes any class.

Both are NCI Thesaurus codes; the pairs are those of POP's source, ``validate_risk_classification`` of 1.4.0, and each of the nine
pairs that were recorded as refused is refused by them.
"""

from __future__ import annotations

_LOW, _INTERMEDIATE, _HIGH = "C102403", "C102402", "C102401"
_THREE = frozenset({_LOW, _INTERMEDIATE, _HIGH})

#: Methodology → its classes.
CLASSES: dict[str, frozenset[str]] = {
    "C136962": frozenset({"C136965", "C136967", "C136968"}),  # FLIPI
    "C181086": _THREE,  # D'Amico
    "C127872": frozenset({_LOW, _HIGH}),  # EUTOS
    "C127873": _THREE,  # Hasford
    "C127875": _THREE,  # Sokal
    "C155843": frozenset({"C155844", "C155845", "C155846"}),  # IMDC
    "C161805": frozenset({"C161806", "C161807", "C161808", "C161809"}),  # IPI
    "C177562": frozenset({"C188368", "C188369", "C188370"}),  # ELN
    "C121007": frozenset(
        {
            "C113691", "C146790", "C146791", "C113692", "C146792", "C146793", "C146794", "C113694", "C146795", "C146796",
            "C146797", "C146798", "C146799", "C146801", "C148151",
        }
    ),  # Child-Pugh
    "C181085": _THREE,  # UCSF CAPRA
    "C162781": _THREE,  # MIPI
    "C181084": frozenset({"C192873", "C192874", "C192875", "C192876", "C192877", "C192878", "C192879"}),  # NCCN prostate
    "C177309": frozenset({"C177313", "C177314"}),  # seminoma IGCCC
    "C177308": frozenset({"C177310", "C177311", "C177312"}),  # non-seminoma IGCCC
    "C142346": frozenset({"C162654", "C162655", "C162656", "C162657", "C162658"}),  # ISUP grade group
}  # fmt: skip
