"""The settings of partners, and the rules it lets a site change."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from shared.settings import ServiceSettings, load_yaml

RULES = Path(__file__).resolve().parent / "rules"

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=1, le=366)]


class PartnersSettings(ServiceSettings):
    """What partners needs beside the settings of every service.

    `relief_private_key` opens the amounts of money that a street gave to a household. `case_keep_days` is for
    how long a case that ended is kept with its words (domain.md §10).
    """

    matching_file: Path = RULES / "matching.yaml"
    kinds_file: Path = RULES / "kinds.yaml"
    places_file: Path = RULES / "places.yaml"
    relief_private_key: SecretStr | None = None
    case_keep_days: Annotated[int, Field(ge=1)] = 366


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(Strict):
    """The most points for each reason; together 100."""

    tags: float
    time: float
    quantity: float
    distance: float
    urgency: float
    reliability: float
    waiting: float
    same_grid: float


class Bands(Strict):
    """From `auto` on a match proposes itself, from `clerk` on a clerk is asked, below it is held."""

    auto: float
    clerk: float


class MatchRules(Strict):
    """How offers and needs meet; `rules/matching.yaml` says what each figure means."""

    weights: Weights
    urgency: dict[str, Share]
    bands: Bands
    auto_offer: bool
    radius_m: Annotated[int, Field(ge=1)]
    unknown_distance: Share
    waiting_full_days: Days
    waiting_days_per_missed_round: Annotated[int, Field(ge=0)]
    new_unit_reliability: Share
    good_standing_reliability: Share
    candidates: Annotated[int, Field(ge=1, le=2000)]
    splits: Annotated[int, Field(ge=1, le=50)]
    review_working_days: Days
    answer_days: Days
    contact_days: Days
    late_cancel_hours: Annotated[int, Field(ge=0)]
    access_tail_days: Annotated[int, Field(ge=0)]
    min_like_cases: Annotated[int, Field(ge=1)]
    agreement_warn_days: Days = 30

    @property
    def late_notice(self) -> timedelta:
        return timedelta(hours=self.late_cancel_hours)

    @property
    def access_tail(self) -> timedelta:
        return timedelta(days=self.access_tail_days)


class KindRules(Strict):
    """What one kind of offer asks for; `rules/kinds.yaml` says what each key means."""

    auto_publish: bool = False
    programme_only: bool = False
    qualifications: tuple[str, ...] = ()
    with_minors: tuple[str, ...] = ()
    tagged: dict[str, tuple[str, ...]] = {}
    serves: tuple[str, ...] = ()


class Kinds(RootModel[dict[str, KindRules]]):
    """The rules of every kind. A kind without rules is none."""

    def of(self, kind: str) -> KindRules:
        return self.root[kind]

    def serving(self, need_kind: str) -> tuple[str, ...]:
        """The kinds of offer that can meet a need of this kind."""
        return tuple(kind for kind, rules in self.root.items() if need_kind in (rules.serves or (kind,)))


class Places(RootModel[dict[str, tuple[float, float]]]):
    """Longitude and latitude of areas."""

    def of(self, area_code: str) -> tuple[float, float] | None:
        """The middle of the area, or of the smallest one around it that is known."""
        for length in (18, 15, 12, 9):
            found = self.root.get(area_code[:length]) if len(area_code) >= length else None
            if found is not None:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that a site has decided about matching."""

    rules: MatchRules
    kinds: Kinds
    places: Places


def load_terms(settings: PartnersSettings) -> Terms:
    """Read and check the three rule files. Raises `BadSettings`."""
    return Terms(
        load_yaml(settings.matching_file, MatchRules),
        load_yaml(settings.kinds_file, Kinds),
        load_yaml(settings.places_file, Places),
    )
