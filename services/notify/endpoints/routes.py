"""The door for street offices to say where and of what they want to be told."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from services.notify.endpoints import commands as use_cases
from services.notify.models import Endpoint
from services.notify.rules.feeds import told
from services.notify.rules.filters import PATTERN, matches
from services.notify.rules.signing import PUBLIC_PREFIX
from services.notify.rules.states import Ordering, Scheme
from shared.auth import Caller, Role
from shared.auth.callers import is_area_code
from shared.events.intake import Urgency
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, allow_anyone, page_of, versioned

router = APIRouter(prefix="/endpoints", tags=["endpoints"], route_class=WorkRoute)

MANAGERS = (Role.OPERATOR, Role.COMMUNITY_SECRETARY, Role.STREET_OFFICER)
Manager = Annotated[Caller, allow(*MANAGERS, area=Scope.record)]
Anyone = Annotated[Caller, allow_anyone()]


def _area(code: str) -> str:
    if not is_area_code(code):
        raise ValueError("an area code of 2, 4, 6, 9, 12, 15 or 18 digits")
    return code


def _pattern(pattern: str) -> str:
    if not PATTERN.match(pattern) or not any(matches((pattern,), type) for type in told()):
        raise ValueError("a type from /notify/v1/event-types, a family such as issue.*, or *")
    return pattern


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
AreaCode = Annotated[str, AfterValidator(_area)]
TypePattern = Annotated[str, AfterValidator(_pattern)]
CategoryPrefix = Annotated[str, Field(pattern=r"^[0-9]{2,4}$")]


class NewEndpoint(BaseModel):
    """Where to send, and what; an empty list asks for all.

    With `ordering` by subject a message waits until those before it about the same subject are done.
    """

    office: Code
    area_code: AreaCode
    url: Annotated[str, Field(max_length=2048)]
    description: Annotated[str, Field(max_length=500)] = ""
    events: Annotated[list[TypePattern], Field(min_length=1, max_length=50)]
    categories: Annotated[list[CategoryPrefix], Field(max_length=50)] = []
    urgencies: list[Urgency] = []
    offices: Annotated[list[Code], Field(max_length=50)] = []
    timeout_s: Annotated[float, Field(ge=1, le=30)] = 15
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    rate_per_min: Annotated[int | None, Field(ge=1, le=600_000)] = None
    ordering: Ordering = Ordering.none
    scheme: Scheme = Scheme.v1


class EndpointView(BaseModel):
    """An endpoint as it stands; its secret is never shown again."""

    id: UUID
    office: str
    area_code: str
    url: str
    description: str
    events: list[str]
    categories: list[str]
    urgencies: list[str]
    offices: list[str]
    state: str
    reason: str | None
    timeout_s: float
    max_concurrency: int
    rate_per_min: int | None
    ordering: str
    scheme: str
    version: int
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(EndpointView):
    """The only answer that holds the secret: keep it now. Scheme v1a has a public key in its place."""

    secret: str | None = None
    public_key: str | None = None


class Rotation(BaseModel):
    """For how many hours the old secret signs beside the new one; 0 ends it now.

    With a scheme the new one is of that.
    """

    overlap_hours: Annotated[float, Field(ge=0, le=168)] = 24
    scheme: Scheme | None = None


class TestSent(BaseModel):
    """Where to see how the test message fared."""

    delivery_id: UUID


def _view(endpoint: Endpoint) -> EndpointView:
    return EndpointView.model_validate(endpoint, from_attributes=True)


def _with_secret(endpoint: Endpoint, secret: str) -> EndpointWithSecret:
    name = "public_key" if secret.startswith(PUBLIC_PREFIX) else "secret"
    return EndpointWithSecret(**_view(endpoint).model_dump(), **{name: secret})


@router.post("", status_code=201, summary="Register an endpoint; a test message follows")
async def register(
    new: NewEndpoint, work: RequestWork, caller: Manager, request: Request, response: Response
) -> EndpointWithSecret:
    wish = use_cases.Wish(**new.model_dump(mode="json"))
    endpoint, secret = await use_cases.register_endpoint(work, wish)
    response.headers["Location"] = f"{request.url.path}/{endpoint.id}"
    versioned(response, endpoint.version)
    return _with_secret(endpoint, secret)


@router.get("", summary="The endpoints in your areas")
async def list_all(
    work: RequestWork,
    caller: Annotated[Caller, allow(*MANAGERS, area=Scope.list)],
    page: Paging,
    request: Request,
    response: Response,
) -> list[EndpointView]:
    rows = await use_cases.list_endpoints(work, page)
    return [_view(one) for one in page_of(request, response, rows, page, lambda one: (str(one.id),))]


@router.get("/{endpoint_id}", summary="One endpoint")
async def show(endpoint_id: UUID, work: RequestWork, caller: Manager, response: Response) -> EndpointView:
    endpoint = await use_cases.find_endpoint(work, endpoint_id)
    versioned(response, endpoint.version)
    return _view(endpoint)


@router.post("/{endpoint_id}/enable", summary="Let deliveries flow, what waited first")
async def enable(endpoint_id: UUID, work: RequestWork, caller: Manager, response: Response) -> EndpointView:
    endpoint = await use_cases.enable_endpoint(work, endpoint_id)
    versioned(response, endpoint.version)
    return _view(endpoint)


@router.post("/{endpoint_id}/disable", summary="Let deliveries wait")
async def disable(endpoint_id: UUID, work: RequestWork, caller: Manager, response: Response) -> EndpointView:
    endpoint = await use_cases.disable_endpoint(work, endpoint_id)
    versioned(response, endpoint.version)
    return _view(endpoint)


@router.post("/{endpoint_id}/rotate-secret", summary="Make a new secret; the old one overlaps")
async def rotate(
    endpoint_id: UUID, rotation: Rotation, work: RequestWork, caller: Manager, response: Response
) -> EndpointWithSecret:
    overlap = timedelta(hours=rotation.overlap_hours)
    endpoint, secret = await use_cases.rotate_endpoint_secret(work, endpoint_id, overlap, rotation.scheme)
    versioned(response, endpoint.version)
    return _with_secret(endpoint, secret)


@router.post("/{endpoint_id}/test", status_code=202, summary="Send a test message now")
async def test(endpoint_id: UUID, work: RequestWork, caller: Manager) -> TestSent:
    return TestSent(delivery_id=await use_cases.test_endpoint(work, endpoint_id))
