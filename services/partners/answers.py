"""How the API documents its refusals: every one is a problem document (RFC 9457)."""

from pydantic import BaseModel, ConfigDict

from shared.web.problems import MEDIA_TYPE

_MEANING = {
    401: "No credentials, or wrong ones",
    403: "Not for this role, or not in this area",
    404: "Not there, or none of yours",
    409: "Not possible in this state (`allowed` lists what is), or refused by a rule that `type` names",
    412: "`If-Match` names a version that is no longer the current one",
    422: "The request is not valid; `errors` names the fields",
}


class ProblemField(BaseModel):
    field: str
    message: str


class ProblemView(BaseModel):
    """A refusal: `type` is stable and may be switched on, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemField] = []
    allowed: list[str] = []

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:sanlian:problem:illegal-transition",
                    "title": "Not possible in this state",
                    "status": 409,
                    "detail": "accept is not possible while the match is declined; possible: nothing",
                    "instance": "/partners/v1/matches/0192f0c1-0000-7000-8000-000000000000/accept",
                    "allowed": [],
                }
            ]
        }
    )


def refusals(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The OpenAPI description of these statuses."""
    return {
        status: {
            "description": _MEANING[status],
            "content": {MEDIA_TYPE: {"schema": ProblemView.model_json_schema()}},
        }
        for status in statuses
    }
