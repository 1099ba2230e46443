#pragma once

namespace kefu::rpc {

// Switches abseil's search for deadlocks off, for the whole process; to be called before gRPC is used. Debian builds
// abseil without NDEBUG, so each lock that gRPC takes is entered into a graph that one lock guards for all threads:
// 3 to 4 % of a server's time, and a place where all its threads meet.
void SearchNoDeadlocks();

}  // namespace kefu::rpc
