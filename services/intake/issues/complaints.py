"""Complaints on staff (domain.md §3, 1003): whom they are about neither handles nor judges nor reads them.

Until somebody has said whom one is about it could be anybody of the grid. So the office takes it in and names
the handler, the roster proposes nobody, and of the grid's staff only who has a part in it reads it.
"""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from services.intake.catalogue import Catalogue, Category
from services.intake.issues.models import Issue
from services.intake.issues.rules import OFFICE, STAFF
from shared.auth import Caller, Role
from shared.errors import FieldError, Forbidden, Invalid, Refused
from shared.service import Work


class AboutThemselves(Refused):
    """Who is complained about does not handle the complaint."""

    type, title = "about-themselves", "The issue is about this person"


def is_on_staff(work: Work, code: str | None) -> bool:
    """Whether matters of this category are complaints on staff."""
    category = work.part(Catalogue).find(code)
    return category is not None and category.about_staff


def hold_off(work: Work, issue: Issue) -> None:
    """Raise `Forbidden` for whom the issue is about, and for grid staff without a part in a complaint."""
    caller = work.actor()
    if issue.against is not None and issue.against == caller.subject:
        raise Forbidden("this matter is for others to see to")
    concerned = {issue.reporter_subject, issue.handler_person, *issue.task_people}
    if is_on_staff(work, issue.category) and _is_of_grid(caller) and caller.subject not in concerned:
        raise Forbidden("a complaint on staff is for the office, and for whom it names")


def open_to(work: Work) -> list[ColumnElement[bool]]:
    """What a list must leave out for this caller, as `hold_off` does with one issue."""
    caller, other = work.actor(), aliased(Issue)
    terms: list[ColumnElement[bool]] = []
    if caller.has(*STAFF):
        # Few matters are about somebody: they are found by an index, whatever else is looked for.
        terms.append(Issue.id.not_in(select(other.id).where(other.against == caller.subject)))
    if _is_of_grid(caller):
        codes = [one.code for one in work.part(Catalogue).categories if one.about_staff]
        plain = or_(Issue.category.is_(None), Issue.category.not_in(codes))
        mine = or_(Issue.handler_person == caller.subject, Issue.reporter_subject == caller.subject)
        terms.append(or_(plain, and_(Issue.category.in_(codes), mine)))
    return terms


def keep_away(issue: Issue, person: str) -> None:
    """Raise `AboutThemselves` where work on the issue would be given to whom it is about."""
    if issue.against == person:
        raise AboutThemselves(f"the complaint is about {person}")


def name_accused(
    work: Work, issue: Issue, category: Category, against: str | None, *, explained: bool
) -> None:
    """Note whom a matter is about; of a complaint on staff it is said, or `explained` why nobody can say it.

    Raises `Forbidden` for a complaint that grid staff would take in, `Invalid` where nothing is said, and for
    the person who handles it already.
    """
    issue.against = against or issue.against
    if category.about_staff and not work.actor().has(*OFFICE, Role.STREET_OFFICER):
        raise Forbidden("a complaint on staff is taken in by the office")
    if category.about_staff and issue.against is None and not explained:
        raise _invalid("say whom the complaint is about, or in a note why nobody can tell")
    if issue.against is not None and issue.against in {issue.handler_person, *issue.task_people}:
        raise _invalid(f"{issue.against} works on it: give it to another person first")


def _is_of_grid(caller: Caller) -> bool:
    return caller.has(*STAFF - OFFICE) and not caller.has(*OFFICE, Role.STREET_OFFICER)


def _invalid(message: str) -> Invalid:
    return Invalid(f"against: {message}", fields=[FieldError("against", message)])
