"""The edge of Open311: the house's own, with refusals in the words of the standard (open311.md §4.1)."""

from functools import partial

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from services.intake.open311.formats import Format, Value, format_of, written
from shared.errors import Problem
from shared.web import WorkRoute
from shared.web.edge import READS, Run, guarded, know, look, most_bytes
from shared.web.problems import REFUSALS, refused

# The standard knows three refusals; what is our own fault keeps its number.
_STATUSES = {401: 403, 403: 403, 404: 404, 500: 500, 503: 503}


class GeoReportRoute(WorkRoute):
    """A question reads in a transaction; what changes something is handed to a `Grouped`, which commits."""

    def get_route_handler(self) -> Run:
        """Wrap FastAPI's own handler."""
        serve = look if (self.methods or set()) <= READS else know
        inside = partial(guarded, serve, APIRoute.get_route_handler(self), most_bytes(self))

        async def run(request: Request) -> Response:
            try:
                answer = await inside(request)
            except REFUSALS as error:
                return _refused(request, error)
            return answer if answer.status_code < 400 else _told(request, answer)

        return run


def answered(form: Format, root: str, value: Value, *, status: int = 200) -> Response:
    """The answer itself."""
    return Response(written(form, root, value), status_code=status, headers={"content-type": form.media_type})


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        said = [f"{one.field} {one.message}" for one in error.fields] or [str(error)]
        return _errors(request, error.status, said)
    if isinstance(error, RequestValidationError):
        return _errors(request, 400, [str(one["msg"]) for one in error.errors()])
    return _told(request, refused(request, error))


def _told(request: Request, answer: Response) -> Response:
    """A problem document of the house, in the words of the standard."""
    problem = orjson.loads(answer.body)
    return _errors(request, answer.status_code, [str(problem.get("detail") or problem["title"])])


def _errors(request: Request, status: int, said: list[str]) -> Response:
    code = _STATUSES.get(status, 400)
    form = format_of(request.url.path.rpartition(".")[2]) or Format.xml
    errors: list[Value] = [
        {"code": code, "description": one.encode("utf-8", "replace").decode()} for one in said
    ]
    return answered(form, "errors", errors, status=code)
