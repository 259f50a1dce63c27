"""Alembic's entry: runs a service's migrations on the connection that `shared.migrations` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator

config = context.config


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write the plain type into migrations, so that they never import our code as it is one day."""
    if kind == "type" and isinstance(item, TypeDecorator):
        autogen.imports.add("import sqlalchemy as sa")
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    render_item=render_item,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
