"""A timeline only grows: the database itself refuses to change what was written (domain.md §2).

Words and the names of people may still be erased, as the law on personal information asks, and words
re-encrypted; which step was taken when, and on what evidence, stays. Rows are never deleted.
"""

from sqlalchemy import DDL, Table, event

# The columns that may change are left out: `note`, which holds words, and `actor`, which names somebody.
FIXED = (
    "id", "issue_id", "version", "at", "role", "command", "from_state", "to_state", "reason_code",
    "evidence", "data",
)  # fmt: skip
_REFUSAL = "the timeline is append-only"
_SAME = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FIXED)
# SQLite's `IS` compares NULL as well; a trigger may name the columns that fire it.
_POSTGRES = (
    f"""
    CREATE OR REPLACE FUNCTION timeline_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND {_SAME} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    (
        "CREATE TRIGGER timeline_keeps BEFORE UPDATE OR DELETE ON timeline"
        " FOR EACH ROW EXECUTE FUNCTION timeline_keeps()"
    ),
)
_SQLITE = (
    (
        f"CREATE TRIGGER timeline_keeps_facts BEFORE UPDATE OF {', '.join(FIXED)} ON timeline"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    ),
    (
        f"CREATE TRIGGER timeline_keeps_rows BEFORE DELETE ON timeline"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    ),
)
GUARDS = {"postgresql": _POSTGRES, "sqlite": _SQLITE}


def guard(timeline: Table) -> None:
    """Set the guards up wherever the table is created from the models; migration 0003 does it elsewhere."""
    for dialect, statements in GUARDS.items():
        for statement in statements:
            escaped = statement.replace("%", "%%")
            event.listen(timeline, "after_create", DDL(escaped).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]  # SQLAlchemy has no types for it.
