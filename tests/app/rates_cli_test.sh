#!/usr/bin/env bash
# thalweg rates: the numbers of the exercises, and what it refuses.
# Usage: rates_cli_test.sh THALWEG
set -uo pipefail
program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export THALWEG_DB=$scratch/runs.sqlite
failures=0

complain() {
  echo "$1"
  failures=$((failures + 1))
}

# says TEXT ARGS...: exit code 0, and a line of the JSON contains TEXT.
says() {
  local text=$1
  shift
  "$program" rates --json "$@" >"$scratch/out" 2>"$scratch/err" || complain "failed: $* $(cat "$scratch/err")"
  grep -qF -e "$text" "$scratch/out" || complain "no '$text': $*"
}

# refused TEXT ARGS...: exit code 2, nothing printed, and one line that contains TEXT.
refused() {
  local text=$1
  shift
  "$program" rates "$@" >"$scratch/out" 2>"$scratch/err"
  [ $? = 2 ] || complain "not refused: $*"
  [ -s "$scratch/out" ] && complain "standard output: $*"
  grep -qF -e "$text" "$scratch/err" || complain "no '$text': $* $(cat "$scratch/err")"
}

bowl=(--surface quadratic:eigenvalues=1/10/100 --start 1,1,1)
says '"steps_to_tol": 709' "${bowl[@]}" --optimizer gd:lr=0.0198019802
says '"predicted_steps_to_tol": 709' "${bowl[@]}" --optimizer gd:lr=0.0198019802
ball=momentum:lr=0.0330578512396694,momentum=0.669421487603306
says '"steps_to_tol": 95' "${bowl[@]}" --optimizer "$ball"
says '"predicted_steps_to_tol": 95' "${bowl[@]}" --optimizer "$ball"
says '"largest_distance_step": 4' "${bowl[@]}" --optimizer "$ball"
says '"endpoints": 0.8238' "${bowl[@]}" --optimizer "$ball" --window 100,200
says '"steps_to_tol": 157' "${bowl[@]}" --optimizer nesterov:lr=0.01,momentum=0.818181818181818
says '"argmin": 0.0198019' --surface quadratic:eigenvalues=1/100 --optimizer gd:lr=0.01 --sweep lr
says '"limit": 0.3472963' --optimizer gd:lr=0.001 --delay 4
says '"largest_stable_lr": 0.076' --surface quadratic:eigenvalues=2/50 --optimizer momentum:lr=0.01,momentum=0.9
says '"condition": 25' --surface 'expr:x^2+25*y^2'
says '"frozen": true' "${bowl[@]}" --optimizer adam
says '"why_not"' "${bowl[@]}" --optimizer lion

"$program" rates "${bowl[@]}" --optimizer "$ball" --optimizer adam --optimizer lion --sweep momentum >"$scratch/out" 2>"$scratch/err" ||
  complain "the table failed"
grep -qF "predicted: 95" "$scratch/out" || complain "no prediction in the table"
"$program" rates --optimizer gd --optimizer momentum --sweep lr --out "$scratch/v.svg" || complain "no picture"
grep -qF "</svg>" "$scratch/v.svg" || complain "no SVG"

refused "there is no 'gdd'" --optimizer gdd
refused "sweep: must be lr or momentum" --optimizer gd --sweep beta1
refused "window: must be two steps" --optimizer gd --window 5
refused "window: must be two steps" --optimizer gd --window 200,100
refused "steps: must be at least 1" --optimizer gd --steps 0
refused "delay: must be at least 0" --optimizer gd --delay -1
refused "tol: must be greater than 0" --optimizer gd --tol 0
refused "out: needs --sweep" --optimizer gd --out "$scratch/x.svg"
refused "out: must end in" --optimizer gd --sweep lr --out "$scratch/x.pdf"
refused "none of the optimizers" --optimizer adam --sweep lr --out "$scratch/x.svg"
refused "start: has 1 coordinates" --optimizer gd --start 1
[ -e "$scratch/x.svg" ] && complain "a refused picture was written"
[ -e "$scratch/runs.sqlite" ] && complain "something was kept"

[ "$failures" = 0 ] && echo "all as it should be"
exit "$((failures > 0))"
