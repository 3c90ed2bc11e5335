#!/usr/bin/env bash
# Devices on the command line, with a module that pretends to be one and fails when it is told to: whatever goes
# wrong, one clear line says so, nothing that was recorded is lost, and the run goes on on the CPU.
# Usage: device_cli_test.sh THALWEG MODULE
set -uo pipefail
program=$1
module=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DISPLAY WAYLAND_DISPLAY
export THALWEG_DB=$scratch/runs.sqlite
cd "$scratch" || exit 1
failures=0
complain() {
  echo "$*"
  failures=$((failures + 1))
}
# run FAULT ARGS...: what the program says is in out and err, its exit code in code.
run() {
  local fault=$1
  shift
  THALWEG_CUDA_MODULE=$module THALWEG_FAKE_FAULT=$fault timeout 60 "$program" "$@" >out 2>err
  code=$?
}
# expect CODE FILE TEXT
expect() {
  [ "$code" = "$1" ] || complain "exit code $code, not $1: $3"
  grep -qF -e "$3" "$2" || { complain "no '$3' in $2:"; cat "$2"; }
}
one_line() { [ "$(wc -l <err)" = 1 ] || { complain "not one line: $1"; cat err; }; }
# json FILE EXPRESSION: of the JSON `d`
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

net=(--data two_moons:n=400,test=100 --model 2-16-2 --batch 25 --epochs 8 --optimizer momentum:lr=0.05)

# What there is.
run '' devices
expect 0 out 'Fake GPU 80GB'
expect 0 out 'compute capability 9.0'
expect 0 out '784-128-10, batch 64, adam'
run '' devices --json
[ "$(json out 'd["cuda"]["devices"][0]["id"], d["cuda"]["usable"], len(d["auto"])')" = "('cuda', True, 3)" ] ||
  complain "devices --json: $(cat out)"
for fault in no_driver:'no NVIDIA driver' old_driver:'runs CUDA 11.4' no_device:'sees no device' \
  wrong_build:'is of another build'; do
  run "${fault%%:*}" devices
  expect 0 out "can't be used: "
  expect 0 out "${fault#*:}"
  expect 0 out 'auto takes the CPU'
  # auto goes on without it and says why; cuda does not.
  run "${fault%%:*}" train "${net[@]}"
  expect 0 out "${fault#*:}"
  [ -s err ] && complain "auto without a device complains: $(cat err)"
  run "${fault%%:*}" train "${net[@]}" --device cuda
  expect 1 err "${fault#*:}"
  one_line "$fault"
done
THALWEG_CUDA_MODULE=none "$program" devices >out
grep -q "THALWEG_CUDA_MODULE=none" out || complain "none is not said"
THALWEG_CUDA_MODULE=$scratch/runs.sqlite "$program" devices >out
grep -q "the CUDA module can't be loaded: $scratch/runs.sqlite" out || complain "a file that is no module: $(cat out)"

# Choosing.
run '' train "${net[@]}" --device cuda --json
expect 0 out '"device_name": "Fake GPU 80GB"'
run '' train "${net[@]}" --device cuda:1
expect 1 err 'device cuda:1: there is no such device'
one_line 'cuda:1'
THALWEG_FAKE_DEVICES=2 run '' train "${net[@]}" --device cuda:1 --tf32 --json
expect 0 out '"device_name": "Fake GPU 8GB"'
expect 0 out '"tf32": true'
run '' train "${net[@]}" --device cuda:0 --json
expect 0 out '"device": "cuda"'
run '' train "${net[@]}" --device cud
expect 2 err 'device: must be one of auto, cpu, cuda'
# What is measured is said; which one it is, is chance here.
run '' train "${net[@]}" --json
[[ $(json out 'd["device_choice"]') =~ ^(cpu|cuda):\ .*\ a\ step,\ (cpu|cuda):\  ]] || complain "auto: $(json out 'd["device_choice"]')"
rm -f "$THALWEG_DB"

# The record of a run that nothing disturbs, and of the same on the device: the fake computes the same.
"$program" train "${net[@]}" --device cpu --no-save --json >whole.json
final='d["final"]["outcome"], d["final"]["steps"], d["final"]["train_loss"], d["final"]["test_loss"]'

# Too little memory before anything was made: nothing is kept, nothing is to be resumed.
run out_of_memory_at_build train "${net[@]}" --device cuda
expect 1 err 'cuda (Fake GPU 80GB): the device is out of memory'
one_line out_of_memory_at_build
[ "$("$program" runs list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["runs"]))')" = 0 ] ||
  complain "a run that never began is kept"
run out_of_memory_at_build train "${net[@]}" --no-save
expect 0 out "cuda can't be used: the device is out of memory"

# Failures on the way.
for fault in out_of_memory_at_step:40 lost_at_step:41 lost_at_step:0 lost_at_evaluation; do
  rm -f "$THALWEG_DB"
  run "$fault" train "${net[@]}" --device cuda --json
  expect 1 err ' --device cpu goes on from step '
  one_line "$fault"
  [ "$(json out 'd["final"]["outcome"]')" = stopped ] || complain "$fault: $(json out 'd["final"]')"
  uid=$(sed -n 's/.*runs resume \([0-9a-f]*\) --device cpu.*/\1/p' err)
  "$program" runs show "$uid" >shown
  grep -q 'device failed=the device' shown || complain "$fault is not in the record"
  grep -q 'made by .*, Fake GPU 80GB$' shown || complain "$fault: the record has another device"
  # Without the device the way on is said again, and taken.
  run no_driver runs resume "$uid"
  expect 1 err 'no NVIDIA driver'
  one_line "resume after $fault"
  run no_driver runs resume "$uid" --device cpu --json
  expect 0 out '"outcome": "budget"'
  [ "$(json out "$final")" = "$(json whole.json "$final")" ] || complain "$fault: resumed, it comes to other numbers"
  "$program" runs show "$uid" >shown
  grep -q 'outcome *budget after 128 steps' shown || complain "$fault: the record is not whole"
done
# With nothing kept, the other way.
run lost_at_step:41 train "${net[@]}" --device cuda --no-save
expect 1 err '; --device cpu trains without it'

# From a checkpoint of the device on the CPU: a run that was stopped by hand has one at its end.
rm -f "$THALWEG_DB"
run '' train "${net[@]}" --device cuda --steps 50 --json
run lost_at_state train "${net[@]}" --device cuda --json
expect 0 out '"outcome": "budget"'

# Experiments keep nothing.
for command in lr-find overfit-one-batch 'curvature --epochs 2'; do
  # shellcheck disable=SC2086
  run lost_at_step:3 $command --data two_moons --model 2-16-2 --device cuda
  expect 1 err 'device: the device was lost'
  one_line "$command"
  # shellcheck disable=SC2086
  run '' $command --data two_moons --model 2-16-2 --device cuda --json
  expect "$code" out '"device_name": "Fake GPU 80GB"'
done

[ "$failures" = 0 ] || echo "$failures failed"
[ "$failures" = 0 ]
