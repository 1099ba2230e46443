// What an event costs at the doors, on one core.

#include <benchmark/benchmark.h>

#include "platform/event/cloudevents.h"
#include "platform/event/record.h"
#include "platform/event/sample_events.h"
#include "platform/event/validate.h"

namespace kefu::event {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'100);

void BM_Validate(benchmark::State& state) {
  const events::v1::Event event = SampleContact();
  for (auto _ : state) benchmark::DoNotOptimize(Validate(event, kNow).ok());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Validate);

void BM_RecordedBytes(benchmark::State& state) {
  const events::v1::Event event = SampleContact();
  for (auto _ : state) benchmark::DoNotOptimize(RecordedBytes(event, kNow));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecordedBytes);

void BM_ParseAndContent(benchmark::State& state) {
  const std::string bytes = RecordedBytes(SampleContact(), kNow);
  events::v1::Event event;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseRecorded(bytes, &event).ok());
    benchmark::DoNotOptimize(ContentOf(bytes, event).size());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ParseAndContent);

void BM_DecodeBinaryCloudEvent(benchmark::State& state) {
  const auto record = *ToBinaryCloudEvent(SampleContact());
  for (auto _ : state) benchmark::DoNotOptimize(DecodeInbox(record.headers, record.key, record.value).ok());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeBinaryCloudEvent);

void BM_DecodeStructuredCloudEvent(benchmark::State& state) {
  const std::string record = *ToStructuredCloudEvent(SampleContact());
  const Headers headers = {{"content-type", "application/cloudevents+json"}};
  for (auto _ : state) benchmark::DoNotOptimize(DecodeInbox(headers, "", record).ok());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeStructuredCloudEvent);

}  // namespace
}  // namespace kefu::event

BENCHMARK_MAIN();
