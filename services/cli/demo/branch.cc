#include "services/cli/demo/branch.h"

#include <algorithm>
#include <iterator>

#include "platform/base/time.h"
#include "services/cli/demo/book.h"
#include "services/cli/demo/reference.h"
#include "services/cli/demo/story.h"
#include "services/cli/demo/together.h"

namespace kefu::cli {

using events::v1::Event;

std::string_view ExpectedRule(const Event& event) {
  const std::string_view id = event.correlation_id();
  return id.starts_with(kAttempt) ? id.substr(kAttempt.size()) : std::string_view();
}

namespace {

// The first day after two fifths of the sample on which all branches work.
absl::CivilDay OutageDay(const DemoOptions& options, const std::vector<Office>& offices) {
  absl::CivilDay day = options.from + options.days * 2 / 5;
  while (!std::all_of(offices.begin(), offices.end(), [&](const Office& office) { return office.workdays.IsOpen(day); }))
    ++day;
  return day;
}

}  // namespace

Branch MakeBranch(const DemoOptions& options) {
  Branch branch{.reference = MakeReference()};
  const std::vector<Office> offices = MakeOffices(branch.reference);
  const absl::CivilDay outage = OutageDay(options, offices);
  Clients clients;
  clients.reserve(static_cast<size_t>(options.clients));
  const auto add = [&](std::vector<Event>&& events) {
    branch.events.insert(branch.events.end(), std::make_move_iterator(events.begin()),
                         std::make_move_iterator(events.end()));
  };
  for (int64_t number = 1; number <= options.clients; ++number) {
    // Of twenty clients twelve are at the first branch, five at the second, three at the third.
    const int64_t place = (number - 1) % 20;
    const Office& office = offices[place < 12 ? 0 : place < 17 ? 1 : 2];
    clients.push_back(TellStory(options, office, outage, number));
    add(std::move(clients.back().events));
    add(MakeService(options, office, number, clients.back()));
  }
  add(MakeRelations(options, clients));
  add(MakeMerges(options, clients));
  add(MakeAttempts(options, clients));
  add(MakeHandover(options, clients));
  add(MakeServiceAttempts(options, clients));
  // Stable, so that events of one client at one moment stay in the order they were told.
  std::stable_sort(branch.events.begin(), branch.events.end(), [](const Event& a, const Event& b) {
    return FromProto(a.occurred_at()) < FromProto(b.occurred_at());
  });
  return branch;
}

}  // namespace kefu::cli
