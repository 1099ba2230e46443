"""A complaint is exported and checked by code that shares nothing with ours: hashlib and what RFC 9162 says."""

import base64
import hashlib
import json
import os
import stat
import subprocess

import kept_log
import pytest


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def note(path):
    origin, size, root, *_ = path.read_text().split("\n")
    return origin, int(size), base64.b64decode(root)


def root_of(leaves):
    """RFC 6962 §2.1, word by word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def root_by(proof, leaf):
    """RFC 9162 §2.1.3.2."""
    fn, sn, got = proof["leaf_index"], proof["tree_size"] - 1, leaf
    for step in map(base64.b64decode, proof["path"]):
        if fn & 1 or fn == sn:
            got = sha(b"\1", step, got)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            got = sha(b"\1", got, step)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return got


def check(folder):
    """All that a bundle says of itself; returns its events."""
    manifest = json.loads((folder / "manifest.json").read_text())
    named = {file["name"]: file for file in manifest["files"]}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"manifest.json"}
    assert set(named) == there
    for name, file in named.items():
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"]), name

    notes = [(folder / "checkpoints" / f"newest-{p}.note") for p in range(manifest["partitions"])]
    _, size, root = note(folder / "checkpoints" / "newest.note")
    assert size == sum(note(path)[1] for path in notes)
    texts = [path.read_bytes().split(b"\n\n")[0] + b"\n" for path in notes]
    assert root == root_of([sha(b"\0", text) for text in texts])

    events, proofs = lines(folder / "events.ndjson"), lines(folder / "proofs.ndjson")
    assert [(e["partition"], e["offset"]) for e in events] == [(p["partition"], p["offset"]) for p in proofs]
    for proof in proofs:
        record = (folder / "records" / f"{proof['partition']}-{proof['offset']}.pb").read_bytes()
        leaf = sha(b"\0", record)
        assert base64.b64encode(leaf).decode() == proof["leaf_hash"]
        _, size, root = note(notes[proof["partition"]])
        assert proof["tree_size"] == size
        assert root_by(proof, leaf) == root
        # The control: any other record is not at this place.
        assert root_by(proof, sha(b"\0", record + b"x")) != root
    return events


@pytest.fixture(scope="module")
def server(api, build_dir, tmp_path_factory):
    with kept_log.signing_server(api, build_dir, tmp_path_factory.mktemp("signing")) as running:
        yield running


@pytest.fixture
def export(server, build_dir):
    def call(*words):
        return kept_log.run(build_dir, server, "audit", "export", "--reason", "test", *words)
    return call


def verify(build_dir, server, folder, *words):
    return subprocess.run([build_dir / "bin" / "kefu-verify", folder, "--key-file", server.vkey, *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


def exported(export, folder, *words):
    done = export("--out", folder, *words)
    assert done.returncode == 0, done.stderr
    return done


def test_a_complaint_proves_itself(export, server, build_dir, tmp_path):
    folder = tmp_path / "k-1"
    done = exported(export, folder, "--case", "K-1")
    events = check(folder)
    kinds = [next(key for key in event["event"] if key.startswith(("case_", "complaint_", "clock_"))) for event in events
             if event["event"].get("client_id") == "C-1"]
    assert kinds[0] == "complaint_received"
    assert {"case_acknowledged", "case_assigned", "case_note_added", "case_resolved", "case_reopened"} <= set(kinds)
    # Another case of the same client is not in it.
    assert not any("R-1" in json.dumps(event["event"]) for event in events)
    assert json.loads(done.stdout)["records"] == len(events)
    # The views are of the checkpoint: up to where each partition is signed.
    views_of = json.loads((folder / "manifest.json").read_text())["asked"]["views_of"]
    sizes = [note(folder / "checkpoints" / f"newest-{p}.note")[1] for p in range(2)]
    assert [part["until_offset"] for part in views_of["until_offsets"]] == sizes
    page = (folder / "case.html").read_text()
    assert "委託未成交" in page and "S-9, desk-3" in page and "<script" not in page
    assert "委託未成交" in (folder / "summary.txt").read_text()
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    checked = verify(build_dir, server, folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_changed_record_is_found(export, server, build_dir, tmp_path):
    folder = tmp_path / "k-1"
    exported(export, folder, "--case", "K-1", "--views-of", "now")
    assert json.loads((folder / "manifest.json").read_text())["asked"]["views_of"] == {"moment": "now"}
    record = next((folder / "records").iterdir())
    record.write_bytes(record.read_bytes()[:-1] + b"\0")
    with pytest.raises(AssertionError):
        check(folder)
    checked = verify(build_dir, server, folder)
    assert checked.returncode == 1
    assert record.name in checked.stdout


def test_a_client_with_the_growth_since_a_kept_checkpoint(api, export, server, build_dir, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    exported(export, first, "--client", "C-1", "--view", "timeline")
    kept = first / "checkpoints" / "newest.note"
    assert json.loads((first / "views" / "timeline.json").read_text())["entries"]
    kept_log.published(api, server, "2")
    # A thousand more, so that what is new is signed at once.
    more = tmp_path / "more.ndjson"
    more.write_text("".join(
        json.dumps({"eventId": f"more-{n}", "clientId": f"C-more-{n % 50}", "source": "crm",
                    "occurredAt": "2026-03-02T01:00:00Z",
                    "contactRecorded": {"contactId": f"T-more-{n}", "channel": "CHANNEL_PHONE",
                                        "direction": "DIRECTION_INBOUND"}}) + "\n" for n in range(1100)))
    loaded = kept_log.run(build_dir, server, "publish", more)
    assert loaded.returncode == 0, loaded.stderr
    exported(export, second, "--client", "C-2", "--since", kept)
    check(second)
    assert len(lines(second / "checkpoints" / "consistency.ndjson")) == 2
    assert (second / "checkpoints" / "since-0.note").read_text() == kept.read_text()
    assert "王小明" in (second / "client.html").read_text()
    checked = verify(build_dir, server, second, "--since", kept)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_range_is_whole(export, server, build_dir, tmp_path):
    exported(export, tmp_path / "all", "--partition", "1", "--unsigned-tail")
    events = check(tmp_path / "all")
    assert [event["offset"] for event in events] == list(range(len(events)))
    cover = json.loads((tmp_path / "all" / "manifest.json").read_text())["covers"]
    assert cover == [{"partition": 1, "from_offset": 0, "until_offset": len(events), "whole": True}]
    checked = verify(build_dir, server, tmp_path / "all")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_range_of_nothing_says_so(export, server, build_dir, tmp_path):
    exported(export, tmp_path / "none", "--partition", "1", "--until", "2001-01-01T00:00:00Z")
    assert check(tmp_path / "none") == []
    assert "There are no records" in (tmp_path / "none" / "summary.txt").read_text()
    checked = verify(build_dir, server, tmp_path / "none")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("words, says", [
    (("--client", "nobody"), "nobody"),
    (("--case", "K-none"), "K-none"),
    ((), "say what to export"),
    (("--partition", "9"), "partition"),
    (("--partition", "0", "--until-position", "nonsense"), "position"),
])
def test_what_cannot_be_is_said_and_leaves_nothing(export, tmp_path, words, says):
    done = export("--out", tmp_path / "no", *words)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_log_is_refused(export, tmp_path):
    (tmp_path / "other.note").write_text("kefu/another\n5\n" + base64.b64encode(bytes(32)).decode() +
                                         "\n\n— kefu AAAAAAA=\n")
    done = export("--out", tmp_path / "no", "--client", "C-1", "--since", tmp_path / "other.note")
    assert done.returncode == 1
    assert "another" in done.stderr
    assert not (tmp_path / "no").exists()


def test_a_folder_that_is_there_stays_as_it_is(export, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    done = export("--out", tmp_path / "mine", "--case", "K-1")
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]


def test_one_export_is_one_look_on_the_log(api, export, server, build_dir, tmp_path):
    exported(export, tmp_path / "k-1", "--case", "K-1")
    done = kept_log.run(build_dir, server, "audit", "export", "--reason", "who looked", "--partition", "0", "--unsigned-tail",
                        "--out", tmp_path / "all", "--actor", "A-7")
    assert done.returncode == 0, done.stderr
    # Not signed perhaps, so it may be left out: then it is in a later one.
    looks = [event["event"] for event in lines(tmp_path / "all" / "events.ndjson") if "audit_accessed" in event["event"]]
    assert all(look["audit_accessed"]["reason"] for look in looks)
    assert "event_id" in json.dumps(looks) or looks == []
