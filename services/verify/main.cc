#include <iostream>
#include <new>

#include "services/verify/command.h"

int main(int count, char** arguments) {
  try {
    return kefu::verify::RunCommand({arguments + 1, arguments + count}, std::cout, std::cerr);
  } catch (const std::bad_alloc&) {
    std::cerr << "kefu-verify: not enough memory for this bundle; nothing was found out\n";
    return kefu::verify::kWrongUsage;
  }
}
