#pragma once

// Made-up clients of a made-up branch.

#include <absl/time/civil_time.h>

#include <string>

#include "kefu/events/v1/client.pb.h"
#include "kefu/events/v1/contact.pb.h"
#include "services/cli/demo/office.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// Registration of the client with this number, from 1, with all that is known of a person or an organisation. Nobody
// real: phones are in ranges that are not given out, mail is at example.com.
events::v1::ClientRegistered MakeClient(DemoRandom& random, int64_t number, const Office& office);

// The same person once more, as another counter wrote it down: a name in another spelling, other accounts.
events::v1::ClientRegistered MakeSecondRecord(const events::v1::ClientRegistered& first, int64_t number);

// A service configuration that fits the client; `since` is when its consents were given.
events::v1::ServiceConfiguration MakeConfiguration(DemoRandom& random, bool organisation, const Office& office,
                                                   absl::Time since);

// Who comes along to a meeting: a spouse, a finance director.
events::v1::Attendee MakeCompanion(DemoRandom& random, bool organisation, const Office& office);

// "B-07": one of a dozen brokers.
std::string MakeBroker(DemoRandom& random);
// "S-03": one of the service desk.
std::string MakeAgent(DemoRandom& random);

// A name in the script of the place, and how it is written in Latin letters; either may be empty.
struct PersonName {
  std::string display;
  std::string latin;
};
PersonName MakeName(DemoRandom& random, const Office& office);

// What a profile holds besides the name; profiles.cc.
void FillPerson(DemoRandom& random, const Office& office, events::v1::ClientProfile* profile);
void FillOrganisation(DemoRandom& random, int64_t number, const Office& office, events::v1::ClientProfile* profile);

}  // namespace kefu::cli
