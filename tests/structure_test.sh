#!/usr/bin/env bash
# Arrows of dependency: app -> core, never back; inside core a folder includes only folders that stand
# before it in core/CMakeLists.txt. Headers are found from the project's root, so the linker alone
# would not notice. Usage: structure_test.sh ROOT
set -euo pipefail
cd "$1"

mapfile -t order < <(sed -n 's/^add_subdirectory(\([a-z]*\))$/\1/p' core/CMakeLists.txt)
[ "${#order[@]}" -ge 8 ] || { echo "core/CMakeLists.txt lists only ${#order[@]} folders"; exit 1; }
# Headers alone, nothing to link; may be used by what comes after the results tables.
declare -A rank=([random]=1)
for i in "${!order[@]}"; do rank[${order[$i]}]=$i; done

bad=0
checked=0
complain() {
  printf '%s\n' "$1"
  bad=1
}
while IFS=: read -r file line text; do
  target=$(sed -E 's/.*"([^"]+)".*/\1/' <<<"$text")
  checked=$((checked + 1))
  case $target in
    core/*)
      from=$(cut -d/ -f2 <<<"$file") to=$(cut -d/ -f2 <<<"$target")
      [ -n "${rank[$from]+x}" ] || complain "$file:$line: core/$from is not in core/CMakeLists.txt"
      [ -n "${rank[$to]+x}" ] || complain "$file:$line: core/$to is not in core/CMakeLists.txt"
      [ "${rank[$to]:-99}" -le "${rank[$from]:-0}" ] ||
        complain "$file:$line: core/$from may not include core/$to, which comes after it"
      ;;
    *) complain "$file:$line: core may include only core, not $target" ;;
  esac
done < <(grep -rnE '^#include "' core --include='*.hpp' --include='*.cpp')
[ "$checked" -ge 50 ] || complain "only $checked includes were found"

# sqlite3 is known to core/store alone, and to no header that others include.
if grep -rlE '^#include <sqlite3' core app | grep -vxE 'core/store/(database.hpp|batch_table.cpp)'; then
  complain "includes <sqlite3.h>, which is for core/store/database.hpp"
fi
for forbidden in 'GLFW|epoxy|imgui' 'cuda'; do
  if grep -rnE "^#include <[^>]*($forbidden)" core; then complain "core includes <$forbidden>"; fi
done
[ "$bad" = 0 ] && echo "$checked includes follow the order"
exit "$bad"
