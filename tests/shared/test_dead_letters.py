"""What an operator can do with dead letters, held to the same on both buses."""

from pathlib import Path

import pytest

from shared.bus import DeadLetters, Unavailable
from shared.bus.dead import RabbitDeadLetters
from shared.bus.memory import MemoryDeadLetters
from shared.envelope import Packed
from tests.shared.bus_lab import Lab, send_raw
from tests.shared.toys import LOCATED, Listener, eventually, packed


async def tools_of(lab: Lab) -> DeadLetters:
    if lab.amqp_url is not None:
        return RabbitDeadLetters(lab.amqp_url)
    return MemoryDeadLetters(lab.clock, [await lab.letters("intake")])


async def given_dead(lab: Lab, listener: Listener, count: int) -> list[Packed]:
    """That many events of which intake wanted nothing, all of them dead by now."""
    messages = [packed() for _ in range(count)]
    listener.poison = {message.id for message in messages}
    await lab.subscribe("intake", [LOCATED], listener)
    await lab.bus.publish(messages)
    tools = await tools_of(lab)

    async def all_dead() -> bool:
        return len(await tools.list("intake")) == count

    await eventually(all_dead)
    listener.poison = set()
    return messages


async def test_looking_at_dead_letters_leaves_them_where_they_are(lab: Lab) -> None:
    messages = await given_dead(lab, Listener(), 3)
    tools = await tools_of(lab)
    first = await tools.list("intake")
    assert {letter.id for letter in first} == {str(message.id) for message in messages}
    assert {(letter.service, letter.type, letter.reason) for letter in first} == {
        ("intake", LOCATED, "never")
    }
    assert all(letter.died_at is not None for letter in first)
    assert len(await tools.list("intake", limit=2)) == 2

    async def all_back() -> bool:
        return len(await tools.list("intake")) == 3

    await eventually(all_back)


async def test_a_replayed_letter_comes_to_the_service_as_new_and_the_others_stay(lab: Lab) -> None:
    listener = Listener()
    chosen, other = await given_dead(lab, listener, 2)
    tools = await tools_of(lab)
    assert await tools.replay("intake", [str(chosen.id)]) == 1
    await eventually(lambda: listener.attempts(chosen) == [1, 1])
    assert [letter.id for letter in await tools.list("intake")] == [str(other.id)]
    assert listener.attempts(other) == [1]


async def test_all_letters_can_be_replayed_at_once(lab: Lab) -> None:
    listener = Listener()
    messages = await given_dead(lab, listener, 3)
    tools = await tools_of(lab)
    assert await tools.replay("intake") == 3
    await eventually(lambda: all(listener.attempts(message) == [1, 1] for message in messages))
    assert await tools.list("intake") == []


async def test_a_dropped_letter_is_gone_for_good(lab: Lab) -> None:
    chosen, other = await given_dead(lab, Listener(), 2)
    tools = await tools_of(lab)
    assert await tools.drop("intake", [str(chosen.id)]) == 1

    async def one_left() -> bool:
        return [letter.id for letter in await tools.list("intake")] == [str(other.id)]

    await eventually(one_left)
    assert await tools.drop("intake") == 1
    assert await tools.list("intake") == []


async def test_what_nobody_can_read_has_a_name_of_its_own_and_can_be_dropped(
    vhost: str, tmp_path: Path
) -> None:
    lab = Lab(tmp_path, vhost)
    await lab.subscribe("intake", [LOCATED], Listener())
    await send_raw(vhost, "intake", b"no json")
    tools = RabbitDeadLetters(vhost)

    async def arrived() -> bool:
        return bool(await tools.list("intake"))

    await eventually(arrived)
    (letter,) = await tools.list("intake")
    assert letter.id.startswith("sha256:")
    assert letter.body == b"no json"
    assert await tools.drop("intake", [letter.id]) == 1
    await lab.close()


async def test_a_broker_that_is_away_is_named_as_such() -> None:
    with pytest.raises(Unavailable, match="RabbitMQ"):
        await RabbitDeadLetters("amqp://guest:guest@127.0.0.1:9/").list("intake")
