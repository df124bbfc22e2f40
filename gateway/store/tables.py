"""The tables of the store. One schema for SQLite and PostgreSQL; Alembic's migrations create it (``gateway/store/migrations``).

Times are UTC seconds since the epoch (float): both engines compare them alike and no driver re-interprets a time zone.
``seq`` is one monotone counter for the whole store (table ``counter``), handed out inside the intake lock: a change that
has a higher ``seq`` was committed later.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only gives a rowid alias (and so cheap inserts) to INTEGER; PostgreSQL needs BIGINT for years of versions.
BigInt = sa.BigInteger().with_variant(Integer, "sqlite")

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInt, nullable=False),
    comment="Row 'seq': the monotone change counter.",
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("source", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="http | import | poll | hook | demo"),
    Column("received_at", Float, nullable=False),
    Column(
        "digest",
        LargeBinary,
        nullable=False,
        comment="BLAKE2b of source, interaction, body: the idempotency key",
    ),
    Column("interaction", Text, nullable=False, comment="e.g. 'POST /fhir', 'PUT /fhir/Observation/1', 'import'"),
    Column("state", Text, nullable=False, comment="stored | partly-invalid | invalid | ignored"),
    Column("reason", Text, comment="why it was ignored or invalid, without patient data"),
    Column("counts", sa.JSON, nullable=False, comment="{stored, duplicate, stale, invalid, deleted, waiting}"),
    Column("entries", LargeBinary, comment="zstd JSON: [[type, id, state, version-row-id | null], …] in order"),
    Column("answer", LargeBinary, comment="zstd JSON: {status, body}: what the sender got, and gets again"),
    Column("times_received", Integer, nullable=False, server_default="1"),
    sa.UniqueConstraint("digest"),
    Index(None, "received_at"),
)

patient = Table(
    "patient",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("source", Text, nullable=False),
    Column("fhir_id", Text, nullable=False, comment="id of the FHIR Patient resource in that source"),
    Column("dirty_seq", BigInt, nullable=False, comment="seq of the last change that concerns the patient"),
    Column(
        "clean_seq", BigInt, nullable=False, server_default="0", comment="seq up to which mapping and apply are done"
    ),
    Column("dirty_at", Float, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", Float, comment="lease of the worker; after it anybody may claim"),
    Column("not_before", Float, nullable=False, server_default="0", comment="back-off: not claimed before"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, comment="stable error code of the last failed run, null when clean"),
    Column("operator", Text, comment="who asked for the replay that is not done yet"),
    Column("reconciled_at", Float),
    sa.UniqueConstraint("source", "fhir_id"),
    Index(None, "dirty_seq"),
    Index(
        "ix_patient_backlog",
        "not_before",
        "dirty_at",
        sqlite_where=sa.text("dirty_seq > clean_seq"),
        postgresql_where=sa.text("dirty_seq > clean_seq"),
    ),
)

resource = Table(
    "resource",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("fhir_id", Text, nullable=False),
    Column("patient_id", BigInt, ForeignKey("patient.id"), comment="null while waiting, and for shared resources"),
    Column("state", Text, nullable=False, comment="assigned | waiting | shared | deleted"),
    Column("waits_for", Text, comment="reference or identifier whose arrival will tell the patient (no patient data)"),
    Column("current_id", BigInt, comment="resource_version.id of the newest version"),
    Column("digest", LargeBinary, nullable=False, comment="BLAKE2b of the newest version's raw bytes"),
    Column("version_id", Text),
    Column("last_updated", Float),
    Column("seq", BigInt, nullable=False),
    Column("mapped_seq", BigInt, nullable=False, server_default="0"),
    Column("map_status", Text, comment="mappers.protocol.ResourceStatus"),
    Column("map_reason", Text),
    Column("unconsumed", sa.JSON),
    sa.UniqueConstraint("source", "type", "fhir_id"),
    Index(None, "patient_id", "type"),
    Index(
        "ix_resource_waiting",
        "state",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    Index(
        "ix_resource_unmapped",
        "patient_id",
        sqlite_where=sa.text("seq > mapped_seq"),
        postgresql_where=sa.text("seq > mapped_seq"),
    ),
)

resource_version = Table(
    "resource_version",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("resource_id", BigInt, ForeignKey("resource.id"), comment="null for an invalid entry without type or id"),
    Column("delivery_id", BigInt, ForeignKey("delivery.id"), nullable=False),
    Column("position", Integer, nullable=False, comment="index of the entry or line in its delivery"),
    Column("state", Text, nullable=False, comment="current | superseded | stale | invalid | deleted"),
    Column("seq", BigInt, nullable=False),
    Column("version_id", Text),
    Column("last_updated", Float),
    Column("received_at", Float, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("raw", LargeBinary, comment="zstd of the raw bytes as received; null for a deletion"),
    Column("outcome", sa.JSON, comment="OperationOutcome of an invalid entry, or warnings; without patient data"),
    Index(None, "resource_id", "seq"),
    Index(
        "ix_resource_version_invalid",
        "delivery_id",
        sqlite_where=sa.text("state = 'invalid'"),
        postgresql_where=sa.text("state = 'invalid'"),
    ),
)

resource_key = Table(
    "resource_key",
    metadata,
    Column("source", Text, nullable=False),
    Column(
        "key", Text, nullable=False, comment="'id:{BLAKE2b of type|system|value}', 'urn:uuid:…', or an absolute URL"
    ),
    Column("resource_id", BigInt, ForeignKey("resource.id"), nullable=False),
    sa.PrimaryKeyConstraint("source", "key", "resource_id"),
    Index(None, "resource_id"),
    comment="Other names of a resource. Identifier values are hashed: they are patient data.",
)

pending_reference = Table(
    "pending_reference",
    metadata,
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False, comment="'Type/id', or a resource_key.key, that has not arrived"),
    Column("resource_id", BigInt, ForeignKey("resource.id"), nullable=False, comment="who refers to it"),
    Column("element", Text, nullable=False),
    sa.PrimaryKeyConstraint("source", "target", "resource_id", "element"),
    Index(None, "resource_id"),
    comment="References to resources that have not arrived: they tell a late-comer its patient and show what is waited for.",
)

map_group = Table(
    "map_group",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("patient_id", BigInt, ForeignKey("patient.id"), nullable=False),
    Column("mapper", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("mapper_version", Text, nullable=False),
    Column(
        "stale",
        Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="must be mapped again although no member changed",
    ),
    Column("error", Text, comment="stable code if the mapper raised"),
    Column("not_for_pop", sa.JSON, comment="[[reference, reason], …]"),
    sa.UniqueConstraint("patient_id", "mapper", "key"),
    Index("ix_map_group_stale", "patient_id", sqlite_where=sa.text("stale"), postgresql_where=sa.text("stale")),
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", BigInt, ForeignKey("map_group.id", ondelete="CASCADE"), nullable=False),
    Column("resource_id", BigInt, ForeignKey("resource.id"), nullable=False),
    sa.PrimaryKeyConstraint("group_id", "resource_id"),
    Index(None, "resource_id"),
)

dependency = Table(
    "dependency",
    metadata,
    Column("group_id", BigInt, ForeignKey("map_group.id", ondelete="CASCADE"), nullable=False),
    Column(
        "target",
        Text,
        nullable=False,
        comment="'Type/id' | resource_key.key | wide: type:Condition@7, entities:Kind@7, patient@7, draft:KEY@7",
    ),
    sa.PrimaryKeyConstraint("group_id", "target"),
    Index(None, "target"),
    comment="What a group's mapping asked for beyond its members (mappers.protocol.Context).",
)

draft = Table(
    "draft",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("patient_id", BigInt, ForeignKey("patient.id"), nullable=False),
    Column("group_id", BigInt, ForeignKey("map_group.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column(
        "digest", LargeBinary, nullable=False, comment="of payload and references: equal digests need no POP request"
    ),
    Column("blocked", Boolean, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="zstd JSON of the draft in the `map --json` shape"),
    sa.UniqueConstraint("patient_id", "key"),
    Index(None, "group_id"),
    Index(None, "patient_id", "kind"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("patient_id", BigInt, ForeignKey("patient.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column(
        "state",
        Text,
        nullable=False,
        comment="creating, updating (announced: look first) | written | parked | kept | deleted",
    ),
    Column("pop_id", Text),
    Column("parent_key", Text, comment="draft key of the parent, for children"),
    Column("digest", LargeBinary, comment="draft digest as last written; as refused, if parked"),
    Column("written", LargeBinary, comment="zstd JSON of the body last accepted by POP, ids resolved"),
    Column("origins", sa.JSON, comment="[[reference, resource_version.id], …] the draft came from"),
    Column("mapper", Text),
    Column("mapper_version", Text),
    Column(
        "adopted", Boolean, nullable=False, server_default=sa.false(), comment="existed in POP before us: never deleted"
    ),
    Column(
        "retracted",
        Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="the decision it rests on was taken back",
    ),
    Column("error", Text, comment="stable code of the refusal"),
    Column("message", Text, comment="POP's reason, without patient data"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("written_at", Float),
    sa.UniqueConstraint("patient_id", "key"),
    Index("ix_ledger_pop_id", "pop_id"),
)

pop_request = Table(
    "pop_request",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("at", Float, nullable=False),
    Column("patient_id", BigInt),
    Column("key", Text),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False, comment="path template with POP ids; never a clinical identifier"),
    Column("status", Integer, comment="null: no answer"),
    Column("error", Text),
    Column("duration", Float, nullable=False, comment="seconds"),
    Column("entity_id", Text, comment="POP id of what a create made"),
    Column("refusal", Text, comment="why POP refused it: fields, codes, constraints; no values"),
    Column("payload_digest", LargeBinary),
    Column("payload", LargeBinary, comment="the body, encrypted ([audit] payload_key_file); null if not kept"),
    Column("cause", sa.JSON, comment="{mapper, mapperVersion, versions: [resource_version.id], operator, worker}"),
    Index(None, "patient_id", "at"),
    Index(None, "at"),
    Index(None, "entity_id"),
)

review = Table(
    "review",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column(
        "digest", LargeBinary, nullable=False, comment="of patient, draft key, code and field: one open item per cause"
    ),
    Column("patient_id", BigInt, ForeignKey("patient.id")),
    Column("draft_key", Text),
    Column("kind", Text),
    Column("code", Text, nullable=False),
    Column("field", Text),
    Column("severity", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("source_element", Text, comment="'Observation/x#valueQuantity'"),
    Column("terminology", Text),
    Column("codings", sa.JSON, comment="[[system, code, display], …]"),
    Column("state", Text, nullable=False, comment="open | resolved (by a person) | gone (its cause went away)"),
    Column("note", Text),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column(
        "item", LargeBinary, comment="what is decided at once: digest of field and code set (gateway.terminology.items)"
    ),
    sa.UniqueConstraint("digest"),
    Index(None, "state", "code"),
    Index(None, "patient_id"),
    Index(None, "item", "state"),
)

concept_decision = Table(
    "concept_decision",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("seq", BigInt, nullable=False, comment="counter 'seq' when it was last made or taken back"),
    Column("terminology", Text, nullable=False),
    Column(
        "system", Text, nullable=False, comment="of the source code; 'urn:pop-gateway:text' for a text without a code"
    ),
    Column("code", Text, nullable=False),
    Column("display", Text, nullable=False, comment="as the source showed it"),
    Column("outcome", Text, nullable=False, comment="map | leave-empty | not-for-pop | block"),
    Column("target", sa.JSON, comment="[system, code, display] of POP's concept, for map"),
    Column("field", Text, comment="'Kind.field' that a decision without a target is about"),
    Column("source", Text, comment="only for this source; null: for all"),
    Column("patients", sa.JSON, comment="only for these patients (scope once); null: for all"),
    Column("note", Text),
    Column("author", Text, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", Float, comment="null: in force"),
    Index(None, "seq"),
    Index(None, "terminology", "system", "code"),
    comment="What people decided about codes. Rows are never changed but to take them back: they are the audit.",
)

concept_map = Table(
    "concept_map",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("seq", BigInt, nullable=False, comment="counter 'seq' when it came into force, or went out of it"),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="1, 2, … of this name"),
    Column("layer", Text, nullable=False, comment="site | organisation"),
    Column("format", Text, nullable=False, comment="json | csv | sssom"),
    Column("content", LargeBinary, nullable=False, comment="zstd of the document as it was given"),
    Column("note", Text),
    Column("author", Text, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("ended_by", Text),
    Column("ended_at", Float, comment="null: in force"),
    sa.UniqueConstraint("name", "version"),
    Index(None, "seq"),
    comment="Concept maps that were given to the running gateway. Versions are never changed.",
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True, comment="e.g. 'pop.session', 'pop.login-backoff'"),
    Column("value", sa.JSON, nullable=False),
    Column("updated_at", Float, nullable=False),
)

lane = Table(
    "lane",
    metadata,
    Column("name", Text, primary_key=True, comment="'pop', or 'source:{name}'"),
    Column("paused_until", Float, nullable=False, server_default="0"),
    Column("paused_by_operator", Boolean, nullable=False, server_default=sa.false()),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("updated_at", Float, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True, comment="'scheduler', 'pop-login'"),
    Column("holder", Text, nullable=False),
    Column("until", Float, nullable=False),
)

poll_cursor = Table(
    "poll_cursor",
    metadata,
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("watermark", Text, nullable=False, comment="instant of the EHR's clock up to which everything is stored"),
    Column("updated_at", Float, nullable=False),
    sa.PrimaryKeyConstraint("source", "type", "filter"),
)

poll_run = Table(
    "poll_run",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("source", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("state", Text, nullable=False, comment="running | done | failed"),
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("received", Integer, nullable=False, server_default="0"),
    Column("announced", Integer, comment="sum of Bundle.total"),
    Column("error", Text),
    Index(None, "source", "started_at"),
)

terminology = Table(
    "terminology",
    metadata,
    Column("name", Text, primary_key=True, comment="POP's x-terminology name"),
    Column("count", Integer, nullable=False),
    Column("fetched_at", Float, nullable=False),
    Column(
        "changed_at", Float, nullable=False, server_default="0", comment="when its content was last another than before"
    ),
    Column("freshness", Text, comment="digest of count, first and last concept: while it is the same, so is the list"),
    Column(
        "concepts",
        LargeBinary,
        nullable=False,
        comment="zstd JSON: [[system, code, display, [synonym, …], properties | null], …]",
    ),
)
