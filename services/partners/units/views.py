"""What goes in and out over HTTP about member units."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from services.partners.forms import AreaCode, Form, View


class GeoPoint(Form):
    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]


class Agreement(Form):
    """The co-building agreement; without `until` it runs until it is ended."""

    signed_on: date
    until: date | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.until is not None and self.until < self.signed_on:
            raise ValueError("until must not be before signed_on")
        return self


class UnitForm(Form):
    """A member unit. With an agreement it is active; `contact` is the unit's desk, kept encrypted."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]
    area_code: AreaCode
    point: GeoPoint | None = None
    agreement: Agreement | None = None
    programmes: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    contact: Annotated[str | None, Field(max_length=200)] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "海通证券甘肃分公司第二党支部",
                    "kind": "enterprise_branch",
                    "area_code": "620102014006002",
                    "point": {"longitude": 103.8841, "latitude": 36.0502},
                    "agreement": {"signed_on": "2026-01-01", "until": "2026-12-31"},
                }
            ]
        }
    )


class UnitView(View):
    code: str
    name: str
    kind: str
    state: str
    community_code: str
    area_code: str
    agreement_from: date | None
    agreement_until: date | None
    programmes: tuple[str, ...]
    confirmed_count: int
    no_show_count: int
    late_count: int
    version: int
    created_at: datetime
    changed_at: datetime


class UnitDetail(UnitView):
    """The unit with what only itself and its community see."""

    longitude: float | None
    latitude: float | None
    contact: str | None


class KeyForm(Form):
    label: Annotated[str, Field(min_length=1, max_length=100, examples=["warehouse system"])] = "API key"


class KeyView(View):
    key_id: str
    label: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewKeyView(KeyView):
    """`key` is shown now and never again."""

    key: str = Field(examples=["slk_0123456789abcdef_" + "A" * 43])
