"""One database for each service: its engines, its column types, its transactions."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import asyncpg
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

# Where a session keeps its transaction's driver connection.
_DRIVER = "driver"
# A connection that was at work less than this ago is taken to be alive.
PING_AFTER_S = 1.0

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# PostgreSQL's own word for "try again": serialization failure, deadlock, lock not available, statement
# cancelled by a timeout, and the classes 08 (connection), 53 (resources) and 57P (shutdown).
_PASSING_SQLSTATES = ("40001", "40P01", "55P03", "57014", "08", "53", "57P")
# SQLite's: busy, locked, an error of the disk, full, cannot open. Its plain "error" is a fault of ours.
_PASSING_SQLITE_CODES = frozenset({5, 6, 10, 13, 14})
# These tell of files that our own code looked for, not of a server that is away.
_OF_FILES = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


def new_metadata() -> MetaData:
    """Metadata whose constraints are named alike in every service, so that migrations can name them."""
    return MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases (SQLite keeps none by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: which moment they mean is a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime names no moment")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's naive values their zone back."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


Json = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Database:
    """The engines of one service. On SQLite one connection writes, others read; PostgreSQL has one pool."""

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout_s: float = 10, lock_timeout_s: float = 5
    ) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite_engine(url, pool_size=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, pool_size=4, begin="BEGIN")
        else:
            self.engine = self._reader = _postgres_engine(url, pool_size, statement_timeout_s, lock_timeout_s)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._readers = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """The only place that commits: all of the block, or none of it."""
        async with self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """A session for questions; what it changed by mistake is rolled back."""
        session = self._readers()
        try:
            yield session
        finally:
            # A session that nobody asked anything holds nothing, and closing it costs two turns of the loop.
            if session.in_transaction():
                await session.close()

    async def ping(self) -> None:
        """Raise where the database does not answer."""
        async with self._reader.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
        await self._reader.dispose()


async def straight(session: AsyncSession, statement: str, parameters: Sequence[object]) -> list[Any]:
    """Let PostgreSQL's driver execute this itself, within the session's transaction; returns the rows.

    Parameters stand as `$1`, `$2`… and must be what asyncpg takes. What SQLAlchemy adds to a statement
    (greenlets, compilation, bookkeeping) is three times what the driver needs. Its errors are those of
    SQLAlchemy all the same.
    """
    begun, driver = session.info.get(_DRIVER, (None, None))
    if begun is None or begun is not session.sync_session.get_transaction():
        # SQLAlchemy's adapter sends BEGIN with the first statement that it sees, so that one goes its way.
        connection = await session.connection()
        result = await connection.exec_driver_sql(statement, tuple(parameters))
        raw = await connection.get_raw_connection()
        session.info[_DRIVER] = (session.sync_session.get_transaction(), raw.driver_connection)
        return list(result.all()) if result.returns_rows else []
    try:
        found: list[Any] = await driver.fetch(statement, *parameters)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(None, None, error, hide_parameters=True) from error
    except asyncpg.InterfaceError as error:
        raise InterfaceError(None, None, error, hide_parameters=True) from error
    except asyncpg.PostgresError as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    return found


def is_passing(error: BaseException) -> bool:
    """Whether the database may well say yes to the same work later: it was away, full, or locked."""
    if isinstance(error, (PoolTimeout, OSError)):
        return not isinstance(error, _OF_FILES)
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _PASSING_SQLITE_CODES
    return _sqlstate(error).startswith(_PASSING_SQLSTATES)


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached at all, or hung up: no work of any kind would be done now."""
    lost = isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error, InterfaceError)
    )
    return lost or (isinstance(error, (PoolTimeout, OSError)) and is_passing(error))


def ran_too_long(error: BaseException) -> bool:
    """Whether a statement exceeded its time: the database may well be there, and the work too much for it."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == "57014"


def is_unstorable(error: BaseException) -> bool:
    """Whether a value does not fit what the database can keep: a NUL in a text, a number out of bounds."""
    if isinstance(error, DBAPIError):
        return _sqlstate(error).startswith("22")
    # SQLite's driver finds the same before the database sees it.
    return isinstance(error, (OverflowError, UnicodeEncodeError))


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


# Parameters are hidden in every engine: an error text goes to the log, and they may be personal data.
def _postgres_engine(
    url: str, pool_size: int, statement_timeout_s: float, lock_timeout_s: float
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            "timeout": 10,
            # The server keeps the time of statements; this is for a server that vanished without a word.
            "command_timeout": statement_timeout_s + 5,
            "server_settings": {
                "statement_timeout": str(int(statement_timeout_s * 1000)),
                "lock_timeout": str(int(lock_timeout_s * 1000)),
                # Longer than a relay may wait for the broker's confirms with its rows locked.
                "idle_in_transaction_session_timeout": "60000",
                # Our statements are short; planning them for the JIT costs more than it gives.
                "jit": "off",
            },
        },
    )
    _ping_idle_ones(engine)
    return engine


def _ping_idle_ones(engine: AsyncEngine) -> None:
    """Ask a connection whether it lives before it is used, where it lay idle long enough to have died.

    SQLAlchemy's own `pool_pre_ping` asks every time, which is a round trip more for each transaction.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_: object, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _ask(connection: Any, record: Any, _: object) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is not None and monotonic() - idle_since > PING_AFTER_S:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                # The others of its age will be as dead.
                raise InvalidatePoolError from error


def _sqlite_engine(url: str, *, pool_size: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=30, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        # The driver must not open transactions of its own: `begin` below says when and how.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
