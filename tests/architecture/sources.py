"""The project's own files, read once: what the architecture tests look at."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("shared", "services", "sanlian")
ALL = (*CODE, "bench", "scripts", "tests")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path from the root, with slashes, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path


@cache
def files() -> tuple[str, ...]:
    """Return every file that is committed or would be, as paths from the root."""
    if not (ROOT / ".git").exists():
        return tuple(sorted(unpacked()))
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()))


def unpacked() -> Iterator[str]:
    """Yield the files of an unpacked archive, which has no list of its own."""
    generated = {"__pycache__", "build", "dist", "node_modules", "var"}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if path.is_file() and not hidden and not generated & set(parts):
            yield "/".join(parts)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python files below these folders, or below all of them."""
    chosen = folders or ALL
    return tuple(read(name) for name in files() if name.endswith(".py") and name.split("/")[0] in chosen)


@cache
def read(name: str) -> Source:
    text = (ROOT / name).read_text()
    return Source(name, text, ast.parse(text, name))


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return what `ast.walk` finds; walking is most of what these tests do."""
    return tuple(ast.walk(tree))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every module that is imported, in full, with its line; `from a import b` yields `a.b`."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def calls(tree: ast.AST, name: str) -> Iterator[int]:
    """Yield the lines on which a method or function of that name is called."""
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            called = node.func
            found = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            if found == name:
                yield node.lineno
