"""The life of one client with a complaint and a service request, as a channel system would tell it."""

import datetime

BEGIN = datetime.datetime(2026, 3, 2, 1, 0, tzinfo=datetime.timezone.utc)


def code(api, scheme, value):
    return api.common.Code(scheme=scheme, value=value)


def bodies(api, who):
    """(name of the body, body), in the order in which they happened. `who` sets this client and its cases apart."""
    complaint, request = f"K-{who}", f"R-{who}"
    case, client, common = api.case, api.client, api.common
    opening = case.CaseOpening(
        channel=common.CHANNEL_PHONE,
        category=code(api, "kefu.category", "trading"),
        priority=case.CASE_PRIORITY_HIGH,
        subject="委託未成交",
        team="desk-2",
    )
    opening.due_at.FromDatetime(BEGIN + datetime.timedelta(days=5))
    profile = client.ClientProfile(location="臺北")
    profile.person.employment.occupation = "engineer"
    changed = client.ClientProfile()
    changed.investment_needs.horizon_months = 36
    mask = client.ClientProfileChanged(profile=changed, said_by="client")
    mask.changed.paths.append("investment_needs.horizon_months")
    return [
        ("client_registered", client.ClientRegistered(kind=client.CLIENT_KIND_PERSON, display_name="王小明",
            other_names=["Wang Xiao-Ming"], account_numbers=[f"acc-{who}"], phones=["+886912345678"], profile=profile)),
        ("service_configuration_changed", client.ServiceConfigurationChanged(
            configuration=client.ServiceConfiguration(language="zh-Hant", tier="gold", broker_id="S-7"))),
        ("contact_recorded", api.contact.ContactRecorded(contact_id=f"T-{who}", channel=common.CHANNEL_PHONE,
            direction=common.DIRECTION_INBOUND, topic=code(api, "kefu.topic", "order_status"), staff_id="S-7",
            summary="asked why the order was not executed")),
        ("complaint_received", case.ComplaintReceived(case_id=complaint, opening=opening,
            form=case.COMPLAINT_FORM_ORAL, disputed_amount=common.Money(minor_units=1234500, currency="TWD"))),
        ("service_request_opened", case.ServiceRequestOpened(case_id=request, opening=opening)),
        ("case_acknowledged", case.CaseAcknowledged(case_id=complaint, channel=common.CHANNEL_PHONE)),
        ("case_assigned", case.CaseAssigned(case_id=complaint, assignee_id="S-9", team="desk-3")),
        ("case_started", case.CaseStarted(case_id=complaint)),
        ("client_profile_changed", mask),
        ("case_wait_started", case.CaseWaitStarted(case_id=complaint, waiting_on=case.WAITING_ON_EXCHANGE)),
        ("case_work_recorded", case.CaseWorkRecorded(case_id=request, activity=code(api, "kefu.work", "check"),
            phase=case.WORK_PHASE_COMPLETED, staff_id="S-9")),
        ("case_resumed", case.CaseResumed(case_id=complaint)),
        ("case_note_added", case.CaseNoteAdded(case_id=complaint, text="交易所已回覆")),
        ("case_resolved", case.CaseResolved(case_id=complaint, outcome=case.CASE_OUTCOME_PARTLY,
            root_cause=code(api, "kefu.cause", "late_order"), redress=common.Money(minor_units=50000, currency="TWD"))),
        ("case_reopened", case.CaseReopened(case_id=complaint, cause=code(api, "kefu.cause", "client_disagrees"))),
        ("case_assigned", case.CaseAssigned(case_id=request, assignee_id="S-4")),
        ("case_resolved", case.CaseResolved(case_id=request, outcome=case.CASE_OUTCOME_FULFILLED)),
        ("case_closed", case.CaseClosed(case_id=request)),
    ]


def events(api, who):
    made = []
    for number, (name, body) in enumerate(bodies(api, who)):
        event = api.event.Event(
            event_id=f"e-{who}-{number:02}", client_id=f"C-{who}", source="crm.branch-0001", branch_id="0001",
            correlation_id=f"conversation-{who}",
        )
        event.occurred_at.FromDatetime(BEGIN + datetime.timedelta(minutes=number))
        event.actor.kind = api.common.ACTOR_KIND_STAFF
        event.actor.id = "S-7"
        getattr(event, name).CopyFrom(body)
        made.append(event)
    return made
