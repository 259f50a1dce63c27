"""What clients get to see of a saved view."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.intake.lists.models import SavedView


class ViewOut(BaseModel):
    """A view; `href` is the list that it shows, to be opened by whoever may see it."""

    id: UUID
    name: str
    query: str
    href: str
    area: str | None
    owner: str
    saved_at: datetime

    @classmethod
    def of(cls, view: SavedView) -> Self:
        return cls(
            id=view.id,
            name=view.name,
            query=view.query,
            href=f"/intake/v1/issues?{view.query}",
            area=view.area_code,
            owner=view.owner,
            saved_at=view.saved_at,
        )
