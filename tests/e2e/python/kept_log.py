"""A server that signs, with a complaint in it that is signed for; and what else the audit's tests share."""

import contextlib
import subprocess

import grpc
import life
from servers import Kefud, clean_environment


def run(build, server, *words, **options):
    environment = {**clean_environment(), "KEFU_SERVER": server.address if server else "127.0.0.1:1", "USER": "tester",
                   **options.pop("env", {})}
    return subprocess.run([build / "bin" / "kefu", *map(str, words)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, env=environment, check=False, **options)


def published(api, server, who, count=None):
    """Tells the life of client C-<who>; its complaint is K-<who>."""
    with grpc.insecure_channel(server.address) as channel:
        ingest = api.ingest_grpc.IngestServiceStub(channel)
        for event in life.events(api, who)[:count]:
            ingest.PublishEvent(api.ingest.PublishEventRequest(event=event, wait="WAIT_APPLIED"), timeout=20)


@contextlib.contextmanager
def signing_server(api, build, folder, *settings):
    """kefud with a key. What is recorded is signed soon: a sample of more than a thousand events comes after the complaint."""
    folder.mkdir(parents=True, exist_ok=True)
    made = run(build, None, "audit", "key", "--out", folder / "key.pem", "--output", "table")
    assert made.returncode == 0, made.stderr
    (folder / "kefu.vkey").write_text(made.stdout)
    with Kefud(build, folder, "--log.partitions=2", f"--audit.key-file={folder / 'key.pem'}", *settings) as server:
        published(api, server, "1")
        sample = run(build, server, "demo", "--clients", 60, "--days", 30, "--quiet")
        assert sample.returncode == 0, sample.stderr
        server.vkey = folder / "kefu.vkey"
        yield server
