"""Cases of households, their plans, and the ledger of what was given."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state NOT IN ('completed', 'transferred')")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "cases",
        sa.Column("area_code", sa.String(length=18), nullable=False),
        sa.Column("household_code", sa.String(length=64), nullable=False),
        sa.Column("opened_for", sa.String(length=40), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=True),
        sa.Column("issue_no", sa.String(length=40), nullable=True),
        sa.Column("lead", sa.String(length=200), nullable=True),
        sa.Column("backup", sa.String(length=200), nullable=True),
        sa.Column("goal", sa.LargeBinary(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("visit_cadence_days", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("community_code", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_area_code", "cases", ["area_code", "id"], unique=False)
    op.create_index(
        "ix_cases_open",
        "cases",
        ["household_code"],
        unique=True,
        postgresql_where=IS_OPEN,
        sqlite_where=IS_OPEN,
    )
    _measures()
    _ledger()
    op.create_table(
        "case_counts",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_case_counts")),
    )
    op.add_column("units", sa.Column("agreement_warned", sa.Date(), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_column("agreement_warned")
    for name in ("case_counts", "case_ledger", "case_measures", "cases"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION case_ledger_keeps()")


def _measures() -> None:
    op.create_table(
        "case_measures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("escalation_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_measures")),
        sa.UniqueConstraint("escalation_id", name=op.f("uq_case_measures_escalation_id")),
    )
    op.create_index("ix_case_measures_case_id_id", "case_measures", ["case_id", "id"], unique=False)


def _ledger() -> None:
    op.create_table(
        "case_ledger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("goods", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_ledger")),
    )
    op.create_index("ix_case_ledger_case_id_given_at", "case_ledger", ["case_id", "given_at"], unique=False)
    _keep_ledger()


FIXED = (
    "id", "case_id", "measure_id", "source", "office", "form", "given_at", "noted_at", "noted_by",
)  # fmt: skip


def _keep_ledger() -> None:
    refusal = "the case_ledger is append-only"
    if op.get_bind().dialect.name == "sqlite":
        stop = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        facts = ", ".join(FIXED)
        op.execute(f"CREATE TRIGGER case_ledger_keeps_facts BEFORE UPDATE OF {facts} ON case_ledger {stop}")
        op.execute(f"CREATE TRIGGER case_ledger_keeps_rows BEFORE DELETE ON case_ledger {stop}")
        return
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FIXED)
    op.execute(
        "CREATE FUNCTION case_ledger_keeps() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF TG_OP = 'UPDATE' AND {same} THEN RETURN NEW; END IF;"
        f" RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER case_ledger_keeps BEFORE UPDATE OR DELETE ON case_ledger"
        " FOR EACH ROW EXECUTE FUNCTION case_ledger_keeps()"
    )
