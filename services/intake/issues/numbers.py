"""Issue numbers: `WLD-YYYYMMDD-NNNN`, without gaps and without doubles."""

from datetime import date

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.issues.models import IssueNumber


async def take_numbers(session: AsyncSession, prefix: str, day: date, count: int) -> list[str]:
    """Take the next `count` numbers of the day, in order.

    The counter stays locked until the transaction ends, and falls back with it: so no number is lost,
    and so this comes as late in the transaction as it can.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    put = (sqlite.insert if is_sqlite else postgresql.insert)(IssueNumber)
    statement = (
        put
        .values(prefix=prefix, day=day, last=count)
        .on_conflict_do_update(
            index_elements=[IssueNumber.prefix, IssueNumber.day],
            set_={"last": IssueNumber.last + put.excluded.last},
        )
        .returning(IssueNumber.last)
    )
    last = (await session.execute(statement)).scalar_one()
    return [number(prefix, day, n) for n in range(last - count + 1, last + 1)]


def number(prefix: str, day: date, n: int) -> str:
    """Write the n-th number of a local day; it has four digits at least."""
    return f"{prefix}-{day:%Y%m%d}-{n:04d}"
