"""Small: what does not fit on a page is two things. Complexity and parameters are ruff's to count."""

import ast

from tests.architecture.sources import functions, sources

FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES = 250, 400, 40


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_is_longer_than_a_reader_can_keep_in_mind() -> None:
    long = [
        f"{source.path}: {lines} lines"
        for source in sources()
        if not source.is_migration
        and (lines := len(source.text.splitlines())) > (TEST_FILE_LINES if source.is_test else FILE_LINES)
    ]
    assert not long, "split by subject: " + "; ".join(long)


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{source.path}:{function.lineno} {function.name}: {length(function)} lines"
        for source in sources()
        if not source.is_migration
        for function in functions(source.tree)
        if length(function) > FUNCTION_LINES
    ]
    assert not long, "\n".join(long)
