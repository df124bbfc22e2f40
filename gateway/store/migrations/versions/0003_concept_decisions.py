"""What people decide about source codes, maps that they give; reviews that one decision settles"""

import sqlalchemy as sa
from alembic import op

from gateway.terminology.items import item_digest

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "concept_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="counter 'seq' when it was last made or taken back",
        ),
        sa.Column("terminology", sa.Text(), nullable=False),
        sa.Column(
            "system",
            sa.Text(),
            nullable=False,
            comment="of the source code; 'urn:pop-gateway:text' for a text without a code",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False, comment="as the source showed it"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="map | leave-empty | not-for-pop | block"),
        sa.Column("target", sa.JSON(), comment="[system, code, display] of POP's concept, for map"),
        sa.Column("field", sa.Text(), comment="'Kind.field' that a decision without a target is about"),
        sa.Column("source", sa.Text(), comment="only for this source; null: for all"),
        sa.Column("patients", sa.JSON(), comment="only for these patients (scope once); null: for all"),
        sa.Column("note", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_at", sa.Float(), comment="null: in force"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept_decision")),
        comment="What people decided about codes. Rows are never changed but to take them back: they are the audit.",
    )
    op.create_index(op.f("ix_concept_decision_seq"), "concept_decision", ["seq"])
    op.create_index(
        op.f("ix_concept_decision_terminology_system_code"), "concept_decision", ["terminology", "system", "code"]
    )
    op.create_table(
        "concept_map",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="counter 'seq' when it came into force, or went out of it",
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="1, 2, … of this name"),
        sa.Column("layer", sa.Text(), nullable=False, comment="site | organisation"),
        sa.Column("format", sa.Text(), nullable=False, comment="json | csv | sssom"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="zstd of the document as it was given"),
        sa.Column("note", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", sa.Float(), comment="null: in force"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept_map")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_concept_map_name_version")),
        comment="Concept maps that were given to the running gateway. Versions are never changed.",
    )
    op.create_index(op.f("ix_concept_map_seq"), "concept_map", ["seq"])
    op.add_column(
        "review",
        sa.Column(
            "item",
            sa.LargeBinary(),
            comment="what is decided at once: digest of field and code set (gateway.terminology.items)",
        ),
    )
    op.add_column(
        "ledger",
        sa.Column(
            "retracted",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="the decision it rests on was taken back",
        ),
    )
    _give_items()
    op.create_index(op.f("ix_review_item_state"), "review", ["item", "state"])


def _give_items() -> None:
    columns = ("id", "code", "kind", "field", "terminology", "codings", "text")
    review = sa.table("review", *(sa.column(name) for name in columns if name != "codings"), sa.column("codings", sa.JSON),
                      sa.column("item", sa.LargeBinary))  # fmt: skip
    connection = op.get_bind()
    rows = connection.execute(sa.select(*(review.c[name] for name in columns))).mappings().all()
    found = [{"which": row["id"], "digest": item_digest({**row, "codings": row["codings"] or []})} for row in rows]
    if found:
        statement = sa.update(review).where(review.c.id == sa.bindparam("which")).values(item=sa.bindparam("digest"))
        connection.execute(statement, found)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_review_item_state"), "review")
    op.drop_column("ledger", "retracted")
    op.drop_column("review", "item")
    op.drop_table("concept_map")
    op.drop_table("concept_decision")
