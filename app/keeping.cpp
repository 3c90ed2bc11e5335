#include "app/keeping.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <set>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr const char* kUntilThen =
    "Work goes on: what is computed waits in memory and is written as soon as it can be.";

/// "adam on rosenbrock at step 1 200", "4 runs of one race, at step 1 200".
std::string words_of(const std::vector<store::RunInfo>& runs) {
  std::int64_t steps = 0;
  for (const store::RunInfo& run : runs) steps = std::max(steps, run.steps);
  const std::string what = runs.size() == 1 ? runs.front().name
                           : runs.front().kind == "training"
                               ? "A training of " + std::to_string(runs.size()) + " networks"
                               : "A race of " + std::to_string(runs.size()) + " optimizers";
  return what + " was interrupted at step " + ui::integer(steps) + ".";
}

/// Runs that were started together count as one.
std::size_t races_in(const std::vector<store::RunInfo>& runs) {
  std::set<std::string> seen;
  for (const store::RunInfo& run : runs) seen.insert(run.race.empty() ? run.uid : run.race);
  return seen.size();
}

}  // namespace

Keeping::Keeping(Options options) : options_(std::move(options)), inbox_(options_.wake) {
  if (options_.db.empty() || !options_.record) {
    ready_ = true;
    return;
  }
  recorder_ = std::make_unique<store::Recorder>(
      options_.db, store::RecorderOptions{},
      [this, troubled = false](const store::RecorderStatus& status) mutable {
        // A commit is no news for the window.
        if (std::exchange(troubled, status.trouble.has_value()) == status.trouble.has_value() &&
            !status.trouble)
          return;
        if (options_.wake) options_.wake();
      });
  reader_.run([this] {
    inbox_.post([this, found = look(options_.db)] {
      ready_ = true;
      interrupted_ = found.interrupted;
      unusable_ = found.error;
    });
  });
}

Keeping::Found Keeping::look(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::exists(file, code)) return {};
  auto opened = store::Store::open(file);
  if (!opened) return {{}, opened.error()};
  store::Store& store = **opened;
  const auto uids = store.mark_interrupted();
  if (!uids) return {{}, uids.error()};
  Found out;
  for (const std::string& uid : *uids)
    if (auto run = store.find(uid); run && !run->deleted) out.interrupted.push_back(std::move(*run));
  return out;
}

void Keeping::open(const std::string& uid, Opened done) {
  reader_.run([this, uid, done = std::move(done)] {
    const auto read = [&]() -> Result<OpenedRun> {
      auto store = store::Store::open(options_.db, store::Access::kRead);
      if (!store) return store.error();
      return open_run(**store, uid);
    };
    inbox_.post([done, result = read()] { done(result); });
  });
}

void Keeping::wait() {
  std::promise<void> done;
  reader_.run([&] { done.set_value(); });
  done.get_future().wait();
}

void Keeping::update(ui::Toasts& toasts) {
  const bool was_ready = ready_;
  inbox_.drain();
  if (!recorder_) return;
  if (!was_ready && ready_ && unusable_) toasts.push("Runs are not saved. " + unusable_->text());
  const store::RecorderStatus status = recorder_->status();
  if (status.committed > 0) unusable_.reset();
  if (status.refused && status.refused->text() != refused_) {
    refused_ = status.refused->text();
    toasts.push("Not everything is saved: " + refused_);
  }
  if (status.lost > 0 && !std::exchange(lost_, true))
    toasts.push("The file of runs could not be written for so long that memory is full: " +
                ui::integer(status.lost) + " points are lost.");
}

float Keeping::draw_sign(float x, float middle) {
  if (!recorder_) return 0.0F;
  store::RecorderStatus status = recorder_->status();
  if (!status.trouble) status.trouble = unusable_;
  if (!status.trouble) return 0.0F;
  const std::string word = "Not saved";
  const float dot = ui::px(8), width = dot + ui::px(6) + ui::text_width(ui::Type::kStrong, word) + ui::px(16);
  const ImVec2 min{x, middle - ui::px(12)}, max{x + width, middle + ui::px(12)};
  ImGui::SetCursorScreenPos(min);
  const bool clicked = ImGui::InvisibleButton("not-saved", {width, max.y - min.y});
  ui::mark("not-saved", min, max);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Colour colour = ui::theme().warning;
  if (ImGui::IsItemHovered()) list->AddRectFilled(min, max, ui::theme().hover, ui::px(4));
  list->AddCircleFilled({x + ui::px(8) + 0.5F * dot, middle}, 0.5F * dot, colour, 16);
  ui::draw_centred(list, ui::Type::kStrong, x + ui::px(14) + dot, middle, colour, word);
  ui::tooltip(status.trouble->text() + "\n" + kUntilThen);
  if (clicked) ImGui::OpenPopup("not-saved");
  ImGui::SetNextWindowPos({min.x, max.y + ui::px(6)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(16), ui::px(14)});
  const bool open = ui::begin_popup("not-saved", ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (open) {
    draw_explanation(status);
    ImGui::EndPopup();
  }
  return width;
}

void Keeping::draw_explanation(const store::RecorderStatus& status) {
  ImGui::Dummy({ui::px(420), 0});
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ui::paragraph("Runs are not saved at present", ui::theme().text, ui::Type::kStrong);
  ui::gap(6);
  ui::paragraph(status.trouble->text(), ui::theme().warning);
  ui::gap(6);
  ui::paragraph(kUntilThen, ui::theme().dim);
  if (status.waiting > 0)
    ui::paragraph(ui::integer(status.waiting) + " points are waiting.", ui::theme().dim);
  ui::mark("not-saved.text", at, {at.x + ui::px(420), ImGui::GetCursorScreenPos().y});
}

float Keeping::draw_offer(float left, float right, float bottom, Wish& wish) {
  if (interrupted_.empty()) return 0.0F;
  const bool one = races_in(interrupted_) == 1;
  const std::string text =
      one ? words_of(interrupted_)
          : ui::integer(static_cast<std::int64_t>(interrupted_.size())) + " runs were interrupted.";
  const char* const yes = one ? "Resume" : "Show them";
  const char* const later = "Later";
  const auto button_width = [](const char* label) {
    return ui::text_width(ui::Type::kStrong, label) + ui::px(28);
  };
  const float words = ui::text_width(ui::Type::kNormal, text);
  const float all = words + button_width(yes) + button_width(later) + ui::px(14 + 24 + 8 + 12);
  const bool narrow = all > right - left - ui::px(32);  // the buttons below the words
  const float width =
      narrow ? std::min(right - left - ui::px(32), std::max(words, ui::px(240)) + ui::px(32)) : all;
  const float height = narrow ? ui::px(84) : ui::px(48);
  const ImVec2 at{std::round(0.5F * (left + right - width)), std::round(bottom - height)};
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({width, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::Begin("##interrupted", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoBackground);
  ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
  bool dismissed = false;
  {
    const ui::Scope scope("interrupted");
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 end{at.x + width, at.y + height};
    list->AddRectFilled(at, end, ui::theme().card, ui::px(6));
    list->AddRect(at, end, ui::theme().hairline, ui::px(6), 0, ui::line_width(1));
    list->AddRectFilled({at.x, at.y + ui::px(8)}, {at.x + ui::px(3), end.y - ui::px(8)}, ui::theme().accent);
    const float first = at.y + ui::px(24);
    ui::draw_centred(list, ui::Type::kNormal, at.x + ui::px(14), first, ui::theme().text,
                     ui::elided(ui::Type::kNormal, text, width - ui::px(28)));
    ui::mark("text", at, end);
    float x = narrow ? at.x + ui::px(14) : end.x - ui::px(12 + 8) - button_width(yes) - button_width(later);
    const float y = (narrow ? at.y + ui::px(60) : first) - ui::px(14);
    ImGui::SetCursorScreenPos({x, y});
    if (ui::button("yes", yes, true)) {
      wish.what = one ? Wish::What::kResume : Wish::What::kShowInterrupted;
      wish.uid = interrupted_.front().uid;
    }
    ui::tooltip(one ? "Opens it where it was and goes on, with the same numbers as if it had never stopped"
                    : "Opens the Runs view with the interrupted runs; each can be resumed there");
    ImGui::SameLine(0, ui::px(8));
    dismissed = ui::button("later", later);
    ui::tooltip("They stay in the Runs view, listed as interrupted");
  }
  ImGui::End();
  ImGui::PopStyleVar();
  if (dismissed || wish.what != Wish::What::kNothing) interrupted_.clear();
  return height + ui::px(8);
}

}  // namespace thalweg
