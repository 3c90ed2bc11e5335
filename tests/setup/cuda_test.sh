#!/usr/bin/env bash
# What the configuration says and does where the CUDA module is not wanted or can't be had: cuda_test.sh CASE SOURCE.
# There may be a toolkit on this machine: that it is not found is told to CMake.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

configure() {
  cmake -S "$source" -B "$scratch/build" -G Ninja -DTHALWEG_APP=OFF -DTHALWEG_TESTS=OFF "$@" >"$scratch/log" 2>&1
}
# said TEXT: in one line of what the configuration printed, and no other.
said() {
  local lines
  lines=$(grep -F "$1" "$scratch/log" || true)
  if [ -z "$lines" ] || [ "$(wc -l <<<"$lines")" != 1 ]; then
    printf 'FAILED: not said once: %s\n' "$1"
    cat "$scratch/log"
    exit 1
  fi
  printf '%s\n' "$lines"
}
no_module() {
  local targets
  targets=$(ninja -C "$scratch/build" -t targets all)
  if grep 'thalweg_cuda' <<<"$targets"; then echo 'FAILED: there is a module'; exit 1; fi
}

source=$2
case $1 in
  off)
    configure -DTHALWEG_CUDA=OFF
    said 'CUDA: left out, since THALWEG_CUDA is OFF'
    no_module
    ;;
  sanitized)
    configure -DTHALWEG_SANITIZE=thread
    said 'CUDA: left out of a build with sanitizers'
    no_module
    ;;
  no_toolkit)
    configure -Dthalweg_nvcc=FALSE
    said 'built without'
    no_module
    ;;
  on_without_toolkit)
    if configure -Dthalweg_nvcc=FALSE -DTHALWEG_CUDA=ON; then echo 'FAILED: went on'; exit 1; fi
    said 'THALWEG_CUDA is ON, and there is no CUDA Toolkit'
    ;;
esac
echo passed
