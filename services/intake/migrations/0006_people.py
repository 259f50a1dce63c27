"""people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'merged', 'rejected', 'withdrawn')"
ENDED = "state IN ('closed', 'merged', 'rejected', 'withdrawn')"
COVERED = (
    "area_code", "category", "channel", "colour", "handler_person", "level", "state", "urgency",
)  # fmt: skip
# The column before `reported_at` and `id`, by the last word of the index's name.
OPEN_BY = {"reported": None, "area": "area_code", "state": "state"}
ENDED_BY = {
    "reported": None,
    "area": "area_code",
    "state": "state",
    "category": "category",
    "urgency": "urgency",
    "colour": "colour",
    "channel": "channel",
    "handler": "handler_person",
    "closed": "closed_at",
}
ENDED_THAT = {
    "were_late": "resolved_at > due_resolve",
    "were_reopened": "reopen_count > 0",
    "had_help": "help_no > 0",
}
LISTED = (
    *(f"open_{name}" for name in OPEN_BY),
    *(f"ended_{name}" for name in (*ENDED_BY, *ENDED_THAT)),
)


def upgrade() -> None:
    """Go forward."""
    _index_lists()
    _keep_views()
    _keep_figures()
    _keep_consents()


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_issues_identified", table_name="issues")
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.drop_column("anonymised_at")
    for name in ("consents", "kpi_progress", "kpi_sheets", "kpi_sums", "saved_views"):
        op.drop_table(name)
    for name in reversed(LISTED):
        op.drop_index(f"ix_issues_{name}", table_name="issues")
    op.create_index("ix_issues_state_id", "issues", ["state", "id"])
    op.create_index("ix_issues_area_state", "issues", ["area_code", "state"])


def _index_lists() -> None:
    for name, column in OPEN_BY.items():
        _index(f"open_{name}", column, OPEN)
    for name, column in ENDED_BY.items():
        _index(f"ended_{name}", column, ENDED, [each for each in COVERED if each != column])
    for name, condition in ENDED_THAT.items():
        _index(f"ended_{name}", None, f"{ENDED} AND {condition}")
    op.drop_index("ix_issues_area_state", table_name="issues")
    op.drop_index("ix_issues_state_id", table_name="issues")


def _index(name: str, column: str | None, condition: str, include: list[str] | None = None) -> None:
    op.create_index(
        f"ix_issues_{name}",
        "issues",
        [*([column] if column else []), "reported_at", "id"],
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
        postgresql_include=include or [],
    )


def _keep_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index("ix_saved_views_owner_id", "saved_views", ["owner", "id"])
    op.create_index("ix_saved_views_area_id", "saved_views", ["area_code", "id"])


def _keep_figures() -> None:
    op.create_table(
        "kpi_sums",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area_code", sa.String(length=18), nullable=False),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("kpi", sa.String(length=4), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "area_code", "category", "kpi", name=op.f("pk_kpi_sums")),
    )
    op.create_index("ix_kpi_sums_area_code_day", "kpi_sums", ["area_code", "day"])
    op.create_table(
        "kpi_sheets",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(length=18), nullable=False),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("marks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_kpi_sheets")),
    )
    op.create_table(
        "kpi_progress",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("last_line", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kpi_progress")),
    )


def _keep_consents() -> None:
    op.add_column("issues", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    identified = sa.text(f"{ENDED} AND anonymised_at IS NULL")
    op.create_index(
        "ix_issues_identified",
        "issues",
        ["reported_at"],
        postgresql_where=identified,
        sqlite_where=identified,
    )
    listed = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("guardian", sa.LargeBinary(), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("items", listed, nullable=False),
        sa.Column("recipients", listed, nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("oral", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_issue_id_id", "consents", ["issue_id", "id"])
    op.create_index("ix_consents_expires_at", "consents", ["expires_at"])
