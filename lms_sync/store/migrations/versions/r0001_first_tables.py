"""The first tables: runs, ledger, projections and what is remembered of each scope."""

import sqlalchemy as sa
from alembic import op

from lms_sync.exact import ExactDecimal, UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes every table of the store."""
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.String(), nullable=False),
        sa.Column("started_at", UtcInstant(), nullable=False),
        sa.Column("finished_at", UtcInstant(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_source_id", "run", ["source", "id"])
    op.create_table(
        "cursor",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_cursor_run_id"),
        sa.PrimaryKeyConstraint("source", "stream", "scope", name="pk_cursor"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("observed_at", UtcInstant(), nullable=False),
        sa.Column("source_at", UtcInstant(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("payload_digest", sa.String(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_ledger_run_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
        sa.UniqueConstraint("key", "kind", "source", "version", name="uq_ledger_key_kind_source_version"),
    )
    op.create_index("ix_ledger_observed_at", "ledger", ["observed_at"])
    op.create_index("ix_ledger_run_id", "ledger", ["run_id"])
    op.create_table(
        "quarantine",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("last_seen_at", UtcInstant(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_quarantine_run_id"),
        sa.PrimaryKeyConstraint("source", "kind", "key", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_scope_stream_source", "quarantine", ["scope", "stream", "source"])
    op.create_table(
        "scope_state",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("read_at", UtcInstant(), nullable=True),
        sa.Column("complete_at", UtcInstant(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reread_requested_at", UtcInstant(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_scope_state_run_id"),
        sa.PrimaryKeyConstraint("source", "stream", "scope", name="pk_scope_state"),
    )
    op.create_table(
        "assessment",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opens_at", UtcInstant(), nullable=True),
        sa.Column("closes_at", UtcInstant(), nullable=True),
        sa.Column("time_limit", sa.BigInteger(), nullable=True),
        sa.Column("attempts_allowed", sa.BigInteger(), nullable=True),
        sa.Column("counting", sa.String(), nullable=False),
        sa.Column("points_maximum", ExactDecimal(), nullable=True),
        sa.Column("grade_maximum", ExactDecimal(), nullable=True),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_assessment_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_assessment"),
    )
    op.create_index("ix_assessment_course_source", "assessment", ["course", "source"])
    op.create_index("ix_assessment_scope_source", "assessment", ["scope", "source"])
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("assessment", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", UtcInstant(), nullable=True),
        sa.Column("finished_at", UtcInstant(), nullable=True),
        sa.Column("points", ExactDecimal(), nullable=True),
        sa.Column("points_maximum", ExactDecimal(), nullable=True),
        sa.Column("grade", ExactDecimal(), nullable=True),
        sa.Column("grade_maximum", ExactDecimal(), nullable=True),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_attempt_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_attempt"),
    )
    op.create_index("ix_attempt_assessment_source", "attempt", ["assessment", "source"])
    op.create_index("ix_attempt_course_source", "attempt", ["course", "source"])
    op.create_index("ix_attempt_learner_source", "attempt", ["learner", "source"])
    op.create_index("ix_attempt_scope_source", "attempt", ["scope", "source"])
    op.create_table(
        "course",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("idnumber", sa.String(), nullable=False),
        sa.Column("category_path", sa.Text(), nullable=False),
        sa.Column("programme_kind", sa.String(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=True),
        sa.Column("starts_at", UtcInstant(), nullable=True),
        sa.Column("ends_at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_course_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_course"),
    )
    op.create_index("ix_course_scope_source", "course", ["scope", "source"])
    op.create_table(
        "enrolment",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_learner", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_enrolment_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_enrolment"),
    )
    op.create_index("ix_enrolment_course_source", "enrolment", ["course", "source"])
    op.create_index("ix_enrolment_learner_source", "enrolment", ["learner", "source"])
    op.create_index("ix_enrolment_scope_source", "enrolment", ["scope", "source"])
    op.create_table(
        "grade_entry",
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
        sa.Column("raw", ExactDecimal(), nullable=True),
        sa.Column("minimum", ExactDecimal(), nullable=True),
        sa.Column("maximum", ExactDecimal(), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=True),
        sa.Column("mark_text", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("scale_version", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", UtcInstant(), nullable=True),
        sa.Column("graded_at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_grade_entry_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_grade_entry"),
    )
    op.create_index("ix_grade_entry_course_source", "grade_entry", ["course", "source"])
    op.create_index("ix_grade_entry_grade_item_source", "grade_entry", ["grade_item", "source"])
    op.create_index("ix_grade_entry_learner_source", "grade_entry", ["learner", "source"])
    op.create_index("ix_grade_entry_scope_source", "grade_entry", ["scope", "source"])
    op.create_table(
        "grade_item",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("item_type", sa.String(), nullable=False),
        sa.Column("module", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("idnumber", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("minimum", ExactDecimal(), nullable=True),
        sa.Column("maximum", ExactDecimal(), nullable=True),
        sa.Column("scale_lowest", sa.String(), nullable=False),
        sa.Column("scale_highest", sa.String(), nullable=False),
        sa.Column("attestation_kind", sa.String(), nullable=False),
        sa.Column("control_form", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_grade_item_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_grade_item"),
    )
    op.create_index("ix_grade_item_course_source", "grade_item", ["course", "source"])
    op.create_index("ix_grade_item_scope_source", "grade_item", ["scope", "source"])
    op.create_table(
        "learner",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("middle_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("idnumber", sa.String(), nullable=False),
        sa.Column("snils", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("citizenship", sa.String(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_learner_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_learner"),
    )
    op.create_index("ix_learner_idnumber_source", "learner", ["idnumber", "source"])
    op.create_index("ix_learner_snils_source", "learner", ["snils", "source"])
