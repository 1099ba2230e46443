"""Tools that everyone has: health probes, reflection, and callers that know nothing of our protos."""

import json
import os
import pathlib
import subprocess

import grpc
import life
import pytest
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICES = {
    "kefu.ingest.v1.IngestService",
    "kefu.query.v1.ClientService",
    "kefu.query.v1.CaseService",
    "kefu.query.v1.StatisticsService",
    "kefu.query.v1.SearchService",
    "kefu.admin.v1.ViewService",
}


@pytest.mark.parametrize("service", ["", *sorted(SERVICES)])
def test_a_health_probe_is_told_serving(site, service):
    stub = health_pb2_grpc.HealthStub(site.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_of_an_unknown_service_is_not_found(site):
    with pytest.raises(grpc.RpcError) as caught:
        health_pb2_grpc.HealthStub(site.channel).Check(health_pb2.HealthCheckRequest(service="no.such"), timeout=10)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection_names_every_service_and_its_messages(site):
    database = ProtoReflectionDescriptorDatabase(site.channel)
    assert set(database.get_services()) >= SERVICES | {"grpc.health.v1.Health"}
    pool = descriptor_pool.DescriptorPool(database)
    method = pool.FindServiceByName("kefu.query.v1.ClientService").FindMethodByName("GetClient")
    assert "open_cases" in method.output_type.fields_by_name
    assert pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Check")


@pytest.fixture
def buf_curl(site):
    """Calls a method with JSON, knowing nothing but the address."""
    cache = pathlib.Path(os.environ.get("KEFU_CACHE") or pathlib.Path.home() / ".cache" / "kefu")
    found = sorted(cache.glob("buf-*/node_modules/.bin/buf"))
    if not found:
        pytest.skip("buf is not there; tests/contract/buf_test installs it where npm is at hand")

    def call(method, request):
        done = subprocess.run(
            [found[-1], "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", json.dumps(request),
             f"http://{site.address}/{method}"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def test_buf_curl_calls_by_reflection(site, buf_curl):
    event = life.events(site.api, f"{site.kind}-curl")[0]
    site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=10)
    answer = buf_curl("kefu.query.v1.ClientService/GetClient", {"name": f"clients/{event.client_id}"})
    assert answer["displayName"] == "王小明"
    # Stock C++ servers name this service without describing it.
    assert buf_curl("grpc.health.v1.Health/Check", {}) == {"status": "SERVING"}


def test_one_reads_what_one_wrote(site):
    events = life.events(site.api, f"{site.kind}-own")
    for event in events[:4]:
        position = site.ingest.PublishEvent(site.api.ingest.PublishEventRequest(event=event), timeout=10).position
        client = site.clients.GetClient(
            site.api.query_client.GetClientRequest(name=f"clients/{event.client_id}", min_position=position), timeout=10)
        assert client.last_event_at == event.occurred_at


def test_a_watch_sees_a_change(site):
    events = life.events(site.api, f"{site.kind}-watched")
    publish = site.api.ingest.PublishEventRequest
    site.ingest.PublishEvent(publish(event=events[0], wait="WAIT_APPLIED"), timeout=10)
    watch = site.clients.WatchClient(
        site.api.query_client.WatchClientRequest(name=f"clients/{events[0].client_id}"), timeout=20)
    counts = (answer.client.event_count for answer in watch if answer.HasField("client"))
    assert next(counts) == 1
    site.ingest.PublishEvent(publish(event=events[1], wait="WAIT_APPLIED"), timeout=10)
    assert next(counts) == 2
    watch.cancel()


def test_digests_of_all_views_are_given(site):
    views = site.views.ListViews(site.api.admin.ListViewsRequest(), timeout=10).views
    assert len(views) >= 4
    for view in views:
        digest = site.views.DigestView(site.api.admin.DigestViewRequest(name=view.name), timeout=20)
        assert len(digest.digest) == 64
