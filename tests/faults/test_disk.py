"""A full disk: writes are refused, reads go on, nothing aborts, and it goes on when there is room."""

import subprocess
import time

import grpc
import pytest

from servers import Kefud


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here (root is needed): the full-disk test did not run")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def publish(api, stub, number):
    event = api.event.Event(event_id=f"d-{number}", client_id="C-1", source="faults")
    event.occurred_at.FromSeconds(1_780_000_000)
    event.contact_recorded.contact_id = f"T-{number}"
    event.contact_recorded.channel = api.common.CHANNEL_PHONE
    event.contact_recorded.direction = api.common.DIRECTION_INBOUND
    event.contact_recorded.summary = "x" * 30_000
    return stub.PublishEvent(api.ingest.PublishEventRequest(event=event, wait=api.ingest.WAIT_APPLIED), timeout=20)


def test_a_full_disk_refuses_writes_and_serves_reads(api, build_dir, small_disk):
    with Kefud(build_dir, small_disk / "site", "--log.partitions=1", "--log.reserve=64MiB",
               "--views.reserve=32MiB") as server:
        channel = grpc.insecure_channel(server.address)
        ingest = api.ingest_grpc.IngestServiceStub(channel)
        clients = api.query_client_grpc.ClientServiceStub(channel)
        publish(api, ingest, 0)

        ballast = small_disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(b"b" * (1 << 20))
                    file.flush()
                    free = int(subprocess.run(["stat", "-f", "-c", "%f %S", small_disk], capture_output=True, text=True,
                                              check=True).stdout.split()[0]) * 4096
                    if free < 48 << 20:
                        break
            except OSError:
                pass
        # The free space is looked at once a second.
        time.sleep(1.2)
        with pytest.raises(grpc.RpcError) as refused:
            for number in range(1, 2000):
                publish(api, ingest, number)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, refused.value.details()
        assert "make room" in refused.value.details()
        get = api.query_client.GetClientRequest(name="clients/C-1")
        before = clients.GetClient(get, timeout=5)
        assert before.event_count >= 1

        ballast.unlink()
        publish(api, ingest, 5000)
        assert clients.GetClient(get, timeout=5).event_count == before.event_count + 1
        assert server.child.poll() is None
        assert server.stop() == 0, server.tail()
