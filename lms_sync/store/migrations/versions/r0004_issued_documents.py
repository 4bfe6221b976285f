"""Issued documents: the register, holders, scans, blanks, recognised results and pushes."""

import sqlalchemy as sa
from alembic import op

from lms_sync.exact import UtcInstant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the seven tables; they start empty."""
    op.create_table(
        "issued_document",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("document_kind", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("appendix_title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("basis_reason", sa.Text(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("result_version", sa.BigInteger(), nullable=True),
        sa.Column("mark", sa.BigInteger(), nullable=True),
        sa.Column("mark_text", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("programme_title", sa.Text(), nullable=False),
        sa.Column("programme_kind", sa.String(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=True),
        sa.Column("studied_from", sa.Date(), nullable=True),
        sa.Column("studied_to", sa.Date(), nullable=True),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("profession", sa.Text(), nullable=False),
        sa.Column("rank", sa.String(), nullable=False),
        sa.Column("honours", sa.Boolean(), nullable=True),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("registration_series", sa.String(), nullable=False),
        sa.Column("registration_ordinal", sa.BigInteger(), nullable=True),
        sa.Column("blank_range", sa.String(), nullable=True),
        sa.Column("blank_series", sa.String(), nullable=False),
        sa.Column("blank_number", sa.String(), nullable=False),
        sa.Column("appendix", sa.Boolean(), nullable=True),
        sa.Column("appendix_number", sa.String(), nullable=False),
        sa.Column("appendix_series", sa.String(), nullable=False),
        sa.Column("appendix_ordinal", sa.BigInteger(), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("issue_place", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("signatories", sa.Text(), nullable=False),
        sa.Column("handed_at", sa.Date(), nullable=True),
        sa.Column("handed_how", sa.Text(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("replaced_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_issued_document_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_issued_document"),
        sa.UniqueConstraint("appendix_series", "appendix_ordinal", "source", name="uq_issued_document_appendix"),
        sa.UniqueConstraint("blank_range", "blank_number", "source", name="uq_issued_document_blank"),
        sa.UniqueConstraint(
            "registration_series", "registration_ordinal", "source", name="uq_issued_document_registration"
        ),
    )
    op.create_index("ix_issued_document_course_source", "issued_document", ["course", "source"])
    op.create_index("ix_issued_document_learner_source", "issued_document", ["learner", "source"])
    op.create_index("ix_issued_document_protocol_source", "issued_document", ["protocol", "source"])
    op.create_index(
        "ix_issued_document_registration_number_source", "issued_document", ["registration_number", "source"]
    )
    op.create_table(
        "document_holder",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("middle_name", sa.String(), nullable=False),
        sa.Column("name_dative", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("snils", sa.String(), nullable=False),
        sa.Column("citizenship", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_document_holder_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_document_holder"),
    )
    op.create_index("ix_document_holder_last_name_source", "document_holder", ["last_name", "source"])
    op.create_index("ix_document_holder_learner_source", "document_holder", ["learner", "source"])
    op.create_table(
        "document_scan",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("attached_at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_document_scan_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_document_scan"),
    )
    op.create_index("ix_document_scan_document_source", "document_scan", ["document", "source"])
    op.create_index("ix_document_scan_learner_source", "document_scan", ["learner", "source"])
    op.create_table(
        "blank_range",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("document_kinds", sa.Text(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("last", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_blank_range_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_blank_range"),
    )
    op.create_table(
        "spoiled_blank",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("blank_range", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_spoiled_blank_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_spoiled_blank"),
    )
    op.create_table(
        "recognition",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("grade_item", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=True),
        sa.Column("mark_text", sa.String(), nullable=False),
        sa.Column("source_organisation", sa.Text(), nullable=False),
        sa.Column("source_document", sa.Text(), nullable=False),
        sa.Column("source_number", sa.String(), nullable=False),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("application_number", sa.String(), nullable=False),
        sa.Column("application_date", sa.Date(), nullable=True),
        sa.Column("minutes_number", sa.String(), nullable=False),
        sa.Column("minutes_date", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_recognition_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_recognition"),
    )
    op.create_index("ix_recognition_course_source", "recognition", ["course", "source"])
    op.create_index("ix_recognition_learner_source", "recognition", ["learner", "source"])
    op.create_table(
        "document_push",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("document_version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcInstant(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_seq"], ["ledger.seq"], name="fk_document_push_ledger_seq"),
        sa.PrimaryKeyConstraint("key", "source", name="pk_document_push"),
    )
    op.create_index("ix_document_push_document_source", "document_push", ["document", "source"])
    op.create_index("ix_document_push_learner_source", "document_push", ["learner", "source"])
    op.create_index("ix_document_push_state_source", "document_push", ["state", "source"])
    op.create_table(
        "push_target",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("templates_version", sa.String(), nullable=False),
        sa.Column("pushed_at", UtcInstant(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "target", name="pk_push_target"),
    )
