#!/usr/bin/env bash
# What the command line says to bad input: one line on standard error, nothing on standard output, and
# exit code 2 where the user can mend it, 1 where the machine can't.
# Usage: cli_test.sh THALWEG
set -uo pipefail
program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DISPLAY WAYLAND_DISPLAY
export THALWEG_CUDA_MODULE=none
export THALWEG_DB=$scratch/data/runs.sqlite # nothing of this is for the user's own runs
failures=0

# refused CODE TEXT ARGS...: the program exits with CODE and its one line contains TEXT.
refused() {
  local code=$1 text=$2 got
  shift 2
  timeout 20 "$program" "$@" >"$scratch/out" 2>"$scratch/err"
  got=$?
  local shown
  shown=$(printf '%.60q ' "$@" | head -c 200)
  if [ "$got" != "$code" ]; then echo "exit code $got, not $code: $shown"; failures=$((failures + 1)); fi
  if [ -s "$scratch/out" ]; then echo "standard output: $shown"; failures=$((failures + 1)); fi
  if [ "$(wc -l <"$scratch/err")" != 1 ] || LC_ALL=C grep -q '[[:cntrl:]]' "$scratch/err" ||
    ! iconv -f UTF-8 -t UTF-8 "$scratch/err" >/dev/null 2>&1; then
    echo "not one clean line: $shown"
    failures=$((failures + 1))
  fi
  if ! grep -qF -e "$text" "$scratch/err"; then
    echo "no '$text': $shown"
    cat "$scratch/err"
    failures=$((failures + 1))
  fi
}

# accepted ARGS...: exit code 0 and nothing on standard error.
accepted() {
  if ! timeout 60 "$program" "$@" >"$scratch/out" 2>"$scratch/err" || [ -s "$scratch/err" ]; then
    echo "not accepted: $(printf '%.60q ' "$@" | head -c 200)"
    cat "$scratch/err"
    failures=$((failures + 1))
  fi
}

many() { # many COUNT TEXT SEPARATOR
  local i out=
  for ((i = 0; i < $1; ++i)); do out+="${out:+$3}$2"; done
  printf '%s' "$out"
}

adam=(descend --optimizer adam:lr=0.1)

# Commands and options.
refused 2 "--optimizer: is needed" descend
refused 2 "not expected: --bogus" descend --bogus
refused 2 "did you mean the command 'descend'?" descnd
refused 2 "there is no such file" nothing-like-it.json
refused 2 "--steps: needs a value" "${adam[@]}" --steps
refused 2 "--steps: is empty" "${adam[@]}" --steps ''
refused 2 "--steps: is given more than once" "${adam[@]}" --steps 1 --steps 2
refused 2 "--scene excludes --steps" descend --scene some.json --steps 3

# Names and values.
refused 2 "surface: there is no 'rosenbrok'; did you mean 'rosenbrock'?" "${adam[@]}" --surface rosenbrok
refused 2 "rosenbrock: has no parameter 'q'" "${adam[@]}" --surface rosenbrock:q=1
refused 2 "rosenbrock: a: is given twice" "${adam[@]}" --surface rosenbrock:a=1,a=2
refused 2 "formula: position 2" "${adam[@]}" --surface 'expr:('
refused 2 "longer than 64 KiB" "${adam[@]}" --surface "expr:$(head -c 100000 /dev/zero | tr '\0' x)"
refused 2 "at most 4096 characters" "${adam[@]}" --surface "expr:$(many 5000 '(' '')x"
refused 2 "at most 1000 are allowed" "${adam[@]}" --surface "quadratic:eigenvalues=$(many 1001 1 /)"
refused 2 "adam: lr: must be greater than 0" descend --optimizer adam:lr=0
refused 2 "adam: lr: is not a number: 'nan'" descend --optimizer adam:lr=nan
refused 2 "steps: must be at least 0" "${adam[@]}" --steps -1
refused 2 "steps: must be a whole number" "${adam[@]}" --steps 1.5
refused 2 "steps: must be at least 0 and at most" "${adam[@]}" --steps 1e8
refused 2 "start: has 1 coordinates, the surface has 2" "${adam[@]}" --start 1
refused 2 "start: every coordinate must be a number of at most 1e12" "${adam[@]}" --start 1e13,0
refused 2 "noise: must be at least 0" "${adam[@]}" --noise -1
refused 2 "clip: must be greater than 0" "${adam[@]}" --clip 0
refused 2 "seed: must be at least 0" "${adam[@]}" --seed -1
refused 2 "schedule: there is no 'nope'" "${adam[@]}" --schedule nope
refused 2 "schedule: the learning rate has two" "${adam[@]}" --schedule linear --schedule cosine
refused 2 "schedule of momentum: no optimizer has a number 'momentum'" "${adam[@]}" --schedule momentum=linear
refused 2 "schedule of beta1: is given twice" "${adam[@]}" --schedule beta1=linear --schedule beta1=cosine
refused 2 "is 1.2 at step 0; beta1 must be at least 0 and less than 1" "${adam[@]}" --schedule beta1=constant:peak=1.2
refused 2 "is a batch size, not a learning rate" "${adam[@]}" --schedule batch_ramp
refused 2 "no optimizer has a number 'alpha'" train --data two_moons --model 2-2 --optimizer adam --schedule 'alpha=linear'
refused 2 "sequence: part 2 'cosin': schedule: there is no 'cosin'" schedule 'sequence:warmup@5|cosin'
refused 2 "drawn: points: steps must ascend" schedule drawn:points=5/1/5/2
refused 1 "'gauss_newton' can't go down 'ackley': it needs a loss that is a sum of squares" \
  descend --surface ackley --optimizer gauss_newton
refused 1 "'gauss_newton' can't go up 'rosenbrock': it needs a loss that is a sum of squares, and −f is none" \
  descend --optimizer gauss_newton --maximize true
refused 2 "maximize: must be true or false" descend --optimizer adam --maximize up
refused 2 "there is no list of 'nope'" list nope
refused 2 "there is no 'nope'" bench nope
refused 2 "steps: must be at least 1" schedule constant --steps 0
refused 2 "at: is not a list of steps" schedule constant --at 1e300
refused 2 "unless --at chooses some" schedule constant --steps 2000000 --json

# What would break the line or steer the terminal.
refused 2 "there is no '?]0;evil?'" descend --optimizer $'\e]0;evil\a'
refused 2 "there is no 'a?b'" "${adam[@]}" --surface $'a\nb'
refused 2 "there is no '??'" "${adam[@]}" --surface $'\xff\xfe'

# What the machine can't do.
refused 1 "of memory" "${adam[@]}" --surface "quadratic:eigenvalues=$(many 1000 1 /)" --steps 1e7 --optimizer gd \
  $(many 100 '--optimizer gd' ' ')
if [ -c /dev/full ]; then
  "$program" "${adam[@]}" >/dev/full 2>"$scratch/err"
  [ $? = 1 ] && grep -q "standard output: can't be written" "$scratch/err" || {
    echo "a full disk behind standard output was not noticed"
    failures=$((failures + 1))
  }
fi

# Scene files. A good one, made from the program's own defaults.
good=$scratch/good.json
cat >"$good" <<'SCENE'
{"thalweg_scene": 1, "surface": "rosenbrock", "start": [-1, 1],
 "optimizers": [{"spec": "gd:lr=0.001", "colour": 0}], "gradient": "gradient", "schedule": "constant",
 "run": "run:steps=100000", "view": "view", "camera": "camera", "appearance": "appearance", "step": 0}
SCENE
# scene NAME FROM TO: a copy in which the first FROM is TO.
scene() {
  local text
  text=$(cat "$good")
  printf '%s' "${text/"$2"/"$3"}" >"$scratch/$1"
  printf '%s' "$scratch/$1"
}
accepted descend --scene "$good"
refused 2 "none.json: does not exist" descend --scene "$scratch/none.json"
refused 2 "is not a plain file" descend --scene "$scratch"
refused 2 "is not a plain file" descend --scene /dev/zero
mkfifo "$scratch/fifo"
refused 2 "is not a plain file" descend --scene "$scratch/fifo"
head -c 100 "$good" >"$scratch/cut"
refused 2 "cut: scene: is not JSON (mistake at byte 101)" descend --scene "$scratch/cut"
refused 2 "unknown key 'stepp'; did you mean 'step'?" descend --scene "$(scene unknown '"step"' '"stepp"')"
refused 2 "unknown key 'a?b'" descend --scene "$(scene control '"step"' '"a\nb": 1, "step"')"
refused 2 "the key 'step' stands there twice" descend --scene "$(scene twice '"step"' '"step": 1, "step"')"
refused 2 "'step' must be a whole number" descend --scene "$(scene large '"step": 0' '"step": 99999999999999999999')"
refused 2 "has a number that is too large" descend --scene "$(scene huge '[-1, 1]' '[1e999, 1]')"
refused 2 "nested too deep" descend --scene "$(scene deep '[-1, 1]' "$(many 5000 '[' '')")"
refused 2 "not in the order of their steps" descend --scene \
  "$(scene unsorted '"colour": 0' '"colour": 0, "changes": [{"step": 5, "set": "lr=1"}, {"step": 4, "set": "lr=1"}]')"
head -c 5000000 /dev/zero >"$scratch/zeros"
refused 2 "is larger than 4 MiB" descend --scene "$scratch/zeros"
# Very many keys, and as many changes as there may be.
awk 'BEGIN { printf "{\"thalweg_scene\": 1"; for (i = 0; i < 250000; ++i) printf ", \"k%d\": 1", i; print "}" }' >"$scratch/keys"
refused 2 "unknown key" descend --scene "$scratch/keys"
awk 'BEGIN { printf "{\"thalweg_scene\": 1, \"start\": [{}"; for (i = 0; i < 900000; ++i) printf ",{}"; print "]}" }' >"$scratch/objects"
refused 2 "scene: has no 'surface'" descend --scene "$scratch/objects"
changes=$(awk 'BEGIN { for (i = 0; i < 1000; ++i) printf "%s{\"step\": %d, \"set\": \"lr=0.001\"}", i ? ", " : "", i }')
accepted descend --scene "$(scene changes '"colour": 0' "\"colour\": 0, \"changes\": [$changes]")"
refused 2 "gd: at most 1000 changes are possible" descend --scene \
  "$(scene changes '"colour": 0' "\"colour\": 0, \"changes\": [$changes, {\"step\": 1000, \"set\": \"lr=1\"}]")"

# Pictures: sizes and outputs.
for size in 0x0 63x64 8193x64 axb 100 100x100x100 nanxnan -100x100; do
  refused 2 "size: must be WIDTHxHEIGHT" screenshot --out "$scratch/p.png" --size "$size"
done
refused 2 "--out is required" screenshot
refused 2 "--out: is empty" screenshot --out ''
refused 2 "set: expected key=value" screenshot --out "$scratch/p.png" --set x
refused 2 "view: x_axis: the surface has only 2 coordinates" screenshot --out "$scratch/p.png" --set view.x_axis=3
refused 2 "optimizers: at most 16 are possible" screenshot --out "$scratch/p.png" $(many 17 '--set optimizer=gd' ' ')

# Training: what can be wrong with data, model and numbers; and a network small enough for every machine.
net=(train --data two_moons --model 2-8-2)
# says PATTERN: the last command that was accepted printed it.
says() {
  if ! grep -qE -e "$1" "$scratch/out"; then
    echo "no '$1' in what it printed"
    failures=$((failures + 1))
  fi
}
# never_nan: no number of the last output is NaN or infinite.
never_nan() {
  if grep -qiE '(^|[^a-z])(nan|inf)([^a-z]|$)' "$scratch/out"; then
    echo "a NaN as a number"
    failures=$((failures + 1))
  fi
}
refused 2 "there is no 'two_mons'; did you mean 'two_moons'?" train --data two_mons
refused 2 "784" train --data two_moons --model 784-128-10
refused 2 "units: must be at least 1" train --data two_moons --model "linear:units=0; linear:units=2"
refused 2 "" train --data two_moons --model 2-0-2
refused 2 "" train --data two_moons --model 2-1000000000-2
refused 2 "2" train --data two_moons --model 2-8-3
refused 2 "batch: must be at least 1" "${net[@]}" --batch 0
refused 2 "lr" "${net[@]}" --optimizer adam:lr=0
refused 2 "patience: needs a validation share" "${net[@]}" --patience 3
refused 2 "probes: has no parameter 'gradient'; did you mean 'gradients'?" "${net[@]}" --probe gradient=50
refused 2 "gradients: must be at least 1" "${net[@]}" --probe gradients=0
refused 2 "calibration: a regression has no confidence" train --data noisy_cubic --model "linear:units=1" --loss squared_error \
  --probe calibration=10
refused 2 "leaves no sample to train on" train --data two_moons:n=3 --model 2-8-2 --validation 0.9
refused 2 "seeds: must be at least 1" "${net[@]}" --seeds 0
refused 2 "threads: must be at least 1" "${net[@]}" --threads 0
refused 2 "device: must be one of auto, cpu, cuda, cuda:1" "${net[@]}" --device tpu
refused 1 "device cuda: THALWEG_CUDA_MODULE=none leaves CUDA out" "${net[@]}" --device cuda
refused 2 "$scratch/nowhere" train --data mnist --folder "$scratch/nowhere"
refused 2 "min: must be less than max" lr-find --data two_moons --model 2-8-2 --min 1 --max 0.1
refused 2 "only one is possible here" lr-find --data two_moons --model 2-8-2 --optimizer adam --optimizer gd
refused 2 "not expected: 3 --epochs" lr-find --data two_moons --model 2-8-2 --epochs 3
refused 2 "eigenvalues: must be at least 1" curvature --data two_moons --model 2-8-2 --eigenvalues 0

# IDX files: whole ones of 20 images, then one that is cut, then one with a label that no class has.
mkdir "$scratch/idx"
bytes() { printf '%b' "$(printf '\\x%s' "$@")"; }
for part in train t10k; do
  { bytes 00 00 08 03 00 00 00 14 00 00 00 1c 00 00 00 1c; head -c 15680 /dev/urandom; } >"$scratch/idx/$part-images-idx3-ubyte"
  { bytes 00 00 08 01 00 00 00 14; for i in 0 1; do bytes 00 01 02 03 04 05 06 07 08 09; done; } >"$scratch/idx/$part-labels-idx1-ubyte"
done
idx=(train --folder "$scratch/idx" --model 784-8-10 --epochs 1)
accepted "${idx[@]}"
never_nan
head -c 9000 "$scratch/idx/train-images-idx3-ubyte" >"$scratch/cut" && mv "$scratch/cut" "$scratch/idx/train-images-idx3-ubyte"
timeout 20 "$program" "${idx[@]}" >"$scratch/out" 2>"$scratch/err" && { echo "a truncated file was accepted"; failures=$((failures + 1)); }
grep -q "train-images-idx3-ubyte" "$scratch/err" || { echo "the truncated file is not named"; cat "$scratch/err"; failures=$((failures + 1)); }
cp "$scratch/idx/t10k-images-idx3-ubyte" "$scratch/idx/train-images-idx3-ubyte"
{ head -c 10 "$scratch/idx/t10k-labels-idx1-ubyte"; bytes 0b; tail -c 17 "$scratch/idx/t10k-labels-idx1-ubyte"; } \
  >"$scratch/idx/train-labels-idx1-ubyte"
timeout 20 "$program" "${idx[@]}" >"$scratch/out" 2>"$scratch/err" && { echo "label 11 was accepted"; failures=$((failures + 1)); }
grep -q "11" "$scratch/err" || { echo "label 11 is not named"; cat "$scratch/err"; failures=$((failures + 1)); }

# What is printed.
accepted "${net[@]}" --epochs 2 --batch 32 --json
says '"test_accuracy"'
says '"diagnosis"'
says '"columns"'
accepted "${net[@]}" --epochs 2 --batch 32
if grep -q 'valid' "$scratch/out"; then echo "a column of nothing"; failures=$((failures + 1)); fi
accepted "${net[@]}" --epochs 2 --batch 32 --validation 0.2 --ema_decay 0.9
says 'valid. loss'
says 'average: loss'
for optimizer in gd adam momentum; do
  accepted "${net[@]}" --epochs 1 --batch 32 --optimizer "$optimizer:lr=1e6" --json
  says '"outcome": "diverged"'
  never_nan
  accepted "${net[@]}" --epochs 1 --batch 32 --optimizer "$optimizer:lr=1e6"
  says 'diagnosis: The loss diverged'
  never_nan
done
accepted "${net[@]}" --epochs 2 --batch 64 --accumulate 1024
accepted descend --surface rosenbrock --start -1,2 --optimizer lbfgs --optimizer spsa --steps 40 --json
says '"evaluations": 80'
never_nan
refused 1 "it solves a system with the whole Hessian" "${net[@]}" --epochs 1 --optimizer newton
accepted "${net[@]}" --epochs 1 --batch 200 --optimizer lbfgs --optimizer gauss_newton --json
never_nan
accepted "${net[@]}" --epochs 2 --batch 32 --optimizer gd:lr=0.1 --optimizer adam --seeds 2 --json
says '"runs"'
[ "$(grep -c '"seed"' "$scratch/out")" = 4 ] || { echo "not four runs"; failures=$((failures + 1)); }
accepted "${net[@]}" --epochs 2 --batch 32 --optimizer gd:lr=0.1 --seeds 2
says 'over 2 seeds'
accepted "${net[@]}" --epochs 60 --batch 16 --validation 0.2 --patience 1 --optimizer adam:lr=0.1 --json
says '"restored_step": [0-9]+'
probes=evaluation=10,noise_scale=10,calibration=10,curvature=10,spectrum=20,trace=20
accepted "${net[@]}" --epochs 2 --batch 32 --probe "$probes" --json
for probe in evaluation gradients weights activations noise_scale calibration curvature spectrum trace; do says "\"$probe\": \\{"; done
accepted train --data noisy_cubic --model "linear:units=8; tanh; linear:units=1" --loss squared_error --epochs 1
never_nan
accepted lr-find --data two_moons --model 2-16-2 --optimizer gd
says 'falls fastest at a rate of'
accepted lr-find --data two_moons --model 2-16-2 --json
says '"steepest": [0-9]'
accepted overfit-one-batch --data two_moons --model 2-64-2 --optimizer adam:lr=0.01 --batch 8
says '^passed'
timeout 60 "$program" overfit-one-batch --data two_moons --model 2-8-2 --optimizer gd:lr=1e-6 --most_steps 20 >"$scratch/out" 2>"$scratch/err"
[ $? = 1 ] && grep -q '^failed' "$scratch/out" || { echo "a failed test is not told"; failures=$((failures + 1)); }
accepted curvature --data two_moons --model 2-16-2 --optimizer momentum:lr=0.125,momentum=0.5 --density 64 --json
says '"stability_limit": 24'
says '"steps": 0'
accepted curvature --data two_moons --model 2-16-2 --steps 20
says 'after 20 updates'

# Ctrl+C ends a run that would take hours, at once, with what was measured.
"$program" train --data two_moons:n=2000 --model 2-256-256-2 --epochs 1000000 --json >"$scratch/out" 2>"$scratch/err" &
run=$!
for ((i = 0; i < 100; ++i)); do
  grep -q '^SigCgt:.*[2367abef]$' "/proc/$run/status" 2>/dev/null && break
  read -rt 0.1 <> <(:) || true
done
kill -INT "$run"
wait "$run"
[ $? = 0 ] || { echo "an interrupted run fails"; cat "$scratch/err"; failures=$((failures + 1)); }
says '"outcome": "stopped"'

# Runs: what was kept above is there; what is typed wrong is said; nothing is half done.
shows() { # shows TEXT ARGS...: accepted, and standard output has TEXT in it
  local text=$1
  shift
  accepted "$@"
  grep -qF -e "$text" "$scratch/out" || {
    echo "no '$text': $(printf '%.60q ' "$@" | head -c 200)"
    failures=$((failures + 1))
  }
}
db=$scratch/kept.sqlite
accepted descend --optimizer adam:lr=0.02 --optimizer gd:lr=0.001 --steps 50 --db "$db"
accepted descend --optimizer gd:lr=1e6 --steps 50 --db "$db"
uids() { "$program" runs list "$@" --db "$db" --json | sed -n 's/.*"uid": "\(.*\)",/\1/p'; }
adam_uid=$(uids 'optimizer=adam')
[ "${#adam_uid}" = 20 ] && [ "$(uids | wc -l)" = 3 ] || { echo "runs are not kept"; failures=$((failures + 1)); }
shows "diverged" runs list 'outcome=diverged and best(loss)>0' --columns 'lr,loss,best(loss)' --db "$db"
shows '"optimizer.lr": 0.02' runs show "$adam_uid" --json --db "$db"
shows '"grad_norm"' runs compare "$adam_uid" 2 --json --db "$db"
shows "$adam_uid,loss,50," runs export 1 --csv --db "$db"
shows "optimizer = torch.optim.Adam([p], lr=" runs export "$adam_uid" --pytorch --db "$db"
accepted runs export "$adam_uid" --pytorch --out "$scratch/run.py" --db "$db"
python3 -m py_compile "$scratch/run.py" 2>/dev/null || ! command -v python3 >/dev/null || {
  echo "the program is not Python"
  failures=$((failures + 1))
}
reference=$(dirname "$(readlink -f "$0")")/../../assets/reference
for family in optimizers wrappers schedules; do
  "$program" list "$family" --markdown >"$scratch/reference.md"
  cmp -s "$scratch/reference.md" "$reference/$family.md" || {
    echo "assets/reference/$family.md is not what 'thalweg list $family --markdown' prints"
    failures=$((failures + 1))
  }
done
shows "lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)" schedule step:step_size=30 --pytorch
shows "OneCycleLR(optimizer, max_lr=1, total_steps=1000, pct_start=0.3" schedule one_cycle --pytorch
shows "0.0935901" schedule one_cycle:total=10000,peak=0.1 --steps 10000 --at 2500
shows "momentum 0.85667" schedule one_cycle:total=10000,peak=0.1 --steps 10000 --at 2500
shows '"mean_inclusive": 0.5' schedule cosine:total=100 --steps 100 --at 0 --json
accepted descend --optimizer momentum:lr=2e-4 --optimizer gd --steps 50 --schedule cosine:total=50 \
  --schedule momentum=linear:total=50,end_factor=0.5 --schedule batch=batch_ramp:start=1,peak=9 --db "$db"
shows "momentum on rosenbrock" runs list 'momentum_schedule=linear' --db "$db"
shows "gd on rosenbrock" runs list 'batch_schedule=batch_ramp and optimizer=gd' --db "$db"
shows "def surface(p):" descend --surface beale --optimizer adam --pytorch
shows "maximize=True)" descend --surface beale --optimizer adam --maximize true --pytorch
shows '"outcome": "converged"' descend --surface quadratic:eigenvalues=-1/-3 --start 1,1 --optimizer gd:lr=0.1 \
  --maximize true --tol 1e-6 --json --db "$scratch/up.sqlite"
shows "gd on quadratic" runs list 'maximize=true' --db "$scratch/up.sqlite"
refused 2 "one optimizer at a time" descend --optimizer adam --optimizer gd --pytorch
accepted runs tag 1 good "x'); DROP TABLE runs; --" --db "$db"
accepted runs edit 1 --name "'; DELETE FROM runs; --" --star --note "a % _ note" --db "$db"
shows "$adam_uid" runs list "tag=\"x'); DROP TABLE runs; --\" star=yes note~\"% _\"" --db "$db" --json
accepted runs export 1 2 3 --out "$scratch/exported" --db "$db"
accepted runs import "$scratch/exported"/*.json --db "$scratch/other.sqlite"
shows "$adam_uid" runs list --json --db "$scratch/other.sqlite"
accepted runs delete 1 --db "$db"
[ "$(uids | wc -l)" = 4 ] && accepted runs delete 1 --undo --db "$db" && [ "$(uids | wc -l)" = 5 ] || {
  echo "delete and undo"
  failures=$((failures + 1))
}
accepted descend --optimizer adam --steps 5 --no-save --db "$db"
[ "$(uids | wc -l)" = 5 ] || { echo "kept in spite of --no-save"; failures=$((failures + 1)); }
refused 2 "filter: position 4: a value is missing after '<'" runs list 'lr<' --db "$db"
refused 2 "no run has 'lrr'; did you mean 'lr'?" runs list 'lrr<1' --db "$db"
refused 2 "filter: position 1: there is no ')' for this '('" runs list '(a' --db "$db"
refused 2 "sort: no run has 'id; DROP TABLE runs'" runs list --sort 'id; DROP TABLE runs' --db "$db"
refused 2 "there is no such run" runs show nothing --db "$db"
refused 2 "several runs are called that" runs show 'gd on rosenbrock' --db "$db"
refused 2 "tag: has a control character in it" runs tag 1 $'a\e[2J' --db "$db"
refused 2 "the run has no such tag" runs tag 1 --remove none --db "$db"
refused 2 "name one or more runs" runs compare --db "$db"
refused 2 "no run fits" runs compare --filter 'name=none' --db "$db"
refused 2 "several runs go into a folder" runs export 1 2 --db "$db"
refused 2 "is there already" runs import "$scratch/exported"/*.json --db "$db"
head -c 300 "$scratch/exported/$adam_uid.json" >"$scratch/cut.json"
refused 2 "is not JSON" runs import "$scratch/cut.json" --db "$db"
refused 2 "it has no 'thalweg_run'" runs import "$good" --db "$db"
refused 2 "does not exist" runs show 1 --db "$scratch/none.sqlite"
refused 2 "is not a database of runs" runs list --db "$good"
refused 2 "is not a database of runs" "${adam[@]}" --db "$good"
refused 2 "is not a plain file" "${adam[@]}" --db "$scratch"
refused 2 "run is required" runs show
refused 2 "subcommand is required" runs
shows '"runs": []' runs list 'name=none' --json --db "$db"
accepted train --data two_moons --model 2-8-2 --epochs 2 --batch 32 --optimizer adam --optimizer gd:lr=0.1 --db "$db"
shows '"best(test_accuracy)": 0.' runs list 'kind=training and data=two_moons and test_accuracy>0' \
  --columns 'best(test_accuracy)' --json --db "$db"
shows '"train_loss"' runs show "$(uids 'kind=training optimizer.lr=0.1')" --json --db "$db"
# A file that can't be written stops no run, and is said.
THALWEG_DB=/proc/nowhere/runs.sqlite "$program" "${adam[@]}" --steps 5 >"$scratch/out" 2>"$scratch/err" &&
  grep -q '^adam' "$scratch/out" && grep -q 'this run is not kept: /proc/nowhere/runs.sqlite' "$scratch/err" || {
  echo "a run that can't be kept"
  failures=$((failures + 1))
}
# A file of our kind whose texts would steer the terminal.
if command -v sqlite3 >/dev/null; then
  sqlite3 "$db" "UPDATE runs SET name = char(27) || ']0;evil' || char(7) WHERE id = 1"
  accepted runs list --db "$db"
  if LC_ALL=C grep -q $'[\e\a]' "$scratch/out"; then echo "the terminal is steered"; failures=$((failures + 1)); fi
fi

# Long but legal.
accepted schedule constant --steps 200000 --json
accepted "${adam[@]}" --surface "quadratic:eigenvalues=$(many 1000 1 /)" --json --steps 5
accepted descend $(many 1000 '--optimizer adam' ' ') --steps 5

if [ "$failures" != 0 ]; then echo "cli_test: $failures failures"; exit 1; fi
echo "cli_test: passed"
