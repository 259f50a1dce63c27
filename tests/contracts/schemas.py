"""The shape of a contract as JSON Schema, and what may become of it within one version."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from shared.events import catalogue

GOLDEN = Path(__file__).parent / "golden"
ADVICE = "within a version only optional fields are added: make a v2 beside it"
# Words for people, which may be mended at any time; a default stands in for what is absent.
WORDS = frozenset({"title", "description", "default", "$defs"})

Schema = dict[str, object]


def shape(model: type[BaseModel]) -> Schema:
    """The schema of a contract without its words, its parts written out in place."""
    schema: Schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict)
    found = _plain(schema, definitions)
    assert isinstance(found, dict)
    return found


def _plain(node: object, definitions: dict[str, object]) -> object:
    if isinstance(node, list):
        return [_plain(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(definitions[str(node["$ref"]).rpartition("/")[2]], definitions)
    return {
        key: {name: _plain(one, definitions) for name, one in value.items()}
        if key == "properties"
        else _plain(value, definitions)
        for key, value in node.items()
        if key not in WORDS
    }


def broken(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """Name each change that a reader or a writer of the old shape would not survive."""
    if "properties" in old and "properties" in new:
        yield from _broken_object(old, new, path)
    elif "anyOf" in old and "anyOf" in new:
        yield from _broken_choice(_parts(old, "anyOf"), _parts(new, "anyOf"), path)
    elif "enum" in old and "enum" in new:
        gone = set(_values(old, "enum")) - set(_values(new, "enum"))
        yield from (f"{path}: the value {value!r} is gone" for value in sorted(gone))
    elif "items" in old and "items" in new:
        yield from _broken_rest(old, new, path)
        yield from broken(_part(old, "items"), _part(new, "items"), f"{path}[]")
    else:
        yield from _broken_rest(old, new, path)


def _broken_object(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _part(old, "properties"), _part(new, "properties")
    asked, asks = set(_values(old, "required")), set(_values(new, "required"))
    for name in before:
        here = f"{path}.{name}".lstrip(".")
        if name not in after:
            yield f"{here} is gone"
            continue
        if (name in asked) != (name in asks):
            yield f"{here} is {'required' if name in asks else 'optional'} now"
        yield from broken(_part(before, name), _part(after, name), here)
    for name in after.keys() - before.keys():
        if name in asks:
            yield f"{path}.{name} is new and required".lstrip(".")


def _broken_choice(old: list[Schema], new: list[Schema], path: str) -> Iterator[str]:
    if [one.get("type") for one in old] != [one.get("type") for one in new]:
        yield f"{path}: what it may be has changed"
        return
    for before, after in zip(old, new, strict=True):
        yield from broken(before, after, path)


def _broken_rest(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for key in sorted((old.keys() | new.keys()) - {"items"}):
        if old.get(key) != new.get(key):
            yield f"{path}: {key} was {old.get(key)!r} and is {new.get(key)!r}"


def _part(schema: Schema, key: str) -> Schema:
    part = schema[key]
    assert isinstance(part, dict)
    return part


def _parts(schema: Schema, key: str) -> list[Schema]:
    parts = schema[key]
    assert isinstance(parts, list)
    return parts


def _values(schema: Schema, key: str) -> list[str]:
    values = schema.get(key, [])
    assert isinstance(values, list)
    return values


def golden_path(type: str) -> Path:
    """Where the golden schema of an event type is kept."""
    return GOLDEN / f"{type}.json"


def read_golden(type: str) -> Schema:
    """The golden schema of an event type."""
    content = json.loads(golden_path(type).read_text())
    assert isinstance(content, dict)
    return content


def write_goldens() -> list[str]:
    """Write what is new or has grown; return what is broken, of which nothing is written."""
    faults = []
    for type, contract in catalogue().items():
        found = shape(contract)
        breaks = list(broken(read_golden(type), found)) if golden_path(type).exists() else []
        faults += [f"{type}: {fault}" for fault in breaks]
        if not breaks:
            text = json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False)
            golden_path(type).write_text(text + "\n")
    return faults
