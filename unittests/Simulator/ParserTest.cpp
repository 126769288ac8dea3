// The PTX parser: scopes, labels, operands, and text that is not PTX.
#include "dgemm/Simulator/PTX.h"

#include <gtest/gtest.h>

using namespace dgemm::sim::ptx;

static Module parseOk(const std::string &body) {
  Module module;
  ParseError error;
  std::string text = ".version 8.7\n.target sm_90a\n.address_size 64\n"
                     ".visible .entry k(.param .u64 p, .param .align 64 .b8 "
                     "m[128])\n.reqntid 128, 1, 1\n{\n" +
                     body + "\n}\n";
  EXPECT_TRUE(parse(text, module, error)) << error.line << error.message;
  return module;
}

TEST(SimulatorParser, EntryAndOperands) {
  Module module =
      parseOk(".reg .b32 %r<4>;\n.reg .pred p;\n"
              "setp.eq.s32 p|_, %r0, -3;\n@!p bra $L;\n"
              "mov.b64 {%r1, %r2}, 0x1F;\n$L:\nld.param.b64 %r3, [p+8];\nret;");
  ASSERT_EQ(module.kernels.size(), 1u);
  const Function &fn = module.kernels[0];
  EXPECT_EQ(fn.params[1].size, 128u);
  EXPECT_EQ(fn.params[1].align, 64u);
  EXPECT_EQ(fn.reqntid[0], 128u);
  ASSERT_EQ(fn.body.size(), 5u);
  EXPECT_EQ(fn.body[0].operands[0].kind, Operand::Pair);
  EXPECT_EQ((int64_t)fn.body[0].operands[2].bits, -3);
  EXPECT_TRUE(fn.body[1].guardNegated);
  EXPECT_EQ(fn.body[1].operands[0].kind, Operand::Label);
  EXPECT_EQ(fn.body[1].operands[0].reg, 3u);
  EXPECT_EQ(fn.body[3].operands[1].offset, 8);
}

TEST(SimulatorParser, ScopesHideNamesAndLabels) {
  Module module = parseOk(".reg .b32 %r<2>;\n"
                          "{ .reg .b32 %r<9>;\nL:\nmov.b32 %r8, 1;\nbra L; }\n"
                          "{ L:\nmov.b32 %r1, 2;\nbra.uni L; }");
  const Function &fn = module.kernels[0];
  EXPECT_EQ(fn.registers.size(), 11u);
  EXPECT_EQ(fn.body[1].operands[0].reg, 0u);
  EXPECT_EQ(fn.body[3].operands[0].reg, 2u);
}

TEST(SimulatorParser, ErrorsCarryTheLine) {
  Module module;
  ParseError error;
  EXPECT_FALSE(parse(".version 8.7\n.target sm_90a\n.entry k()\n{\nbra X;\n}",
                     module, error));
  EXPECT_EQ(error.line, 5u);
  EXPECT_EQ(error.message, "label 'X' is not defined");
}
