"""Sources: the street offices that may call us, each with a name in the path and a secret to sign with."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import defer

from services.notify.calls.models import CategoryCode
from services.notify.endpoints.secrets import add_secret, rotate_secret
from services.notify.listing import inside, last_seen
from services.notify.models import InboundCall, Source
from shared.errors import Absent, Refused
from shared.service import Work
from shared.web import Page


class SourceExists(Refused):
    """A source of that name is registered."""

    type, title = "source-exists", "The source is registered already"


async def register_source(work: Work, *, code: str, office: str, area_code: str) -> tuple[Source, str]:
    """Let an office call us under `code`; returns the only readable copy of its secret."""
    work.permit(area_code)
    if await work.session.scalar(select(Source.id).where(Source.code == code)) is not None:
        raise SourceExists(f"there is a source {code}: rotate its secret, or take another code")
    source = Source(code=code, office=office, area_code=area_code, version=1, created_at=work.now)
    work.session.add(source)
    await work.session.flush()
    return source, await add_secret(work, source.id)


async def list_sources(work: Work, page: Page[str]) -> Sequence[Source]:
    """The sources in the caller's areas, one more than the page holds, in the order of their making."""
    query = select(Source).where(inside(Source.area_code, work.areas()))
    after = last_seen(page)
    if after is not None:
        query = query.where(Source.id > after)
    return (await work.session.scalars(query.order_by(Source.id).limit(page.limit + 1))).all()


async def rotate_source_secret(work: Work, code: str, overlap: timedelta) -> tuple[Source, str]:
    """Give the source a new secret; calls signed with the old one are taken until the overlap ends."""
    source = await work.session.scalar(select(Source).where(Source.code == code).with_for_update())
    if source is None:
        raise Absent(f"there is no source {code}")
    work.permit(source.area_code)
    work.expect(source.version)
    secret = await rotate_secret(work, source.id, overlap)
    source.version += 1
    await work.session.flush()
    return source, secret


async def list_codes(work: Work, code: str) -> Sequence[CategoryCode]:
    """The codes that the office mapped, in the order of its own. Raises Absent, Forbidden."""
    source = await _source(work, code)
    query = select(CategoryCode).where(CategoryCode.source_id == source.id)
    return (await work.session.scalars(query.order_by(CategoryCode.their_code))).all()


async def list_calls(work: Work, code: str, page: Page[str], *, verdict: str | None) -> Sequence[InboundCall]:
    """The calls of an office, the newest first, one more than the page holds. Raises Absent, Forbidden."""
    source = await _source(work, code)
    query = select(InboundCall).options(defer(InboundCall.body)).where(InboundCall.source_id == source.id)
    if verdict is not None:
        query = query.where(InboundCall.verdict == verdict)
    before = last_seen(page)
    if before is not None:
        query = query.where(InboundCall.id < before)
    return (await work.session.scalars(query.order_by(InboundCall.id.desc()).limit(page.limit + 1))).all()


async def _source(work: Work, code: str) -> Source:
    source = await work.session.scalar(select(Source).where(Source.code == code))
    if source is None:
        raise Absent(f"there is no source {code}")
    work.permit(source.area_code)
    return source
