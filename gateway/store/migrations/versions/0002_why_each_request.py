"""Why each POP request was sent and what came of it; when a value list changed"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("patient", sa.Column("operator", sa.Text(), comment="who asked for the replay that is not done yet"))
    for column in (
        sa.Column("entity_id", sa.Text(), comment="POP id of what a create made"),
        sa.Column("refusal", sa.Text(), comment="why POP refused it: fields, codes, constraints; no values"),
        sa.Column(
            "payload",
            sa.LargeBinary(),
            comment="the body, encrypted ([audit] payload_key_file); null if not kept",
        ),
    ):
        op.add_column("pop_request", column)
    op.add_column(
        "terminology",
        sa.Column(
            "changed_at",
            sa.Float(),
            nullable=False,
            server_default="0",
            comment="when its content was last another than before",
        ),
    )
    op.add_column(
        "terminology",
        sa.Column(
            "freshness",
            sa.Text(),
            comment="digest of count, first and last concept: while it is the same, so is the list",
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        # SQLite keeps no comments.
        op.alter_column(
            "ledger",
            "origins",
            comment="[[reference, resource_version.id], …] the draft came from",
            existing_type=sa.JSON(),
        )
        op.alter_column(
            "pop_request",
            "cause",
            comment="{mapper, mapperVersion, versions: [resource_version.id], operator, worker}",
            existing_type=sa.JSON(),
        )
    op.create_index(op.f("ix_pop_request_at"), "pop_request", ["at"])
    op.create_index(op.f("ix_pop_request_entity_id"), "pop_request", ["entity_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_pop_request_entity_id"), "pop_request")
    op.drop_index(op.f("ix_pop_request_at"), "pop_request")
    for name in ("freshness", "changed_at"):
        op.drop_column("terminology", name)
    for name in ("payload", "refusal", "entity_id"):
        op.drop_column("pop_request", name)
    op.drop_column("patient", "operator")
