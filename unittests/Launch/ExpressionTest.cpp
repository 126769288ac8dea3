// The expression language of launch records: values, precedence, errors.
#include "dgemm/Launch/Expression.h"

#include <gtest/gtest.h>

using namespace dgemm::launch;

namespace {

const Environment values = {{"M", 100},   {"N", 264},  {"K", 208},
                            {"sms", 132}, {"zero", 0}, {"big", INT64_MAX}};

int64_t eval(const std::string &text) {
  Result<Expression> e = Expression::parse(text);
  EXPECT_TRUE(bool(e)) << (e ? "" : e.message());
  if (!e)
    return -1;
  Result<int64_t> value = e->evaluate(values);
  EXPECT_TRUE(bool(value)) << (value ? "" : value.message());
  return value ? *value : -1;
}

std::string parseError(const std::string &text) {
  Result<Expression> e = Expression::parse(text);
  return e ? "parsed" : e.message();
}

std::string evalError(const std::string &text) {
  Result<Expression> e = Expression::parse(text);
  if (!e)
    return e.message();
  Result<int64_t> value = e->evaluate(values);
  return value ? "value " + std::to_string(*value) : value.message();
}

TEST(Expression, Arithmetic) {
  EXPECT_EQ(eval("1 + 2 * 3"), 7);
  EXPECT_EQ(eval("(1 + 2) * 3"), 9);
  EXPECT_EQ(eval("10 - 4 - 3"), 3);
  EXPECT_EQ(eval("100 / 7 % 5"), 4);
  EXPECT_EQ(eval("-M + 1"), -99);
  EXPECT_EQ(eval("2 - -3"), 5);
  EXPECT_EQ(eval("min(sms, ceildiv(M,256)*ceildiv(N,128))"), 3);
  EXPECT_EQ(eval("max(1, 2, 3)"), 3);
  EXPECT_EQ(eval("align(K,128)"), 256);
  EXPECT_EQ(eval("align(256,128)"), 256);
  EXPECT_EQ(eval("ceildiv(0,128)"), 0);
}

TEST(Expression, Logic) {
  EXPECT_EQ(eval("M == 100 && N != 264"), 0);
  EXPECT_EQ(eval("M < 100 || N >= 264"), 1);
  EXPECT_EQ(eval("1 || 0 && 0"), 1);
  EXPECT_EQ(eval("M + 1 > 100 == 1"), 1);
  // The right side is not looked at when the left one decides.
  EXPECT_EQ(eval("zero == 0 || M / zero > 1"), 1);
  EXPECT_EQ(eval("zero != 0 && M / zero > 1"), 0);
}

TEST(Expression, EvaluationErrors) {
  EXPECT_EQ(evalError("M / zero"),
            "expression 'M / zero': 100 / 0 divides by zero");
  EXPECT_EQ(evalError("M % zero"),
            "expression 'M % zero': 100 % 0 divides by zero");
  EXPECT_EQ(evalError("big + 1"), "expression 'big + 1': 9223372036854775807 "
                                  "+ 1 overflows 64 bits");
  EXPECT_EQ(evalError("big * 2"), "expression 'big * 2': 9223372036854775807 "
                                  "* 2 overflows 64 bits");
  EXPECT_EQ(evalError("-big - 2"),
            "expression '-big - 2': -9223372036854775807 - 2 overflows 64 "
            "bits");
  EXPECT_EQ(evalError("(-big - 1) / -1"),
            "expression '(-big - 1) / -1': -9223372036854775808 / -1 "
            "overflows 64 bits");
  EXPECT_EQ(evalError("-(-big - 1)"),
            "expression '-(-big - 1)': -(-9223372036854775808) overflows 64 "
            "bits");
  EXPECT_EQ(evalError("ceildiv(M, zero)"),
            "expression 'ceildiv(M, zero)': ceildiv(100, 0) needs a positive "
            "divisor");
  EXPECT_EQ(evalError("align(big, 16)"),
            "expression 'align(big, 16)': align(9223372036854775807, 16) "
            "overflows 64 bits");
  EXPECT_EQ(evalError("Q"), "expression 'Q': 'Q' has no value");
}

TEST(Expression, SyntaxErrors) {
  EXPECT_EQ(parseError(""), "expression '': expected a value at character 1");
  EXPECT_EQ(parseError("1 +"),
            "expression '1 +': expected a value at character 4");
  EXPECT_EQ(parseError("(1"), "expression '(1': expected ')' at character 3");
  EXPECT_EQ(parseError("1 2"), "expression '1 2': unexpected '2' at character "
                               "3");
  EXPECT_EQ(parseError("1x"), "expression '1x': unexpected 'x' at character "
                              "2");
  EXPECT_EQ(parseError("9223372036854775808"),
            "expression '9223372036854775808': a literal must fit 64 bits at "
            "character 19");
  EXPECT_EQ(parseError("gcd(1,2)"),
            "expression 'gcd(1,2)': unknown function 'gcd' (there are "
            "ceildiv, align, min and max) at character 5");
  EXPECT_EQ(parseError("align(1)"), "expression 'align(1)': align takes two "
                                    "arguments, not 1 at character 9");
  EXPECT_EQ(parseError("max(1)"), "expression 'max(1)': max takes two or more "
                                  "arguments, not 1 at character 7");
  EXPECT_EQ(parseError("a = b"),
            "expression 'a = b': unexpected '=' at character 3");
  EXPECT_EQ(parseError("a & b"),
            "expression 'a & b': unexpected '&' at character 3");
}

TEST(Expression, HostileTextIsRefused) {
  EXPECT_NE(parseError(std::string(100, '(') + "1" + std::string(100, ')'))
                .find("nesting deeper than 64"),
            std::string::npos);
  EXPECT_NE(parseError(std::string(100, '-') + "1").find("nesting deeper"),
            std::string::npos);
  EXPECT_NE(parseError(std::string(5000, '1')).find("at most 4096"),
            std::string::npos);
  std::string chain = "1";
  for (int i = 0; i < 1000; ++i)
    chain += "+1";
  EXPECT_NE(parseError(chain).find("too many operators"), std::string::npos);
}

TEST(Expression, NamesAndForm) {
  Expression e = *Expression::parse("min(a, b * 3) + ceildiv(a, 2)");
  std::set<std::string> names;
  e.collectNames(names);
  EXPECT_EQ(names, (std::set<std::string>{"a", "b"}));
  EXPECT_FALSE(e.isName() || e.isLiteral());
  EXPECT_TRUE(Expression::parse(" lda ")->isName());
  EXPECT_TRUE(Expression::parse("128")->isLiteral());
  EXPECT_TRUE(isIdentifier("_a1") && !isIdentifier("1a") && !isIdentifier(""));
}

} // namespace
