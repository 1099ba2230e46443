#include "services/query/mask.h"

#include <gtest/gtest.h>

#include "kefu/events/v1/event.pb.h"
#include "kefu/query/v1/client.pb.h"

namespace kefu::query {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kSecret[] = "SECRET-7f3a";
constexpr int64_t kSecretNumber = 7'310'042;

// Fills every field of `message`, lists with one element; personal ones with the secret, the others with something
// else. `in_secret`: everything below a personal message is personal.
void Fill(Message* message, bool in_secret, int depth, int* personal) {
  const auto* reflection = message->GetReflection();
  const auto* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool secret = in_secret || IsPersonal(*field);
    *personal += IsPersonal(*field);
    const std::string text = secret ? kSecret : "plain";
    const int64_t number = secret ? kSecretNumber : 1;
    const bool list = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        list ? reflection->AddString(message, field, text) : reflection->SetString(message, field, text);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        list ? reflection->AddInt32(message, field, static_cast<int32_t>(number))
             : reflection->SetInt32(message, field, static_cast<int32_t>(number));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        list ? reflection->AddInt64(message, field, number) : reflection->SetInt64(message, field, number);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(message, field, true);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        list ? reflection->AddEnumValue(message, field, 1) : reflection->SetEnumValue(message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth < 8)
          Fill(list ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field), secret,
               depth + 1, personal);
        break;
      default:
        FAIL() << "no filling for " << field->full_name();
    }
  }
}

void ExpectNoSecret(const Message& message) {
  const std::string text = message.DebugString();
  EXPECT_EQ(text.find(kSecret), std::string::npos) << text;
  EXPECT_EQ(text.find(std::to_string(kSecretNumber)), std::string::npos) << text;
}

// A oneof holds one member, so each is filled and masked on its own.
template <class Root>
int MaskEachBody() {
  int personal = 0;
  const Descriptor* type = Root::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
    Root message;
    Fill(message.GetReflection()->MutableMessage(&message, field), IsPersonal(*field), 0, &personal);
    MaskPersonalData(&message);
    ExpectNoSecret(message);
  }
  return personal;
}

TEST(Mask, LeavesNoPersonalFieldOfAnyEvent) { EXPECT_GT(MaskEachBody<events::v1::Event>(), 30); }

TEST(Mask, LeavesNoPersonalFieldOfAClient) {
  int personal = 0;
  query::v1::Client client;
  Fill(&client, false, 0, &personal);
  EXPECT_NE(client.DebugString().find(kSecret), std::string::npos) << "the control: it was there";
  MaskPersonalData(&client);
  ExpectNoSecret(client);
  EXPECT_GT(personal, 15);
  EXPECT_EQ(client.display_name(), kMasked);
  EXPECT_EQ(client.client_id(), "plain");
  EXPECT_GT(MaskEachBody<query::v1::Client>(), 10);
  // Both kinds of profile: the later of a oneof displaces the earlier.
  events::v1::ClientProfile person;
  Fill(person.mutable_person(), false, 0, &personal);
  MaskPersonalData(&person);
  ExpectNoSecret(person);
  EXPECT_EQ(person.person().identity_number(), kMasked);
}

TEST(Mask, SaysNothingWhereNothingWas) {
  query::v1::Client client;
  client.set_client_id("C-1");
  MaskPersonalData(&client);
  EXPECT_EQ(client.ShortDebugString(), "client_id: \"C-1\"");
}

TEST(Mask, DropsWhatItDoesNotKnow) {
  query::v1::Client client;
  client.GetReflection()->MutableUnknownFields(&client)->AddLengthDelimited(1999, kSecret);
  MaskPersonalData(&client);
  EXPECT_EQ(client.SerializeAsString().find(kSecret), std::string::npos);
}

}  // namespace
}  // namespace kefu::query
