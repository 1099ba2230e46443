"""What must be refused, by which name, and what has to be there first. Each an event as protobuf's JSON has it, without id,
time and source, which the test adds."""

CHINA = {"name": "Asia/Shanghai", "offsetSeconds": 28800}


def day(year, month=1, number=1):
    return {"year": year, "month": month, "day": number}


def calendar(name, *spans):
    return {"calendarPublished": {
        "calendarId": name, "version": 1, "kind": "CALENDAR_KIND_BUSINESS", "zone": CHINA,
        "week": [{"weekday": "WEEKDAY_MONDAY", "spans": [{"fromMinute": a, "untilMinute": b} for a, b in spans]}],
        "coversFrom": day(2025), "coversUntil": day(2026)}}


def pack(name, *clocks):
    return {"policyPackPublished": {"packId": name, "version": 1, "effectiveFrom": "2025-01-01T00:00:00Z",
                                    "clocks": list(clocks)}}


def unit(name, parent=""):
    return {"unitPublished": {"unitId": name, "parentUnitId": parent, "level": "UNIT_LEVEL_REGION", "name": name}}


def segments(scheme, *divided):
    return {"segmentRulesPublished": {"scheme": scheme, "version": 1, "rules": [
        {"segment": "any", "condition": {"operation": {"operator": "OPERATOR_DIVIDE", "operands": list(divided)}}}]}}


def parent(relation, above, below):
    return {"clientRelationStarted": {"relationId": relation, "kind": "RELATION_KIND_PARENT", "clientId": above,
                                      "otherClientId": below}}


def codes(edition, *entries):
    return {"codeSetPublished": {"scheme": "bad.codes", "version": edition,
                                 "entries": [{"value": value, "parent": above} for value, above in entries]}}


def person(client):
    return {"clientId": client, "clientRegistered": {"kind": "CLIENT_KIND_PERSON", "displayName": "王小明"}}


def contact(client, started_at, **more):
    return {"clientId": client, "contactRecorded": {
        "contactId": f"T-{client}-{started_at}", "channel": "CHANNEL_PHONE", "direction": "DIRECTION_OUTBOUND",
        "startedAt": started_at, **more}}


ASSETS, ZERO, ONE = {"fact": "CLIENT_FACT_ASSETS"}, {"constant": "0"}, {"constant": "1"}

# In this order: taken by the door and by admission. Of what is broadcast reference data comes last: copies keep the order,
# so where it has come, all before it has.
GOOD = [
    {"rulesVersionAdopted": {"version": 2}},
    parent("bad-r1", "C-bad-1", "C-bad-2"), parent("bad-r2", "C-bad-2", "C-bad-3"),
    calendar("bad.good", (540, 700), (780, 1020)),
    unit("bad-firm"), unit("bad-north", "bad-firm"),
    person("C-bad-1"),
    {"clientId": "C-bad-1", "serviceConfigurationChanged": {"configuration": {
        "allowedChannels": ["CHANNEL_PHONE", "CHANNEL_WECHAT"],
        # 21:00 to 08:00 at the branch, UTC+8.
        "quietHours": [{"fromMinute": 1260, "toMinute": 480}],
        "consents": [{"purpose": "marketing", "given": False, "since": "2026-01-01T00:00:00Z"}]}}},
    # What is refused below is one step away from this.
    contact("C-bad-1", "2026-03-02T12:59:00Z"),
    contact("C-bad-1", "2026-03-02T14:00:00Z", purpose="legal"),
]

# (the words, event, rule of admission or reason of the door)
BAD = [
    ("cycle among companies", parent("bad-r3", "C-bad-3", "C-bad-1"), "tree_has_cycle"),
    ("relation with itself", parent("bad-r4", "C-bad-9", "C-bad-9"), "relation_with_itself"),
    ("cycle among units", unit("bad-firm", "bad-north"), "tree_has_cycle"),
    ("cycle among codes", codes("1", ("a", "b"), ("b", "a")), "tree_has_cycle"),
    ("overlapping spans", calendar("bad.overlap", (540, 700), (690, 800)), "spans_overlap"),
    ("spans that touch", calendar("bad.touch", (540, 700), (700, 800)), "spans_overlap"),
    ("policy without a clock", pack("bad.empty"), "policy_without_clock"),
    ("rule that divides by zero", segments("bad.zero", ASSETS, ZERO, ONE), "rule_divides_by_zero"),
    ("rule that may divide by zero", segments("bad.unguarded", ASSETS, ASSETS), "rule_division_unguarded"),
    ("merge of a client with itself",
     {"clientRecordsMerged": {"survivingClientId": "C-bad-1", "mergedClientId": "C-bad-1"}}, "merge_with_itself"),
    ("patch of a field that does not exist",
     {"clientId": "C-bad-1", "clientProfileChanged": {"changed": "person.shoeSize", "profile": {"location": "x"}}},
     "FIELD_MASK_INVALID"),
    ("contact in the quiet hours", contact("C-bad-1", "2026-03-02T13:00:00Z"), "contact_in_quiet_hours"),
    ("contact before they end", contact("C-bad-1", "2026-03-02T23:59:59Z"), "contact_in_quiet_hours"),
    ("contact against a withdrawn consent", contact("C-bad-1", "2026-03-02T02:00:00Z", purpose="marketing"),
     "consent_withdrawn"),
    ("contact on a channel not allowed",
     contact("C-bad-1", "2026-03-02T02:00:00Z") | {"contactRecorded": {
         "contactId": "T-bad-sms", "channel": "CHANNEL_SMS", "direction": "DIRECTION_OUTBOUND",
         "startedAt": "2026-03-02T02:00:00Z"}}, "channel_not_allowed"),
    ("organisation's field on a person",
     {"clientId": "C-bad-1", "clientProfileChanged": {"changed": "organisation.legalForm",
                                                      "profile": {"organisation": {"legalForm": "partnership"}}}},
     "profile_of_other_kind"),
    ("organisation's profile of a person", person("C-bad-5") | {"clientRegistered": {
        "kind": "CLIENT_KIND_PERSON", "profile": {"organisation": {"legalForm": "partnership"}}}}, "profile_of_other_kind"),
    ("fact of the clock service from outside",
     {"clientId": "C-bad-1", "clockBreached": {"caseId": "K-bad", "clockId": "firm/answer"}}, "BODY_RESERVED"),
    ("client named by what is broadcast", unit("bad-named") | {"clientId": "C-bad-1"}, "CLIENT_ID_NOT_ALLOWED"),
]
