#include "projections/text/text.h"

#include <algorithm>

#include "projections/text/event_texts.h"

namespace kefu::text {

std::optional<Document> Document::Decode(std::string_view bytes) {
  Document document;
  if (!codec::TakePart(bytes, &document.body) || !codec::TakePart(bytes, &document.occurred_at) ||
      !codec::TakePart(bytes, &document.client_id) || !bytes.empty())
    return std::nullopt;
  return document;
}

sdk::Outcome TextView::Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<TextView>& view) {
  const events::v1::Event& event = recorded.body;
  if (!MayHoldText(event.body_case()) || event.client_id().empty()) return sdk::Ignored();
  std::vector<std::string> terms;
  for (const EventText& text : TextsOf(event)) {
    std::vector<std::string> more = TermsOf(text.units);
    terms.insert(terms.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  if (terms.empty()) return sdk::Ignored();
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  const int64_t place = PlaceOf(recorded.record.offset);
  for (const std::string& term : terms) view.PutRaw<Postings>({}, TermNumber(term), place);
  view.PutRaw<Documents>(Document{event.body_case(), recorded.occurred_at(), event.client_id()}.Encode(), place);
  return sdk::Applied();
}

}  // namespace kefu::text
