package kefu.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.concurrent.atomic.AtomicLong;
import kefu.events.v1.Case.CaseKind;
import kefu.events.v1.Case.CaseOpening;
import kefu.events.v1.Case.CaseStatus;
import kefu.events.v1.Contact.ContactRecorded;
import kefu.events.v1.EventOuterClass.Event;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.ContactSummary;
import kefu.query.v1.ClientOuterClass.OpenCase;
import kefu.query.v1.ClientOuterClass.Tally;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** The client view as one would write it for Kafka Streams: counters, last contacts, open cases. */
final class ClientFold implements Processor<String, byte[], Void, Void> {
  static final String STORE = "clients";
  private static final int MOST_CONTACTS = 10;
  private static final int MOST_OPEN_CASES = 50;

  private final AtomicLong processed;
  private final Runnable onProgress;
  private KeyValueStore<String, Client> clients;
  private ProcessorContext<Void, Void> context;

  ClientFold(AtomicLong processed, Runnable onProgress) {
    this.processed = processed;
    this.onProgress = onProgress;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    this.context = context;
    clients = context.getStateStore(STORE);
  }

  @Override
  public void process(Record<String, byte[]> record) {
    Event event;
    try {
      event = Event.parseFrom(record.value());
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("not an event", error);
    }
    Client row = clients.get(event.getClientId());
    Client.Builder client =
        row == null
            ? Client.newBuilder().setClientId(event.getClientId()).setName("clients/" + event.getClientId())
            : row.toBuilder();
    fold(event, client);
    client.setEventCount(client.getEventCount() + 1).setLastEventAt(event.getOccurredAt());
    context.recordMetadata().ifPresent(metadata -> client.setLastOffset(metadata.offset()));
    clients.put(event.getClientId(), client.build());
    processed.incrementAndGet();
    onProgress.run();
  }

  private static void fold(Event event, Client.Builder client) {
    switch (event.getBodyCase()) {
      case CLIENT_REGISTERED:
        client
            .setRegistered(true)
            .setKind(event.getClientRegistered().getKind())
            .setDisplayName(event.getClientRegistered().getDisplayName())
            .addAllPhones(event.getClientRegistered().getPhonesList())
            .setProfile(event.getClientRegistered().getProfile())
            .setRegisteredAt(event.getOccurredAt());
        break;
      case CONTACT_RECORDED:
        contact(event, client);
        break;
      case COMPLAINT_RECEIVED:
        count(client, "complaint.opened");
        open(event, event.getComplaintReceived().getCaseId(), event.getComplaintReceived().getOpening(),
            CaseKind.CASE_KIND_COMPLAINT, client);
        client.setOpenComplaintsTotal(client.getOpenComplaintsTotal() + 1);
        break;
      case SERVICE_REQUEST_OPENED:
        count(client, "service_request.opened");
        open(event, event.getServiceRequestOpened().getCaseId(), event.getServiceRequestOpened().getOpening(),
            CaseKind.CASE_KIND_SERVICE_REQUEST, client);
        client.setOpenRequestsTotal(client.getOpenRequestsTotal() + 1);
        break;
      case CASE_ACKNOWLEDGED:
        move(client, event.getCaseAcknowledged().getCaseId(), CaseStatus.CASE_STATUS_ACKNOWLEDGED);
        break;
      case CASE_STARTED:
        move(client, event.getCaseStarted().getCaseId(), CaseStatus.CASE_STATUS_IN_PROGRESS);
        break;
      case CASE_RESOLVED:
        close(client, event.getCaseResolved().getCaseId());
        break;
      case OFFER_PROGRESSED:
        count(client, "offer." + event.getOfferProgressed().getStage().name().substring(12).toLowerCase());
        break;
      default:
        break;
    }
  }

  private static void contact(Event event, Client.Builder client) {
    ContactRecorded contact = event.getContactRecorded();
    count(client, "contact");
    count(client, "contact." + contact.getChannel().name().substring(8).toLowerCase()
        + "." + contact.getDirection().name().substring(10).toLowerCase());
    count(client, "topic." + contact.getTopic().getValue());
    ContactSummary summary =
        ContactSummary.newBuilder()
            .setContactId(contact.getContactId())
            .setChannel(contact.getChannel())
            .setDirection(contact.getDirection())
            .setOccurredAt(event.getOccurredAt())
            .setTopic(contact.getTopic().getValue())
            .setOutcome(contact.getOutcome().getValue())
            .setStaffId(contact.getStaffId())
            .setEventId(event.getEventId())
            .build();
    client.addLastContacts(0, summary);
    if (client.getLastContactsCount() > MOST_CONTACTS) client.removeLastContacts(MOST_CONTACTS);
  }

  private static void open(Event event, String caseId, CaseOpening opening, CaseKind kind, Client.Builder client) {
    if (client.getOpenCasesCount() >= MOST_OPEN_CASES) return;
    client.addOpenCases(
        OpenCase.newBuilder()
            .setCaseId(caseId)
            .setKind(kind.getNumber())
            .setStatus(CaseStatus.CASE_STATUS_OPEN_VALUE)
            .setCategory(opening.getCategory().getValue())
            .setOpenedAt(event.getOccurredAt())
            .setDueAt(opening.getDueAt()));
  }

  private static int find(Client.Builder client, String caseId) {
    for (int i = 0; i < client.getOpenCasesCount(); ++i) {
      if (client.getOpenCases(i).getCaseId().equals(caseId)) return i;
    }
    return -1;
  }

  private static void move(Client.Builder client, String caseId, CaseStatus status) {
    int at = find(client, caseId);
    if (at >= 0) client.getOpenCasesBuilder(at).setStatus(status.getNumber());
  }

  private static void close(Client.Builder client, String caseId) {
    int at = find(client, caseId);
    if (at < 0) return;
    if (client.getOpenCases(at).getKind() == CaseKind.CASE_KIND_COMPLAINT_VALUE) {
      client.setOpenComplaintsTotal(client.getOpenComplaintsTotal() - 1);
    } else {
      client.setOpenRequestsTotal(client.getOpenRequestsTotal() - 1);
    }
    client.removeOpenCases(at);
  }

  /** Adds one to a tally; tallies are sorted by key. */
  private static void count(Client.Builder client, String key) {
    int at = 0;
    for (; at < client.getTalliesCount(); ++at) {
      int order = client.getTallies(at).getKey().compareTo(key);
      if (order == 0) {
        client.setTallies(at, Tally.newBuilder().setKey(key).setCount(client.getTallies(at).getCount() + 1));
        return;
      }
      if (order > 0) break;
    }
    client.addTallies(at, Tally.newBuilder().setKey(key).setCount(1));
  }
}
