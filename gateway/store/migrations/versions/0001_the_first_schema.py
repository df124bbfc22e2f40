"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
        comment="Row 'seq': the monotone change counter.",
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="http | import | poll | hook | demo"),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="BLAKE2b of source, interaction, body: the idempotency key",
        ),
        sa.Column(
            "interaction", sa.Text(), nullable=False, comment="e.g. 'POST /fhir', 'PUT /fhir/Observation/1', 'import'"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="stored | partly-invalid | invalid | ignored"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was ignored or invalid, without patient data"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="{stored, duplicate, stale, invalid, deleted, waiting}"),
        sa.Column(
            "entries",
            sa.LargeBinary(),
            nullable=True,
            comment="zstd JSON: [[type, id, state, version-row-id | null], …] in order",
        ),
        sa.Column(
            "answer",
            sa.LargeBinary(),
            nullable=True,
            comment="zstd JSON: {status, body}: what the sender got, and gets again",
        ),
        sa.Column("times_received", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("digest", name=op.f("uq_delivery_digest")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_received_at"), ["received_at"], unique=False)

    op.create_table(
        "lane",
        sa.Column("name", sa.Text(), nullable=False, comment="'pop', or 'source:{name}'"),
        sa.Column("paused_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("paused_by_operator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lane")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False, comment="'scheduler', 'pop-login'"),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fhir_id", sa.Text(), nullable=False, comment="id of the FHIR Patient resource in that source"),
        sa.Column(
            "dirty_seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="seq of the last change that concerns the patient",
        ),
        sa.Column(
            "clean_seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
            comment="seq up to which mapping and apply are done",
        ),
        sa.Column("dirty_at", sa.Float(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column(
            "claimed_until", sa.Float(), nullable=True, comment="lease of the worker; after it anybody may claim"
        ),
        sa.Column("not_before", sa.Float(), server_default="0", nullable=False, comment="back-off: not claimed before"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "last_error", sa.Text(), nullable=True, comment="stable error code of the last failed run, null when clean"
        ),
        sa.Column("reconciled_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("source", "fhir_id", name=op.f("uq_patient_source_fhir_id")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index(
            "ix_patient_backlog",
            ["not_before", "dirty_at"],
            unique=False,
            sqlite_where=sa.text("dirty_seq > clean_seq"),
            postgresql_where=sa.text("dirty_seq > clean_seq"),
        )
        batch_op.create_index(batch_op.f("ix_patient_dirty_seq"), ["dirty_seq"], unique=False)

    op.create_table(
        "poll_cursor",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column(
            "watermark",
            sa.Text(),
            nullable=False,
            comment="instant of the EHR's clock up to which everything is stored",
        ),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("source", "type", "filter", name=op.f("pk_poll_cursor")),
    )
    op.create_table(
        "poll_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, comment="running | done | failed"),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.Column("announced", sa.Integer(), nullable=True, comment="sum of Bundle.total"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_run")),
    )
    with op.batch_alter_table("poll_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_run_source_started_at"), ["source", "started_at"], unique=False)

    op.create_table(
        "pop_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="path template with POP ids; never a clinical identifier"),
        sa.Column("status", sa.Integer(), nullable=True, comment="null: no answer"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=False, comment="seconds"),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=True),
        sa.Column("cause", sa.JSON(), nullable=True, comment="{delivery, mapper, mapperVersion, operator, worker}"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pop_request")),
    )
    with op.batch_alter_table("pop_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pop_request_patient_id_at"), ["patient_id", "at"], unique=False)

    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False, comment="e.g. 'pop.session', 'pop.login-backoff'"),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "terminology",
        sa.Column("name", sa.Text(), nullable=False, comment="POP's x-terminology name"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.Float(), nullable=False),
        sa.Column(
            "concepts",
            sa.LargeBinary(),
            nullable=False,
            comment="zstd JSON: [[system, code, display, [synonym, …], properties | null], …]",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_terminology")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="creating, updating (announced: look first) | written | parked | kept | deleted",
        ),
        sa.Column("pop_id", sa.Text(), nullable=True),
        sa.Column("parent_key", sa.Text(), nullable=True, comment="draft key of the parent, for children"),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=True, comment="draft digest as last written; as refused, if parked"
        ),
        sa.Column(
            "written",
            sa.LargeBinary(),
            nullable=True,
            comment="zstd JSON of the body last accepted by POP, ids resolved",
        ),
        sa.Column("origins", sa.JSON(), nullable=True, comment="[[reference, version row id], …] the draft came from"),
        sa.Column("mapper", sa.Text(), nullable=True),
        sa.Column("mapper_version", sa.Text(), nullable=True),
        sa.Column(
            "adopted",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="existed in POP before us: never deleted",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="stable code of the refusal"),
        sa.Column("message", sa.Text(), nullable=True, comment="POP's reason, without patient data"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("written_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_ledger_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("patient_id", "key", name=op.f("uq_ledger_patient_id_key")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_pop_id", ["pop_id"], unique=False)

    op.create_table(
        "map_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mapper", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mapper_version", sa.Text(), nullable=False),
        sa.Column(
            "stale",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="must be mapped again although no member changed",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="stable code if the mapper raised"),
        sa.Column("not_for_pop", sa.JSON(), nullable=True, comment="[[reference, reason], …]"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_map_group_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_map_group")),
        sa.UniqueConstraint("patient_id", "mapper", "key", name=op.f("uq_map_group_patient_id_mapper_key")),
    )
    with op.batch_alter_table("map_group", schema=None) as batch_op:
        batch_op.create_index(
            "ix_map_group_stale",
            ["patient_id"],
            unique=False,
            sqlite_where=sa.text("stale"),
            postgresql_where=sa.text("stale"),
        )

    op.create_table(
        "resource",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("fhir_id", sa.Text(), nullable=False),
        sa.Column(
            "patient_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="null while waiting, and for shared resources",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="assigned | waiting | shared | deleted"),
        sa.Column(
            "waits_for",
            sa.Text(),
            nullable=True,
            comment="reference or identifier whose arrival will tell the patient (no patient data)",
        ),
        sa.Column(
            "current_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="resource_version.id of the newest version",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="BLAKE2b of the newest version's raw bytes"),
        sa.Column("version_id", sa.Text(), nullable=True),
        sa.Column("last_updated", sa.Float(), nullable=True),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "mapped_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column("map_status", sa.Text(), nullable=True, comment="mappers.protocol.ResourceStatus"),
        sa.Column("map_reason", sa.Text(), nullable=True),
        sa.Column("unconsumed", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_resource_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint("source", "type", "fhir_id", name=op.f("uq_resource_source_type_fhir_id")),
    )
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_resource_patient_id_type"), ["patient_id", "type"], unique=False)
        batch_op.create_index(
            "ix_resource_unmapped",
            ["patient_id"],
            unique=False,
            sqlite_where=sa.text("seq > mapped_seq"),
            postgresql_where=sa.text("seq > mapped_seq"),
        )
        batch_op.create_index(
            "ix_resource_waiting",
            ["state"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="of patient, draft key, code and field: one open item per cause",
        ),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("draft_key", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_element", sa.Text(), nullable=True, comment="'Observation/x#valueQuantity'"),
        sa.Column("terminology", sa.Text(), nullable=True),
        sa.Column("codings", sa.JSON(), nullable=True, comment="[[system, code, display], …]"),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="open | resolved (by a person) | gone (its cause went away)"
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_review_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("digest", name=op.f("uq_review_digest")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_state_code"), ["state", "code"], unique=False)

    op.create_table(
        "dependency",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "target",
            sa.Text(),
            nullable=False,
            comment="'Type/id' | resource_key.key | wide: type:Condition@7, entities:Kind@7, patient@7, draft:KEY@7",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["map_group.id"], name=op.f("fk_dependency_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "target", name=op.f("pk_dependency")),
        comment="What a group's mapping asked for beyond its members (mappers.protocol.Context).",
    )
    with op.batch_alter_table("dependency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dependency_target"), ["target"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="of payload and references: equal digests need no POP request",
        ),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False, comment="zstd JSON of the draft in the `map --json` shape"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["map_group.id"], name=op.f("fk_draft_group_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_draft_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("patient_id", "key", name=op.f("uq_draft_patient_id_key")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_patient_id_kind"), ["patient_id", "kind"], unique=False)

    op.create_table(
        "group_member",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["map_group.id"], name=op.f("fk_group_member_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_group_member_resource_id")),
        sa.PrimaryKeyConstraint("group_id", "resource_id", name=op.f("pk_group_member")),
    )
    with op.batch_alter_table("group_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_member_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "pending_reference",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "target", sa.Text(), nullable=False, comment="'Type/id', or a resource_key.key, that has not arrived"
        ),
        sa.Column(
            "resource_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="who refers to it",
        ),
        sa.Column("element", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_pending_reference_resource_id")),
        sa.PrimaryKeyConstraint("source", "target", "resource_id", "element", name=op.f("pk_pending_reference")),
        comment="References to resources that have not arrived: they tell a late-comer its patient and show what is waited for.",
    )
    with op.batch_alter_table("pending_reference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_reference_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "resource_key",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="'id:{BLAKE2b of type|system|value}', 'urn:uuid:…', or an absolute URL",
        ),
        sa.Column("resource_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_resource_key_resource_id")),
        sa.PrimaryKeyConstraint("source", "key", "resource_id", name=op.f("pk_resource_key")),
        comment="Other names of a resource. Identifier values are hashed: they are patient data.",
    )
    with op.batch_alter_table("resource_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_resource_key_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "resource_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "resource_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="null for an invalid entry without type or id",
        ),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="index of the entry or line in its delivery"),
        sa.Column("state", sa.Text(), nullable=False, comment="current | superseded | stale | invalid | deleted"),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=True),
        sa.Column("last_updated", sa.Float(), nullable=True),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "raw", sa.LargeBinary(), nullable=True, comment="zstd of the raw bytes as received; null for a deletion"
        ),
        sa.Column(
            "outcome",
            sa.JSON(),
            nullable=True,
            comment="OperationOutcome of an invalid entry, or warnings; without patient data",
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_resource_version_delivery_id")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_resource_version_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_version")),
    )
    with op.batch_alter_table("resource_version", schema=None) as batch_op:
        batch_op.create_index(
            "ix_resource_version_invalid",
            ["delivery_id"],
            unique=False,
            sqlite_where=sa.text("state = 'invalid'"),
            postgresql_where=sa.text("state = 'invalid'"),
        )
        batch_op.create_index(batch_op.f("ix_resource_version_resource_id_seq"), ["resource_id", "seq"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("resource_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resource_version_resource_id_seq"))
        batch_op.drop_index(
            "ix_resource_version_invalid",
            sqlite_where=sa.text("state = 'invalid'"),
            postgresql_where=sa.text("state = 'invalid'"),
        )

    op.drop_table("resource_version")
    with op.batch_alter_table("resource_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resource_key_resource_id"))

    op.drop_table("resource_key")
    with op.batch_alter_table("pending_reference", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pending_reference_resource_id"))

    op.drop_table("pending_reference")
    with op.batch_alter_table("group_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_member_resource_id"))

    op.drop_table("group_member")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_patient_id_kind"))
        batch_op.drop_index(batch_op.f("ix_draft_group_id"))

    op.drop_table("draft")
    with op.batch_alter_table("dependency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dependency_target"))

    op.drop_table("dependency")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_state_code"))
        batch_op.drop_index(batch_op.f("ix_review_patient_id"))

    op.drop_table("review")
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_resource_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(
            "ix_resource_unmapped",
            sqlite_where=sa.text("seq > mapped_seq"),
            postgresql_where=sa.text("seq > mapped_seq"),
        )
        batch_op.drop_index(batch_op.f("ix_resource_patient_id_type"))

    op.drop_table("resource")
    with op.batch_alter_table("map_group", schema=None) as batch_op:
        batch_op.drop_index("ix_map_group_stale", sqlite_where=sa.text("stale"), postgresql_where=sa.text("stale"))

    op.drop_table("map_group")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_pop_id")

    op.drop_table("ledger")
    op.drop_table("terminology")
    op.drop_table("setting")
    with op.batch_alter_table("pop_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pop_request_patient_id_at"))

    op.drop_table("pop_request")
    with op.batch_alter_table("poll_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_run_source_started_at"))

    op.drop_table("poll_run")
    op.drop_table("poll_cursor")
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_dirty_seq"))
        batch_op.drop_index(
            "ix_patient_backlog",
            sqlite_where=sa.text("dirty_seq > clean_seq"),
            postgresql_where=sa.text("dirty_seq > clean_seq"),
        )

    op.drop_table("patient")
    op.drop_table("lease")
    op.drop_table("lane")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_received_at"))

    op.drop_table("delivery")
    op.drop_table("counter")
