#!/usr/bin/env bash
# The real window on a virtual display, drawn by the software renderer: time to the first frame, frames a
# second while a race runs (map, then map and 3D), and CPU time while nothing moves.
# Usage: tests/bench/window.sh [THALWEG]
set -euo pipefail
program=${1:-build/release/app/thalweg}
scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT

Xvfb -displayfd 3 -screen 0 1280x800x24 3>"$scratch/display" 2>/dev/null &
for _ in $(seq 100); do [ -s "$scratch/display" ] && break; sleep 0.1; done
DISPLAY=:$(cat "$scratch/display")
export DISPLAY XDG_CONFIG_HOME=$scratch/config LIBGL_ALWAYS_SOFTWARE=1 THALWEG_TIMES=1
unset WAYLAND_DISPLAY

for layout in map both; do
  "$program" screenshot --size 640x480 --out "$scratch/x.png" # the program is in the page cache now
  "$program" --fresh >/dev/null 2>"$scratch/log" &
  window=$!
  sleep 2
  kill -TERM "$window"
  wait "$window" || true
  # The five default optimizers, long enough to measure, in the layout asked for.
  sed -e "s/layout=map/layout=$layout/" -e 's/run:steps=2000/run:steps=100000/' -e 's/"step": [0-9]*/"step": 0/' \
    "$XDG_CONFIG_HOME/thalweg/scene.json" >"$scratch/scene.json"
  cp "$scratch/scene.json" "$XDG_CONFIG_HOME/thalweg/scene.json"
  grep -h 'first frame' "$scratch/log" | sed "s/^/$layout: /"
  "$program" >/dev/null 2>"$scratch/log" &
  window=$!
  sleep 8
  kill -TERM "$window"
  wait "$window" || true
  grep -h 'frames/s' "$scratch/log" | sed "s/^/$layout: /"
done

"$program" --fresh >/dev/null 2>&1 &
window=$!
sleep 14 # the default race is over after ten seconds, and its Scene is saved
ticks() { awk '{print $14 + $15}' "/proc/$window/stat"; }
before=$(ticks)
sleep 10
printf 'idle: %d ticks of %d in 10 s\n' $(($(ticks) - before)) $((10 * $(getconf CLK_TCK)))
kill -TERM "$window"
wait "$window" || true
