"""loop."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
TEXT, CODE, UUID = sa.String(), sa.String(length=40), sa.Uuid()
BINARY, STATE = sa.LargeBinary(), sa.String(length=20)
ZERO, FALSE = sa.text("0"), sa.text("false")
FOLLOWS = sa.text("parent_id IS NOT NULL")
TABLES = ("mediation_follow_ups", "mediation_instalments", "mediation_parties", "mediations", "tasks")
FIXED = (
    "id", "issue_id", "version", "at", "role", "command", "from_state", "to_state", "reason_code",
    "evidence", "data",
)  # fmt: skip


def upgrade() -> None:
    """Go forward."""
    op.add_column("issues", sa.Column("against", TEXT, nullable=True))
    op.add_column("issues", sa.Column("task_people", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.create_index(
        "ix_issues_parent_id", "issues", ["parent_id"], postgresql_where=FOLLOWS, sqlite_where=FOLLOWS
    )
    _create_extensions()
    _create_tasks()
    _create_mediations()
    _create_parties()
    _create_duties()
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    """Go back."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER timeline_keeps_facts")
        op.execute("DROP TRIGGER timeline_keeps_rows")
    else:
        op.execute("DROP TRIGGER timeline_keeps ON timeline")
        op.execute("DROP FUNCTION timeline_keeps()")
    for table in (*TABLES, "extensions"):
        op.drop_table(table)
    op.drop_index("ix_issues_parent_id", "issues")
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.drop_column("task_people")
        batch_op.drop_column("against")


def _guards() -> tuple[str, ...]:
    refusal = "the timeline is append-only"
    if op.get_context().dialect.name == "sqlite":
        return (
            (
                f"CREATE TRIGGER timeline_keeps_facts BEFORE UPDATE OF {', '.join(FIXED)} ON timeline"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            ),
            (
                f"CREATE TRIGGER timeline_keeps_rows BEFORE DELETE ON timeline"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            ),
        )
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FIXED)
    return (
        (
            "CREATE FUNCTION timeline_keeps() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF TG_OP = 'UPDATE' AND {same} THEN RETURN NEW; END IF;"
            f" RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$"
        ),
        (
            "CREATE TRIGGER timeline_keeps BEFORE UPDATE OR DELETE ON timeline"
            " FOR EACH ROW EXECUTE FUNCTION timeline_keeps()"
        ),
    )


def _create_extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("issue_id", UUID, nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("reason_code", CODE, nullable=False),
        sa.Column("to_level", sa.Integer(), nullable=False),
        sa.Column("due_before", MOMENT, nullable=False),
        sa.Column("due_asked", MOMENT, nullable=False),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("issue_id", name="pk_extensions"),
    )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_about_issue(),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=18), nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("title", BINARY, nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("given_by", TEXT, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("workers", JSON, nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_issue_id_no", "tasks", ["issue_id", "no"], unique=True)
    op.create_index("ix_tasks_person_id", "tasks", ["person", "id"])


def _create_mediations() -> None:
    op.create_table(
        "mediations",
        sa.Column("id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_about_issue(),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("privacy_class", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("mediator", TEXT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("prolonged", sa.Boolean(), server_default=FALSE, nullable=False),
        sa.Column("sessions", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("facts", BINARY, nullable=True),
        sa.Column("agreement", BINARY, nullable=True),
        sa.Column("agreed_at", MOMENT, nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("performed_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason_code", CODE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mediations"),
    )
    op.create_index("ix_mediations_issue_id_no", "mediations", ["issue_id", "no"], unique=True)
    op.create_index("ix_mediations_state_id", "mediations", ["state", "id"])


def _create_parties() -> None:
    op.create_table(
        "mediation_parties",
        sa.Column("mediation_id", UUID, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("side", STATE, nullable=False),
        sa.Column("name", BINARY, nullable=False),
        sa.Column("phone", BINARY, nullable=True),
        sa.Column("phone_index", BINARY, nullable=True),
        sa.Column("rights_told_at", MOMENT, nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("signed", sa.Boolean(), server_default=FALSE, nullable=False),
        sa.PrimaryKeyConstraint("mediation_id", "no", name="pk_mediation_parties"),
    )
    op.create_index("ix_mediation_parties_phone_index", "mediation_parties", ["phone_index"])


def _create_duties() -> None:
    op.create_table(
        "mediation_instalments",
        sa.Column("mediation_id", UUID, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("paid_fen", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("mediation_id", "no", name="pk_mediation_instalments"),
    )
    op.create_table(
        "mediation_follow_ups",
        sa.Column("mediation_id", UUID, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", TEXT, nullable=True),
        sa.Column("holds", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("mediation_id", "no", name="pk_mediation_follow_ups"),
    )


def _about_issue() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("issue_id", UUID, nullable=False),
        sa.Column("issue_no", TEXT, nullable=False),
        sa.Column("community_code", TEXT, nullable=False),
        sa.Column("street_code", TEXT, nullable=False),
        sa.Column("area_code", TEXT, nullable=False),
    )
