"""What can go wrong when asking an EHR.

    EhrError
    ├── EhrUnavailable    no answer, 429, 5xx after some tries: the window is asked for again later
    ├── EhrRefused        401, 403: the token is wrong or lacks a scope
    └── EhrContract       an answer that is no searchset, a link to another host, links that go round in a circle

Messages name the resource type and the status; never a query, which may hold identifiers.
"""

from __future__ import annotations

from typing import ClassVar


class EhrError(Exception):
    """A request to an EHR failed."""

    code: ClassVar[str] = "ehr-error"


class EhrUnavailable(EhrError):
    """The EHR does not answer, or not now."""

    code = "ehr-unavailable"


class EhrExpired(EhrUnavailable):
    """The search results that were being paged through are gone (410): the window starts again."""

    code = "ehr-expired"


class EhrRefused(EhrError):
    """The EHR does not accept us."""

    code = "ehr-refused"


class EhrContract(EhrError):
    """The EHR's answer is not what FHIR R4 says."""

    code = "ehr-contract"
