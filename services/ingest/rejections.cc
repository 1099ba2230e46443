#include "services/ingest/rejections.h"

#include <charconv>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/log/position.h"

namespace kefu::ingest {

namespace {

constexpr int kDefaultPage = 50;
constexpr int kMaxPage = 1000;

// Below the 4 MiB that gRPC clients receive unless told otherwise, by more than one rejection may exceed it.
constexpr size_t kMaxPageBytes = 2 << 20;
constexpr size_t kPollBytes = 256 << 10;

struct Place {
  int32_t partition = 0;
  int64_t offset = 0;
};

// Names the log, so that a token is not read against another one.
std::string Prefix(const log::EventLog& rejected) {
  return fmt::format("rejections.1.{:x}.", FastHash64(rejected.identity().id));
}

std::string Encode(const log::EventLog& rejected, const Place& place) {
  return log::Base64UrlEncode(fmt::format("{}{}.{}", Prefix(rejected), place.partition, place.offset));
}

StatusOr<Place> Decode(const log::EventLog& rejected, const std::string& token) {
  const auto refuse = [] {
    return WithReason(InvalidArgument("page_token is none that ListRejections of this server gave"),
                      "PAGE_TOKEN_INVALID", "page_token");
  };
  const auto decoded = log::Base64UrlDecode(token);
  const std::string prefix = Prefix(rejected);
  if (!decoded.ok() || !decoded->starts_with(prefix)) return refuse();
  const char* at = decoded->data() + prefix.size();
  const char* const end = decoded->data() + decoded->size();
  Place place;
  const auto partition = std::from_chars(at, end, place.partition);
  if (partition.ec != std::errc() || partition.ptr == end || *partition.ptr != '.') return refuse();
  const auto offset = std::from_chars(partition.ptr + 1, end, place.offset);
  if (offset.ec != std::errc() || offset.ptr != end) return refuse();
  if (place.partition < 0 || place.partition >= rejected.partitions() || place.offset < 0) return refuse();
  return place;
}

v1::Rejection Read(Partition partition, const log::RecordView& record) {
  v1::Rejection rejection;
  if (!rejection.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) {
    rejection.Clear();
    rejection.set_reason("REJECTION_UNREADABLE");
    rejection.set_message("this record of the log of rejections is no Rejection; its bytes are the original value");
    rejection.set_original_value(std::string(record.value));
  }
  rejection.set_partition(partition.value());
  rejection.set_offset(record.offset.value());
  return rejection;
}

// Collects one page.
class Page {
 public:
  Page(size_t size, absl::Time deadline) : size_(size), deadline_(deadline) {}

  bool full() const { return static_cast<size_t>(response.rejections_size()) >= size_ || bytes_ >= kMaxPageBytes; }

  // Reads on in one partition until its end or the page's; `offset` follows.
  Status Read(log::EventLog& rejected, Partition partition, int64_t* offset) {
    ASSIGN_OR_RETURN(const Offset end, rejected.EndOffset(partition));
    if (*offset >= end.value()) return OkStatus();
    ASSIGN_OR_RETURN(const auto reader, rejected.OpenReader({{partition, Offset(*offset)}}));
    while (*offset < end.value() && !full()) {
      const absl::Duration left = deadline_ - absl::Now();
      if (left <= absl::ZeroDuration()) return DeadlineExceeded("the log of rejections did not answer in time");
      std::vector<log::RecordBatch> batches;
      RETURN_IF_ERROR(reader->Poll(std::min(left, absl::Seconds(1)), kPollBytes, &batches));
      for (const log::RecordBatch& batch : batches)
        for (const log::RecordView& record : batch.records) {
          if (full()) return OkStatus();
          *response.add_rejections() = ingest::Read(partition, record);
          bytes_ += record.value.size();
          *offset = record.offset.Next().value();
        }
    }
    return OkStatus();
  }

  v1::ListRejectionsResponse response;

 private:
  const size_t size_;
  const absl::Time deadline_;
  size_t bytes_ = 0;
};

}  // namespace

StatusOr<v1::ListRejectionsResponse> ListRejections(log::EventLog& rejected, const v1::ListRejectionsRequest& request,
                                                    absl::Time deadline) {
  if (request.page_size() < 0)
    return WithReason(InvalidArgument("page_size is {}; it must not be negative", request.page_size()),
                      "PAGE_SIZE_INVALID", "page_size");
  Place place;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(place, Decode(rejected, request.page_token()));
  }
  Page page(request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kMaxPage), deadline);
  while (place.partition < rejected.partitions()) {
    RETURN_IF_ERROR(page.Read(rejected, Partition(place.partition), &place.offset));
    if (page.full()) {
      page.response.set_next_page_token(Encode(rejected, place));
      return std::move(page.response);
    }
    place = {place.partition + 1, 0};
  }
  return std::move(page.response);
}

}  // namespace kefu::ingest
