"""Pure: what an area code says by itself. Codes are hierarchical, so an area is a prefix."""

from shared.auth.callers import is_area_code

# Length of the code by level: L0 micro-grid, L1 grid, L2 community, L3 street, L4 district and above.
_LEVELS = {18: 0, 15: 1, 12: 2, 9: 3, 6: 4, 4: 5, 2: 6}
_PARENT_LENGTHS = {18: 15, 15: 12, 12: 9, 9: 6, 6: 4, 4: 2}
GRID_LENGTH, MICRO_GRID_LENGTH = 15, 18


def level_of(code: str) -> int:
    """The level of an area, 0 (micro-grid) to 6 (province). Raises ValueError for what is no area code."""
    if not is_area_code(code):
        raise ValueError(f"{code!r} is not an area code")
    return _LEVELS[len(code)]


def parent_of(code: str) -> str | None:
    """The code of the area around this one; None for a province."""
    length = _PARENT_LENGTHS.get(len(code))
    return None if length is None else code[:length]


def chain_of(code: str) -> list[str]:
    """The area and every area around it, smallest first."""
    chain = [code]
    while (parent := parent_of(chain[-1])) is not None:
        chain.append(parent)
    return chain


def grid_of(code: str) -> str | None:
    """The grid that an area is, or lies in; None for anything larger than a grid."""
    return code[:GRID_LENGTH] if len(code) >= GRID_LENGTH else None
