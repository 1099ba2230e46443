"""Servers for the tests of foreign clients."""

import pathlib
import sys

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from broker import Broker  # noqa: E402
from servers import Kefud  # noqa: E402

@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


class Site:
    """A running kefud with an inbox, and stubs to speak to it."""

    def __init__(self, api, server, bootstrap, inbox, build):
        self.api, self.server, self.bootstrap, self.inbox, self.build = api, server, bootstrap, inbox, build
        self.address = server.address
        self.channel = grpc.insecure_channel(server.address)
        self.ingest = api.ingest_grpc.IngestServiceStub(self.channel)
        self.clients = api.query_client_grpc.ClientServiceStub(self.channel)
        self.cases = api.query_case_grpc.CaseServiceStub(self.channel)
        self.views = api.admin_grpc.ViewServiceStub(self.channel)
        self.audit = api.audit_grpc.AuditServiceStub(self.channel)


@pytest.fixture(scope="session", params=["embedded", "kafka"])
def site(request, api, broker, build_dir, tmp_path_factory):
    kind = request.param
    settings = [
        f"--inbox.kafka.bootstrap-servers={broker.bootstrap}",
        f"--inbox.kafka.topic={kind}.inbox",
        f"--log.kind={kind}",
        "--log.partitions=4",
    ]
    if kind == "kafka":
        settings += [
            f"--log.kafka.bootstrap-servers={broker.bootstrap}",
            "--log.kafka.events-topic=e2e.events",
            "--log.kafka.rejected-topic=e2e.rejected",
            "--log.kafka.replication=1",
        ]
    broker.make_topic(f"{kind}.inbox", partitions=3)
    with Kefud(build_dir, tmp_path_factory.mktemp(f"kefud-{kind}"), *settings) as server:
        running = Site(api, server, broker.bootstrap, f"{kind}.inbox", build_dir)
        running.kind = kind
        yield running
        running.channel.close()
        assert server.stop() == 0, server.tail()
