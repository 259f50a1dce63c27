"""What intake needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """`issue_prefix` begins every issue number; the files take the place of our own rules.

    `contact_public_key` is grid's: places of personal matters are sealed to it. `evidence_url` says where
    files lie, as `file:<folder>` or `s3://<bucket>/<prefix>`; an endpoint is for stores other than Amazon's.
    """

    issue_prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$")] = "WLD"
    intake_categories_file: Path | None = None
    intake_limits_file: Path | None = None
    intake_kpis_file: Path | None = None
    intake_exports_file: Path | None = None
    intake_personal_file: Path | None = None
    intake_clocks_file: Path | None = None
    intake_criteria_file: Path | None = None
    intake_channels_file: Path | None = None
    intake_open311_file: Path | None = None
    intake_imports_file: Path | None = None
    intake_evidence_file: Path | None = None
    intake_suggestions_file: Path | None = None
    evidence_url: Annotated[
        str, Field(pattern=r"^(file:.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?)$")
    ] = "file:var/evidence"
    evidence_s3_endpoint: Annotated[str | None, Field(pattern=r"^https?://[^/?#]+$")] = None
    evidence_s3_region: str = "us-east-1"
    evidence_s3_key_id: str | None = None
    evidence_s3_secret: SecretStr | None = None
