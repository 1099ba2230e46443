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


def staff(name):
    return {"staffPublished": {"staffId": name, "unitId": "bad-desk"}}


def qualified(name, *acts, until=None):
    recorded = {"staffId": name, "qualification": {"scheme": "kefu.qualification", "value": "investment_adviser"},
                "validFrom": day(2020), "permittedActs": [f"STAFF_ACT_{act}" for act in acts]}
    return {"qualificationRecorded": recorded | ({"validUntil": until} if until else {})}


def assigned(client, name, handover=""):
    return {"clientId": client, "clientAssignedToBroker": {
        "staffId": name, "role": "BROKER_ROLE_PRIMARY", "handoverId": handover}}


def opened(handover, leaver, clients):
    return {"handoverOpened": {"handoverId": handover, "fromStaffId": leaver, "lastDay": day(2026, 6),
                               "bookClients": clients}}


def named(handover, successor):
    return {"handoverSuccessorNamed": {"handoverId": handover, "toStaffId": successor}}


def instrument(product, risk, **more):
    return {"serviceProductPublished": {"productId": product, "version": 1, "name": product,
                                        "kind": "PRODUCT_KIND_INSTRUMENT", "risk": f"RISK_LEVEL_{risk}", **more}}


def alias(name, product):
    return {"productAliasPublished": {"alias": name, "productId": product}}


def assessed(client, on):
    return {"clientId": client, "occurredAt": f"{on}T02:00:00Z", "riskAssessed": {
        "assessmentId": f"A-{client}", "investorClass": "INVESTOR_CLASS_C3"}}


def recommended(client, product, **more):
    return {"clientId": client, "recommendationMade": {
        "recommendationId": f"R-{client}-{product}", "productId": product, "staffId": "S-bad-2", **more}}


def lead(client):
    return {"clientId": client, "leadRaised": {
        "leadId": f"L-{client}", "direction": "LEAD_DIRECTION_SERVICE_TO_MARKETING", "raisedBy": "S-bad-2",
        "team": "wealth", "dueAt": "2026-04-01T00:00:00Z"}}


WARNED = {"textVersion": "3", "warnedAt": "2026-03-02T00:00:00Z", "evidence": [{"uri": "recordings/1"}]}

# The clients of the one who leaves: so many that some are in each partition, so that no share of the handover is ever
# settled and the server states nothing of it by itself.
BOOK = [f"C-bad-b{number}" for number in range(16)]

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
    # Staff, products and whom they suit.
    unit("bad-desk"), staff("S-bad-1"), staff("S-bad-2"), staff("S-bad-3"), staff("S-bad-4"),
    qualified("S-bad-1", "SERVE"), qualified("S-bad-2", "SERVE", "RECOMMEND"),
    qualified("S-bad-3", "SERVE", "RECOMMEND", until=day(2026, 2, 28)),
    instrument("F-bad-3", "R3"), instrument("F-bad-5", "R5"), alias("Old name", "F-bad-3"),
    {"suitabilityPackPublished": {
        "packId": "bad.suitability", "version": 1, "effectiveFrom": "2025-01-01T00:00:00Z",
        "rows": [{"investorClass": "INVESTOR_CLASS_C3", "highestRisk": "RISK_LEVEL_R3",
                  "highestInsistedRisk": "RISK_LEVEL_R4"}], "assessmentValidMonths": 12}},
    unit("bad-staffed"),
    *[person(client) for client in BOOK], *[assigned(client, "S-bad-1") for client in BOOK],
    # Good through 2026-03-02 at the branch, and until long after.
    person("C-bad-7"), assessed("C-bad-7", "2025-03-02"), person("C-bad-8"), assessed("C-bad-8", "2026-03-02"),
    recommended("C-bad-8", "F-bad-3"),
    recommended("C-bad-7", "F-bad-3") | {"occurredAt": "2026-03-02T15:59:59Z"},
    # One leaves; of its clients one leaves the firm, too, before it is handed over.
    opened("H-bad-1", "S-bad-1", len(BOOK)), unit("bad-leaving"),
    {"clientId": BOOK[0], "clientStatusChanged": {"status": "CLIENT_STATUS_CLOSED"}},
    assigned(BOOK[1], "S-bad-2", "H-bad-1"),
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
    ("unknown broker", assigned("C-bad-1", "S-bad-9"), "staff_unknown"),
    ("broker whose qualification expired", assigned("C-bad-1", "S-bad-3"), "act_not_permitted"),
    ("handover to oneself", named("H-bad-1", "S-bad-1"), "handover_to_oneself"),
    ("handover to someone who was never qualified", named("H-bad-1", "S-bad-4"), "act_not_permitted"),
    ("handover to someone whose qualification expired", named("H-bad-1", "S-bad-3"), "act_not_permitted"),
    ("handover to nobody", named("H-bad-1", "S-bad-9"), "staff_unknown"),
    ("handover of an empty book", opened("H-bad-2", "S-bad-4", 0), "handover_of_empty_book"),
    ("second handover of one book", opened("H-bad-3", "S-bad-1", 1), "handover_exists"),
    ("handover of one id again", opened("H-bad-1", "S-bad-4", 1), "handover_exists"),
    ("client that closes in the middle", assigned(BOOK[0], "S-bad-2", "H-bad-1"), "client_closed"),
    ("client that the leaver does not have", assigned("C-bad-1", "S-bad-2", "H-bad-1"), "client_not_in_handover"),
    ("client given to the leaver", assigned("C-bad-1", "S-bad-1"), "staff_leaving"),
    ("promise given to the leaver", {"clientId": "C-bad-1", "promiseMade": {
        "promiseId": "P-bad-1", "ownerId": "S-bad-1", "dueAt": "2026-04-01T00:00:00Z"}}, "staff_leaving"),
    ("certificate from outside", {"handoverCompleted": {
        "handoverId": "H-bad-1", "fromStaffId": "S-bad-1", "counts": {"clients": 1}}}, "BODY_RESERVED"),
    ("service without steps", instrument("P-bad-1", "R1", kind="PRODUCT_KIND_SERVICE"), "product_without_steps"),
    ("product with another one's name", instrument("F-bad-6", "R1", name="OLD NAME"), "name_taken"),
    ("alias that names two products", alias("old name", "F-bad-5"), "alias_taken"),
    ("recommendation to a closed client", recommended(BOOK[0], "F-bad-3"), "client_closed"),
    ("recommendation on an expired assessment", recommended("C-bad-7", "F-bad-5"), "assessment_expired"),
    ("recommendation without an assessment", recommended(BOOK[2], "F-bad-3"), "assessment_missing"),
    ("recommendation that does not suit", recommended("C-bad-8", "F-bad-5"), "unsuitable"),
    ("insisting where the pack allows none", recommended("C-bad-8", "F-bad-5", insisted=WARNED),
     "insisting_not_allowed"),
    ("lead without consent", lead("C-bad-8"), "lead_without_consent"),
    ("lead against a withdrawn consent", lead("C-bad-1"), "lead_without_consent"),
    ("client named by what is broadcast", unit("bad-named") | {"clientId": "C-bad-1"}, "CLIENT_ID_NOT_ALLOWED"),
]
