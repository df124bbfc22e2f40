"""Print the scores: ``python -m adjudicated.score`` with ``tests`` on the path, or ``make score``."""

from __future__ import annotations

import argparse

from mapper_records import OPTIONS, open_terminology, registry

from adjudicated.scoring import Score, patients, score, table


def main() -> None:
    """Tables per kind and dialect, per kind and field, and every miss."""
    parser = argparse.ArgumentParser(description="Recall and precision of the mappers on the adjudicated patients.")
    parser.add_argument("--kind", help="only this POP kind")
    parser.add_argument("--dialect", help="only this dialect")
    parser.add_argument("--patient", help="only this patient")
    chosen = parser.parse_args()
    found = Score()
    for patient in patients():
        if (chosen.dialect or patient.dialect) == patient.dialect and (chosen.patient or patient.name) == patient.name:
            found.add(score(patient, registry=registry(), terminology=open_terminology(), options=OPTIONS))
    for of, heads in ((found.entities, ("kind", "dialect")), (found.fields, ("kind", "field"))):
        shown = {key: tally for key, tally in of.items() if (chosen.kind or key[0]) == key[0]}
        print("\n".join(table(shown, heads)), end="\n\n")
    print("\n".join(found.misses) or "no misses")


if __name__ == "__main__":
    main()
