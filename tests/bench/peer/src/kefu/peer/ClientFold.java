package kefu.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import kefu.events.v1.Case.CaseKind;
import kefu.events.v1.Case.CaseOpening;
import kefu.events.v1.Case.CaseOutcome;
import kefu.events.v1.Case.CaseReclassified;
import kefu.events.v1.Case.CaseReferred;
import kefu.events.v1.Case.CaseStatus;
import kefu.events.v1.Case.CaseWorkRecorded;
import kefu.events.v1.Case.ComplaintReceived;
import kefu.events.v1.Case.ExternalReference;
import kefu.events.v1.Client.ClientStatus;
import kefu.events.v1.Contact.ContactRecorded;
import kefu.events.v1.Contact.SatisfactionScale;
import kefu.events.v1.EventOuterClass.Event;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.ContactSummary;
import kefu.query.v1.ClientOuterClass.OpenCase;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The client view as one would write it for Kafka Streams, row for row what Kefu's projections/client folds. Left out:
 * the ring of open cases beyond fifty of one client, which the benchmark's stream never reaches.
 */
final class ClientFold implements Processor<String, byte[], Void, Void> {
  /** Serialised rows, so that a query can pass them on as they are; a serde would do the same work for the fold. */
  static final String CLIENTS = "clients";
  /** Every case ever opened, by client and case: what a reopened one is listed with. */
  static final String CASES = "known-cases";

  private static final int MOST_CONTACTS = 10;
  private static final int MOST_OPEN_CASES = 50;

  private final Progress progress;
  private KeyValueStore<String, byte[]> clients;
  private KeyValueStore<String, OpenCase> cases;
  private ProcessorContext<Void, Void> context;

  ClientFold(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    this.context = context;
    clients = context.getStateStore(CLIENTS);
    cases = context.getStateStore(CASES);
  }

  @Override
  public void process(Record<String, byte[]> record) {
    Event event;
    Client.Builder client;
    try {
      event = Event.parseFrom(record.value());
      if (event.getClientId().isEmpty()) {
        // Reference data: about no client.
        RecordMetadata place = context.recordMetadata().orElseThrow();
        progress.done(place.partition(), place.offset());
        return;
      }
      byte[] row = clients.get(event.getClientId());
      client =
          row == null
              ? Client.newBuilder().setClientId(event.getClientId()).setName("clients/" + event.getClientId())
              : Client.parseFrom(row).toBuilder();
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("not an event, or not a row", error);
    }
    RecordMetadata metadata = context.recordMetadata().orElseThrow();
    if (event.getBodyCase() == Event.BodyCase.CLIENT_CLASSIFIED) {
      // Concluded by a service: nothing that the client did.
      Told.segment(event, client);
    } else {
      touch(event, client);
      if (!foldClient(event, client)) fold(event, client);
    }
    client.setLastOffset(metadata.offset());
    clients.put(event.getClientId(), client.build().toByteArray());
    progress.done(metadata.partition(), metadata.offset());
  }

  /** What every event leaves in the row. */
  private static void touch(Event event, Client.Builder client) {
    Timestamp time = event.getOccurredAt();
    if (!client.hasFirstSeenAt() || before(time, client.getFirstSeenAt())) client.setFirstSeenAt(time);
    if (!client.hasLastEventAt() || before(client.getLastEventAt(), time)) client.setLastEventAt(time);
    if (!client.getRegistered() && client.getBranchId().isEmpty()) client.setBranchId(event.getBranchId());
    client.setEventCount(client.getEventCount() + 1);
  }

  private static boolean before(Timestamp a, Timestamp b) {
    return a.getSeconds() != b.getSeconds() ? a.getSeconds() < b.getSeconds() : a.getNanos() < b.getNanos();
  }

  /** Events about the client itself; false: this is none. */
  private static boolean foldClient(Event event, Client.Builder client) {
    switch (event.getBodyCase()) {
      case CLIENT_REGISTERED:
        client
            .setRegistered(true)
            .setKind(event.getClientRegistered().getKind())
            .setStatus(ClientStatus.CLIENT_STATUS_ACTIVE)
            .setRegisteredAt(event.getOccurredAt());
        if (!event.getBranchId().isEmpty()) client.setBranchId(event.getBranchId());
        Identifiers.take(event.getClientRegistered(), client);
        Profiles.take(event, event.getClientRegistered(), client);
        break;
      case CLIENT_PROFILE_CHANGED:
        Profiles.take(event, event.getClientProfileChanged(), client);
        break;
      case CLIENT_IDENTIFIERS_CHANGED:
        Identifiers.take(event.getClientIdentifiersChanged(), client);
        break;
      case SERVICE_CONFIGURATION_CHANGED:
        Told.configuration(event, client);
        break;
      case CLIENT_STATUS_CHANGED:
        client.setStatus(event.getClientStatusChanged().getStatus());
        break;
      case CHANNEL_IDENTITY_LINKED:
        Told.linked(event, client);
        break;
      case CHANNEL_IDENTITY_UNLINKED:
        Told.unlinked(event.getChannelIdentityUnlinked(), client);
        break;
      case CONSENT_CHANGED:
        Told.consent(event, client);
        break;
      default:
        return false;
    }
    client.setRevision(client.getRevision() + 1);
    return true;
  }

  private void fold(Event event, Client.Builder client) {
    switch (event.getBodyCase()) {
      case CONTACT_RECORDED:
        contact(event, client);
        break;
      case TRADING_DAY_SUMMARISED:
        Told.trading(event, client);
        break;
      case ASSETS_VALUED:
        Told.assets(event, client);
        break;
      case PROMISE_MADE:
        Tallies.count(client, "promise.made");
        break;
      case PROMISE_KEPT:
        Tallies.count(client, "promise.kept");
        break;
      case PROMISE_RELEASED:
        Tallies.count(client, "promise.released");
        break;
      case CALL_BACK_PLANNED:
        Tallies.count(client, "call_back.planned");
        break;
      case CALL_BACK_DONE:
        Tallies.count(client, "call_back.done");
        break;
      case CALL_BACK_CANCELLED:
        Tallies.count(client, "call_back.cancelled");
        break;
      case SATISFACTION_RATED:
        boolean nps = event.getSatisfactionRated().getScale() == SatisfactionScale.SATISFACTION_SCALE_NPS;
        Tallies.count(client, nps ? "rating.nps" : "rating.csat");
        break;
      case OFFER_PROGRESSED:
        Tallies.count(client, Tallies.offerKey(event.getOfferProgressed().getStage()));
        break;
      case COMPLAINT_RECEIVED:
        complaint(event, client);
        break;
      case SERVICE_REQUEST_OPENED:
        open(event, event.getServiceRequestOpened().getCaseId(), event.getServiceRequestOpened().getOpening(),
            CaseKind.CASE_KIND_SERVICE_REQUEST, null, client);
        Tallies.count(client, "request.opened");
        break;
      case CASE_ACKNOWLEDGED:
        move(client, event.getCaseAcknowledged().getCaseId(), CaseStatus.CASE_STATUS_ACKNOWLEDGED);
        break;
      case CASE_STARTED:
        move(client, event.getCaseStarted().getCaseId(), CaseStatus.CASE_STATUS_IN_PROGRESS);
        break;
      case CASE_WAIT_STARTED:
        move(client, event.getCaseWaitStarted().getCaseId(), CaseStatus.CASE_STATUS_WAITING);
        break;
      case CASE_RESUMED:
        move(client, event.getCaseResumed().getCaseId(), CaseStatus.CASE_STATUS_IN_PROGRESS);
        break;
      case CASE_RESOLUTION_PROPOSED:
        move(client, event.getCaseResolutionProposed().getCaseId(), CaseStatus.CASE_STATUS_PROPOSED);
        break;
      case CASE_ESCALATED:
        Tallies.count(client, "case.escalated");
        break;
      case CASE_RECLASSIFIED:
        reclassify(client, event.getCaseReclassified());
        break;
      case CASE_REFERRED:
        refer(client, event.getCaseReferred());
        break;
      case CASE_WORK_RECORDED:
        work(client, event.getCaseWorkRecorded());
        break;
      case CASE_RESOLVED:
        resolve(client, event.getCaseResolved().getCaseId(), event.getCaseResolved().getOutcome());
        break;
      case CASE_CLOSED:
        Tallies.count(client, "case.closed");
        break;
      case CASE_REOPENED:
        reopen(client, event.getCaseReopened().getCaseId());
        break;
      case CASE_WITHDRAWN:
        Tallies.count(client, word(settle(client, event.getCaseWithdrawn().getCaseId())) + ".withdrawn");
        break;
      default:
        // Assignments, notes, next actions, responses, matters and timeliness reports leave only what touch() left.
        break;
    }
  }

  private static void contact(Event event, Client.Builder client) {
    ContactRecorded contact = event.getContactRecorded();
    int place = 0;
    while (place < client.getLastContactsCount()
        && before(event.getOccurredAt(), client.getLastContacts(place).getOccurredAt())) {
      ++place;
    }
    if (place < MOST_CONTACTS) {
      if (client.getLastContactsCount() == MOST_CONTACTS) client.removeLastContacts(MOST_CONTACTS - 1);
      client.addLastContacts(
          place,
          ContactSummary.newBuilder()
              .setContactId(contact.getContactId())
              .setChannel(contact.getChannel())
              .setDirection(contact.getDirection())
              .setOccurredAt(event.getOccurredAt())
              .setTopic(contact.getTopic().getValue())
              .setOutcome(contact.getOutcome().getValue())
              .setStaffId(contact.getStaffId())
              .setEventId(event.getEventId())
              .build());
    }
    Tallies.count(client, "contact");
    Tallies.count(client, Tallies.contactKey(contact.getChannel(), contact.getDirection()));
    if (!contact.getTopic().getValue().isEmpty()) Tallies.count(client, "topic." + contact.getTopic().getValue());
  }

  private void complaint(Event event, Client.Builder client) {
    ComplaintReceived received = event.getComplaintReceived();
    open(event, received.getCaseId(), received.getOpening(), CaseKind.CASE_KIND_COMPLAINT, received.getExternal(), client);
    Tallies.count(client, "complaint.opened");
  }

  /** `external`: the regulator's reference, or null. */
  private void open(Event event, String caseId, CaseOpening opening, CaseKind kind, ExternalReference external,
      Client.Builder client) {
    OpenCase.Builder entry =
        OpenCase.newBuilder()
            .setCaseId(caseId)
            .setKind(kind.getNumber())
            .setStatus(CaseStatus.CASE_STATUS_OPEN_VALUE)
            .setCategory(opening.getCategory().getValue())
            .setOpenedAt(event.getOccurredAt());
    if (opening.hasDueAt()) entry.setDueAt(opening.getDueAt());
    if (external != null) bringForward(external, entry);
    OpenCase made = entry.build();
    cases.put(caseKey(client, caseId), made);
    list(client, made);
  }

  /** The regulator's date binds where it is the earlier one, or the only one. */
  private static void bringForward(ExternalReference external, OpenCase.Builder entry) {
    if (!external.hasDueAt()) return;
    if (!entry.hasDueAt() || before(external.getDueAt(), entry.getDueAt())) entry.setDueAt(external.getDueAt());
  }

  private void refer(Client.Builder client, CaseReferred body) {
    if (!body.getExternal().hasDueAt()) return;
    String key = caseKey(client, body.getCaseId());
    OpenCase known = cases.get(key);
    if (known == null) return;
    OpenCase.Builder changed = known.toBuilder();
    bringForward(body.getExternal(), changed);
    cases.put(key, changed.build());
    int at = find(client, body.getCaseId());
    if (at < 0) return;
    OpenCase.Builder listed = client.getOpenCases(at).toBuilder();
    bringForward(body.getExternal(), listed);
    client.setOpenCases(at, listed);
  }

  private static String caseKey(Client.Builder client, String caseId) {
    return client.getClientId() + "/" + caseId;
  }

  private static void list(Client.Builder client, OpenCase entry) {
    addToTotal(client, entry.getKind(), 1);
    if (client.getOpenCasesCount() < MOST_OPEN_CASES) client.addOpenCases(entry);
  }

  private static void addToTotal(Client.Builder client, int kind, int difference) {
    if (kind == CaseKind.CASE_KIND_COMPLAINT_VALUE) {
      client.setOpenComplaintsTotal(client.getOpenComplaintsTotal() + difference);
    } else {
      client.setOpenRequestsTotal(client.getOpenRequestsTotal() + difference);
    }
  }

  private static int find(Client.Builder client, String caseId) {
    // From the end: what moves is mostly young.
    for (int i = client.getOpenCasesCount() - 1; i >= 0; --i) {
      if (client.getOpenCases(i).getCaseId().equals(caseId)) return i;
    }
    return -1;
  }

  private static void move(Client.Builder client, String caseId, CaseStatus status) {
    int at = find(client, caseId);
    if (at < 0) return;
    client.setOpenCases(at, client.getOpenCases(at).toBuilder().setStatus(status.getNumber()));
  }

  private void reclassify(Client.Builder client, CaseReclassified body) {
    if (!body.hasCategory() && !body.hasDueAt()) return;
    String key = caseKey(client, body.getCaseId());
    OpenCase known = cases.get(key);
    if (known == null) return;
    cases.put(key, reclassified(known, body));
    int at = find(client, body.getCaseId());
    if (at >= 0) client.setOpenCases(at, reclassified(client.getOpenCases(at), body));
  }

  private static OpenCase reclassified(OpenCase entry, CaseReclassified body) {
    OpenCase.Builder changed = entry.toBuilder();
    if (body.hasCategory()) changed.setCategory(body.getCategory().getValue());
    if (body.hasDueAt()) changed.setDueAt(body.getDueAt());
    return changed.build();
  }

  private static void work(Client.Builder client, CaseWorkRecorded work) {
    if (work.getActivity().getValue().isEmpty()) return;
    Tallies.count(client, "work." + work.getActivity().getValue() + Tallies.phaseSuffix(work.getPhase()));
  }

  private static void resolve(Client.Builder client, String caseId, CaseOutcome outcome) {
    int kind = settle(client, caseId);
    Tallies.count(client, word(kind) + ".resolved");
    String result = Tallies.outcomeWord(outcome);
    if (!result.isEmpty()) Tallies.count(client, word(kind) + "." + result);
  }

  private void reopen(Client.Builder client, String caseId) {
    OpenCase known = cases.get(caseKey(client, caseId));
    if (known == null) throw new IllegalStateException("no case to reopen");
    list(client, known.toBuilder().setStatus(CaseStatus.CASE_STATUS_OPEN_VALUE).build());
    Tallies.count(client, word(known.getKind()) + ".reopened");
  }

  /** Takes it off the list; its kind, 0 if it is not there. */
  private static int settle(Client.Builder client, String caseId) {
    int at = find(client, caseId);
    if (at < 0) return 0;
    int kind = client.getOpenCases(at).getKind();
    addToTotal(client, kind, -1);
    client.removeOpenCases(at);
    return kind;
  }

  private static String word(int kind) {
    return kind == CaseKind.CASE_KIND_COMPLAINT_VALUE ? "complaint" : "request";
  }
}
