#include "projections/journal/journal.h"

#include "projections/journal/entry.h"

namespace kefu::journal {

sdk::Outcome JournalView::Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<JournalView>& view) {
  // What is about no one client belongs in no client's journal.
  if (recorded.body.client_id().empty()) return sdk::Ignored();
  view.PutRaw<Entries>(EncodeEntry(recorded.record.verdict, recorded.record.bytes), recorded.body.client_id(),
                       recorded.record.offset);
  return sdk::Applied();
}

}  // namespace kefu::journal
