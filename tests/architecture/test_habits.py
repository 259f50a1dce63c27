"""Habits of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import CODE, Source, functions, nodes, sources

# Each broad except that does not raise again, and why it may: the fault is handed on, not swallowed.
CARRIERS = {
    "shared/bus/link.py::_supervise": "a session that failed is logged and begun anew; an end would wedge us",
    "shared/bus/memory.py::_sweep": "letters that failed are logged and tried again; an end would leave them",
    "shared/runtime.py::_supervised": "background work that failed is logged and begun anew",
    "shared/runtime.py::ready": "the fault is the answer: the service is not ready",
    "shared/web/edge.py::guarded": "the fault becomes a problem document with status 500, and a log line",
    "shared/web/grouped.py::_together": "the fault is handed to the request whose work it was",
}

# Where a service's data are open by nature; everywhere else a type has a name.
OPEN_TYPES: dict[str, str] = {}

# Split, so that this file may speak of what it forbids.
UNFINISHED = re.compile(
    r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"
    r"|pytest\.(?:mark\.)?(?:sk" + r"ip|xf" + r"ail)|pragma:\s*no\s+co" + r"ver"
)


def broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is None or getattr(each, "id", "") in {"Exception", "BaseException"} for each in caught)


def broad_handlers(source: Source) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Yield each broad handler with the innermost function around it, as `path::function`."""
    inside: dict[ast.AST, str] = {}
    # Breadth first, so that the innermost function has the last word.
    for function in functions(source.tree):
        inside |= dict.fromkeys(ast.walk(function), function.name)
    for node in nodes(source.tree):
        if isinstance(node, ast.ExceptHandler) and broad(node):
            yield f"{source.path}::{inside.get(node, 'module')}", node


def test_no_fault_is_caught_to_carry_on() -> None:
    carried = {
        place
        for source in sources(*CODE)
        for place, handler in broad_handlers(source)
        if not any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    }
    assert carried <= CARRIERS.keys(), f"raise again, or give the reason: {sorted(carried - CARRIERS.keys())}"
    assert carried >= CARRIERS.keys(), f"reasons without a place: {sorted(CARRIERS.keys() - carried)}"


def test_nothing_is_left_unfinished_or_switched_off() -> None:
    found = [
        f"{source.path}:{number}"
        for source in sources()
        for number, line in enumerate(source.text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, "; ".join(found)


def test_no_service_leaves_a_type_open() -> None:
    found = {
        source.path
        for source in sources("services")
        if not source.is_migration
        for node in nodes(source.tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    assert found <= OPEN_TYPES.keys(), f"name the type: {sorted(found - OPEN_TYPES.keys())}"
    assert found >= OPEN_TYPES.keys(), f"reasons without a place: {sorted(OPEN_TYPES.keys() - found)}"


def test_every_public_function_of_the_kernel_says_what_it_promises() -> None:
    silent = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in sources("shared")
        for function in source.tree.body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and not function.name.startswith("_")
        and not ast.get_docstring(function)
    ]
    assert not silent, "; ".join(silent)


def test_the_name_of_every_test_is_a_sentence() -> None:
    short = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in sources("tests")
        for function in functions(source.tree)
        if function.name.startswith("test_") and function.name.count("_") < 3
    ]
    assert not short, "; ".join(short)


def test_no_module_is_called_after_nothing_in_particular() -> None:
    vague = {"utils", "util", "common", "core", "helpers", "misc", "base_service", "manager", "interfaces"}
    found = [
        source.path for source in sources(*CODE) if vague & set(source.path.removesuffix(".py").split("/"))
    ]
    assert not found, "; ".join(found)
