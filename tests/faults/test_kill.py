"""kill -9 at any moment: nothing acknowledged is lost, nothing counts twice, the views equal a clean rebuild."""

import os
import random
import shutil
import signal
import time

import grpc

from counting import contacts_by_client, digests, recorded_ids
from publisher import Publisher
from servers import Kefud

CYCLES = int(os.environ.get("KEFU_KILL_CYCLES", "200"))
CLIENTS = 50


def kill(server):
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait()


def stubs(api, address):
    channel = grpc.insecure_channel(address)
    return api.query_client_grpc.ClientServiceStub(channel), api.admin_grpc.ViewServiceStub(channel)


def wait_until_shown(api, address, publisher):
    """Until the views have all that was acknowledged."""
    clients, _ = stubs(api, address)
    for position in list(publisher.acknowledged.values())[-8:] + list(publisher.acknowledged.values())[:1]:
        clients.ListClients(api.query_client.ListClientsRequest(page_size=1, min_position=position), timeout=60)


def kill_again_and_again(api, build_dir, folder, publisher, cycles, seed):
    chance = random.Random(seed)
    for _ in range(cycles):
        server = Kefud(build_dir, folder, "--log.partitions=4")
        publisher.connect(server.address)
        publisher.start()
        time.sleep(chance.uniform(0.0, 0.25))
        kill(server)


def test_nothing_is_lost_and_nothing_counts_twice(api, build_dir, tmp_path):
    seed = int(os.environ.get("KEFU_SEED", random.randrange(2**31)))
    print(f"seed {seed}, {CYCLES} kills")
    publisher = Publisher(api, CLIENTS)
    kill_again_and_again(api, build_dir, tmp_path, publisher, CYCLES, seed)
    with Kefud(build_dir, tmp_path, "--log.partitions=4") as server:
        publisher.connect(server.address)
        time.sleep(0.5)
        publisher.stop()
        wait_until_shown(api, server.address, publisher)
        clients, views = stubs(api, server.address)
        counted = contacts_by_client(api, clients)
        ids = recorded_ids(api, clients, counted)
        live = digests(api, views)
        assert server.stop() == 0, server.tail()
    missing = set(publisher.acknowledged) - set(ids)
    assert not missing, f"{len(missing)} acknowledged events are gone, seed {seed}: {sorted(missing)[:5]}"
    assert max(ids.values()) == 1
    # Each number was published until it was acknowledged; however often, it counts once.
    assert sum(counted.values()) == len(ids) == publisher.next
    print(f"{publisher.next} events, {publisher.attempts} attempts")

    shutil.rmtree(tmp_path / "data" / "views")
    with Kefud(build_dir, tmp_path, "--log.partitions=4") as server:
        wait_until_shown(api, server.address, publisher)
        _, views = stubs(api, server.address)
        assert digests(api, views) == live


def test_the_control_counts_twice(api, build_dir, tmp_path):
    """A client that retries under new ids must be caught by the same sums, or they would prove nothing."""
    publisher = Publisher(api, CLIENTS, retry_with_new_ids=True)
    try:
        for seed in range(20):
            kill_again_and_again(api, build_dir, tmp_path, publisher, 3, seed)
            with Kefud(build_dir, tmp_path, "--log.partitions=4") as server:
                publisher.connect(server.address)
                wait_until_shown(api, server.address, publisher)
                clients, _ = stubs(api, server.address)
                ids = recorded_ids(api, clients, contacts_by_client(api, clients))
                numbers = [event_id.split("-")[1] for event_id in ids]
                if len(numbers) > len(set(numbers)):
                    return
    finally:
        publisher.stop()
    raise AssertionError("no number counted twice in 60 kills: the test above cannot tell")
