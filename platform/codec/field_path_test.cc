#include "platform/codec/field_path.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

namespace kefu::codec {
namespace {

using google::protobuf::FieldDescriptorProto;

FieldDescriptorProto Sample() {
  FieldDescriptorProto field;
  field.set_name("id");
  field.mutable_options()->set_packed(true);
  field.mutable_options()->add_uninterpreted_option()->set_identifier_value("x");
  return field;
}

TEST(FieldPath, NamesAFieldBelowTheMessageOrNothing) {
  const auto* type = FieldDescriptorProto::descriptor();
  EXPECT_TRUE(IsFieldPath(type, "name"));
  EXPECT_TRUE(IsFieldPath(type, "options.packed"));
  EXPECT_TRUE(IsFieldPath(type, "options.uninterpreted_option"));
  for (const char* wrong : {"", ".", "nam", "name.", ".name", "name.x", "options..packed", "options.",
                            "options.uninterpreted_option.identifier_value", "Name"})
    EXPECT_FALSE(IsFieldPath(type, wrong)) << wrong;
}

TEST(FieldPath, CopiesOneFieldAndLeavesTheRest) {
  FieldDescriptorProto to;
  to.set_name("old");
  to.mutable_options()->set_lazy(true);
  ASSERT_TRUE(CopyFieldPath("options.packed", Sample(), &to));
  EXPECT_TRUE(to.options().packed());
  EXPECT_TRUE(to.options().lazy());
  EXPECT_EQ(to.name(), "old");
  ASSERT_TRUE(CopyFieldPath("options.uninterpreted_option", Sample(), &to));
  EXPECT_EQ(to.options().uninterpreted_option_size(), 1);
}

TEST(FieldPath, AnUnsetFieldIsCopiedAsUnset) {
  FieldDescriptorProto to = Sample();
  ASSERT_TRUE(CopyFieldPath("options.packed", FieldDescriptorProto(), &to));
  EXPECT_FALSE(to.options().has_packed());
  EXPECT_EQ(to.options().uninterpreted_option_size(), 1);
  FieldDescriptorProto empty;
  ASSERT_TRUE(CopyFieldPath("options.packed", FieldDescriptorProto(), &empty));
  EXPECT_FALSE(empty.has_options());
}

TEST(FieldPath, AWrongPathChangesNothing) {
  FieldDescriptorProto to = Sample();
  EXPECT_FALSE(CopyFieldPath("options.nothing", FieldDescriptorProto(), &to));
  EXPECT_EQ(to.SerializeAsString(), Sample().SerializeAsString());
}

}  // namespace
}  // namespace kefu::codec
