#include "app/panels/runs_session.hpp"

#include <algorithm>

#include "app/panels/session.hpp"
#include "app/ui/text.hpp"
#include "app/work/files.hpp"

namespace thalweg {
namespace {

using store::RunInfo;
using store::Store;

constexpr double kBannerSeconds = 12.0;

std::vector<std::int64_t> ids_of(const std::vector<RunInfo>& runs) {
  std::vector<std::int64_t> out;
  for (const RunInfo& run : runs) out.push_back(run.id);
  return out;
}

/// The same for each run; the first error undoes all.
template <class Work>
RunsReader::Change for_each(std::vector<std::int64_t> runs, Work work) {
  return [runs = std::move(runs), work](Store& store) -> std::optional<Error> {
    for (const std::int64_t run : runs)
      if (auto error = work(store, run)) return error;
    return {};
  };
}

std::string named(const std::vector<RunInfo>& runs) {
  return runs.size() == 1 ? "“" + ui::elided(ui::Type::kNormal, runs[0].name, ui::px(200)) + "”"
                          : ui::integer(static_cast<std::int64_t>(runs.size())) + " runs";
}

bool among(const std::vector<RunInfo>& runs, const std::string& uid) {
  return std::any_of(runs.begin(), runs.end(), [&](const RunInfo& run) { return run.uid == uid; });
}

/// Where the keyboard goes on when `gone` go: to the next run that stays, or the one before.
std::string neighbour(const RunsSnapshot& list, const std::string& focus, const std::vector<RunInfo>& gone) {
  const auto at = list.row_of.find(focus);
  if (at == list.row_of.end() || !among(gone, focus)) return focus;
  for (std::size_t row = at->second; row < list.runs.size(); ++row)
    if (!among(gone, list.runs[row].uid)) return list.runs[row].uid;
  for (std::size_t row = at->second; row-- > 0;)
    if (!among(gone, list.runs[row].uid)) return list.runs[row].uid;
  return {};
}

void take_out(std::vector<SelectedRun>& selected, const std::vector<RunInfo>& runs) {
  std::erase_if(selected, [&](const SelectedRun& one) { return among(runs, one.uid); });
}

}  // namespace

const RunInfo* RunsSession::focused() const {
  const auto found = list_->row_of.find(focus_);
  return found == list_->row_of.end() ? nullptr : &list_->runs[found->second];
}

void RunsSession::choose(Frame& frame, const std::vector<std::string>& uids, bool chosen) {
  RunsScene next = frame.scene().runs;
  std::size_t left_out = 0;
  for (const std::string& uid : uids) {
    if ((next.find(uid) != nullptr) == chosen) continue;
    if (!chosen)
      std::erase_if(next.selected, [&](const SelectedRun& run) { return run.uid == uid; });
    else if (next.selected.size() < kMostSelected)
      next.selected.push_back({uid, next.free_colour(), true});
    else
      ++left_out;
  }
  if (left_out > 0)
    frame.say(bad_input("at most " + std::to_string(kMostSelected) + " runs can be compared; " +
                        std::to_string(left_out) + " were left out"));
  if (next != frame.scene().runs) propose(frame, {}, {}, [&](Scene& scene) { scene.runs = std::move(next); });
}

void RunsSession::toggle(Frame& frame, const std::string& uid) {
  choose(frame, {uid}, frame.scene().runs.find(uid) == nullptr);
}

void RunsSession::choose_none(Frame& frame) {
  propose(frame, {}, {}, [](Scene& scene) { scene.runs.selected.clear(); });
}

void RunsSession::star(const std::vector<std::int64_t>& runs, bool on) {
  reader_.change(for_each(runs, [on](Store& store, std::int64_t run) { return store.set_star(run, on); }));
}

void RunsSession::tag(const std::vector<std::int64_t>& runs, const std::string& tag, bool on) {
  reader_.change(for_each(runs, [tag, on](Store& store, std::int64_t run) {
    return on ? store.add_tag(run, tag) : store.remove_tag(run, tag);
  }));
}

void RunsSession::rename(std::int64_t run, const std::string& name) {
  reader_.change([=](Store& store) { return store.rename(run, name); });
}

void RunsSession::set_note(std::int64_t run, const std::string& note) {
  reader_.change([=](Store& store) { return store.set_note(run, note); });
}

void RunsSession::remove(Frame& frame, const std::vector<RunInfo>& runs) {
  if (runs.empty()) return;
  std::vector<SelectedRun> were = frame.scene().runs.selected;
  focus_ = neighbour(*list_, focus_, runs);
  reader_.change(
      for_each(ids_of(runs), [](Store& store, std::int64_t run) { return store.set_deleted(run, true); }));
  RunsScene next = frame.scene().runs;
  take_out(next.selected, runs);
  if (next != frame.scene().runs) propose(frame, {}, {}, [&](Scene& scene) { scene.runs = std::move(next); });
  show_banner("Deleted " + named(runs) + ".", [this, runs, were](Frame& again) {
    reader_.change(
        for_each(ids_of(runs), [](Store& store, std::int64_t run) { return store.set_deleted(run, false); }));
    RunsScene back = again.scene().runs;
    for (const SelectedRun& one : were)
      if (!back.find(one.uid) && back.selected.size() < kMostSelected && among(runs, one.uid))
        back.selected.push_back(one);
    if (back != again.scene().runs)
      propose(again, {}, {}, [&](Scene& scene) { scene.runs = std::move(back); });
  });
}

void RunsSession::restore(const std::vector<RunInfo>& runs) {
  reader_.change(
      for_each(ids_of(runs), [](Store& store, std::int64_t run) { return store.set_deleted(run, false); }));
  show_banner("Brought back " + named(runs) + ".");
}

void RunsSession::remove_for_good(Frame& frame, const std::vector<RunInfo>& runs) {
  reader_.change(for_each(ids_of(runs), [](Store& store, std::int64_t run) { return store.remove(run); }));
  RunsScene next = frame.scene().runs;
  take_out(next.selected, runs);
  if (next != frame.scene().runs) propose(frame, {}, {}, [&](Scene& scene) { scene.runs = std::move(next); });
}

void RunsSession::export_run(std::int64_t run, const std::filesystem::path& file) {
  reader_.use(
      [=](Store& store) -> std::optional<Error> {
        const auto text = store.export_run(run);
        return text ? write_file(file, *text) : std::optional(text.error());
      },
      "Wrote " + file.string());
}

std::vector<RunInfo> RunsSession::chosen(const Frame& frame) const {
  std::vector<RunInfo> out;
  for (const SelectedRun& one : frame.scene().runs.selected)
    if (const auto found = list_->row_of.find(one.uid); found != list_->row_of.end())
      out.push_back(list_->runs[found->second]);
  return out;
}

void RunsSession::show_banner(std::string text, std::function<void(Frame&)> undo) {
  banner = RunsBanner{std::move(text), std::move(undo), ImGui::GetTime() + kBannerSeconds};
}

}  // namespace thalweg
