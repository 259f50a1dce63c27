"""The services that there are, each found by its name in `services/<name>/app.py`."""

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from sanlian.ports import NAMES
from shared.runtime import Plan
from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Deployed:
    """One service as its `app` module brings it."""

    plan: Plan[ServiceSettings]
    routers: Sequence[APIRouter]

    @property
    def name(self) -> str:
        return self.plan.service.name


def find(name: str) -> Deployed:
    """Import a service, and with it its handlers."""
    app = importlib.import_module(f"services.{name}.app")
    return Deployed(app.PLAN, app.ROUTERS)


def find_all(names: Iterable[str] = NAMES) -> list[Deployed]:
    return [find(name) for name in names]
