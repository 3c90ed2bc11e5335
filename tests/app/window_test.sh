#!/usr/bin/env bash
# The real window on a virtual display, driven with mouse and keyboard by xdotool: the start is dragged,
# the surface is typed in, the window is closed, and the Scene that was kept must show it all.
# Usage: window_test.sh THALWEG. Exits 77 (skipped) without Xvfb or xdotool.
set -euo pipefail
program=$1
command -v Xvfb >/dev/null && command -v xdotool >/dev/null || exit 77

scratch=$(mktemp -d)
cleanup() {
  [ -z "${window_pid:-}" ] || kill "$window_pid" 2>/dev/null || true
  [ -z "${server_pid:-}" ] || kill "$server_pid" 2>/dev/null || true
  wait
  rm -rf "$scratch"
}
trap cleanup EXIT

Xvfb -displayfd 3 -screen 0 1280x800x24 3>"$scratch/display" 2>"$scratch/server.log" &
server_pid=$!
for _ in $(seq 100); do [ -s "$scratch/display" ] && break; sleep 0.1; done
DISPLAY=:$(cat "$scratch/display")
export DISPLAY XDG_CONFIG_HOME=$scratch/config THALWEG_DB=$scratch/runs.sqlite LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY
# The display server's and the renderer's libraries keep some memory to the end; the tests without a
# display look for leaks in ours.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
scene=$scratch/config/thalweg/scene.json

fail() {
  echo "window_test: $*" >&2
  [ ! -f "$scene" ] || cat "$scene" >&2
  cat "$scratch/window.log" >&2
  exit 1
}

open_window() {
  "$program" "$@" >"$scratch/window.log" 2>&1 &
  window_pid=$!
  timeout 60 xdotool search --sync --onlyvisible --name '^Thalweg$' >/dev/null || fail "no window came up"
  sleep 2
  kill -0 "$window_pid" || fail "the window is gone"
}

close_window() {
  kill -TERM "$window_pid"
  wait "$window_pid" || fail "closing it gave exit code $?"
  window_pid=
  [ -s "$scene" ] || fail "no Scene was kept"
}

has() { grep -qE -e "$1" "$scene" || fail "the Scene has no $1"; }
hasnt() { ! grep -qE -e "$1" "$scene" || fail "the Scene has $1"; }

# 1. It plays by itself; space pauses; the start is dragged.
open_window
xdotool key space
sleep 0.5
# The start (-1.35, 1.55) on a 1280x800 window: see MapPanel; the map lies between x = 324 and x = 948.
xdotool mousemove 425 309 sleep 0.3 mousedown 1 sleep 0.2 mousemove 500 300 sleep 0.2 mousemove 560 260 sleep 0.3 mouseup 1
sleep 0.5
xdotool key --clearmodifiers ctrl+plus
sleep 0.5
close_window
hasnt '-1\.35'
has '"step": [1-9]'
has 'scale=1\.125'
has '"surface": "rosenbrock:a=1,b=100"'

# 2. It comes back as it was; undo takes the size back (the drag was undone by nobody).
open_window
xdotool key --clearmodifiers ctrl+0
sleep 0.5
close_window
hasnt '-1\.35'
has 'scale=1[,"]'

# 3. A formula typed on the keyboard becomes the surface. Taps shorter than a frame must count.
"$program" screenshot --size 640x480 --out "$scratch/one.png" >/dev/null
sed -i 's/"rosenbrock:[^"]*"/"expr:x^2+y^2;a=1,b=1,c=1,d=1"/' "$scene"
open_window
xdotool mousemove 220 139 sleep 1 click 1 sleep 1 key End sleep 0.5 key --delay 80 --repeat 20 BackSpace sleep 1
xdotool type --delay 8 'x^2+5*y^2'
sleep 1
close_window
has '"surface": "expr:x\^2\+5\*y\^2;'

# 4. An unreadable Scene is set aside, said, and the window opens all the same.
echo '{"thalweg_scene": 1, "surfac' >"$scene"
open_window
close_window
[ -f "$scene.unreadable" ] || fail "the unreadable Scene was not kept"
has '"surface": "rosenbrock'

# 5. What was played is kept, and what kill -9 left behind is found by the next window.
# Into a file first: grep -q would close a pipe before all of it is written.
listed() { "$program" runs list "$1" --json >"$scratch/listed.json" && grep -q "$2" "$scratch/listed.json"; }
listed outcome=stopped '"name": "adam on rosenbrock"' || fail "no run of the window was kept"
open_window --fresh
sleep 2
kill -9 "$window_pid"
wait "$window_pid" 2>/dev/null || true
window_pid=
open_window --fresh
close_window
listed outcome=interrupted '"uid"' || fail "what was killed is not listed as interrupted"
echo "window_test: passed"
