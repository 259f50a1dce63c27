"""What lists can be cut to, and what names a record in a path."""

from typing import Annotated

from fastapi import Path, Query

Word = Annotated[str | None, Query(pattern=r"^[a-z_]{1,24}$")]
InArea = Annotated[
    str | None, Query(pattern=r"^[0-9]{2,18}$", description="Code of the area, or its beginning")
]
IssueNo = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,40}$")]
InUnit = Annotated[str | None, Query(pattern=r"^[A-Z0-9-]{2,32}$")]
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
