package kefu.peer;

import java.util.List;
import kefu.events.v1.Client.ClientIdentifiersChanged;
import kefu.events.v1.Client.ClientRegistered;
import kefu.events.v1.Common.Code;
import kefu.query.v1.ClientOuterClass.Client;

/** Names, accounts, phones and foreign ids of a client: each once, a hundred of a kind at most. */
final class Identifiers {
  private static final int MOST = 100;

  private Identifiers() {}

  static void take(ClientRegistered registered, Client.Builder client) {
    client.setDisplayName(registered.getDisplayName());
    add(client, registered.getOtherNamesList(), registered.getAccountNumbersList(), registered.getPhonesList(),
        registered.getExternalIdsList());
  }

  /** What is taken away goes first, so that an id in both lists stays. */
  static void take(ClientIdentifiersChanged changed, Client.Builder client) {
    if (!changed.getDisplayName().isEmpty()) client.setDisplayName(changed.getDisplayName());
    if (changed.getOtherNamesRemovedCount() > 0) {
      List<String> kept = without(client.getOtherNamesList(), changed.getOtherNamesRemovedList());
      client.clearOtherNames().addAllOtherNames(kept);
    }
    if (changed.getAccountNumbersRemovedCount() > 0) {
      List<String> kept = without(client.getAccountNumbersList(), changed.getAccountNumbersRemovedList());
      client.clearAccountNumbers().addAllAccountNumbers(kept);
    }
    if (changed.getPhonesRemovedCount() > 0) {
      List<String> kept = without(client.getPhonesList(), changed.getPhonesRemovedList());
      client.clearPhones().addAllPhones(kept);
    }
    for (Code gone : changed.getExternalIdsRemovedList()) {
      for (int i = client.getExternalIdsCount() - 1; i >= 0; --i) {
        if (same(client.getExternalIds(i), gone)) client.removeExternalIds(i);
      }
    }
    add(client, changed.getOtherNamesAddedList(), changed.getAccountNumbersAddedList(), changed.getPhonesAddedList(),
        changed.getExternalIdsAddedList());
  }

  private static List<String> without(List<String> all, List<String> gone) {
    return all.stream().filter(item -> !gone.contains(item)).toList();
  }

  private static void add(Client.Builder client, List<String> names, List<String> accounts, List<String> phones,
      List<Code> externalIds) {
    for (String name : names) {
      if (client.getOtherNamesCount() < MOST && !client.getOtherNamesList().contains(name)) client.addOtherNames(name);
    }
    for (String account : accounts) {
      if (client.getAccountNumbersCount() < MOST && !client.getAccountNumbersList().contains(account)) {
        client.addAccountNumbers(account);
      }
    }
    for (String phone : phones) {
      if (client.getPhonesCount() < MOST && !client.getPhonesList().contains(phone)) client.addPhones(phone);
    }
    for (Code id : externalIds) {
      boolean known = client.getExternalIdsList().stream().anyMatch(other -> same(id, other));
      if (!known && client.getExternalIdsCount() < MOST) client.addExternalIds(id);
    }
  }

  private static boolean same(Code a, Code b) {
    return a.getScheme().equals(b.getScheme()) && a.getValue().equals(b.getValue());
  }
}
