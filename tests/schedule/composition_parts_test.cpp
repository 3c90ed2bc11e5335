// Compositions as lists of parts.
#include "core/schedule/composition.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

Spec parsed(const char* text) { return parse_spec(text, schedule_family()).value(); }

double at(const Spec& spec, std::int64_t t) { return find_schedule(spec.id)->at(spec, t, 1.0); }

TEST(CompositionParts, ReadAndWrittenAgain) {
  for (const char* text : {"sequence:warmup:warmup=10@10|cosine:total=90@100|(product:step|warmup)",
                           "product:warmup:warmup=100|exponential:gamma=0.99|(sequence:warmup@7|constant)"}) {
    const Spec spec = parsed(text);
    ASSERT_FALSE(check_schedule(spec)) << text;
    const std::vector<SchedulePart> parts = composition_parts(spec);
    ASSERT_EQ(parts.size(), 3U) << text;
    EXPECT_EQ(composition_parts(with_parts(spec, parts)), parts);
  }
  const std::vector<SchedulePart> parts = composition_parts(parsed("sequence:warmup@10|cosine@100|constant"));
  EXPECT_EQ(parts[0].end, 10);
  EXPECT_EQ(parts[1].end, 100);
  EXPECT_FALSE(parts[2].end);
  EXPECT_EQ(parts[1].spec.id, "cosine");
  EXPECT_TRUE(composition_parts(parsed("cosine")).empty());
}

TEST(CompositionParts, EndsAreMadeToFit) {
  const Spec spec = parsed("sequence:constant@5|constant");
  std::vector<SchedulePart> parts;
  for (const char* text : {"constant:peak=1", "constant:peak=2", "constant:peak=3", "constant:peak=4"})
    parts.push_back({parsed(text), {}});
  parts[0].end = 10;
  parts[1].end = 10;  // no update left
  parts[2].end = -4;
  parts[3].end = 7;  // the last has none
  const Spec out = with_parts(spec, parts);
  ASSERT_FALSE(check_schedule(out)) << check_schedule(out)->text();
  EXPECT_EQ(at(out, 9), 1.0);
  EXPECT_EQ(at(out, 10), 2.0);
  EXPECT_EQ(at(out, 11), 3.0);
  EXPECT_EQ(at(out, 12), 4.0);
  EXPECT_EQ(at(out, 1'000'000), 4.0);
}

TEST(CompositionParts, WhatGoesByTheLossIsNoPart) {
  for (const ScheduleDescriptor& descriptor : schedules()) {
    const Spec spec = with_parts(parsed("product:constant"), {{default_spec(descriptor), {}}});
    if (can_be_part(descriptor)) {
      EXPECT_FALSE(check_schedule(spec)) << descriptor.id;
    }
    if (descriptor.follow) {
      EXPECT_FALSE(can_be_part(descriptor)) << descriptor.id;
    }
  }
}

}  // namespace
}  // namespace thalweg
