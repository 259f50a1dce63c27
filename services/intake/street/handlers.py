"""What a street office said of an issue through its webhooks, or put on the community."""

from services.intake.service import intake
from services.intake.street import orders, words
from shared.events.notify import (
    StreetDispatched,
    StreetEvaluated,
    StreetExtensionDecided,
    StreetReminded,
    StreetSupervised,
)
from shared.service import Work


@intake.on(StreetSupervised)
async def take_supervision(event: StreetSupervised, work: Work) -> None:
    await words.supervise(work, event)


@intake.on(StreetReminded)
async def take_reminder(event: StreetReminded, work: Work) -> None:
    await words.remind(work, event)


@intake.on(StreetEvaluated)
async def take_evaluation(event: StreetEvaluated, work: Work) -> None:
    await words.evaluate(work, event)


@intake.on(StreetExtensionDecided)
async def take_decision(event: StreetExtensionDecided, work: Work) -> None:
    await words.decide(work, event)


@intake.on(StreetDispatched)
async def take_order(event: StreetDispatched, work: Work) -> None:
    await orders.take_order(work, event)
