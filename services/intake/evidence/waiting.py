"""The route of an endpoint that waits for files: it opens its own units of work, and none while it waits."""

from functools import partial

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared.host import Host
from shared.web import Scope, WorkRoute
from shared.web.edge import Run, guarded, identify, most_bytes


class WaitingRoute(WorkRoute):
    """Knows the caller and commits nothing; the endpoint says by itself what is to be kept."""

    def get_route_handler(self) -> Run:
        endpoint = APIRoute.get_route_handler(self)
        return partial(guarded, _heard_out, endpoint, most_bytes(self))


async def _heard_out(request: Request, endpoint: Run) -> Response:
    # What a claim is made of and what the form is read from is one body, read once.
    await request.body()
    host: Host = request.app.state.host
    async with host.look() as work:
        await identify(request, work)
    response = await endpoint(request)
    if request.state.scope is not Scope.everywhere and not work.area_checked:
        raise RuntimeError(f"{request.url.path} promises an area check and made none")
    return response
