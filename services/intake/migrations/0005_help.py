"""Where the content of evidence lies, since when there is none; what clerks made of suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stored_as", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_evidence_erased_at"), ["erased_at"], unique=False)
    op.create_table(
        "suggestion_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=36), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_answers")),
        sa.UniqueConstraint(
            "issue_id", "kind", "value", name=op.f("uq_suggestion_answers_issue_id_kind_value")
        ),
    )
    op.create_index(op.f("ix_suggestion_answers_value"), "suggestion_answers", ["value"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("suggestion_answers")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_erased_at"))
        batch_op.drop_column("erased_at")
        batch_op.drop_column("stored_as")
