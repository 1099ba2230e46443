#include "platform/note/note.h"

#include <gmock/gmock.h>

#include "platform/note/note_testing.h"

namespace kefu::note {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string WhyNot(std::string_view bytes) {
  const auto note = ParseNote(bytes);
  return note.ok() ? "read" : std::string(MessageOf(note.status()));
}

TEST(Note, TextAndSignaturesAreTakenApartAndPutTogether) {
  for (const KnownAnswer& answer : AnswersOfGo()) {
    const auto note = ParseNote(answer.Signed());
    ASSERT_TRUE(note.ok()) << ToString(note.status());
    EXPECT_EQ(note->text, answer.text);
    ASSERT_THAT(note->signatures, SizeIs(1));
    EXPECT_EQ(note->signatures[0].key_name, answer.name);
    EXPECT_EQ(note->signatures[0].bytes.size(), kSignatureBytes);
    EXPECT_EQ(*FormatNote(*note), answer.Signed());
  }
  EXPECT_EQ(ParseNote(AnswersOfGo()[0].Signed())->signatures[0].key_hash, 0xc2b1ba6bu);
}

TEST(Note, SeveralSignaturesKeepTheirOrder) {
  const std::string bytes = "text\n\n— b AAAAAQE=\n— a AAAAAgI=\n— b AAAAAQE=\n";
  const auto note = ParseNote(bytes);
  ASSERT_TRUE(note.ok()) << ToString(note.status());
  ASSERT_THAT(note->signatures, SizeIs(3));
  EXPECT_EQ(note->signatures[1], (Signature{"a", 2, "\2"}));
  EXPECT_EQ(*FormatNote(*note), bytes);
}

TEST(Note, EverythingMalformedIsNamed) {
  const std::string good = "text\n\n— key AAAAAQE=\n";
  ASSERT_EQ(WhyNot(good), "read");
  EXPECT_THAT(WhyNot(""), HasSubstr("must end with a newline"));
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQE="), HasSubstr("must end with a newline"));
  EXPECT_THAT(WhyNot("text\n— key AAAAAQE=\n"), HasSubstr("no empty line"));
  EXPECT_THAT(WhyNot("text\n\n"), HasSubstr("has no signature"));
  EXPECT_THAT(WhyNot("te\txt\n\n— key AAAAAQE=\n"), HasSubstr("line 1 of a note has a control character"));
  EXPECT_THAT(WhyNot("text\r\n\n— key AAAAAQE=\n"), HasSubstr("control character"));
  EXPECT_THAT(WhyNot(std::string("te\0xt\n\n— key AAAAAQE=\n", 24)), HasSubstr("control character"));
  EXPECT_THAT(WhyNot("a\nte\xffxt\n\n— key AAAAAQE=\n"), HasSubstr("line 2 of a note is not UTF-8"));
  EXPECT_THAT(WhyNot("te\xed\xa0\x80\n\n— key AAAAAQE=\n"), HasSubstr("not UTF-8")) << "half a surrogate pair";
  EXPECT_THAT(WhyNot("te\xc0\x80\n\n— key AAAAAQE=\n"), HasSubstr("not UTF-8")) << "an overlong form";
  EXPECT_THAT(WhyNot("text\n\n- key AAAAAQE=\n"), HasSubstr("em dash"));
  EXPECT_THAT(WhyNot("text\n\n—key AAAAAQE=\n"), HasSubstr("em dash"));
  EXPECT_THAT(WhyNot("text\n\n— key\n"), HasSubstr("not a key name and base64"));
  EXPECT_THAT(WhyNot("text\n\n—  AAAAAQE=\n"), HasSubstr("key name is empty"));
  EXPECT_THAT(WhyNot("text\n\n— k+y AAAAAQE=\n"), HasSubstr("plus"));
  EXPECT_THAT(WhyNot("text\n\n— k\u3000y AAAAAQE=\n"), HasSubstr("blank"));
  EXPECT_THAT(WhyNot("text\n\n— k\u0085y AAAAAQE=\n"), HasSubstr("blank"));
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQE\n"), HasSubstr("signature 1 is not base64")) << "padding left out";
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQF=\n"), HasSubstr("not base64")) << "bits that say nothing";
  EXPECT_THAT(WhyNot("text\n\n— key AAAA AQE=\n"), HasSubstr("not base64"));
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQE= \n"), HasSubstr("not base64"));
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQ==\n"), HasSubstr("cut short"));
  EXPECT_THAT(WhyNot("text\n\n— key \n"), HasSubstr("cut short"));
  EXPECT_THAT(WhyNot("text\n\n— key AAAAAQE=\nmore\n"), HasSubstr("signature 2 does not begin"));
  std::string many = "text\n\n";
  for (size_t i = 0; i < kMaxSignatures; ++i) many += "— key AAAAAQE=\n";
  EXPECT_EQ(WhyNot(many), "read");
  EXPECT_THAT(WhyNot(many + "— key AAAAAQE=\n"), HasSubstr("more than 100 signatures"));
  std::string large(kMaxNoteBytes - good.size() + 4, 'x');
  EXPECT_EQ(WhyNot(large + good.substr(4)), "read");
  EXPECT_THAT(WhyNot(large + "x" + good.substr(4)), HasSubstr("at most 1000000"));
}

TEST(Note, WhatCannotBeReadIsNotWritten) {
  EXPECT_FALSE(FormatNote({"text", {{"key", 1, "x"}}}).ok());
  EXPECT_FALSE(FormatNote({"text\n", {}}).ok());
  EXPECT_FALSE(FormatNote({"text\n", {{"k y", 1, "x"}}}).ok());
  EXPECT_FALSE(FormatNote({"text\n", {{"key", 1, ""}}}).ok());
}

TEST(Note, NamesAreMadeFit) {
  EXPECT_EQ(AsKeyName("branch 1+2\t三"), "branch-1-2-三");
  EXPECT_EQ(AsKeyName("a\xff\u00a0" "b"), "a--b");
  EXPECT_EQ(AsKeyName(""), "-");
  EXPECT_EQ(AsKeyName("0190b3c8-7a1e/kefu.events"), "0190b3c8-7a1e/kefu.events");
  for (const std::string_view name : {"", " ", "a+b", "a\xff", "a\nb"})
    EXPECT_TRUE(CheckKeyName(AsKeyName(name)).ok()) << name;
}

}  // namespace
}  // namespace kefu::note
