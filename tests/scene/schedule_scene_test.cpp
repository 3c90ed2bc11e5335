// The part of a Scene that belongs to the Schedule view.
#include "core/scene/schedule_scene.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/scene/scene.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

TEST(ScheduleScene, EveryScheduleRoundTrips) {
  Scene scene = default_scene();
  scene.schedules.schedules.clear();
  for (const ScheduleDescriptor& descriptor : schedules()) {
    if (scene.schedules.schedules.size() == kMostSchedules) scene.schedules.schedules.clear();
    scene.schedules.schedules.push_back({default_spec(descriptor), scene.schedules.free_colour(), false});
    scene.schedules.selected = static_cast<int>(scene.schedules.schedules.size()) - 1;
    *scene.schedules.view.find("steps") = 123456.0;
    *scene.schedules.view.find("base") = 0.25;
    *scene.schedules.view.find("beside") = std::string("network");
    const auto back = scene_from_json(to_json(scene));
    ASSERT_TRUE(back) << descriptor.id << ": " << back.error().text();
    EXPECT_EQ(back->schedules, scene.schedules) << descriptor.id;
  }
}

TEST(ScheduleScene, AFileFromBeforeThereWasOneHasTheDefault) {
  auto json = nlohmann::ordered_json::parse(to_json(default_scene()));
  ASSERT_EQ(json.erase("schedules"), 1U);
  const auto back = scene_from_json(json.dump());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->schedules, default_schedule_scene());
}

TEST(ScheduleScene, ErrorsNameThePlace) {
  const auto error = [](auto change) {
    auto json = nlohmann::ordered_json::parse(to_json(default_scene()));
    change(json["schedules"]);
    const auto back = scene_from_json(json.dump());
    return back ? std::string("accepted") : back.error().text();
  };
  EXPECT_EQ(error([](auto& s) { s["more"] = 1; }), "schedules: has an unknown key 'more'");
  EXPECT_EQ(error([](auto& s) { s["selected"] = 16; }),
            "schedules: 'selected' must be at least 0 and less than 16");
  EXPECT_EQ(error([](auto& s) { s["list"][0]["colour"] = 64; }),
            "schedules: 'colour' must be at least 0 and at most 63");
  EXPECT_EQ(error([](auto& s) { s["list"][0]["visible"] = 1; }),
            "schedules: 'visible' must be true or false");
  EXPECT_EQ(error([](auto& s) { s["list"][0]["spec"] = "cosin"; }),
            "schedules: schedule: there is no 'cosin'; did you mean 'cosine'?");
  EXPECT_EQ(error([](auto& s) { s["view"] = "schedule_view:steps=0"; }).substr(0, 10), "schedules:");
  EXPECT_NE(error([](auto& s) {
              for (int i = 0; i < 20; ++i) s["list"].push_back(s["list"][0]);
            }).find("at most 16"),
            std::string::npos);
}

TEST(ScheduleScene, ACompositionThatCantBeReadIsRefused) {
  ScheduleScene scene = default_schedule_scene();
  ASSERT_FALSE(check(scene)) << check(scene)->text();
  Spec spec = default_spec(*find_schedule("sequence"));
  *spec.find("parts") = std::string("cosine|linear");
  scene.schedules[0].spec = spec;
  EXPECT_TRUE(check(scene));
}

TEST(ScheduleScene, EveryPresetIsValidAndShowsAllOfIt) {
  const std::vector<std::string> wanted{"warmup", "decay", "one_cycle", "sgdr",
                                        "gpt3",   "wsd",   "cyclic",    "composed"};
  ASSERT_EQ(schedule_presets().size(), wanted.size());  // one whose schedule can't be read is left out
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const SchedulePreset& preset = schedule_presets()[i];
    EXPECT_EQ(preset.id, wanted[i]);
    ScheduleScene scene = default_schedule_scene();
    set_preset(scene, preset);
    EXPECT_FALSE(check(scene)) << preset.id << ": " << check(scene)->text();
    EXPECT_EQ(scene.schedules.size(), preset.schedules.size());
    // Something happens within the horizon: no curve is level all along.
    for (const SceneSchedule& one : scene.schedules) {
      const auto at = [&](std::int64_t t) { return find_schedule(one.spec.id)->at(one.spec, t, 0.1); };
      bool moves = false;
      for (std::int64_t t = 0; t < preset.steps; t += std::max<std::int64_t>(1, preset.steps / 100))
        moves = moves || at(t) != at(0);
      EXPECT_TRUE(moves) << preset.id;
    }
  }
}

TEST(ScheduleScene, ColoursAreFreeAsLongAsThereAreAny) {
  ScheduleScene scene = default_schedule_scene();
  scene.schedules.clear();
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(scene.free_colour(), i);
    scene.schedules.push_back({default_spec(schedules().front()), scene.free_colour(), true});
  }
  scene.schedules.erase(scene.schedules.begin() + 3);
  EXPECT_EQ(scene.free_colour(), 3);
  EXPECT_EQ(scene.chosen(), &scene.schedules[0]);
  scene.selected = 99;
  EXPECT_EQ(scene.chosen(), &scene.schedules.back());
}

}  // namespace
}  // namespace thalweg
