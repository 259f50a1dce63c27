"""Acceptance: category, urgency and level, each as far as it is the caller's to say."""

import pytest

from tests.intake.people import People, located


@pytest.mark.parametrize(
    ("who", "level", "status"),
    [
        ("worker", 0, 200),
        ("leader", 1, 200),
        ("leader", 2, 403),
        ("clerk", 2, 200),
        ("secretary", 0, 200),
        ("secretary", 3, 422),
        ("clerk", -1, 422),
    ],
)
async def test_who_accepts_sets_the_level_as_far_as_it_is_theirs_to_set(
    people: People, who: str, level: int, status: int
) -> None:
    issue = await people.report()
    await people.stage.give(located(issue))
    answer = await people.tell("accept", issue, getattr(people, who), level=level)
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["level"], answer.json()["max_level"]) == (level, level)
        line = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()[-1]
        assert line["data"] == {"level": level, "usual_level": 1}


async def test_without_a_word_about_it_work_begins_at_the_level_of_the_category(people: People) -> None:
    issue = await people.report()
    await people.stage.give(located(issue))
    answer = await people.tell("accept", issue, people.worker, category="0203")
    assert answer.json()["level"] == 2
