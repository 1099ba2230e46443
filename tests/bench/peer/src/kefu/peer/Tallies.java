package kefu.peer;

import java.util.Locale;
import kefu.events.v1.Case.CaseOutcome;
import kefu.events.v1.Case.WorkPhase;
import kefu.events.v1.Common.Channel;
import kefu.events.v1.Common.Direction;
import kefu.events.v1.Contact.OfferStage;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.Tally;

/** How often what happened, sorted by key. */
final class Tallies {
  private static final int MOST = 128;
  private static final int LONGEST = 96;
  private static final String OTHER = "other";
  private static final String[][] CONTACT_KEYS = contactKeys();

  private Tallies() {}

  static void count(Client.Builder client, String key) {
    if (key.length() > LONGEST) key = OTHER;
    int from = 0;
    int to = client.getTalliesCount();
    while (from < to) {
      int middle = (from + to) >>> 1;
      Tally tally = client.getTallies(middle);
      int order = tally.getKey().compareTo(key);
      if (order == 0) {
        client.setTallies(middle, Tally.newBuilder().setKey(key).setCount(tally.getCount() + 1).build());
        return;
      }
      if (order < 0) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    if (client.getTalliesCount() >= MOST - 1 && !key.equals(OTHER)) {
      count(client, OTHER);
      return;
    }
    client.addTallies(from, Tally.newBuilder().setKey(key).setCount(1).build());
  }

  static String contactKey(Channel channel, Direction direction) {
    if (channel == Channel.UNRECOGNIZED || direction == Direction.UNRECOGNIZED) return "contact.other";
    return CONTACT_KEYS[channel.getNumber()][direction.getNumber()];
  }

  private static String[][] contactKeys() {
    int channels = Channel.values().length - 1;
    int directions = Direction.values().length - 1;
    String[][] keys = new String[channels][directions];
    for (int c = 0; c < channels; ++c) {
      for (int d = 0; d < directions; ++d) {
        keys[c][d] = "contact." + lower(Channel.forNumber(c).name(), "CHANNEL_") + "."
            + lower(Direction.forNumber(d).name(), "DIRECTION_");
      }
    }
    return keys;
  }

  private static String lower(String name, String prefix) {
    return name.substring(prefix.length()).toLowerCase(Locale.ROOT);
  }

  static String offerKey(OfferStage stage) {
    switch (stage) {
      case OFFER_STAGE_SELECTED:
        return "offer.selected";
      case OFFER_STAGE_CREATED:
        return "offer.created";
      case OFFER_STAGE_SENT:
        return "offer.sent";
      case OFFER_STAGE_SENT_BACK:
        return "offer.sent_back";
      case OFFER_STAGE_ACCEPTED:
        return "offer.accepted";
      case OFFER_STAGE_DECLINED:
        return "offer.declined";
      case OFFER_STAGE_CANCELLED:
        return "offer.cancelled";
      default:
        return "offer.other";
    }
  }

  static String phaseSuffix(WorkPhase phase) {
    switch (phase) {
      case WORK_PHASE_SCHEDULED:
        return ".scheduled";
      case WORK_PHASE_STARTED:
        return ".started";
      case WORK_PHASE_COMPLETED:
        return ".completed";
      default:
        return ".other";
    }
  }

  static String outcomeWord(CaseOutcome outcome) {
    switch (outcome) {
      case CASE_OUTCOME_FULFILLED:
        return "fulfilled";
      case CASE_OUTCOME_PARTLY:
        return "partly";
      case CASE_OUTCOME_DECLINED:
        return "declined";
      default:
        return "";
    }
  }
}
