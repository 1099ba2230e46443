"""Servers and generated code for the tests of foreign clients."""

import importlib
import pathlib
import sys
import types

import grpc
import pytest
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from broker import Broker  # noqa: E402
from servers import Kefud  # noqa: E402

PROTO = ROOT / "proto"
MODULES = {
    "event": "kefu.events.v1.event_pb2",
    "case": "kefu.events.v1.case_pb2",
    "client": "kefu.events.v1.client_pb2",
    "common": "kefu.events.v1.common_pb2",
    "contact": "kefu.events.v1.contact_pb2",
    "ingest": "kefu.ingest.v1.ingest_pb2",
    "ingest_grpc": "kefu.ingest.v1.ingest_pb2_grpc",
    "query_client": "kefu.query.v1.client_pb2",
    "query_client_grpc": "kefu.query.v1.client_pb2_grpc",
    "query_case": "kefu.query.v1.case_pb2",
    "query_case_grpc": "kefu.query.v1.case_pb2_grpc",
    "admin": "kefu.admin.v1.view_pb2",
    "admin_grpc": "kefu.admin.v1.view_pb2_grpc",
    "rpc_status": "google.rpc.status_pb2",
    "error_details": "google.rpc.error_details_pb2",
}


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    """What a Python developer would generate from our protos, by short names."""
    out = tmp_path_factory.mktemp("generated")
    files = [str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto")]
    # The package brings google/protobuf along, but only its command line looks there by itself.
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    arguments = [f"-I{PROTO}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(["protoc", *arguments]) == 0
    sys.path.insert(0, str(out))
    return types.SimpleNamespace(**{name: importlib.import_module(module) for name, module in MODULES.items()})


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
