"""Configuration: one TOML file, overridden by environment variables (``POP_GATEWAY_POP__URL``), validated before anything starts.

Secrets are given by file or environment, never in the TOML file itself: ``password_file = "/run/secrets/pop"``.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.errors import ConfigurationError


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is no IANA time zone; write it like Europe/Berlin") from error
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]


class Section(BaseModel):
    """A table of the configuration file: unknown names are errors, so that a typing mistake cannot pass unseen."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class StoreSettings(Section):
    """``[store]``: where deliveries, drafts and the ledger live."""

    url: str = "sqlite+aiosqlite:///pop-gateway.sqlite"
    """SQLAlchemy URL: ``sqlite+aiosqlite:///file`` (one process) or ``postgresql+asyncpg://user@host/db`` (replicas)."""
    durable: bool = True
    """SQLite only: ``synchronous=FULL`` (a power cut loses nothing that was acknowledged) against ``NORMAL``."""


class LimitSettings(Section):
    """``[limits]``: what the intake accepts."""

    body_bytes: Annotated[int, Field(gt=0)] = 50 * 2**20
    """Largest request body, after decompression, in bytes."""
    resource_bytes: Annotated[int, Field(gt=0)] = 5 * 2**20
    """Largest single resource (an NDJSON line), in bytes."""
    depth: Annotated[int, Field(gt=3, le=200)] = 50
    """Deepest nesting of JSON."""
    gzip_ratio: Annotated[int, Field(gt=1)] = 200
    """A body that inflates by more than this factor is refused as a decompression bomb."""
    lenient_sources: tuple[str, ...] = ()
    """Sources whose resources are kept, with a warning, where a required element is missing or a lone object stands for a list, as
    in POP's own FHIR export (docs/adr/0011-lenient-sources.md)."""


class HttpSettings(Section):
    """``[http]``: the service's own listener."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


Concurrency = Annotated[int, Field(ge=1, le=64)]


class OffHoursSettings(Section):
    """``[pop.off_hours]``: when POP's people are not at work, and how much the gateway may ask of POP then."""

    begin: dt.time = dt.time(20)
    end: dt.time = dt.time(6)
    """From ``begin`` to ``end``, past midnight if ``end`` is the earlier."""
    weekends: bool = True
    """Saturdays and Sundays count as a whole."""
    timezone: Zone = "UTC"
    """IANA zone in which the times are meant."""
    concurrency: Concurrency = 16
    """Requests in flight at most during that time."""

    def include(self, instant: dt.datetime) -> bool:
        """True if an instant (with its zone) lies in them."""
        local = instant.astimezone(ZoneInfo(self.timezone))
        if self.weekends and local.isoweekday() >= 6:
            return True
        if self.begin <= self.end:
            return self.begin <= local.time() < self.end
        return local.time() >= self.begin or local.time() < self.end


class OidcSettings(Section):
    """``[pop.oidc]``: sign in through the OpenID Connect provider that POP is configured for, instead of with a password."""

    provider: str
    """The provider's id in POP's configuration, e.g. ``keycloak``."""
    token_endpoint: str
    client_id: str
    """The client that POP itself is registered as: POP takes only ID tokens made for it."""
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    scope: str = "openid"
    grant: Literal["client_credentials", "password"] = "client_credentials"
    """``password`` signs in as [pop] username and password, where the provider gives ID tokens to persons only."""

    def secret(self) -> str:
        """The client's secret. Raises ConfigurationError."""
        return _secret("pop.oidc", self.client_secret, self.client_secret_file, name="client_secret")


class PopSettings(Section):
    """``[pop]``: the POP server and the technical account."""

    url: str = "http://127.0.0.1:8090"
    """Base address, without ``/api/v1``."""
    username: str = "gateway"
    password: SecretStr | None = None
    password_file: Path | None = None
    clinical_center: str = "Demo Hospital"
    """``PatientCase.clinicalCenter`` of every case this gateway writes."""
    external_source: str = "EHR"
    """``externalSource`` of every entity: which system it came from."""
    case_page: Annotated[str | None, Field(pattern=r"^https?://.*\{id\}")] = None
    """Address of a case in POP's own interface, for links in the console; ``{id}`` stands for its POP id."""
    timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds for one request, from its first byte to the last of its answer."""
    concurrency: Concurrency = 8
    """Requests in flight at most. Within it the gateway finds out what POP takes at its best."""
    terminology_refresh: Annotated[float, Field(ge=60)] = 3600.0
    """Seconds between two looks at whether POP's value lists have changed."""
    off_hours: OffHoursSettings | None = None
    oidc: OidcSettings | None = None
    ca_file: Path | None = None
    """PEM file of a private certificate authority that POP's certificate comes from."""
    client_cert: Path | None = None
    client_key: Path | None = None
    """PEM files of a certificate that the gateway shows, and its key (if that is not in the same file)."""
    proxy: str | None = None
    """``http://proxy.hospital.example:3128``. The environment's proxy settings are not used."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> PopSettings:
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("client_key needs client_cert")
        return self

    def ceiling(self, instant: dt.datetime) -> int:
        """Requests that may be in flight at an instant."""
        off = self.off_hours
        return off.concurrency if off is not None and off.include(instant) else self.concurrency

    @property
    def highest_ceiling(self) -> int:
        """Requests that may be in flight at any time."""
        return max(self.concurrency, self.off_hours.concurrency if self.off_hours is not None else 0)

    def secret(self) -> str:
        """The account's password. Raises ConfigurationError if neither ``password`` nor a readable ``password_file`` is set."""
        return _secret("pop", self.password, self.password_file)

    def read_secrets(self) -> None:
        """Read what signing in needs. Raises ConfigurationError if it is not there."""
        if self.oidc is not None:
            self.oidc.secret()
        if self.oidc is None or self.oidc.grant == "password":
            self.secret()


class SourceSettings(Section):
    """``[sources.NAME]``: an EHR. Every delivery names its source; an unnamed one belongs to ``default``."""

    url: str | None = None
    """FHIR base address, for polling. Leave it out for a source that only pushes."""
    token: SecretStr | None = None
    token_file: Path | None = None
    """Bearer token that the EHR must send to us, and that we send when polling."""
    types: tuple[str, ...] = (
        "Patient",
        "Condition",
        "Observation",
        "DiagnosticReport",
        "Procedure",
        "MedicationAdministration",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationDispense",
        "Medication",
        "AdverseEvent",
        "CarePlan",
        "Encounter",
        "FamilyMemberHistory",
        "ImagingStudy",
        "RequestGroup",
        "ResearchStudy",
        "RiskAssessment",
        "ServiceRequest",
        "Specimen",
        "BodyStructure",
        "Task",
    )
    """Resource types to poll: all that the mappers read or look at. What the EHR does not offer is not asked for."""
    interval: Annotated[float, Field(gt=0)] = 300.0
    """Seconds between polling runs."""
    overlap: Annotated[float, Field(ge=0)] = 120.0
    """Seconds that a run reaches back behind its watermark (late commit visibility, field notes §1 *Pulling*)."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 200
    timezone: Zone | None = None
    """IANA zone of the institution: the day of an instant is the day there. Without it, it is the day as written, in the instant's
    own offset."""

    def secret(self) -> str | None:
        """The bearer token, or None where the source has none."""
        if self.token is None and self.token_file is None:
            return None
        return _secret("sources", self.token, self.token_file)


class WorkerSettings(Section):
    """``[worker]``: how the backlog is worked."""

    lease: Annotated[float, Field(gt=0)] = 60.0
    """Seconds a claimed patient stays ours without a heartbeat."""
    idle: Annotated[float, Field(gt=0)] = 1.0
    """Seconds between looks at an empty backlog (other replicas' intake); our own intake wakes the worker at once."""


class AuditSettings(Section):
    """``[audit]``: what is kept of the requests to POP."""

    keep_days: Annotated[int, Field(gt=0)] = 3650
    """Days after which the record of a request is deleted."""
    payload_key_file: Path | None = None
    """Keys with which the payloads are sealed and kept; without it only their digests are."""
    payload_days: Annotated[int, Field(gt=0)] = 90
    """Days after which a kept payload is deleted; its digest stays."""


class MappingSettings(Section):
    """``[mapping]``: site options for mappers, plug-ins to leave out, the institution's own concept maps."""

    options: dict[str, Any] = Field(default_factory=dict)
    disabled: tuple[str, ...] = ()
    concept_maps: tuple[Path, ...] = ()
    """The site's own maps: FHIR ConceptMap JSON, CSV, or SSSOM TSV. The first that names a code wins."""
    organisation_maps: tuple[Path, ...] = ()
    """Maps that several sites share; a site's own come before them."""
    terminologies: Path | None = None
    """Folder of POP value lists to use where no server's lists are cached (``map`` without a store)."""


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="POP_GATEWAY_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    store: StoreSettings = Field(default_factory=StoreSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    pop: PopSettings = Field(default_factory=PopSettings)
    sources: dict[str, SourceSettings] = Field(default_factory=lambda: {"default": SourceSettings()})
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    audit: AuditSettings = Field(default_factory=AuditSettings)
    mapping: MappingSettings = Field(default_factory=MappingSettings)
    log: Literal["json", "console"] = "json"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file (which is passed as init values)."""
        return env_settings, init_settings

    def source(self, name: str) -> SourceSettings:
        """Settings of a source. Raises ConfigurationError for a name that is not configured."""
        try:
            return self.sources[name]
        except KeyError:
            known = ", ".join(sorted(self.sources))
            raise ConfigurationError(f"no source «{name}» is configured; known sources: {known}") from None


def _secret(table: str, value: SecretStr | None, file: Path | None, *, name: str = "secret") -> str:
    if value is not None:
        return value.get_secret_value()
    if file is None:
        raise ConfigurationError(f"[{table}] has no {name}: set it by environment or name a file that holds it")
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"[{table}] secret file {file} cannot be read: {error.strerror}") from error


def load(path: Path | None = None) -> Settings:
    """Read the configuration: the file given, else ``$POP_GATEWAY_CONFIG``, else defaults and environment only.

    Raises ConfigurationError, naming every wrong setting, and never printing a value.
    """
    path = path or (Path(os.environ["POP_GATEWAY_CONFIG"]) if "POP_GATEWAY_CONFIG" in os.environ else None)
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"configuration file {path} cannot be read: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"configuration file {path} is not TOML: {error}") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigurationError("the configuration is not valid:\n" + "\n".join(lines)) from None
