"""Treatment responses."""

from __future__ import annotations

from mappers.codes import RECIST_INTERPRETED
from mappers.drafting import Drafting
from mappers.fhir import extension_value, objects
from mappers.protocol import Context, Draft, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.responses.answers import overall_absent
from mappers.responses.assessments import RECIST, Statement, assessments, concerns_response, read_statement
from mappers.responses.methods import METHOD, UNKNOWN, Methods, own_statements
from mappers.subjects import TUMOUR, case_key, named_conditions, put_observed, related_tumours, subject_source

KIND = "TreatmentResponse"
_READ = ("status", "code", "category", "interpretation", "component", "hasMember", "method", "derivedFrom", "partOf", "focus",
         "extension", "effectiveDateTime", "bodySite")  # fmt: skip


class TreatmentResponseMapper:
    """Assessments of how tumours respond: RECIST and other criteria, mCODE's disease status, oBDS course reports.

    * The category: see ``mappers.responses.answers``. Of a panel the overall response; a course report without one is told by its
      parts where RECIST's table decides. Responses of single lesions, and the best one of a course, are not for POP.
    * *Improved* counts as an interpreted partial response, an assumption, or waits (option ``response.improved`` = ``block``).
    * The method: see ``mappers.responses.methods``. Where none of POP's imaging methods is stated, its «No information available»
      is written, an assumption, or the response waits (option ``response.unstated-method`` = ``block``).
    * Two Observations of one day with the same category, tumours and method (or one that states none) tell one assessment.
    """

    name = "treatment-response"
    version = "2"
    produces: tuple[str, ...] = (KIND,)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether an assessment is told twice shows only when all are seen."""
        return "treatment-responses" if concerns_response(resource.json) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per assessment."""
        statements: list[Statement] = []
        methods = Methods(context)
        for member in group.members:
            found = read_statement(member, methods, context)
            if isinstance(found, NotForPop):
                yield found
            else:
                statements.append(found)
        for told in assessments(statements):
            yield _draft(told, context)


def _draft(told: list[Statement], context: Context) -> Draft:
    first = told[0]
    member = first.resource
    drafting = Drafting(KIND, f"{KIND}:{min(each.resource.reference for each in told)}")
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    for each in told:
        drafting.consume(each.resource, *_READ, each.element.partition("[")[0].partition(".")[0])
    put_observed(drafting, member, context)
    _put_category(drafting, first)
    _put_method(drafting, told, context)
    structures = [structure for each in told for structure in _structures(each.resource, context)]
    _put_tumours(drafting, member, structures, context)
    _put_sites(drafting, told, structures, context)
    return drafting.done()


def _put_category(drafting: Drafting, first: Statement) -> None:
    source = Source(first.resource.reference, first.element)
    if first.recist is None:
        if first.value is None or overall_absent(first.value):
            drafting.missing("recist", "The report states no overall response, and its parts decide none.", source)
        else:
            drafting.unmapped("recist", RECIST, first.value, source=source, required=True)
        return
    drafting.put("recist", first.recist.concept, source)
    drafting.note_rule("recist", first.recist, source)
    stated = extension_value(first.value or {}, RECIST_INTERPRETED)
    if stated is not None and isinstance(stated[1], bool):
        drafting.put("recistInterpreted", stated[1], source)
    elif first.answer is not None and first.answer.interpreted:
        drafting.put("recistInterpreted", True, source)
        text = "The source does not speak of RECIST's categories: its answer is taken for the one that RECIST 1.1 defines so."
        if first.answer.improved:
            text = (
                "The source says improved without a measure: taken for a partial response (option response.improved)."
            )
        if first.element == "component":
            text = "The overall response follows from its parts (RECIST 1.1, table 1)."
        drafting.assume("recist", "read-as-recist", text, source)


def _put_method(drafting: Drafting, told: list[Statement], context: Context) -> None:
    for each in told:
        methods = each.methods
        if not methods:
            continue
        chosen = {method.concept["code"]: method for method, _ in methods}
        for _, sources in methods:
            drafting.read(*sources)
        best = chosen.get("82918005") if chosen.keys() <= {"82918005", "77477000"} else None
        if len(chosen) == 1 or best is not None:
            method = best or next(iter(chosen.values()))
            drafting.put("methodology", method.concept, *(source for _, sources in methods for source in sources))
            drafting.note_rule("methodology", method, methods[0][1][0])
            return
        text = "Several imaging methods are stated; POP takes one."
        drafting.issue("contradiction", "methodology", text, source=methods[0][1][0])
        break
    member = told[0].resource
    source = next((where for _, where in own_statements(member)), Source(member.reference, "method"))
    unknown = context.translate(METHOD, UNKNOWN)
    if context.options.get("response.unstated-method") == "block" or unknown is None:
        drafting.missing(
            "methodology", "None of POP's imaging methods is stated (option response.unstated-method).", source
        )
        return
    drafting.put("methodology", unknown.concept)
    drafting.assume("methodology", "method-unstated", "The source states none of POP's imaging methods.", source)


def _structures(member: Resource, context: Context) -> list[Resource]:
    """The BodyStructures in focus (mCODE STU3: a Tumor names its condition and location)."""
    found = (context.resolve(reference, within=member) for reference in objects(member.json.get("focus")))
    return [each for each in found if each is not None and each.type == "BodyStructure"]


def _put_tumours(drafting: Drafting, member: Resource, structures: list[Resource], context: Context) -> None:
    keys: dict[str, Source] = {}
    for structure in structures:
        for _, reference in named_conditions(structure):
            view = context.entity_of(TUMOUR, reference, within=structure)
            if view is not None:
                keys.setdefault(view.key, Source(structure.reference, "extension"))
    if keys:
        drafting.refer("assessedEntitiesIds", tuple(sorted(keys)), Source(member.reference, "focus"), *keys.values())
    else:
        related_tumours(drafting, "assessedEntitiesIds", member, context)


def _put_sites(drafting: Drafting, told: list[Statement], structures: list[Resource], context: Context) -> None:
    stated = [
        (site, Source(each.resource.reference, "bodySite"))
        for each in told
        for site in objects(each.resource.json.get("bodySite"))
    ]
    stated.extend(
        (site, Source(each.reference, "location")) for each in structures for site in objects(each.json.get("location"))
    )
    sites: dict[str, tuple[JsonObject, Source]] = {}
    for site, source in stated:
        found = context.translate("ObservationBodySite", site, text=True)
        if found is not None:
            sites.setdefault(str(found.concept["code"]), (found.concept, source))
            drafting.note_rule("assessedBodysites", found, source)
        else:
            drafting.unmapped("assessedBodysites", "ObservationBodySite", site, source=source)
    if sites:
        found_at = (source for _, source in sites.values())
        drafting.put("assessedBodysites", [sites[code][0] for code in sorted(sites)], *found_at)
