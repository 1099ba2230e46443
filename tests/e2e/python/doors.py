"""Every door a channel system can come through, each with a client of another maker."""

import subprocess

from cloudevents.core.bindings import kafka as ce_kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer
from google.protobuf import json_format

CLEAN_VERDICT = 1  # VERDICT_OUTCOME_APPLIED


def grpc_unary(site, events, _):
    for event in events:
        response = site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=20)
        assert response.verdict.outcome == CLEAN_VERDICT, response


def grpc_batch(site, events, _):
    response = site.ingest.BatchPublishEvents(
        site.api.ingest.BatchPublishEventsRequest(events=events, wait="WAIT_APPLIED"), timeout=20)
    assert [(result.status.code, result.verdict.outcome) for result in response.results] == [(0, CLEAN_VERDICT)] * len(events)


def grpc_stream(site, events, _):
    requests = (site.api.ingest.StreamEventsRequest(event=event, wait="WAIT_APPLIED") for event in events)
    answers = [answer.result for answer in site.ingest.StreamEvents(requests, timeout=20)]
    assert [answer.event_id for answer in answers] == [event.event_id for event in events]
    assert {(answer.status.code, answer.verdict.outcome) for answer in answers} == {(0, CLEAN_VERDICT)}


def error_info(api, error):
    """The google.rpc.ErrorInfo of a failed call."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    info = api.error_details.ErrorInfo()
    status = api.rpc_status.Status.FromString(details)
    assert [detail.Unpack(info) for detail in status.details if detail.Is(info.DESCRIPTOR)] == [True]
    return info


def produce(site, records):
    """Writes (key, value, headers) to the inbox with confluent-kafka."""
    failures = []
    producer = Producer({"bootstrap.servers": site.bootstrap, "acks": "all", "enable.idempotence": True})
    for key, value, headers in records:
        producer.produce(site.inbox, key=key, value=value, headers=headers,
                         on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(20) == 0
    assert not failures


def inbox_protobuf(site, events, _):
    produce(site, [(event.client_id, event.SerializeToString(), None) for event in events])


def cloud_event(event, data, content_type):
    """The event as the cloudevents SDK has it: attributes, and the body as data."""
    body = getattr(event, event.WhichOneof("body"))
    return CloudEvent(
        attributes={
            "id": event.event_id, "source": event.source, "type": body.DESCRIPTOR.full_name, "specversion": "1.0",
            "subject": event.client_id, "time": event.occurred_at.ToDatetime(tzinfo=__import__("datetime").timezone.utc),
            "datacontenttype": content_type, "branchid": event.branch_id, "actorid": event.actor.id, "actorkind": "staff",
            "correlationid": event.correlation_id, "partitionkey": event.client_id,
        },
        data=data(body),
    )


def publish_cloud_events(site, events, data, content_type, to_message):
    messages = [to_message(cloud_event(event, data, content_type), JSONFormat()) for event in events]
    produce(site, [(message.key, message.value, list(message.headers.items())) for message in messages])


def inbox_ce_binary(site, events, _):
    publish_cloud_events(site, events, lambda body: body.SerializeToString(), "application/protobuf", ce_kafka.to_binary)


def inbox_ce_structured(site, events, _):
    publish_cloud_events(site, events, json_format.MessageToDict, "application/json", ce_kafka.to_structured)


def ndjson_file(site, events, folder):
    path = folder / "events.ndjson"
    path.write_text("".join(json_format.MessageToJson(event, indent=None) + "\n" for event in events))
    done = subprocess.run(
        [site.build / "bin" / "kefu", "--server", site.address, "import", path],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


DOORS = {
    door.__name__: door
    for door in (grpc_unary, grpc_batch, grpc_stream, inbox_protobuf, inbox_ce_binary, inbox_ce_structured, ndjson_file)
}
