#include "core/spec/spec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace thalweg {
namespace {

Descriptor sample() {
  return {.id = "sample",
          .label = "Sample",
          .summary = "",
          .formula = "",
          .reference = "",
          .parameters = {
              {.key = "lr", .label = "rate", .default_value = 0.1, .min = 0.0, .max = 10.0, .min_open = true},
              {.key = "count", .kind = Kind::kInteger, .default_value = 3.0, .min = 1.0, .max = 1e6},
              {.key = "form", .kind = Kind::kChoice, .default_value = std::string("a"), .choices = {"a", "bb"}},
              {.key = "on", .kind = Kind::kBoolean, .default_value = 0.0},
              {.key = "list", .kind = Kind::kRealList, .default_value = std::vector<double>{1, 2}, .min = -5.0},
              {.key = "clip", .default_value = Value{}, .min = 0.0, .min_open = true, .off_word = "off"},
          }};
}

std::string error_of(const char* text) {
  const auto spec = parse_spec(text, sample());
  return spec ? "" : spec.error().text();
}

TEST(Spec, ReadsEveryKind) {
  const auto spec = parse_spec(" sample : lr = 3e-4 , count=1e3,form=bb,on=true,list=-1/0.5/1e2,clip=2", sample());
  ASSERT_TRUE(spec) << spec.error().text();
  EXPECT_EQ(spec->number("lr"), 3e-4);
  EXPECT_EQ(spec->number("count"), 1000.0);
  EXPECT_EQ(spec->text("form"), "bb");
  EXPECT_TRUE(spec->flag("on"));
  EXPECT_EQ(spec->list("list"), (std::vector<double>{-1, 0.5, 100}));
  EXPECT_EQ(spec->number_or("clip", 7.0), 2.0);
  EXPECT_EQ(parse_spec("sample", sample())->number_or("clip", 7.0), 7.0);
  EXPECT_TRUE(parse_spec("sample:clip=off", sample())->is_off("clip"));
}

TEST(Spec, ErrorsNameTheKeyTheBoundAndTheNearest) {
  EXPECT_EQ(error_of("sample:lr=0"), "sample: lr: must be greater than 0 and at most 10, not 0");
  EXPECT_EQ(error_of("sample:lr=10.5"), "sample: lr: must be greater than 0 and at most 10, not 10.5");
  EXPECT_EQ(error_of("sample:count=1.5"), "sample: count: must be a whole number, not 1.5");
  EXPECT_EQ(error_of("sample:fom=a"), "sample: has no parameter 'fom'; did you mean 'form'?");
  EXPECT_EQ(error_of("sample:form=c"), "sample: form: must be one of a, bb, not 'c'");
  EXPECT_EQ(error_of("sample:lr=1,lr=2"), "sample: lr: is given twice");
  EXPECT_EQ(error_of("sample:lr"), "sample: expected key=value, not 'lr'");
  EXPECT_EQ(error_of("sample:on=maybe"), "sample: on: must be true or false, not 'maybe'");
  EXPECT_EQ(error_of("sample:clip=0"), "sample: clip: must be greater than 0, not 0");
  EXPECT_NE(error_of("sample:list=1/-9"), "");
  EXPECT_NE(error_of("sample:list="), "");
}

TEST(Spec, RefusesWhatIsNoFiniteNumber) {
  for (const char* text : {"nan", "inf", "-inf", "1e999", "0x10", "1,5", "", "1 2", "1e", "--1"})
    EXPECT_FALSE(parse_number(text)) << text;
  for (const char* text : {"sample:lr=nan", "sample:lr=inf", "sample:lr=1e400"}) EXPECT_NE(error_of(text), "") << text;
}

TEST(Spec, NumbersAreWrittenAsPeopleDo) {
  for (const auto& [value, text] : {std::pair{2e-4, "2e-4"}, {1e6, "1e6"}, {0.1, "0.1"}, {-1e-10, "-1e-10"}, {1e300, "1e300"}, {0.0, "0"}, {100.0, "100"}}) {
    EXPECT_EQ(format_number(value), text);
    EXPECT_EQ(parse_number(text), value);
  }
}

TEST(Spec, NamesTheNearestMember) {
  const Descriptor a = sample();
  const Family family{"optimizer", {&a}};
  EXPECT_EQ(parse_spec("sampel:lr=1", family).error().text(), "optimizer: there is no 'sampel'; did you mean 'sample'?");
  EXPECT_EQ(parse_spec("zzzzzz", family).error().text(), "optimizer: there is no 'zzzzzz'; there are sample");
  EXPECT_EQ(parse_spec("", family).error().text(), "optimizer: is empty");
}

TEST(Spec, HugeTextIsOneShortError) {
  const std::string huge(10'000'000, 'x');
  EXPECT_LT(error_of(huge.c_str()).size(), 100U);
  EXPECT_LT(error_of(("sample:" + huge.substr(0, 60'000)).c_str()).size(), 200U);
}

TEST(Spec, LeadingTextRunsToTheSemicolon) {
  Descriptor d = sample();
  d.parameters.push_back({.key = "formula", .kind = Kind::kText, .default_value = std::string("x")});
  d.leading_text = "formula";
  const auto spec = parse_spec("sample:max(x, y) = 3 ; lr=2", d);
  ASSERT_TRUE(spec) << spec.error().text();
  EXPECT_EQ(spec->text("formula"), "max(x, y) = 3");
  EXPECT_EQ(spec->number("lr"), 2.0);
  EXPECT_EQ(*parse_spec(format_spec(*spec, d), d), *spec);
}

TEST(Spec, TextRoundTripsBitForBit) {
  std::mt19937_64 random(7);
  const Descriptor d = sample();
  for (int i = 0; i < 2000; ++i) {
    Spec spec = default_spec(d);
    *spec.find("lr") = std::ldexp(1.0 + static_cast<double>(random() >> 12) * 0x1p-52, -static_cast<int>(random() % 40));
    *spec.find("list") = std::vector<double>{static_cast<double>(random() % 1000) / 7.0, 1e-300, 1e300};
    const auto back = parse_spec(format_spec(spec, d, i % 2 == 0), d);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, spec);
  }
}

TEST(Spec, CheckCatchesWhatWasNeverParsed) {
  const Descriptor d = sample();
  Spec spec = default_spec(d);
  EXPECT_FALSE(check(spec, d));
  *spec.find("lr") = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(check(spec, d));
  spec = default_spec(d);
  *spec.find("lr") = std::string("1");
  EXPECT_TRUE(check(spec, d));
  spec = default_spec(d);
  spec.values.pop_back();
  EXPECT_TRUE(check(spec, d));
}

TEST(Spec, MissingValueIsABrokenInvariant) {
  EXPECT_THROW(default_spec(sample()).number("form"), std::logic_error);
  EXPECT_THROW(default_spec(sample()).number("nothing"), std::logic_error);
}

}  // namespace
}  // namespace thalweg
