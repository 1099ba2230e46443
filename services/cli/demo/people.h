#pragma once

// Made-up clients of a made-up branch.

#include <string>

#include "kefu/events/v1/client.pb.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// Registration of the client with this number, from 1. Nobody real: phones are in ranges that are not given out, mail
// is at example.com.
events::v1::ClientRegistered MakeClient(DemoRandom& random, int64_t number);

// A service configuration that fits the client.
events::v1::ServiceConfiguration MakeConfiguration(DemoRandom& random, bool organisation);

// "B-07": one of a dozen brokers.
std::string MakeBroker(DemoRandom& random);
// "S-03": one of the service desk.
std::string MakeAgent(DemoRandom& random);

}  // namespace kefu::cli
