"""channels."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BENEFICIARY = ("beneficiary_name", "beneficiary_phone", "beneficiary_index", "beneficiary_relation")
PUBLIC, MOVED = sa.text("privacy_class = 0"), sa.text("from_state <> to_state")
HAS_BENEFICIARY = sa.text("beneficiary_index IS NOT NULL")


def upgrade() -> None:
    """Go forward."""
    _make_tables()
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("off_list", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.add_column(sa.Column("off_list_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_issues_public", ["reported_at", "id"], postgresql_where=PUBLIC, sqlite_where=PUBLIC
        )
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.create_index(
            "ix_timeline_moved_at", ["at", "id"], postgresql_where=MOVED, sqlite_where=MOVED
        )
    with op.batch_alter_table("reporters", schema=None) as batch_op:
        for name in BENEFICIARY:
            batch_op.add_column(sa.Column(name, sa.LargeBinary(), nullable=True))
        batch_op.create_index(
            "ix_reporters_beneficiary_index",
            ["beneficiary_index"],
            postgresql_where=HAS_BENEFICIARY,
            sqlite_where=HAS_BENEFICIARY,
        )


def _make_tables() -> None:
    op.create_table(
        "sources",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "ref", name=op.f("pk_sources")),
    )
    op.create_table(
        "open311_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_open311_keys")),
    )
    op.create_table(
        "open311_requests",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=True),
        sa.Column("media_url", sa.LargeBinary(), nullable=True),
        sa.Column("attributes", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_open311_requests")),
        sa.UniqueConstraint("token", name=op.f("uq_open311_requests_token")),
    )
    op.create_table(
        "open311_updates",
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("update_id", sa.String(length=200), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "update_id", name=op.f("pk_open311_updates")),
    )
    indexed = {"sources": "issue_id", "open311_keys": "client", "open311_updates": "issue_id"}
    for table, column in indexed.items():
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("reporters", schema=None) as batch_op:
        batch_op.drop_index("ix_reporters_beneficiary_index")
        for name in reversed(BENEFICIARY):
            batch_op.drop_column(name)
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.drop_index("ix_timeline_moved_at")
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.drop_index("ix_issues_public")
        batch_op.drop_column("off_list_until")
        batch_op.drop_column("off_list")
    for table in ("open311_updates", "open311_requests", "open311_keys", "sources"):
        op.drop_table(table)
