"""What may still move with a calendar, the clocks of mediations, and who is complained about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACCUSES = sa.text("against IS NOT NULL")
PROVISIONAL = sa.text("provisional_edition IS NOT NULL")
WAITS = sa.text("timer_at IS NOT NULL")


def upgrade() -> None:
    """Go forward. Disputes that are being settled do not ask for a mediation; each is looked at once."""
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mediated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("due_fixed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.create_index(
            "ix_issues_against", ["against"], unique=False, postgresql_where=ACCUSES, sqlite_where=ACCUSES
        )
    for table in ("issues", "escalations"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("provisional_edition", sa.String(length=16), nullable=True))
            batch_op.create_index(
                f"ix_{table}_provisional_edition",
                ["provisional_edition"],
                unique=False,
                postgresql_where=PROVISIONAL,
                sqlite_where=PROVISIONAL,
            )
    with op.batch_alter_table("mediations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("timer_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "fired",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default=sa.text("'[]'"),
                nullable=False,
            )
        )
        batch_op.create_index(
            "ix_mediations_timer_at", ["timer_at"], unique=False, postgresql_where=WAITS, sqlite_where=WAITS
        )
    op.execute(
        "UPDATE issues SET mediated_at ="
        " (SELECT min(started_at) FROM mediations WHERE mediations.issue_id = issues.id)"
        " WHERE id IN (SELECT issue_id FROM mediations)"
    )
    op.execute(
        "UPDATE mediations SET timer_at = started_at"
        " WHERE state NOT IN ('refused_by_party', 'failed', 'breached')"
    )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("mediations", schema=None) as batch_op:
        batch_op.drop_index("ix_mediations_timer_at")
        batch_op.drop_column("fired")
        batch_op.drop_column("timer_at")
    for table in ("issues", "escalations"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{table}_provisional_edition")
            batch_op.drop_column("provisional_edition")
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.drop_index("ix_issues_against")
        batch_op.drop_column("due_fixed")
        batch_op.drop_column("mediated_at")
