"""The action journal, and two fields of the gradebook that only some sites tell."""

import sqlalchemy as sa
from alembic import op

from lms_sync.exact import ExactDecimal, UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the two tables, empty, and adds the two columns, empty in every row."""
    op.create_table(
        "action",
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("occurred_at", UtcInstant(), nullable=True),
        sa.Column("utc_offset", sa.Integer(), nullable=True),
        sa.Column("learner", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("impersonator", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("event", sa.String(), nullable=True),
        sa.Column("course", sa.String(), nullable=True),
        sa.Column("activity", sa.String(), nullable=True),
        sa.Column("object_type", sa.String(), nullable=True),
        sa.Column("object_id", sa.String(), nullable=True),
        sa.Column("crud", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=True),
        sa.Column("rung", sa.String(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("erased_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("page", "position", name="pk_action"),
        sa.UniqueConstraint("key", "source", name="uq_action_key_source"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_action_learner_occurred_at_source", "action", ["learner", "occurred_at", "source"])
    op.create_index("ix_action_course_occurred_at_source", "action", ["course", "occurred_at", "source"])
    _create_partial_index("ix_action_actor_occurred_at_source", ["actor", "occurred_at", "source"], "actor IS NOT NULL")
    _create_partial_index(
        "ix_action_derived",
        ["learner", "action", "occurred_at", "source"],
        "rung = 'derived' AND superseded_by IS NULL",
    )
    op.create_table(
        "journal",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=True),
        sa.Column("told_until", UtcInstant(), nullable=True),
        sa.Column("derived_seq", sa.BigInteger(), nullable=False),
        sa.Column("joined_seq", sa.BigInteger(), nullable=False),
        sa.Column("joined_rules", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_journal"),
    )
    op.add_column("grade_item", sa.Column("pass_mark", ExactDecimal(), nullable=True))
    op.add_column("grade_entry", sa.Column("graded_by", sa.String(), server_default=sa.text("''"), nullable=False))


def _create_partial_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "action", columns, sqlite_where=where, postgresql_where=where)
