"""An auditor's tool corrects and annuls: views and texts show what stands, history shows both, and what is kept is told."""

import json

import kept_log
import life
import pytest
from servers import Kefud


@pytest.fixture(scope="module")
def server(api, build_dir, tmp_path_factory):
    with Kefud(build_dir, tmp_path_factory.mktemp("correcting"), "--log.partitions=1") as running:
        kept_log.published(api, running, "1")
        kept_log.published(api, running, "2", 1)
        yield running


@pytest.fixture
def kefu(server, build_dir):
    """Runs the tool; it must succeed unless `fails` is given. The lines of JSON it printed."""
    def call(*words, fails=False):
        done = kept_log.run(build_dir, server, *words)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else [json.loads(line) for line in done.stdout.splitlines()]
    return call


def event_id(api, name, who="1"):
    return next(f"e-{who}-{n:02}" for n, (body, _) in enumerate(life.bodies(api, who)) if body == name)


def timeline(kefu):
    return {entry["event"]["eventId"]: entry for entry in kefu("client", "timeline", "C-1", "--all")}


def contact_tallies(kefu):
    return {tally["key"]: int(tally["count"]) for tally in kefu("client", "get", "C-1")[0]["tallies"]
            if tally["key"].startswith("contact")}


def texts(kefu, words):
    return [(hit["eventId"], hit.get("correctedByEventId")) for hit in kefu("search", words, "--client", "C-1")]


@pytest.fixture(scope="module")
def corrected(api, server, build_dir, tmp_path_factory):
    """The contact was on another channel, and other words were said."""
    told = event_id(api, "contact_recorded")
    right = tmp_path_factory.mktemp("right") / "right.json"
    right.write_text(json.dumps({"contactRecorded": {"channel": "CHANNEL_WECHAT", "summary": "問手續費 handling fee"}}))
    done = kept_log.run(build_dir, server, "audit", "correct", told, "--client", "C-1", "--file", right,
                        "--reason", "misheard", "--by", "A-1", "--event-id", "fix-1")
    assert done.returncode == 0, done.stdout + done.stderr
    return told


def test_a_corrected_contact_is_what_views_and_texts_show_and_history_has_both(kefu, corrected):
    assert contact_tallies(kefu) == {"contact": 1, "contact.wechat.inbound": 1}
    shown = timeline(kefu)
    entry, amended = shown[corrected], shown[corrected]["amended"]
    assert entry["event"]["contactRecorded"]["channel"] == "CHANNEL_PHONE"
    assert amended["event"]["contactRecorded"]["channel"] == "CHANNEL_WECHAT"
    assert amended["event"]["contactRecorded"]["contactId"] == "T-1", "what was not said stays"
    assert (amended["eventId"], amended["reason"], amended["actorId"]) == ("fix-1", "misheard", "A-1")
    assert amended["offset"] == shown["fix-1"]["offset"]
    assert [name for name, one in shown.items() if "amended" in one] == [corrected]
    assert texts(kefu, "手續費") == [(corrected, "fix-1")]
    assert texts(kefu, "handling fee") == [(corrected, "fix-1")]
    assert texts(kefu, "executed") == []
    assert texts(kefu, "misheard") == [("fix-1", None)]


def test_the_table_names_the_correction(server, build_dir, corrected):
    done = kept_log.run(build_dir, server, "client", "timeline", "C-1", "--output", "table")
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.endswith(corrected))
    assert "corrected by fix-1" in line


def test_what_never_happened_is_annulled_and_the_revision_stays(api, kefu):
    note = event_id(api, "case_note_added")
    before = kefu("case", "get", "K-1")[0]
    assert texts(kefu, "交易所") == [(note, None)]
    kefu("audit", "annul", note, "--client", "C-1", "--reason", "another client", "--event-id", "gone-1")
    shown = timeline(kefu)
    assert shown[note]["amended"]["annulled"] is True
    assert "event" not in shown[note]["amended"]
    assert "gone-1" in shown
    assert texts(kefu, "交易所") == []
    after = kefu("case", "get", "K-1")[0]
    assert after["revision"] == before["revision"]
    assert (before["noteCount"], after.get("noteCount", 0)) == (1, 0)


@pytest.mark.parametrize("words, says", [
    (("correct", "e-none", "--client", "C-1", "--file", "-", "--reason", "x"), "no event e-none"),
    (("correct", "{contact}", "--client", "C-1", "--file", "{missing}", "--reason", "x"), "cannot read"),
    (("correct", "{contact}", "--client", "C-1", "--file", "{other_kind}", "--reason", "x"), "keeps the kind"),
    (("correct", "{contact}", "--client", "C-1", "--file", "{nonsense}", "--reason", "x"), "JSON"),
    (("correct", "{contact}", "--client", "C-1", "--file", "{other_client}", "--reason", "x"), "keeps the client"),
    (("correct", "{contact}", "--client", "C-1", "--file", "{right}", "--reason", "x"), "event_corrected_already"),
    (("correct", "{tier}", "--client", "C-1", "--file", "{tier_file}", "--reason", "x"), "event_moves_state"),
    (("annul", "e-none", "--client", "C-1", "--reason", "x"), "event_unknown"),
    (("annul", "{theirs}", "--client", "C-1", "--reason", "x"), "event_of_other_client"),
    (("annul", "{complaint}", "--client", "C-1", "--reason", "x"), "event_moves_state"),
    (("annul", "{contact}", "--client", "C-1"), "--reason"),
    (("retention", "--client", "C-none", "--reason", "x"), "CLIENT_NOT_FOUND"),
    (("retention", "--client", "C-1", "--case", "K-none", "--reason", "x"), "CASE_NOT_FOUND"),
    (("retention", "--client", "C-1"), "--reason"),
])
def test_what_is_wrong_is_refused_and_named(api, kefu, corrected, tmp_path, words, says):
    files = {"right": {"contactRecorded": {"summary": "again"}}, "other_kind": {"caseNoteAdded": {"text": "x"}},
             "other_client": {"clientId": "C-2", "contactRecorded": {"summary": "x"}},
             "tier_file": {"serviceConfigurationChanged": {"configuration": {"tier": "silver"}}}}
    names = {"contact": corrected, "theirs": event_id(api, "client_registered", "2"),
             "complaint": event_id(api, "complaint_received"), "tier": event_id(api, "service_configuration_changed"),
             "missing": tmp_path / "missing.json", "nonsense": tmp_path / "nonsense.json"}
    (tmp_path / "nonsense.json").write_text("{not json")
    for name, content in files.items():
        names[name] = tmp_path / f"{name}.json"
        names[name].write_text(json.dumps(content))
    before = contact_tallies(kefu)
    told = kefu("audit", *(word.format(**names) for word in words), fails=True)
    assert says in told
    assert contact_tallies(kefu) == before
    assert timeline(kefu)[corrected]["amended"]["eventId"] == "fix-1"


def by_kind(answer):
    return {kind["kind"]: kind for kind in answer["kinds"]}


def test_what_is_kept_until_when_and_what_holds_it(kefu):
    def asked(*words):
        (answer,) = kefu("audit", "retention", "--client", "C-1", "--reason", "a deletion request", *words)
        return answer

    def tell(body):
        kefu("publish", "--wait", "applied", "--json", json.dumps({"clientId": "C-1", **body}))

    assert "version" not in asked()
    kefu("publish", "--wait", "applied", "--json", json.dumps({"retentionPublished": {"version": 1, "classes": [
        {"classId": "complaints", "years": 6, "source": "Rule 4513", "kinds": ["complaint_received"]},
        {"classId": "all", "years": 20, "source": "Art. 137"}]}}))
    told = asked()
    assert told["version"] == 1
    complaint, contact = (by_kind(told)[kind] for kind in ("complaint_received", "contact_recorded"))
    assert (complaint["classId"], complaint["keptUntil"], complaint["source"]) == ("complaints", "2032-03-03", "Rule 4513")
    assert (contact["classId"], contact["keptUntil"]) == ("all", "2046-03-03")
    assert "heldBy" not in complaint

    tell({"legalHoldPlaced": {"holdId": "H-1", "caseId": "K-1", "reason": "suit 2026-8"}})
    told = asked()
    assert by_kind(told)["complaint_received"]["heldBy"] == ["H-1"]
    assert "heldBy" not in by_kind(told)["client_registered"]
    assert [(hold["holdId"], hold["reason"]) for hold in told["holds"]] == [("H-1", "suit 2026-8")]
    of_case = asked("--case", "K-1")
    assert all(kind["heldBy"] == ["H-1"] for kind in of_case["kinds"])
    assert "client_registered" not in by_kind(of_case)
    assert "holds" not in asked("--case", "R-1")

    tell({"legalHoldLifted": {"holdId": "H-1", "reason": "settled"}})
    told = asked()
    assert not any("heldBy" in kind for kind in told["kinds"])
    assert told["holds"][0]["liftReason"] == "settled"


def test_asking_what_is_kept_is_on_the_log(kefu):
    kefu("audit", "retention", "--client", "C-1", "--reason", "who asks", "--actor", "A-9")
    looks = kefu("audit", "replay", "--kind", "audit_accessed", "--reason", "who looked")
    mine = [look["event"]["audit_accessed"] for look in looks if look["event"]["actor"]["id"] == "A-9"]
    assert [(look["call"], look["reason"]) for look in mine] == [("AuditService.GetRetention", "who asks")]
