#!/usr/bin/env bash
# thalweg ensemble: its table, JSON, files and picture, and what it refuses.
# Usage: ensemble_cli_test.sh THALWEG FAKE_MODULE
set -euo pipefail
program=$1
module=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DISPLAY WAYLAND_DISPLAY
export THALWEG_DB=$scratch/runs.sqlite
fail() { echo "$*"; exit 1; }

# has FILE TEXT...
has() {
  local file=$1 text
  shift
  for text; do grep -qF -e "$text" "$file" || { cat "$file"; fail "no '$text' in it"; }; done
}

# refused CODE TEXT ARGS...
refused() {
  local code=$1 text=$2 got=0
  shift 2
  "$program" ensemble "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
  [ "$got" = "$code" ] || fail "exit code $got, not $code: $*"
  [ ! -s "$scratch/out" ] || fail "standard output: $*"
  [ "$(wc -l <"$scratch/err")" = 1 ] || fail "not one line: $*"
  has "$scratch/err" "$text"
}

cd "$scratch"
"$program" ensemble --surface himmelblau --optimizer adam:lr=0.05 --grid 40x30 --steps 1000 --threads 2 >table
has table "adam:lr=0.05 on himmelblau, 1200 starts" "converged" "100.00 %" "-2.80512" "steps/s" "2 threads"

"$program" ensemble --surface himmelblau --optimizer adam:lr=0.05 --grid 40x30 --steps 1000 --json \
  --out all.csv --picture map.png >json
python3 - <<'PY'
import csv, json, struct
out = json.load(open("json"))
assert out["count"] == 1200 and out["grid"] == [40, 30] and out["box"] == [-5, 5, -5, 5], out
assert out["outcomes"]["converged"]["count"] == 1200 == sum(m["converged"] for m in out["minima"]), out
assert out["tol"] == 1e-3 and out["device"] == "cpu" and out["steps_per_second"] > 0
rows = list(csv.DictReader(open("all.csv")))
assert len(rows) == 1200 and sum(int(r["steps"]) for r in rows) == out["total_steps"]
assert float(rows[0]["x0"]) == -4.875 and abs(float(rows[41]["y0"]) + 4.5) < 1e-6, rows[41]
at = {m["minimum"]: m["at"] for m in out["minima"]}
for row in rows:
    x, y = at[int(row["minimum"])]
    assert row["outcome"] == "converged" and (float(row["x"]) - x) ** 2 + (float(row["y"]) - y) ** 2 < 1.01e-6, row
head = open("map.png", "rb").read(24)
assert head[1:4] == b"PNG" and struct.unpack(">II", head[16:24]) == (40, 30)
PY

# The same bits on any number of threads.
for threads in 1 3; do
  "$program" ensemble --surface rastrigin --optimizer momentum:lr=0.002 --grid 50x50 --steps 300 --threads $threads \
    --out "$threads.csv" >/dev/null
done
cmp 1.csv 3.csv

"$program" ensemble --surface quartic --optimizer gd:lr=0.01 --grid 100 --box -1,3 --tol off --steps 5 --out curve.npy >table
has table "budget" "100 starts"
python3 - <<'PY'
import ast, struct
data = open("curve.npy", "rb").read()
assert data[:8] == b"\x93NUMPY\x01\x00"
size, = struct.unpack("<H", data[8:10])
head = ast.literal_eval(data[10:10 + size].decode())
assert (10 + size) % 64 == 0 and head["shape"] == (100,) and not head["fortran_order"]
assert [d[0] for d in head["descr"]] == "x0 y0 x y loss steps minimum outcome".split()
rows = list(struct.iter_unpack("<fffffiii", data[10 + size:]))
assert len(rows) == 100 and abs(rows[0][0] + 0.98) < 1e-6 and all(r[5] == 5 and r[7] == 2 for r in rows), rows[0]
PY

# On a device: asked for, or as auto finds, which says why it took what it took.
cuda() { THALWEG_CUDA_MODULE=$module "$program" ensemble --surface rastrigin --optimizer momentum:lr=0.002 --grid 50x50 --steps 300 "$@"; }
cuda --device cuda:0 --out cuda.csv >table
has table "on the Fake GPU 80GB (CUDA, a thread for each particle)"
cmp 1.csv cuda.csv
cuda >table
grep -qE '^auto: (cpu|cuda): .* a step, (cpu|cuda): ' table || fail "auto does not say why: $(cat table)"
cuda --json >json
grep -q '"device_choice": "c' json || fail "auto does not say why in JSON"
THALWEG_FAKE_FAULT=lost_in_ensemble cuda >table
has table "on the cpu" "auto: cpu: " "; cuda can't be used: " "the device was lost"
export THALWEG_CUDA_MODULE=$module
refused 1 "device cuda:3: there is no such device, only 1" --device cuda:3
export THALWEG_FAKE_FAULT=lost_in_ensemble
refused 1 "the device was lost" --device cuda --grid 4x4
export THALWEG_FAKE_FAULT=no_driver
refused 1 "no NVIDIA driver is installed" --device cuda --grid 4x4
"$program" ensemble --grid 4x4 --steps 5 >table
has table "auto: cpu; cuda can't be used: no NVIDIA driver is installed"
"$program" ensemble --grid 4x4 --steps 5 --device cpu >table
if grep -q auto table; then fail "the CPU was asked for"; fi
unset THALWEG_FAKE_FAULT
export THALWEG_CUDA_MODULE=none

refused 2 "there is no 'nothing'" --surface nothing
refused 1 "no typed formula" --surface 'expr:x^2+y^2'
refused 1 "element-wise" --optimizer lbfgs
refused 2 "grid: must be starts along x and y" --grid 100
refused 2 "grid: must be" --grid 0x4
refused 2 "grid: must be starts along x, such as 1000" --surface parabola --grid 4x4
refused 2 "box: must be x0,x1,y0,y1" --box 1,2
refused 2 "box" --box 2,1,0,1
refused 2 "at most 67108864" --grid 100000x100000
refused 2 "threads" --threads -1
refused 2 "device" --device tpu
refused 2 "must end in .csv or .npy" --out all.txt
refused 2 "must end in .png" --picture map.svg
refused 2 "curve" --surface parabola --picture map.png
refused 1 "goes by the loss" --schedule plateau
refused 1 "can't be written" --grid 4x4 --steps 3 --out "$scratch/1.csv/all.csv"
[ ! -e "$THALWEG_DB" ] || fail "an ensemble was kept as a run"
