#include <algorithm>

#include "projections/clock/clock.h"

namespace kefu::clock {

using Rows = ClockView::Rows;

namespace {

const Published* FindItem(const PublishedList& list, const std::string& id) {
  const auto found =
      std::find_if(list.items().begin(), list.items().end(), [&](const auto& item) { return item.id() == id; });
  return found == list.items().end() ? nullptr : &*found;
}

// Of `id`, kept sorted; made if there was none.
Published& Item(const std::string& id, PublishedList& list) {
  auto& items = *list.mutable_items();
  int place = 0;
  while (place < items.size() && items[place].id() < id) ++place;
  if (place < items.size() && items[place].id() == id) return *items.Mutable(place);
  items.Add()->set_id(id);
  for (int last = items.size() - 1; place < last; --last) items.SwapElements(last, last - 1);
  return *items.Mutable(place);
}

bool Knows(const Published& item, int32_t version) {
  return std::find(item.versions().begin(), item.versions().end(), version) != item.versions().end();
}

}  // namespace

int32_t NewestVersion(const PublishedList& list, const std::string& id) {
  const Published* item = FindItem(list, id);
  return item == nullptr || item->versions().empty() ? 0 : *item->versions().rbegin();
}

google::protobuf::RepeatedPtrField<events::v1::PolicyReference> PacksInForce(const PublishedList& list,
                                                                             absl::Time received_at) {
  google::protobuf::RepeatedPtrField<events::v1::PolicyReference> packs;
  for (const Published& item : list.items()) {
    for (int i = item.versions_size() - 1; i >= 0; --i) {
      if (FromProto(item.effective_from(i)) > received_at) continue;
      if (!item.retired(i)) {
        auto* pack = packs.Add();
        pack->set_pack_id(item.id());
        pack->set_version(item.versions(i));
      }
      break;
    }
  }
  return packs;
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CalendarPublished>& published, Rows& view) {
  const auto& body = published.body;
  Published& item = Item(body.calendar_id(), view.Edit<Lists>(kCalendarList));
  if (Knows(item, body.version())) return sdk::Ignored();
  item.add_versions(body.version());
  view.Edit<Calendars>(body.calendar_id(), body.version()) = body;
  return sdk::Applied();
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::PolicyPackPublished>& published, Rows& view) {
  const auto& body = published.body;
  Published& item = Item(body.pack_id(), view.Edit<Lists>(kPackList));
  if (Knows(item, body.version())) return sdk::Ignored();
  item.add_versions(body.version());
  *item.add_effective_from() = body.effective_from();
  item.add_retired(body.retired());
  view.Edit<Packs>(body.pack_id(), body.version()) = body;
  return sdk::Applied();
}

}  // namespace kefu::clock
