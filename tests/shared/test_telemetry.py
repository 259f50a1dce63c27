"""Logs, traces and metrics: what a service tells of itself."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Generator
from types import ModuleType

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry import (
    Metrics,
    configure_logging,
    continued,
    current_traceparent,
    logged,
    new_provider,
    start,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def lines() -> Generator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    stream = io.StringIO()
    configure_logging("intake", "INFO", stream)
    yield stream
    root.handlers, root.level = handlers, level


def read(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_log_line_is_one_json_object_that_says_when_where_and_what(lines: io.StringIO) -> None:
    logging.getLogger("shared.outbox").info("relayed %d\nevents", 3, extra={"batch": 3})
    (line,) = read(lines)
    assert line["message"] == "relayed 3\nevents"
    assert (line["level"], line["logger"], line["service"]) == ("INFO", "shared.outbox", "intake")
    assert line["batch"] == 3
    assert str(line["time"]).endswith("+00:00")
    assert "trace_id" not in line


def test_nothing_below_the_level_is_logged(lines: io.StringIO) -> None:
    logging.getLogger("x").debug("whisper")
    assert read(lines) == []


def test_logs_go_to_standard_error_unless_told_otherwise(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("grid")
    logging.getLogger("x").warning("here")
    assert json.loads(capsys.readouterr().err)["service"] == "grid"


def test_an_exception_is_logged_with_its_traceback_on_the_same_line(lines: io.StringIO) -> None:
    try:
        raise KeyError("lost")
    except KeyError:
        logging.getLogger("x").exception("failed")
    (line,) = read(lines)
    assert "KeyError: 'lost'" in str(line["exc_info"])


async def test_fields_of_a_block_stand_beside_its_lines_and_those_of_its_tasks(lines: io.StringIO) -> None:
    async def deep() -> None:
        logging.getLogger("x").info("deep")

    with logged(service="notify", correlation="c-1"):
        with logged(correlation="c-2"):
            await asyncio.create_task(deep())
        logging.getLogger("x").info("outer")
    logging.getLogger("x").info("after")
    told = [(line["service"], line.get("correlation")) for line in read(lines)]
    assert told == [("notify", "c-2"), ("notify", "c-1"), ("intake", None)]


def test_a_line_within_a_trace_names_it(lines: io.StringIO) -> None:
    with continued(SAMPLED, "receive"):
        logging.getLogger("x").info("traced")
    assert read(lines)[0]["trace_id"] == TRACE


def test_outside_any_trace_there_is_no_traceparent() -> None:
    assert current_traceparent() is None


def test_a_trace_goes_on_under_a_new_span() -> None:
    start("test")
    with continued(SAMPLED, "receive"):
        told = current_traceparent()
    assert told is not None
    assert told.startswith(f"00-{TRACE}-")
    assert told != SAMPLED
    assert told.endswith("-01")
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{TRACE}-b7ad6b7169203331-01-more",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
    ],
)
def test_without_a_good_traceparent_a_new_unsampled_trace_begins(header: str | None) -> None:
    start("test")
    with continued(SAMPLED, "outer"), continued(header, "request"):
        told = current_traceparent()
    assert told is not None
    assert TRACE not in told
    assert int(told[-2:], 16) & 1 == 0


def test_a_trace_of_all_zeros_is_none_at_all() -> None:
    start("test")
    with continued(f"00-{'0' * 32}-b7ad6b7169203331-01", "request"):
        told = current_traceparent()
    assert told is not None
    assert "0" * 32 not in told


def test_a_traceparent_of_a_later_version_is_understood() -> None:
    start("test")
    with continued(f"01-{TRACE}-b7ad6b7169203331-01-more", "request"):
        told = current_traceparent()
    assert told is not None
    assert told.startswith(f"00-{TRACE}-")


def test_what_the_caller_sampled_is_recorded_and_other_things_are_not() -> None:
    exporter = InMemorySpanExporter()
    provider = start("test")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with continued(SAMPLED, "receive intake.issue.reported.v1"):
        pass
    with continued(None, "unnoticed"):
        pass
    assert [span.name for span in exporter.get_finished_spans()] == ["receive intake.issue.reported.v1"]


def test_a_process_has_one_tracer_provider_however_many_services_start_it() -> None:
    assert start("intake") is start("grid")


def test_a_provider_samples_the_share_that_was_asked_for() -> None:
    for ratio, recorded in ((0.0, False), (1.0, True)):
        provider = new_provider("intake", ratio=ratio)
        with provider.get_tracer("test").start_as_current_span("root") as span:
            assert span.is_recording() is recorded
        assert provider.resource.attributes["service.name"] == "intake"
        provider.shutdown()


def test_an_endpoint_without_its_exporter_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(RuntimeError, match="add the package opentelemetry-exporter-otlp-proto-http"):
        new_provider("intake", otlp_endpoint="http://collector:4318/v1/traces")


def test_spans_are_sent_to_the_endpoint_where_the_exporter_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoints: list[str] = []
    kept = InMemorySpanExporter()

    class OTLPSpanExporter(InMemorySpanExporter):
        def __new__(cls, endpoint: str) -> InMemorySpanExporter:  # type: ignore[misc]
            endpoints.append(endpoint)
            return kept

    module = ModuleType("trace_exporter")
    monkeypatch.setattr(module, "OTLPSpanExporter", OTLPSpanExporter, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", module)
    provider = new_provider("intake", otlp_endpoint="http://collector:4318/v1/traces", ratio=1.0)
    with provider.get_tracer("test").start_as_current_span("root"):
        pass
    provider.force_flush()
    assert [span.name for span in kept.get_finished_spans()] == ["root"]
    assert endpoints == ["http://collector:4318/v1/traces"]
    provider.shutdown()


def page(metrics: Metrics) -> dict[str, float]:
    rows = (line.rpartition(" ") for line in metrics.render().decode().splitlines() if line[0] != "#")
    return {name: float(value) for name, _, value in rows}


def test_requests_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics("intake")
    for status in (201, 201, 409):
        metrics.requested("POST", "/v1/issues", status, 0.02)
    rows = page(metrics)
    labels = 'method="POST",route="/v1/issues",service="intake"'
    assert rows[f'sanlian_http_requests_total{{{labels},status="201"}}'] == 2
    assert rows[f'sanlian_http_requests_total{{{labels},status="409"}}'] == 1
    assert rows[f"sanlian_http_request_seconds_count{{{labels}}}"] == 3


def test_an_invented_method_does_not_add_a_row_of_its_own() -> None:
    metrics = Metrics("intake")
    for number in range(50):
        metrics.requested(f"HACK{number}", "unmatched", 405, 0.001)
    assert [value for name, value in page(metrics).items() if "http_requests_total" in name] == [50]


def test_events_given_to_a_handler_are_counted_as_done_or_failed() -> None:
    metrics = Metrics("grid")
    for _ in range(2):
        with metrics.handled("assign", 3):
            pass
    with pytest.raises(KeyError), metrics.handled("assign"):
        raise KeyError("x")
    rows = page(metrics)
    by_outcome = {
        outcome: value
        for outcome in ("done", "failed")
        for name, value in rows.items()
        if name.startswith("sanlian_events_handled_total") and f'outcome="{outcome}"' in name
    }
    assert by_outcome == {"done": 6, "failed": 1}
    assert [value for name, value in rows.items() if name.startswith("sanlian_handler_seconds_count")] == [3]


def test_the_bus_side_is_counted_and_the_backlog_shown() -> None:
    metrics = Metrics("notify")
    metrics.published(5)
    metrics.retried()
    metrics.dead_lettered("intake.issue.reported.v1")
    metrics.duplicates(2)
    metrics.noticed("unusual_reading")
    metrics.backlog(7, 1.5)
    rows = page(metrics)
    assert rows['sanlian_events_published_total{service="notify"}'] == 5
    assert rows['sanlian_events_retried_total{service="notify"}'] == 1
    assert rows['sanlian_events_dead_lettered_total{service="notify",type="intake.issue.reported.v1"}'] == 1
    assert rows['sanlian_noticed_total{service="notify",what="unusual_reading"}'] == 1
    assert rows['sanlian_inbox_duplicates_total{service="notify"}'] == 2
    assert rows['sanlian_outbox_waiting{service="notify"}'] == 7
    assert rows['sanlian_outbox_oldest_seconds{service="notify"}'] == 1.5


def test_services_in_one_process_count_apart() -> None:
    intake, grid = Metrics("intake"), Metrics("grid")
    intake.published(1)
    assert page(intake)['sanlian_events_published_total{service="intake"}'] == 1
    assert page(grid)['sanlian_events_published_total{service="grid"}'] == 0
