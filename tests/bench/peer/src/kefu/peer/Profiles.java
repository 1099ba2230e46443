package kefu.peer;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import kefu.events.v1.Client.ClientProfileChanged;
import kefu.events.v1.Client.ClientRegistered;
import kefu.events.v1.EventOuterClass.Event;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.FieldSource;

/** The profile of a client, and where each part of it comes from. */
final class Profiles {
  private Profiles() {}

  static void take(Event event, ClientRegistered registered, Client.Builder client) {
    if (!registered.hasProfile()) return;
    client.setProfile(registered.getProfile());
    FieldSource.Builder source = source(event).setSaidBy(event.getSource());
    for (FieldDescriptor field : registered.getProfile().getAllFields().keySet()) {
      // The two sides, person and organisation, are too coarse to have one source.
      if (field.getContainingOneof() == null) {
        put(source.setPath(field.getName()).build(), client);
        continue;
      }
      Message side = (Message) registered.getProfile().getField(field);
      for (FieldDescriptor part : side.getAllFields().keySet()) {
        put(source.setPath(field.getName() + "." + part.getName()).build(), client);
      }
    }
  }

  static void take(Event event, ClientProfileChanged changed, Client.Builder client) {
    FieldSource.Builder source = source(event).setSaidBy(changed.getSaidBy());
    if (changed.hasTrueSince()) source.setTrueSince(changed.getTrueSince());
    for (String path : changed.getChanged().getPathsList()) {
      copy(path.split("\\."), 0, changed.getProfile(), client.getProfileBuilder());
      put(source.setPath(path).build(), client);
    }
  }

  private static FieldSource.Builder source(Event event) {
    return FieldSource.newBuilder()
        .setEventId(event.getEventId())
        .setTrueSince(event.getOccurredAt())
        .setKnownSince(event.getRecordedAt());
  }

  private static boolean isSet(com.google.protobuf.MessageOrBuilder message, FieldDescriptor field) {
    return field.isRepeated() ? message.getRepeatedFieldCount(field) > 0 : message.hasField(field);
  }

  private static void copy(String[] path, int at, Message from, Message.Builder to) {
    FieldDescriptor field = from.getDescriptorForType().findFieldByName(path[at]);
    if (at + 1 == path.length) {
      if (isSet(from, field)) {
        to.setField(field, from.getField(field));
      } else {
        to.clearField(field);
      }
      return;
    }
    if (!isSet(from, field) && !isSet(to, field)) return;
    copy(path, at + 1, (Message) from.getField(field), to.getFieldBuilder(field));
  }

  /** In its place by path; what was said of parts of it before no longer holds. */
  private static void put(FieldSource source, Client.Builder client) {
    for (int i = client.getFieldSourcesCount() - 1; i >= 0; --i) {
      if (client.getFieldSources(i).getPath().startsWith(source.getPath() + ".")) client.removeFieldSources(i);
    }
    int place = 0;
    while (place < client.getFieldSourcesCount()
        && client.getFieldSources(place).getPath().compareTo(source.getPath()) < 0) {
      ++place;
    }
    if (place < client.getFieldSourcesCount() && client.getFieldSources(place).getPath().equals(source.getPath())) {
      client.setFieldSources(place, source);
    } else {
      client.addFieldSources(place, source);
    }
  }
}
