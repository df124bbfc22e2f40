"""A whole case as one document: POP's interoperability bundle, out and in (shared notes *Bundle import*)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop import history, rules, shapes
from adapters.sandbox.pop.accounts import Accounts
from adapters.sandbox.pop.completion import CATEGORIES, COLLECTION, Completion
from adapters.sandbox.pop.lines import SYSTEMIC
from adapters.sandbox.pop.reading import Reader, children_of
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import Refused, ServerError, query, shape
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

CASES = "patient-cases"
#: List of the bundle → collection, in the order in which POP imports them.
LISTS = {
    "neoplasticEntities": "neoplastic-entities", "stagings": "stagings", "tumorMarkers": "tumor-markers",
    "riskAssessments": "risk-assessments", "therapyLines": "therapy-lines", "systemicTherapies": SYSTEMIC,
    "surgeries": "surgeries", "radiotherapies": "radiotherapies", "adverseEvents": "adverse-events",
    "treatmentResponses": "treatment-responses", "performanceStatus": "performance-status",
    "comorbidities": "comorbidities-assessments", "genomicVariants": "genomic-variants",
    "genomicSignatures": "genomic-signatures", "vitals": "vitals", "lifestyles": "lifestyles",
    "familyHistory": "family-histories", "tumorBoards": "tumor-boards",
}  # fmt: skip
#: What a bundle must have besides what a case must.
_REQUIRED = (
    "id", "description", "clinicalCenter", "clinicalIdentifier", "gender", "dateOfBirth", "pseudoidentifier", "age",
    "dataCompletionRate", "contributors",
)  # fmt: skip
_PARTS = {"completedDataCategories": ("dict", dict), "history": ("list", list), "contributorsDetails": ("list", list)}
_SOURCE = "Onconova"
_CONFLICTS = ("overwrite", "reassign")


class Exporter:
    """Bundles of stored cases."""

    def __init__(self, entities: Entities, reader: Reader, accounts: Accounts, completion: Completion) -> None:
        self._entities = entities
        self._reader = reader
        self._accounts = accounts
        self._completion = completion

    def export(self, case: JsonObject) -> JsonObject:
        """The bundle of a case; that it was exported stands in its history. Raises ServerError on poison."""
        history.note(self._entities, KINDS["PatientCase"], case, "export")
        self._entities.put(CASES, case)
        found = self._reader.read(CASES, case, anonymised=False)
        for name, collection in LISTS.items():
            rows = self._entities.owned(collection, case["id"])
            if collection == "tumor-boards":
                # Observed in every recorded export; the others come as they were made.
                rows.sort(key=lambda row: row["date"])
            found[name] = [self._reader.read(collection, row, anonymised=False, compact=False) for row in rows]
        found["completedDataCategories"] = {name: self._completion.status(case["id"], name) for name in CATEGORIES}
        found["history"] = self._history(case)
        users = self._accounts.users
        found["contributorsDetails"] = [users[name].exported() for name in found["contributors"] if name in users]
        return found

    def _history(self, case: JsonObject) -> list[JsonObject]:
        """Of the case and of what names it. Where POP splits an entity over two tables, that is the shared one."""
        found = [history.shown(KINDS["PatientCase"], case, event, raw=True) for event in case["_events"]]
        for row in self._entities.owned(COLLECTION, case["id"]):
            found += row["_events"]
        for collection in LISTS.values():
            for row in self._entities.owned(collection, case["id"]):
                found += history.in_bundle(collection, row)
        found += self._entities.activity(case["id"]).gone
        return sorted(found, key=lambda event: int(event["id"]))


class Importer:
    """Bundles into cases. A failed import leaves nothing."""

    def __init__(self, entities: Entities, terms: Terms, records: Records, completion: Completion) -> None:
        self._entities = entities
        self._terms = terms
        self._records = records
        self._completion = completion

    def load(self, bundle: Any, conflict: str | None, *, user: str, url: str) -> JsonObject:
        """Store it; returns the case. Raises Refused or ServerError."""
        bundle = _checked(bundle)
        if conflict is not None and conflict not in _CONFLICTS:
            expected = "'overwrite' or 'reassign'"
            raise query("conflict", "enum", f"Input should be {expected}", expected=expected)
        pseudonym, identity = bundle["pseudoidentifier"], None
        same = next((row for row in self._entities.all(CASES) if row["pseudoidentifier"] == pseudonym), None)
        if same is not None:
            if conflict is None:
                raise Refused(422, {"detail": "Unprocessable. Unresolved import case conflict."})
            if conflict == "overwrite":
                identity = same["id"]
            else:
                pseudonym = ""
        twin = self._entities.case_by_identity(bundle["clinicalCenter"], bundle["clinicalIdentifier"])
        if identity is None and twin is not None:
            raise Refused(422, {"detail": "Unprocessable. Clinical identifier conflicts with existing case"})
        saved = [] if same is None or identity is None else list(self._all_of(CASES, same))
        if same is not None and identity is not None:
            self._records.delete(CASES, same, user=user, url=url)
        run = _Import(self._entities, self._terms, bundle, user=user, url=url)
        try:
            case = run.load(pseudonym or self._records.pseudoidentifier(), identity)
            for category, status in bundle["completedDataCategories"].items():
                if status.get("status"):
                    self._completion.declare(case, category, user=status.get("username"))
            self._records.rewrite_lines(SYSTEMIC, case["id"], user=user, url=url)
        except (Refused, ServerError):
            if run.case is not None:
                self._records.delete(CASES, run.case, user=user, url=url)
            for collection, row in saved:
                self._entities.put(collection, row)
            raise
        return case

    def _all_of(self, collection: str, row: JsonObject) -> Iterator[tuple[str, JsonObject]]:
        yield collection, row
        for other in list(self._entities.collections()):
            for owned in self._entities.owned(other, row["id"]):
                yield from self._all_of(other, owned)


class _Import:
    """One run: ids of the bundle become new ones, references follow."""

    def __init__(self, entities: Entities, terms: Terms, bundle: JsonObject, *, user: str, url: str) -> None:
        self._entities = entities
        self._terms = terms
        self._bundle = bundle
        self._by = {"user": user, "url": url}
        self._ids: dict[str, str] = {}
        self._known = {each.get("username") for each in bundle["contributorsDetails"]}
        self.case: JsonObject | None = None

    def load(self, pseudonym: str, identity: str | None) -> JsonObject:
        case = self._store(CASES, self._bundle, identity=identity, pseudoidentifier=pseudonym)
        pending = [(collection, each) for name, collection in LISTS.items() for each in self._bundle.get(name) or []]
        while pending:
            deferred = []
            for collection, resource in pending:
                if self._unresolved(collection, resource):
                    deferred.append((collection, resource))
                else:
                    self._with_children(collection, resource)
            if len(deferred) == len(pending):
                raise ServerError("references that lead out of the bundle")
            pending = deferred
        # The import of the case as a whole is noted once more.
        history.note(self._entities, KINDS["PatientCase"], case, "import", **self._by)
        self._entities.put(CASES, case)
        return case

    def _with_children(self, collection: str, resource: JsonObject) -> None:
        row = self._store(collection, resource)
        for name, children in children_of(shapes.kind_of_row(collection, row).name).items():
            for child in resource.get(name) or []:
                self._store(children, child, parent=row["id"])

    @staticmethod
    def _references(collection: str, resource: JsonObject) -> Iterator[str]:
        for kind in shapes.kinds_of(collection):
            for field in kind.references:
                value = resource.get(field)
                yield from value if isinstance(value, list) else [value] if value else []

    def _unresolved(self, collection: str, resource: JsonObject) -> bool:
        found = list(self._references(collection, resource))
        for kind in shapes.kinds_of(collection):
            for name, children in children_of(kind.name).items():
                found += [each for child in resource.get(name) or [] for each in self._references(children, child)]
        return any(each not in self._ids for each in found)

    def _store(
        self, collection: str, resource: JsonObject, *, parent: str | None = None, identity: str | None = None, **own: Any
    ) -> JsonObject:  # fmt: skip
        if resource.get("category") == "unspecified" and collection == "tumor-boards":
            raise ServerError("POP has no import for unspecified boards")
        body = {name: self._bound(name, value) for name, value in resource.items()}
        kind, fields, _ = shapes.validated(collection, body, self._terms)
        row = self._entities.new_row({**fields, **own}, parent=parent, identity=identity)
        row["externalSource"] = row.get("externalSource") or _SOURCE
        row["externalSourceId"] = row.get("externalSourceId") or resource["id"]
        rules.check(self._entities, kind, row)
        self._past(kind, row, resource["id"])
        history.note(self._entities, kind, row, "import", **self._by)
        self._entities.put(collection, row)
        self._ids[resource["id"]] = row["id"]
        if collection == CASES:
            self.case = row
        return row

    def _bound(self, name: str, value: Any) -> Any:
        if name.endswith("Id") and name != "externalSourceId" and isinstance(value, str):
            return self._ids[value]
        if name.endswith("Ids") and isinstance(value, list):
            return [self._ids[each] for each in value]
        return value

    def _past(self, kind: Kind, row: JsonObject, former: str) -> None:
        """The events that the bundle tells of it; of what the entity was then, POP keeps nothing."""
        for event in self._bundle["history"]:
            if event.get("resourceId") != former:
                continue
            if event.get("user") and event["user"] not in self._known:
                raise ServerError("a user without details")
            blank = dict.fromkeys(history.columns(kind, row)) | {"id": str(uuid.uuid4())}
            if kind.name == "PatientCase":
                blank |= {"vital_status": "unknown", "consent_status": "unknown"}
            history.remember(self._entities, kind, row, event, blank)


def _checked(bundle: Any) -> JsonObject:
    bundle = bundle if isinstance(bundle, dict) else {}

    def detail(name: str, how: str, message: str) -> JsonObject:
        return {"type": how, "loc": ["body", "bundle", name], "msg": message}

    found = [detail(name, "missing", "Field required") for name in _REQUIRED if name not in bundle]
    words = {"dict": "a valid dictionary", "list": "a valid list"}
    for name, (what, holds) in _PARTS.items():
        if not isinstance(bundle.get(name), holds):
            found.append(detail(name, f"{what}_type", f"Input should be {words[what]}"))
    if found:
        raise shape(*found)
    checked: JsonObject = bundle
    return checked
