#!/usr/bin/env bash
# Pictures and numbers that commands write: whole files, readable by others, or one line that says why not.
# With python3 its own readers of XML and CSV are asked too.
# Usage: figure_cli_test.sh THALWEG
set -uo pipefail
program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset DISPLAY WAYLAND_DISPLAY
export THALWEG_DB=$scratch/runs.sqlite
# The leak checker says what it was told to overlook, which is no complaint of the program.
export LSAN_OPTIONS=${LSAN_OPTIONS:+$LSAN_OPTIONS:}print_suppressions=0
cd "$scratch" || exit 1
failures=0
complain() {
  echo "$*"
  failures=$((failures + 1))
}

accepted() {
  timeout 60 "$program" "$@" >out 2>err && [ ! -s err ] || complain "not accepted: $* $(cat err)"
}
# refused TEXT ARGS...: exit code 2, one line with TEXT in it.
refused() {
  local text=$1
  shift
  timeout 20 "$program" "$@" >out 2>err
  [ $? = 2 ] && [ "$(wc -l <err)" = 1 ] && grep -qF -e "$text" err || complain "no '$text': $* $(cat err)"
}
has() { grep -qF -e "$2" "$1" || complain "$1 has no '$2'"; }

accepted descend --optimizer adam:lr=0.02 --optimizer gd:lr=0.001 --optimizer gd:lr=0.002 --steps 400
accepted descend --optimizer gd:lr=1e6 --steps 50
uid=$("$program" runs list 'optimizer=adam' --json | sed -n 's/.*"uid": "\(.*\)",/\1/p')
accepted runs edit "$uid" --name '<b>"A" & B</b>'

accepted runs export 1 2 3 --out all.svg --series loss,grad_norm --log --smoothing 0.9 --size 640x480
has all.svg 'width="640" height="480"'
has all.svg '&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;'
has all.svg "Runs ${uid:0:8}, "
[ "$(grep -c 'class="chart"' all.svg)" = 2 ] || complain "not two charts"
[ "$(grep -c 'class="curve"' all.svg)" = 12 ] || complain "not three runs, raw and smoothed, in two charts"
accepted runs export 1 4 --out usual.svg --theme dark
accepted runs export "$uid" --out one.png --scale 2 --size 300x200
[ "$(od -An -j16 -N8 -tu4 --endian=big one.png | tr -s ' ')" = ' 600 400' ] || complain "a PNG of another size"
accepted runs export 1 2 --out two.csv --series loss
[ "$(head -n 1 two.csv)" = run,series,step,value ] && [ "$(wc -l <two.csv)" = 803 ] || complain "another CSV"
accepted runs export 1 --out run.json
accepted runs import run.json --db other.sqlite
accepted schedule cosine_warmup:peak=3e-4,warmup=100,total=1000 constant --steps 1000 --out rates.svg --log
has rates.svg 'learning rate'

refused "there is no 'lossy'; there are" runs export 1 --out no.svg --series loss,lossy
refused "must be WIDTHxHEIGHT of 120 to 8192 pixels" runs export 1 --out no.svg --size 10x10
refused "theme" runs export 1 --out no.svg --theme pink
refused "smoothing" runs export 1 --out no.svg --smoothing 1
refused "must end in .svg, .png or .csv" schedule constant --out no.txt
[ -z "$(ls | grep '^no\.')" ] || complain "something was written"
mkdir folder.svg
timeout 20 "$program" runs export 1 --out folder.svg >out 2>err && complain "wrote over a folder"

if command -v python3 >/dev/null; then
  python3 - <<'PYTHON' || complain "python reads something else"
import csv, glob, xml.dom.minidom
for file in glob.glob("*.svg"):
    if file != "folder.svg":
        xml.dom.minidom.parse(file)
rows = list(csv.DictReader(open("two.csv", newline="")))
assert len(rows) == 802 and rows[0]["series"] == "loss", rows[0]
import json
run = json.load(open("run.json"))
PYTHON
fi

if [ "$failures" != 0 ]; then echo "figure_cli_test: $failures failures"; exit 1; fi
echo "figure_cli_test: passed"
