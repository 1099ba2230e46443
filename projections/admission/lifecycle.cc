#include "projections/admission/lifecycle.h"

#include <array>

namespace kefu::admission {

namespace {

using events::v1::CaseStatus;
using events::v1::ClientStatus;
using events::v1::Event;

using CaseMove = Move<CaseStatus>;
using ClientMove = Move<ClientStatus>;

constexpr size_t kCaseStates = events::v1::CaseStatus_ARRAYSIZE;
constexpr size_t kClientStates = events::v1::ClientStatus_ARRAYSIZE;

constexpr CaseMove To(CaseStatus next) { return {Rule::kNone, next}; }
constexpr CaseMove No(Rule rule) { return {rule, events::v1::CASE_STATUS_UNSPECIFIED}; }

// The cells, named short so that the table stays a table.
constexpr CaseMove kOpen = To(events::v1::CASE_STATUS_OPEN);
constexpr CaseMove kAck = To(events::v1::CASE_STATUS_ACKNOWLEDGED);
constexpr CaseMove kWork = To(events::v1::CASE_STATUS_IN_PROGRESS);
constexpr CaseMove kWait = To(events::v1::CASE_STATUS_WAITING);
constexpr CaseMove kProp = To(events::v1::CASE_STATUS_PROPOSED);
constexpr CaseMove kDone = To(events::v1::CASE_STATUS_RESOLVED);
constexpr CaseMove kShut = To(events::v1::CASE_STATUS_CLOSED);
constexpr CaseMove kGone = To(events::v1::CASE_STATUS_WITHDRAWN);
// Nothing changes but the revision.
constexpr CaseMove kSame = To(events::v1::CASE_STATUS_UNSPECIFIED);

constexpr CaseMove kNone = No(Rule::kCaseUnknown);
constexpr CaseMove kHave = No(Rule::kCaseExists);
constexpr CaseMove kOver = No(Rule::kCaseNotOpen);
constexpr CaseMove kLive = No(Rule::kCaseStillOpen);
constexpr CaseMove kUnre = No(Rule::kCaseNotResolved);
constexpr CaseMove kUnwa = No(Rule::kCaseNotWaiting);
constexpr CaseMove kAckd = No(Rule::kCaseAlreadyAcknowledged);
constexpr CaseMove kBusy = No(Rule::kCaseAlreadyStarted);
constexpr CaseMove kFile = No(Rule::kCaseAlreadyClosed);

struct CaseRow {
  Event::BodyCase body;
  std::array<CaseMove, kCaseStates> moves;
};

// Notes, work done, timeliness reports, answers sent, matters and foreign numbers are facts, true in every state. A
// started case may be started again: a second member of staff began. Someone may take over a resolved case, for it can
// be reopened; a closed one must be reopened first.
// clang-format off
constexpr std::array kCaseTable = {
    //                                       no case  open   ack.   work   wait   prop.  res.   closed withdrawn
    CaseRow{Event::kComplaintReceived,      {kOpen, kHave, kHave, kHave, kHave, kHave, kHave, kHave, kHave}},
    CaseRow{Event::kServiceRequestOpened,   {kOpen, kHave, kHave, kHave, kHave, kHave, kHave, kHave, kHave}},
    CaseRow{Event::kCaseAcknowledged,       {kNone, kAck,  kAckd, kBusy, kBusy, kBusy, kOver, kOver, kOver}},
    CaseRow{Event::kCaseAssigned,           {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kOver, kOver}},
    CaseRow{Event::kCaseStarted,            {kNone, kWork, kWork, kWork, kWork, kWork, kOver, kOver, kOver}},
    CaseRow{Event::kCaseWaitStarted,        {kNone, kWait, kWait, kWait, kWait, kWait, kOver, kOver, kOver}},
    CaseRow{Event::kCaseResumed,            {kNone, kUnwa, kUnwa, kUnwa, kWork, kUnwa, kOver, kOver, kOver}},
    CaseRow{Event::kCaseEscalated,          {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kOver, kOver}},
    CaseRow{Event::kCaseReclassified,       {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kOver, kOver}},
    CaseRow{Event::kCaseTimelinessReported, {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
    CaseRow{Event::kCaseNoteAdded,          {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
    CaseRow{Event::kCaseWorkRecorded,       {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
    CaseRow{Event::kCaseResolutionProposed, {kNone, kProp, kProp, kProp, kProp, kProp, kOver, kOver, kOver}},
    CaseRow{Event::kCaseResolved,           {kNone, kDone, kDone, kDone, kDone, kDone, kOver, kOver, kOver}},
    CaseRow{Event::kCaseClosed,             {kNone, kUnre, kUnre, kUnre, kUnre, kUnre, kShut, kFile, kUnre}},
    CaseRow{Event::kCaseReopened,           {kNone, kLive, kLive, kLive, kLive, kLive, kOpen, kOpen, kOpen}},
    CaseRow{Event::kCaseWithdrawn,          {kNone, kGone, kGone, kGone, kGone, kGone, kOver, kOver, kOver}},
    CaseRow{Event::kCaseNextActionSet,      {kNone, kSame, kSame, kSame, kSame, kSame, kOver, kOver, kOver}},
    CaseRow{Event::kCaseResponseSent,       {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
    CaseRow{Event::kCaseMatterSet,          {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
    CaseRow{Event::kCaseReferred,           {kNone, kSame, kSame, kSame, kSame, kSame, kSame, kSame, kSame}},
};
// clang-format on

constexpr bool InTagOrder() {
  for (size_t i = 0; i < kCaseTable.size(); ++i)
    if (kCaseTable[i].body != static_cast<int>(Event::kComplaintReceived + i)) return false;
  return true;
}
static_assert(InTagOrder(), "MoveCase finds a row by its tag");

constexpr ClientMove ClientTo(ClientStatus next) { return {Rule::kNone, next}; }
constexpr ClientMove ClientNo(Rule rule) { return {rule, events::v1::CLIENT_STATUS_UNSPECIFIED}; }
constexpr ClientMove kActive = ClientTo(events::v1::CLIENT_STATUS_ACTIVE);
// The status it has, or with ClientStatusChanged the one asked for.
constexpr ClientMove kYes = ClientTo(events::v1::CLIENT_STATUS_UNSPECIFIED);
constexpr ClientMove kWho = ClientNo(Rule::kClientUnknown);
constexpr ClientMove kBook = ClientNo(Rule::kClientExists);
constexpr ClientMove kEnd = ClientNo(Rule::kClientClosed);

struct ClientRow {
  Event::BodyCase body;
  std::array<ClientMove, kClientStates> moves;
};

// clang-format off
constexpr std::array kClientTable = {
    //                                              unknown  active dormant susp.  closed
    ClientRow{Event::kClientRegistered,            {kActive, kBook, kBook, kBook, kBook}},
    ClientRow{Event::kClientProfileChanged,        {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kClientIdentifiersChanged,    {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kServiceConfigurationChanged, {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kClientStatusChanged,         {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kChannelIdentityLinked,       {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kChannelIdentityUnlinked,     {kWho,    kYes,  kYes,  kYes,  kEnd}},
    ClientRow{Event::kConsentChanged,              {kWho,    kYes,  kYes,  kYes,  kEnd}},
};
// clang-format on

// What follows has tables of a few lines, found by searching. A cell is a state, or the rule that forbids it; a state
// of 0 is the one it has.
template <class Status>
struct Cell {
  constexpr Cell(Status next) : move{Rule::kNone, next} {}
  constexpr Cell(Rule refusal) : move{refusal, Status{}} {}
  Move<Status> move;
};

template <class Status, size_t kStates>
struct Row {
  Event::BodyCase body;
  std::array<Cell<Status>, kStates> cells;
};

template <class Status, class Table>
Move<Status> MoveBy(const Table& table, Event::BodyCase body, Status now) {
  for (const auto& row : table) {
    if (row.body != body || static_cast<size_t>(now) >= row.cells.size()) continue;
    Move<Status> move = row.cells[static_cast<size_t>(now)].move;
    if (move.refusal == Rule::kNone && move.next == Status{}) move.next = now;
    return move;
  }
  return {Rule::kBodyUnknown, Status{}};
}

// clang-format off
namespace handovers {
constexpr auto kOpen = HANDOVER_STATUS_OPEN, kDone = HANDOVER_STATUS_COMPLETED, kStay = HANDOVER_STATUS_CANCELLED;
constexpr auto kSame = HANDOVER_STATUS_UNSPECIFIED;
constexpr Rule kNone = Rule::kHandoverUnknown, kHave = Rule::kHandoverExists, kOver = Rule::kHandoverNotOpen;
constexpr std::array<Row<HandoverStatus, 4>, 5> kTable = {{
    //                                none   open   compl. cancelled
    {Event::kHandoverOpened,        {{kOpen, kHave, kHave, kHave}}},
    {Event::kHandoverSuccessorNamed,{{kNone, kSame, kOver, kOver}}},
    {Event::kHandoverCancelled,     {{kNone, kStay, kOver, kOver}}},
    {Event::kHandoverShareSettled,  {{kNone, kSame, kOver, kOver}}},
    {Event::kHandoverCompleted,     {{kNone, kDone, kOver, kOver}}},
}};
}  // namespace handovers

namespace leads {
constexpr auto kUp = LEAD_STATUS_RAISED, kTook = LEAD_STATUS_ACCEPTED, kDecl = LEAD_STATUS_DECLINED;
constexpr auto kWon = LEAD_STATUS_WON, kLost = LEAD_STATUS_LOST, kSame = LEAD_STATUS_UNSPECIFIED;
constexpr Rule kNone = Rule::kLeadUnknown, kHave = Rule::kLeadExists, kOver = Rule::kLeadNotOpen;
// Nobody accepted it.
constexpr Rule kFree = Rule::kLeadWithoutOwner;
constexpr std::array<Row<LeadStatus, 6>, 7> kTable = {{
    //                       none   raised accept. decl. won    lost
    {Event::kLeadRaised,   {{kUp,   kHave, kHave, kHave, kHave, kHave}}},
    {Event::kLeadAccepted, {{kNone, kTook, kOver, kOver, kOver, kOver}}},
    {Event::kLeadDeclined, {{kNone, kDecl, kOver, kOver, kOver, kOver}}},
    {Event::kLeadWorked,   {{kNone, kSame, kSame, kOver, kOver, kOver}}},
    {Event::kLeadWon,      {{kNone, kFree, kWon,  kOver, kOver, kOver}}},
    {Event::kLeadLost,     {{kNone, kFree, kLost, kOver, kOver, kOver}}},
    {Event::kLeadEscalated,{{kNone, kSame, kSame, kOver, kOver, kOver}}},
}};
}  // namespace leads

namespace recommendations {
constexpr auto kOpen = RECOMMENDATION_STATUS_OPEN, kDone = RECOMMENDATION_STATUS_ENDED;
constexpr auto kSame = RECOMMENDATION_STATUS_UNSPECIFIED;
constexpr Rule kNone = Rule::kRecommendationUnknown, kHave = Rule::kRecommendationExists;
constexpr Rule kOver = Rule::kRecommendationEnded;
constexpr std::array<Row<RecommendationStatus, 3>, 2> kTable = {{
    //                                    none   open   ended
    {Event::kRecommendationMade,        {{kOpen, kHave, kHave}}},
    {Event::kRecommendationFollowedUp,  {{kNone, kDone, kOver}}},
}};
// Looked at again: at any time.
constexpr std::array<Row<RecommendationStatus, 3>, 1> kReviews = {{
    {Event::kRecommendationFollowedUp,  {{kNone, kSame, kSame}}},
}};
}  // namespace recommendations

namespace subscriptions {
constexpr auto kHas = SUBSCRIPTION_STATUS_ACTIVE, kDone = SUBSCRIPTION_STATUS_ENDED;
constexpr auto kSame = SUBSCRIPTION_STATUS_UNSPECIFIED;
constexpr Rule kNone = Rule::kSubscriptionUnknown, kHave = Rule::kSubscriptionExists;
constexpr Rule kOver = Rule::kSubscriptionEnded;
constexpr std::array<Row<SubscriptionStatus, 3>, 3> kTable = {{
    //                           none   active ended
    {Event::kServiceSubscribed,{{kHas,  kHave, kHave}}},
    {Event::kServiceDelivered, {{kNone, kSame, kOver}}},
    {Event::kServiceEnded,     {{kNone, kDone, kOver}}},
}};
}  // namespace subscriptions
// clang-format on

}  // namespace

CaseMove MoveCase(Event::BodyCase body, CaseStatus now) {
  const size_t row = static_cast<size_t>(body) - Event::kComplaintReceived;
  if (row >= kCaseTable.size() || !events::v1::CaseStatus_IsValid(now)) return No(Rule::kBodyUnknown);
  CaseMove move = kCaseTable[row].moves[now];
  if (move.refusal == Rule::kNone && move.next == events::v1::CASE_STATUS_UNSPECIFIED) move.next = now;
  return move;
}

ClientMove MoveClient(Event::BodyCase body, ClientStatus now, ClientStatus wanted) {
  const size_t row = static_cast<size_t>(body) - Event::kClientRegistered;
  if (row >= kClientTable.size() || !events::v1::ClientStatus_IsValid(now)) return ClientNo(Rule::kBodyUnknown);
  ClientMove move = kClientTable[row].moves[now];
  if (move.refusal != Rule::kNone || move.next != events::v1::CLIENT_STATUS_UNSPECIFIED) return move;
  if (body != Event::kClientStatusChanged) return ClientTo(now);
  if (!events::v1::ClientStatus_IsValid(wanted) || wanted == events::v1::CLIENT_STATUS_UNSPECIFIED)
    return ClientNo(Rule::kClientStatusUnknown);
  return ClientTo(wanted);
}

bool IsAboutHandover(Event::BodyCase body) {
  return MoveHandover(body, HANDOVER_STATUS_UNSPECIFIED).refusal != Rule::kBodyUnknown;
}

Move<HandoverStatus> MoveHandover(Event::BodyCase body, HandoverStatus now) {
  return MoveBy(handovers::kTable, body, now);
}

Move<LeadStatus> MoveLead(Event::BodyCase body, LeadStatus now) { return MoveBy(leads::kTable, body, now); }

bool IsOpen(LeadStatus status) { return status == LEAD_STATUS_RAISED || status == LEAD_STATUS_ACCEPTED; }

Move<RecommendationStatus> MoveRecommendation(Event::BodyCase body, RecommendationStatus now,
                                              events::v1::RecommendationResult result) {
  const bool reviews =
      body == Event::kRecommendationFollowedUp && result == events::v1::RECOMMENDATION_RESULT_REVIEWED;
  return reviews ? MoveBy(recommendations::kReviews, body, now) : MoveBy(recommendations::kTable, body, now);
}

Move<SubscriptionStatus> MoveSubscription(Event::BodyCase body, SubscriptionStatus now) {
  return MoveBy(subscriptions::kTable, body, now);
}

}  // namespace kefu::admission
