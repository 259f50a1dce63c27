"""Several people at once on one matter: nobody waits in a circle, nothing is lost and nothing done twice."""

import asyncio

from services.intake.issues.rules import COMMANDS, By
from shared.testing import Stage
from tests.intake.people import ROADS, People
from tests.intake.test_families import UNREACHED, merged


async def test_reporters_add_words_while_clerks_call_them(stage: Stage, people: People) -> None:
    master = await people.issue("in_progress")
    followers = [await merged(people, master) for _ in range(4)]
    await people.add_photo(master)
    for command, who in (("resolve", people.worker), ("verify", people.leader)):
        assert (await people.tell(command, master, who)).is_success
    said = {"text": "it is dark again"}
    answers = await asyncio.gather(
        *(
            act
            for one in followers * 3
            for act in (
                people.tell("call-back", one, people.clerk, **UNREACHED),
                people.neighbour.post(f"/issues/{one['id']}/additions", json=said),
                people.nobody.post(f"/track/{one['no']}/additions", json={**said, "code": one["track_code"]}),
            )
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 201}, [
        a.text for a in answers if a.status_code > 201
    ]


async def test_of_two_who_take_each_other_for_the_same_one_stands_for_both(
    stage: Stage, people: People
) -> None:
    pairs = [(await people.report(), await people.report(by=people.neighbour)) for _ in range(6)]
    answers = await asyncio.gather(
        *(
            people.clerk.post(
                f"/issues/{one['id']}/suggestions/answers",
                json={"kind": "duplicate", "taken": True, "duplicate_id": other["id"]},
            )
            for pair in pairs
            for one, other in (pair, pair[::-1])
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [409] * 6


MOVING = [
    name for name, line in COMMANDS.items() if len(line.targets) == 1 and not line.targets & line.sources
]
LED = {"verify", "rework", "suspend"}


async def test_of_two_who_give_the_same_command_at_once_one_is_obeyed(stage: Stage, people: People) -> None:
    for name in MOVING:
        line = COMMANDS[name]
        issue = await people.issue(min(line.sources, key=lambda state: len(ROADS[state])))
        said = {"master_id": (await people.report())["id"]} if name == "merge" else {}
        if name == "resolve":
            await people.add_photo(issue)
        givers = {By.REPORTER: people.resident, By.AREA: people.leader if name in LED else people.clerk}
        who = givers.get(line.by, people.worker)
        await stage.emitted()
        answers = await asyncio.gather(*(people.tell(name, issue, who, **said) for _ in range(3)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes in ([200, 409, 409], [201, 409, 409]), (name, [answer.text for answer in answers])
        steps = [step for step in await people.steps(issue) if step == name]
        assert len(steps) == 1, name
