"""What all Python tests share."""

import importlib
import os
import pathlib
import sys
import types

# gRPC's own handlers around fork crash now and then between fork and exec, and nothing here forks without exec.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

import pytest
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parent.parent
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
    "audit": "kefu.audit.v1.audit_pb2",
    "audit_grpc": "kefu.audit.v1.audit_pb2_grpc",
    "admin": "kefu.admin.v1.view_pb2",
    "admin_grpc": "kefu.admin.v1.view_pb2_grpc",
    "query_reference": "kefu.query.v1.reference_pb2",
    "query_reference_grpc": "kefu.query.v1.reference_pb2_grpc",
    "rpc_status": "google.rpc.status_pb2",
    "error_details": "google.rpc.error_details_pb2",
}


def pytest_addoption(parser):
    parser.addoption("--build-dir", default=str(ROOT / "build"), help="where Kefu is built")


@pytest.fixture(scope="session")
def build_dir(request):
    return pathlib.Path(request.config.getoption("--build-dir")).resolve()


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
