"""Who may call grid's doors, as sets of roles with one name each."""

from typing import Annotated

from shared.auth import Caller, Role
from shared.web import Scope, allow

_FIELD = (Role.GRID_WORKER, Role.GRID_LEADER)
_OFFICE = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)

# Areas and their shapes are public knowledge among those who have an account.
Anybody = Annotated[Caller, allow(*Role, area=Scope.everywhere)]
Mapmaker = Annotated[Caller, allow(Role.OPERATOR, Role.COMMUNITY_SECRETARY, area=Scope.record)]
ForceReader = Annotated[Caller, allow(*_FIELD, *_OFFICE, Role.STREET_OFFICER, Role.OPERATOR, area=Scope.list)]
# Households are for those who go to see them: never for partners, neighbours or the street.
CareLister = Annotated[Caller, allow(*_FIELD, *_OFFICE, area=Scope.list)]
CareWorker = Annotated[Caller, allow(*_FIELD, *_OFFICE, area=Scope.record)]
HouseholdKeeper = Annotated[Caller, allow(*_FIELD, *_OFFICE, Role.OPERATOR, area=Scope.record)]
CareJudge = Annotated[Caller, allow(Role.GRID_LEADER, *_OFFICE, area=Scope.record)]
Office = Annotated[Caller, allow(*_OFFICE, area=Scope.record)]
