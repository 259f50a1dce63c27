"""Lists in pages: an opaque cursor that stays right while rows come and go, and `Link` headers (RFC 8288)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, Query, Request, Response

from shared.errors import FieldError, Invalid

T = TypeVar("T")
MOST = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Where a list goes on: `after` is the sort key of the last row seen, `limit` how many rows to give."""

    after: tuple[str, ...] | None
    limit: int


async def read_page(
    cursor: Annotated[str | None, Query(max_length=512, description="From the Link header")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Page[str]:
    """Read the paging parameters. Raises `Invalid` for a cursor that is not ours."""
    if not cursor:
        return Page(None, limit)
    try:
        parts = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)])
    return Page(tuple(parts), limit)


Paging = Annotated[Page[str], Depends(read_page)]


def page_of(
    request: Request,
    response: Response,
    rows: Sequence[T],
    page: Page[str],
    key: Callable[[T], tuple[str, ...]],
) -> list[T]:
    """Cut a list that was read with `limit + 1` rows to the page, and name the next page in `Link`."""
    shown = list(rows[: page.limit])
    if len(rows) > page.limit:
        cursor = urlsafe_b64encode(orjson.dumps(key(shown[-1]))).rstrip(b"=").decode()
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        link = f"{quote(request.url.path)}?{urlencode([*query, ('cursor', cursor)])}"
        response.headers["Link"] = f'<{link}>; rel="next"'
    return shown
