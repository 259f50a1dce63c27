"""One Alembic environment for all services: each keeps its versions in `services/<name>/migrations`."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

# Any constant will do, as long as nobody else takes it on our databases: "sanlian" in ASCII, cut to 63 bits.
_LOCK = 0x73616E6C69616E
# A migration waits this long for a table that somebody uses, and then gives way rather than block all.
LOCK_TIMEOUT_S = 10
STATEMENT_TIMEOUT_S = 600


def scripts_of(service: str) -> Path:
    """The folder with a service's migrations."""
    return Path(__file__).resolve().parent.parent / "services" / service / "migrations"


def config_of(service: str, metadata: MetaData, connection: Connection | None = None) -> Config:
    """Alembic's settings for a service; `env.py` finds metadata and connection in its attributes."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent / "alembic"))
    config.set_main_option("version_locations", str(scripts_of(service)))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(metadata=metadata, connection=connection)
    return config


async def upgrade(service: str, metadata: MetaData, url: str) -> None:
    """Bring a service's database to the newest version; several callers at once do it once.

    All of it, or nothing: what fails halfway leaves the version that was.
    """
    engine = create_async_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        _one_transaction(engine.sync_engine)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: _upgrade(service, metadata, sync))
    finally:
        await engine.dispose()


def _upgrade(service: str, metadata: MetaData, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_S}s'"))
    command.upgrade(config_of(service, metadata, connection), "head")


async def is_current(service: str, metadata: MetaData, url: str) -> bool:
    """Whether the database stands at the newest version."""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    finally:
        await engine.dispose()
    return found == ScriptDirectory.from_config(config_of(service, metadata)).get_current_head()


def differences(service: str, metadata: MetaData) -> list[object]:
    """What a new migration would have to change: a database made by the migrations against the models.

    Empty means that models and migrations agree. It works on a database in memory, on any machine.
    """
    engine = _memory_engine()
    with engine.begin() as connection:
        command.upgrade(config_of(service, metadata, connection), "head")
        found: list[object] = list(compare_metadata(_context(connection), metadata))
    engine.dispose()
    return found


def revise(service: str, metadata: MetaData, message: str) -> None:
    """Write a new migration from the differences between the models and the migrations so far."""
    engine = _memory_engine()
    with engine.begin() as connection:
        config = config_of(service, metadata, connection)
        command.upgrade(config, "head")
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        folder = str(scripts_of(service))
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}", version_path=folder)
    engine.dispose()


def _memory_engine() -> Engine:
    engine = create_engine("sqlite://", poolclass=pool.StaticPool)
    _one_transaction(engine)
    return engine


def _one_transaction(engine: Engine) -> None:
    """Let a transaction on SQLite hold changes of tables too; its driver would commit before each of them."""

    @event.listens_for(engine, "connect")
    def _plain(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={STATEMENT_TIMEOUT_S * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
