#include "core/compare/family.hpp"

#include <algorithm>
#include <unordered_map>

namespace thalweg {

std::vector<FamilyBranch> lay_out_family(std::span<const FamilyMember> members) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < members.size(); ++i) index.try_emplace(members[i].uid, i);
  std::vector<std::vector<std::size_t>> forks(members.size());
  std::vector<std::optional<std::size_t>> parents(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto found = members[i].parent.empty() ? index.end() : index.find(members[i].parent);
    if (found == index.end() || found->second == i) continue;
    parents[i] = found->second;
    forks[found->second].push_back(i);
  }
  for (auto& children : forks)
    std::stable_sort(children.begin(), children.end(), [&](std::size_t a, std::size_t b) {
      return members[a].parent_step > members[b].parent_step;
    });
  std::vector<FamilyBranch> out;
  std::vector<bool> placed(members.size());
  const auto place_tree = [&](std::size_t root) {
    std::vector<FamilyBranch> stack{{.member = root}};
    while (!stack.empty()) {
      FamilyBranch branch = stack.back();
      stack.pop_back();
      if (placed[branch.member]) continue;
      placed[branch.member] = true;
      const FamilyMember& member = members[branch.member];
      branch.row = static_cast<int>(out.size());
      branch.first = branch.parent ? std::max<std::int64_t>(member.parent_step, 0) : 0;
      branch.last = std::max(member.steps, branch.first);
      const auto& children = forks[branch.member];
      for (auto child = children.rbegin(); child != children.rend(); ++child)
        stack.push_back({.member = *child, .parent = branch.member, .depth = branch.depth + 1});
      out.push_back(branch);
    }
  };
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!parents[i]) place_tree(i);
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!placed[i]) place_tree(i);
  return out;
}

}  // namespace thalweg
