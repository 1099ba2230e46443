#pragma once

// Which moment the views in a bundle are of, and how they are asked of it.

#include <optional>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "services/cli/call.h"

namespace kefu::cli {

enum class ViewsOf {
  // The position of the bundle's checkpoint: just what the proven events give.
  kCheckpoint,
  // When the bundle is made: what no checkpoint covers yet may be in them.
  kNow,
  // What --moment says.
  kMoment,
};

// What an answer is made of.
enum class Reads {
  // Rows of one client that the server can fold again for one call (GetClient, ListTimeline, GetCase, ListCases of a client).
  kOneClient,
  kMore,
};

// Operation: of the checkpoint, what reads one client is asked by position. For all else, and where the server cannot do that
//   (corrected events, too many of them), all views are opened as of the position: once, when it is first needed, recorded
//   as the access says, with progress shown, and closed with this object.
// Concurrency: one thread.
class AskedMoment {
 public:
  // `position`: that of the checkpoint.
  AskedMoment(Tool& tool, ViewsOf of, audit::v1::Access access, std::string position)
      : tool_(tool), of_(of), access_(std::move(access)), position_(std::move(position)) {}
  ~AskedMoment();
  AskedMoment(const AskedMoment&) = delete;
  AskedMoment& operator=(const AskedMoment&) = delete;

  ViewsOf of() const { return of_; }
  // "checkpoint", "now", or what --moment says.
  std::string Name() const;
  // In words, for the papers.
  std::string Words() const;
  // Why the views could not be opened, if they could not.
  const Status& opening() const { return opening_; }

  template <class Stub, class Request, class Response>
  StatusOr<Response> Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                         std::type_identity_t<Request> request, Reads reads = Reads::kMore) {
    // Views that are behind the checkpoint come to it first.
    if constexpr (requires { request.set_min_position(position_); })
      if (of_ == ViewsOf::kNow) request.set_min_position(position_);
    if (of_ != ViewsOf::kCheckpoint) return Call(tool_, method, request);
    if (reads == Reads::kOneClient && opened_.empty()) {
      const ToolAt at(tool_, "position:" + position_);
      auto answer = Call(tool_, method, request);
      if (answer.ok() || !NeedsOpening(answer.status())) return answer;
    }
    RETURN_IF_ERROR(Open());
    const ToolAt at(tool_, opened_);
    return Call(tool_, method, request);
  }

 private:
  // While it lives, calls are about this moment.
  class ToolAt {
   public:
    ToolAt(Tool& tool, std::string moment);
    ~ToolAt();
    ToolAt(const ToolAt&) = delete;
    ToolAt& operator=(const ToolAt&) = delete;

   private:
    Tool& tool_;
    const std::string before_;
  };

  static bool NeedsOpening(const Status& status);
  Status Open();

  Tool& tool_;
  const ViewsOf of_;
  const audit::v1::Access access_;
  const std::string position_;
  // "moments/{id}", once they are open.
  std::string opened_;
  Status opening_;
};

}  // namespace kefu::cli
