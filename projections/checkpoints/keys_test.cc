// Which key may sign checkpoints, and how it is changed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"
#include "platform/testkit/projection_driver.h"
#include "projections/checkpoints/checkpoints.h"

namespace kefu::checkpoints {
namespace {

using namespace testkit;
using events::v1::Event;
using note::Signer;

constexpr const char* kLog = "kefu/log-1";

Signer KeyOf(char seed) { return *Signer::OfSeed("kefu", std::string(32, seed)); }

Draft SignedBy(const Signer& key, int64_t size, std::string_view origin = kLog) {
  const std::string note = *key.Sign(*note::FormatCheckpoint({.origin = std::string(origin), .size = size}));
  return Draft().Client("").With([=](Event& event) {
    event.mutable_checkpoint_signed()->set_note(note);
    event.mutable_checkpoint_signed()->add_partitions()->set_size(size);
  });
}

Draft LossAccepted() {
  return Draft().Client("").With([](Event& event) { event.mutable_checkpoint_loss_accepted()->set_reason("disk"); });
}

// What the event says, and what its statement says, of which more than one thing may be wrong.
struct Change {
  Signer old_key;
  Signer new_key;
  int64_t size = 0;
  std::string origin = kLog;
  // Who signs the statement; the key before, if absent.
  std::optional<Signer> signer = std::nullopt;

  std::string Statement() const {
    const std::string text = *note::FormatKeyChange({origin, size, old_key.verifier(), new_key.verifier()});
    return *signer.value_or(old_key).Sign(text);
  }
  operator Draft() const {
    return Draft().Client("").With([change = *this](Event& event) {
      auto& body = *event.mutable_checkpoint_key_changed();
      body.set_old_key(change.old_key.verifier().Text());
      body.set_new_key(change.new_key.verifier().Text());
      body.set_statement(change.Statement());
    });
  }
};

class KeysTest : public testing::Test {
 protected:
  // Is what was delivered last in the view?
  bool IsKept() {
    const Offset at = test_.last().offset;
    return test_.Row<Signed>(at) != nullptr || test_.Row<KeyChanges>(at) != nullptr || test_.Row<Losses>(at) != nullptr;
  }
  void Takes(const Draft& draft) {
    test_.Given(draft);
    EXPECT_TRUE(IsKept());
  }
  // Admission lets it through; the view does not keep it.
  void Leaves(const Draft& draft) {
    test_.Given(draft);
    EXPECT_FALSE(IsKept());
  }

  ProjectionDriver<CheckpointsView> test_;
  const Signer a_ = KeyOf('a'), b_ = KeyOf('b'), c_ = KeyOf('c'), thief_ = KeyOf('t');
};

TEST_F(KeysTest, AfterAChangeTheNewKeySignsAndTheOldOneDoesNotAnyMore) {
  Takes(SignedBy(a_, 5));
  Takes(Change{a_, b_, 5});
  Leaves(SignedBy(a_, 6));
  Takes(SignedBy(b_, 7));
  Takes(Change{b_, c_, 7});
  Leaves(SignedBy(a_, 9));
  Leaves(SignedBy(b_, 9));
  Takes(SignedBy(c_, 9));
}

// As it was before changes were told: nothing is said of it now either.
TEST_F(KeysTest, WithoutAChangeAnyKeySigns) {
  Takes(SignedBy(a_, 5));
  Takes(SignedBy(b_, 6));
  Leaves(Change{a_, c_, 6});
  Takes(Change{b_, c_, 6});
}

TEST_F(KeysTest, TwoChangesMayFollowEachOtherBeforeAnythingIsSigned) {
  Takes(SignedBy(a_, 5));
  Takes(Change{a_, b_, 5});
  Takes(Change{b_, c_, 5});
  Leaves(SignedBy(b_, 6));
  Takes(SignedBy(c_, 6));
}

TEST_F(KeysTest, OnlyTheKeyInForceIsChanged) {
  Leaves(Change{a_, b_, 0});
  Takes(SignedBy(a_, 5));
  Leaves(Change{thief_, b_, 5});
  Takes(Change{a_, b_, 5});
  Leaves(Change{a_, c_, 5});
  Leaves(Draft().Client("").With([](Event& event) {
    event.mutable_checkpoint_key_changed()->set_old_key("nonsense");
    event.mutable_checkpoint_key_changed()->set_new_key("nonsense");
    event.mutable_checkpoint_key_changed()->set_statement("nonsense");
  }));
}

TEST_F(KeysTest, TheStatementMustBeOfThisLogAsItStandsAndSignedByTheKeyBefore) {
  Takes(SignedBy(a_, 5));
  Leaves(Change{.old_key = a_, .new_key = b_, .size = 5, .signer = b_});
  Leaves(Change{.old_key = a_, .new_key = b_, .size = 5, .signer = thief_});
  Leaves(Change{.old_key = a_, .new_key = b_, .size = 5, .origin = "kefu/log-2"});
  Leaves(Change{.old_key = a_, .new_key = b_, .size = 4});
  // The event says one thing, the statement another.
  const auto other = [&](const std::string& old_key, const std::string& new_key, const std::string& statement) {
    return Draft().Client("").With([=](Event& event) {
      event.mutable_checkpoint_key_changed()->set_old_key(old_key);
      event.mutable_checkpoint_key_changed()->set_new_key(new_key);
      event.mutable_checkpoint_key_changed()->set_statement(statement);
    });
  };
  const std::string old_key = a_.verifier().Text(), new_key = b_.verifier().Text();
  const std::string statement = Change{a_, b_, 5}.Statement();
  Leaves(other(old_key, c_.verifier().Text(), statement));
  Leaves(other(old_key, "nonsense", statement));
  Leaves(other(old_key, new_key, "nonsense"));
  // The control: with nothing wrong it is taken.
  Takes(other(old_key, new_key, statement));
}

TEST_F(KeysTest, AKeyThatWasLaidDownNeverComesBack) {
  Takes(SignedBy(a_, 5));
  Takes(Change{a_, b_, 5});
  Leaves(Change{b_, a_, 5});
  Takes(Change{b_, c_, 5});
  Leaves(Change{c_, a_, 5});
  Leaves(Change{c_, b_, 5});
}

TEST_F(KeysTest, AfterAnAcceptedLossWhoeverSignsFirstIsInForce) {
  Takes(SignedBy(a_, 5));
  Takes(Change{a_, b_, 5});
  Takes(LossAccepted());
  Leaves(Change{b_, c_, 5});
  Takes(SignedBy(c_, 3));
  Takes(Change{c_, thief_, 3});
  Leaves(SignedBy(c_, 4));
}

}  // namespace
}  // namespace kefu::checkpoints
