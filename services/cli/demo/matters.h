#pragma once

// What clients of a made-up branch complain about and ask for, and in which words.

#include <string_view>

#include "services/cli/demo/random.h"

namespace kefu::cli {

struct Matter {
  std::string_view category;
  std::string_view subcategory;
  std::string_view subject;
  // The client's own.
  std::string_view words;
  // Empty where it is about no product.
  std::string_view product;
};

Matter DrawComplaint(DemoRandom& random);
Matter DrawRequest(DemoRandom& random);
// Of the day on which nobody could place an order.
Matter OutageMatter();

}  // namespace kefu::cli
