"""The mapper on the page for contributors is one: it passes the kit, and gives what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mappers.conformance import assert_conforms
from mappers.protocol import Resource
from mappers.record import map_resources
from mappers.registry import Registry
from mappers.terminology import Terminology

PAGE = Path(__file__).parents[3] / "CONTRIBUTING.md"
FORM: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "id": "form-1",
    "questionnaire": "http://hospital.example.org/form-17",
    "status": "completed",
    "subject": {"reference": "Patient/p"},
    "authored": "2025-03-04T09:00:00+01:00",
    "item": [{"linkId": "ecog", "answer": [{"valueInteger": 1}]}],
}


def page_mapper() -> Any:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code[1], str(PAGE), "exec", dont_inherit=True), names)
    return names["QuestionnaireEcogMapper"]()


def test_it_conforms_and_maps() -> None:
    mapper = page_mapper()
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"}
    resources = [Resource("QuestionnaireResponse", "form-1", FORM), Resource("Patient", "p", patient)]
    assert_conforms(mapper, resources, registry=Registry([mapper]), terminology=Terminology(), options={})
    (result,) = map_resources([FORM, patient], mappers=Registry([mapper]), terminology=Terminology(), options={})
    (draft,) = result.drafts
    assert draft.payload == {"ecogScore": 1, "date": "2025-03-04"}
