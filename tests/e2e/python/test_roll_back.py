"""An older copy of the log is put in the place of the newer one: nothing is signed until a person accepts the loss."""

import json
import shutil
import subprocess
import time

from servers import Kefud, clean_environment

REASON = ["--reason", "a test looks", "--actor", "A-1"]


class Tool:
    def __init__(self, build_dir, address):
        self.command = [build_dir / "bin" / "kefu", "--server", address, "--output", "json"]

    def run(self, *arguments, code=0, text=None):
        given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run([str(part) for part in (*self.command, *arguments)], capture_output=True, text=True,
                              timeout=60, check=False, env=clean_environment(), **given)
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def publish(self, first, count):
        line = ('{"eventId":"e-%d","clientId":"C-%d","source":"crm","occurredAt":"2026-03-02T01:00:00Z","contactRecorded":'
                '{"contactId":"T-%d","channel":"CHANNEL_PHONE","direction":"DIRECTION_INBOUND"}}\n')
        self.run("publish", "-", text="".join(line % (n, n % 50, n) for n in range(first, first + count)))

    def sizes(self):
        """Of the checkpoints, newest first."""
        listed = self.run("audit", "checkpoints", "--all", *REASON)
        return [sum(int(part.get("size", 0)) for part in each["signed"]["partitions"]) for each in listed]

    def trouble(self):
        notary = [duty for duty in self.run("duty", "list") if duty["kind"] == "DUTY_KIND_NOTARY"]
        assert len(notary) == 1
        return notary[0].get("trouble", "")

    def until(self, true):
        end = time.monotonic() + 50
        while not true():
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_log_that_came_back_shorter_is_not_signed_until_the_loss_is_accepted(build_dir, tmp_path):
    key = tmp_path / "key.pem"
    made = subprocess.run([build_dir / "bin" / "kefu", "audit", "key", "--out", key], capture_output=True, check=False,
                          env=clean_environment(), timeout=20)
    assert made.returncode == 0, made.stderr
    settings = [f"--audit.key-file={key}", "--log.partitions=2"]
    data = tmp_path / "kefud" / "data"

    with Kefud(build_dir, tmp_path / "kefud", *settings) as server:
        tool = Tool(build_dir, server.address)
        tool.publish(0, 1100)
        tool.until(lambda: tool.sizes())
        assert server.stop() == 0
    shutil.copytree(data / "log", tmp_path / "older")

    with Kefud(build_dir, tmp_path / "kefud", *settings) as server:
        tool = Tool(build_dir, server.address)
        # A thousand records are signed at once, fewer within a minute: of these at least 1,101 are at once.
        tool.publish(2000, 2100)
        tool.until(lambda: tool.sizes()[0] > 2200)
        lost = tool.sizes()[0]
        assert tool.trouble() == ""
        assert server.stop() == 0
    shutil.rmtree(data / "log")
    shutil.rmtree(data / "views")
    shutil.copytree(tmp_path / "older", data / "log")

    with Kefud(build_dir, tmp_path / "kefud", *settings) as server:
        tool = Tool(build_dir, server.address)
        tool.until(tool.trouble)
        assert "kefu audit accept-loss" in tool.trouble()
        signing = [each for each in tool.run("doctor", code=1) if each["check"] == "signing"]
        assert [each["result"] for each in signing] == ["FAILED"]
        before = tool.sizes()
        assert lost not in before
        accepted = tool.run("audit", "accept-loss", "--reason", "an older copy was restored", "--actor", "A-1")
        assert int(accepted[0]["offset"]) > 0
        tool.until(lambda: len(tool.sizes()) > len(before))
        assert tool.trouble() == ""
        tool.run("doctor")
        assert server.stop() == 0
