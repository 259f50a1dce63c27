"""Tables whose rows are only ever added: the database itself holds everybody to it."""

from sqlalchemy import DDL, Table, event


def append_only(table: Table, *, but: tuple[str, ...]) -> None:
    """Let the database itself refuse to delete a row of the table, or to change one (domain.md §2).

    The columns in `but` may change: words and names can be erased, as the law on personal information asks,
    and encrypted anew. These guards come with tables made from the models; elsewhere migrations set them.
    """
    fixed = [column.name for column in table.columns if column.name not in but]
    keeps, refusal = f"{table.name}_keeps", f"the {table.name} is append-only"
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in fixed)
    postgres = (
        (
            f"CREATE OR REPLACE FUNCTION {keeps}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF TG_OP = 'UPDATE' AND {same} THEN RETURN NEW; END IF;"
            f" RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$"
        ),
        (
            f"CREATE TRIGGER {keeps} BEFORE UPDATE OR DELETE ON {table.name}"
            f" FOR EACH ROW EXECUTE FUNCTION {keeps}()"
        ),
    )
    stop = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    sqlite = (
        f"CREATE TRIGGER {keeps}_facts BEFORE UPDATE OF {', '.join(fixed)} ON {table.name} {stop}",
        f"CREATE TRIGGER {keeps}_rows BEFORE DELETE ON {table.name} {stop}",
    )
    for dialect, statements in (("postgresql", postgres), ("sqlite", sqlite)):
        for statement in statements:
            made = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # Not typed by SQLAlchemy.
            event.listen(table, "after_create", made)
