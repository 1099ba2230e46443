"""The key that signs the log is changed: whoever has the old one follows the change, and nobody else's key gets in."""

import base64
import json
import subprocess
import time

import kept_log
from servers import Kefud

ACCESS = ["--reason", "a test looks", "--actor", "A-1"]


class Branch:
    """A server that is stopped and started again, with one key or another."""

    def __init__(self, build_dir, folder):
        self.build, self.folder = build_dir, folder

    def key(self, name):
        """Makes a key; returns its file, and its public half."""
        made = kept_log.run(self.build, None, "audit", "key", "--out", self.folder / f"{name}.pem", "--output", "table")
        assert made.returncode == 0, made.stderr
        (self.folder / f"{name}.vkey").write_text(made.stdout)
        return self.folder / f"{name}.pem", made.stdout.strip()

    def started(self, *settings):
        return Kefud(self.build, self.folder / "kefud", "--log.partitions=2", *settings)

    def run(self, server, *words, code=0):
        done = kept_log.run(self.build, server, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def publish(self, server, name, count):
        events = self.folder / f"{name}.ndjson"
        events.write_text("".join(
            json.dumps({"eventId": f"{name}-{n}", "clientId": f"C-{n % 50}", "source": "crm",
                        "occurredAt": "2026-03-02T01:00:00Z",
                        "contactRecorded": {"contactId": f"T-{name}-{n}", "channel": "CHANNEL_PHONE",
                                            "direction": "DIRECTION_INBOUND"}}) + "\n" for n in range(count)))
        self.run(server, "publish", events)

    def notes(self, server):
        """Of all checkpoints over all partitions, newest first."""
        listed = self.run(server, "audit", "checkpoints", "--all", "--output", "json", *ACCESS)
        return [json.loads(line)["signed"]["note"] for line in listed.stdout.splitlines()]

    def trouble(self, server):
        listed = self.run(server, "duty", "list", "--output", "json").stdout.splitlines()
        notary = [duty for duty in map(json.loads, listed) if duty["kind"] == "DUTY_KIND_NOTARY"]
        assert len(notary) == 1
        return notary[0].get("trouble", "")

    def verify(self, folder, key, *words):
        return subprocess.run([self.build / "bin" / "kefu-verify", folder, "--key", key, *words], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


def signed_by(note, key):
    """By name and hash, as C2SP signed-note has them."""
    _, name, signature = note.rstrip("\n").rsplit("\n", 1)[1].split(" ")
    return f"{name}+{base64.b64decode(signature)[:4].hex()}" == "+".join(key.split("+")[:2])


def until(true):
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_auditor_with_the_old_key_follows_the_change(build_dir, tmp_path):
    branch = Branch(build_dir, tmp_path)
    old_file, old = branch.key("old")
    new_file, new = branch.key("new")
    _, strange = branch.key("strange")
    kept = tmp_path / "kept.note"

    with branch.started(f"--audit.key-file={old_file}") as server:
        branch.publish(server, "first", 1100)
        until(lambda: branch.notes(server))
        kept.write_text(branch.notes(server)[0])
        assert signed_by(kept.read_text(), old)
        assert server.stop() == 0

    # With the new key alone nothing is signed, and it says what to do.
    with branch.started(f"--audit.key-file={new_file}") as server:
        until(lambda: branch.trouble(server))
        assert "audit.old-key-file" in branch.trouble(server)
        branch.publish(server, "second", 1100)
        doctor = branch.run(server, "doctor", "--output", "json", code=1)
        signing = [each for each in map(json.loads, doctor.stdout.splitlines()) if each["check"] == "signing"]
        assert [each["result"] for each in signing] == ["FAILED"]
        assert all(signed_by(note, old) for note in branch.notes(server))
        assert server.stop() == 0

    with branch.started(f"--audit.key-file={new_file}", f"--audit.old-key-file={old_file}") as server:
        until(lambda: signed_by(branch.notes(server)[0], new))
        assert branch.trouble(server) == ""
        listed = branch.run(server, "audit", "checkpoints", "--limit", "1", "--out", tmp_path / "copies", *ACCESS)
        assert f"the key {old} was changed to {new}, after" in listed.stderr
        statement = (tmp_path / "copies" / "key-change-0.note").read_text()
        assert statement.split("\n")[1] == "key change" and signed_by(statement, old)

        evidence = tmp_path / "evidence"
        branch.run(server, "audit", "export", "--client", "C-1", "--out", evidence, "--since", kept, *ACCESS)
        assert (evidence / "checkpoints" / "key-change-0.note").read_text() == statement
        checked = branch.verify(evidence, old, "--since", kept)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert f"✓ the key {old} was changed to {new} after" in checked.stdout
        assert f"✓ the key {new} signed this checkpoint" in checked.stdout
        assert branch.verify(evidence, strange).returncode == 1
        assert server.stop() == 0

    # From then on the new key is enough, and the change is not said again.
    with branch.started(f"--audit.key-file={new_file}") as server:
        before = len(branch.notes(server))
        branch.publish(server, "third", 1100)
        until(lambda: len(branch.notes(server)) > before)
        assert branch.trouble(server) == ""
        assert signed_by(branch.notes(server)[0], new)
        again = tmp_path / "again"
        branch.run(server, "audit", "export", "--client", "C-2", "--out", again, *ACCESS)
        assert sorted(path.name for path in (again / "checkpoints").glob("key-change-*")) == ["key-change-0.note"]
        assert branch.verify(again, old).returncode == 0
        assert branch.verify(again, new).returncode == 0
        assert server.stop() == 0

    # The control: without what the old key said the new one is a stranger's.
    (again / "checkpoints" / "key-change-0.note").unlink()
    checked = branch.verify(again, old)
    assert checked.returncode == 1
    assert "key-change-0.note" in checked.stdout
    assert branch.verify(evidence, new, "--since", kept).returncode == 1, "trust does not go back"
