"""Official records of final attestation: frozen results, protocols and drift."""

import sqlalchemy as sa
from alembic import op

from lms_sync.exact import ExactDecimal, UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the three tables; they start empty."""
    op.create_table(
        "attestation_result",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("grade_item", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("middle_name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("idnumber", sa.String(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("course_title", sa.Text(), nullable=False),
        sa.Column("programme_kind", sa.String(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("attestation_kind", sa.String(), nullable=False),
        sa.Column("control_form", sa.String(), nullable=False),
        sa.Column("assessment", sa.String(), nullable=False),
        sa.Column("attempt", sa.String(), nullable=False),
        sa.Column("attempt_number", sa.BigInteger(), nullable=True),
        sa.Column("started_at", UtcInstant(), nullable=True),
        sa.Column("finished_at", UtcInstant(), nullable=True),
        sa.Column("duration", sa.BigInteger(), nullable=True),
        sa.Column("points", ExactDecimal(), nullable=True),
        sa.Column("points_maximum", ExactDecimal(), nullable=True),
        sa.Column("grade_source", sa.String(), nullable=False),
        sa.Column("grade", ExactDecimal(), nullable=True),
        sa.Column("grade_minimum", ExactDecimal(), nullable=True),
        sa.Column("grade_maximum", ExactDecimal(), nullable=True),
        sa.Column("percent", ExactDecimal(), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=True),
        sa.Column("mark_text", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("counting", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("scale_version", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_attestation_result_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_attestation_result"),
    )
    op.create_index("ix_attestation_result_course_source", "attestation_result", ["course", "source"])
    op.create_index("ix_attestation_result_grade_item_source", "attestation_result", ["grade_item", "source"])
    op.create_index("ix_attestation_result_learner_source", "attestation_result", ["learner", "source"])
    op.create_table(
        "protocol",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("grade_item", sa.String(), nullable=False),
        sa.Column("course_title", sa.Text(), nullable=False),
        sa.Column("programme_kind", sa.String(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("attestation_kind", sa.String(), nullable=False),
        sa.Column("control_form", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("sitting", sa.String(), nullable=False),
        sa.Column("held_from", sa.Date(), nullable=True),
        sa.Column("held_to", sa.Date(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("closing", sa.String(), nullable=False),
        sa.Column("closed_at", UtcInstant(), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=True),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_protocol_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_protocol"),
        sa.UniqueConstraint("series", "ordinal", "source", name="uq_protocol_series_ordinal_source"),
    )
    op.create_index("ix_protocol_course_source", "protocol", ["course", "source"])
    op.create_index("ix_protocol_grade_item_source", "protocol", ["grade_item", "source"])
    op.create_table(
        "drift",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("grade_item", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("frozen", sa.Text(), nullable=False),
        sa.Column("current", sa.Text(), nullable=False),
        sa.Column("lms_changed_at", UtcInstant(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_drift_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_drift"),
    )
    op.create_index("ix_drift_learner_source", "drift", ["learner", "source"])
    op.create_index("ix_drift_result_source", "drift", ["result", "source"])
    op.create_index("ix_drift_state_source", "drift", ["state", "source"])
