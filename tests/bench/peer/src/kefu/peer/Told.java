package kefu.peer;

import com.google.protobuf.Timestamp;
import java.time.LocalDate;
import kefu.events.v1.Activity.AssetsValued;
import kefu.events.v1.Activity.TradingDaySummarised;
import kefu.events.v1.Client.ChannelIdentity;
import kefu.events.v1.Client.ChannelIdentityUnlinked;
import kefu.events.v1.Client.Consent;
import kefu.events.v1.Client.ServiceConfiguration;
import kefu.events.v1.Common.CalendarDate;
import kefu.events.v1.EventOuterClass.Event;
import kefu.events.v1.Segment.ClientClassified;
import kefu.query.v1.ClientOuterClass.AssetSummary;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.LinkedIdentity;
import kefu.query.v1.ClientOuterClass.SegmentEntry;
import kefu.query.v1.ClientOuterClass.TradingSummary;

/** What is told of a client from outside: identities, consents, trades, assets, segments. */
final class Told {
  private static final int MOST_IDENTITIES = 100;
  private static final int MOST_CONSENTS = 100;
  private static final int MOST_SEGMENTS = 32;
  private static final int TRADING_DAYS = 30;

  private Told() {}

  static void configuration(Event event, Client.Builder client) {
    ServiceConfiguration.Builder configuration =
        event.getServiceConfigurationChanged().getConfiguration().toBuilder();
    for (Consent.Builder consent : configuration.getConsentsBuilderList()) since(consent, event.getOccurredAt());
    client.setServiceConfiguration(configuration);
  }

  private static void since(Consent.Builder consent, Timestamp otherwise) {
    if (!consent.hasSince()) consent.setSince(otherwise);
  }

  static void consent(Event event, Client.Builder client) {
    Consent.Builder consent = event.getConsentChanged().getConsent().toBuilder();
    since(consent, event.getOccurredAt());
    ServiceConfiguration.Builder configuration = client.getServiceConfigurationBuilder();
    for (int i = 0; i < configuration.getConsentsCount(); ++i) {
      if (configuration.getConsents(i).getPurpose().equals(consent.getPurpose())) {
        configuration.setConsents(i, consent);
        return;
      }
    }
    if (configuration.getConsentsCount() < MOST_CONSENTS) configuration.addConsents(consent);
  }

  static void linked(Event event, Client.Builder client) {
    ChannelIdentity identity = event.getChannelIdentityLinked().getIdentity();
    LinkedIdentity entry =
        LinkedIdentity.newBuilder()
            .setIdentity(identity)
            .setEventId(event.getEventId())
            .setLinkedAt(event.getOccurredAt())
            .build();
    int place = 0;
    int order = 1;
    while (place < client.getIdentitiesCount()) {
      ChannelIdentity there = client.getIdentities(place).getIdentity();
      order = compare(there, identity.getChannelValue(), identity.getHandle());
      if (order >= 0) break;
      ++place;
    }
    if (place < client.getIdentitiesCount() && order == 0) {
      client.setIdentities(place, entry);
    } else if (client.getIdentitiesCount() < MOST_IDENTITIES) {
      client.addIdentities(place, entry);
    }
  }

  static void unlinked(ChannelIdentityUnlinked body, Client.Builder client) {
    for (int i = 0; i < client.getIdentitiesCount(); ++i) {
      if (compare(client.getIdentities(i).getIdentity(), body.getChannelValue(), body.getHandle()) != 0) continue;
      client.removeIdentities(i);
      return;
    }
  }

  private static int compare(ChannelIdentity identity, int channel, String handle) {
    int order = Integer.compare(identity.getChannelValue(), channel);
    return order != 0 ? order : identity.getHandle().compareTo(handle);
  }

  /** The newest day, and the trades of the last thirty days told. */
  static void trading(Event event, Client.Builder client) {
    TradingDaySummarised told = event.getTradingDaySummarised();
    int day = number(told.getDay());
    TradingSummary.Builder trading = client.getTradingBuilder();
    int count = trading.getDaysCount();
    boolean newest = count == 0 || day >= trading.getDays(count - 1);
    int place = 0;
    while (place < count && trading.getDays(place) < day) ++place;
    if (place < count && trading.getDays(place) == day) {
      trading.setTrades(place, told.getTrades());
    } else if (place > 0 || count < TRADING_DAYS) {
      insert(trading, place, day, told.getTrades());
    }
    long trades = 0;
    int last = trading.getDays(trading.getDaysCount() - 1);
    for (int i = 0; i < trading.getDaysCount(); ++i) {
      if (trading.getDays(i) > last - 30) trades += trading.getTrades(i);
    }
    trading.setTrades30D((int) Math.min(trades, Integer.MAX_VALUE));
    if (newest) trading.setDay(told).setEventId(event.getEventId());
  }

  private static void insert(TradingSummary.Builder trading, int place, int day, int trades) {
    trading.addDays(0);
    trading.addTrades(0);
    for (int i = trading.getDaysCount() - 1; i > place; --i) {
      trading.setDays(i, trading.getDays(i - 1));
      trading.setTrades(i, trading.getTrades(i - 1));
    }
    trading.setDays(place, day);
    trading.setTrades(place, trades);
    if (trading.getDaysCount() <= TRADING_DAYS) return;
    var days = trading.getDaysList().subList(1, TRADING_DAYS + 1).stream().toList();
    var counts = trading.getTradesList().subList(1, TRADING_DAYS + 1).stream().toList();
    trading.clearDays().addAllDays(days).clearTrades().addAllTrades(counts);
  }

  static void assets(Event event, Client.Builder client) {
    AssetsValued told = event.getAssetsValued();
    if (client.hasAssets() && number(told.getDay()) < number(client.getAssets().getDay().getDay())) return;
    client.setAssets(AssetSummary.newBuilder().setDay(told).setEventId(event.getEventId()));
  }

  /** One segment a scheme, sorted by scheme; none: it left. */
  static void segment(Event event, Client.Builder client) {
    ClientClassified told = event.getClientClassified();
    int place = 0;
    while (place < client.getSegmentsCount() && client.getSegments(place).getScheme().compareTo(told.getScheme()) < 0) {
      ++place;
    }
    boolean there = place < client.getSegmentsCount() && client.getSegments(place).getScheme().equals(told.getScheme());
    if (told.getSegment().isEmpty()) {
      if (there) client.removeSegments(place);
      return;
    }
    SegmentEntry entry =
        SegmentEntry.newBuilder()
            .setScheme(told.getScheme())
            .setSegment(told.getSegment())
            .setSince(told.hasAsOf() ? told.getAsOf() : event.getOccurredAt())
            .setEventId(event.getEventId())
            .build();
    if (there) {
      client.setSegments(place, entry);
    } else if (client.getSegmentsCount() < MOST_SEGMENTS) {
      client.addSegments(place, entry);
    }
  }

  private static int number(CalendarDate date) {
    return (int) LocalDate.of(date.getYear(), date.getMonth(), date.getDay()).toEpochDay();
  }
}
