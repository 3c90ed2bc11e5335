#!/usr/bin/env bash
# Everything that needs a CUDA device, in one go of under ten minutes: builds without the window, runs the GPU
# tests, compute-sanitizer on the small ones, and the benchmarks in turn with PyTorch on the same device. A
# table of what is wanted and what was got comes last.
#
#   tests/bench/gpu.sh                on a machine with a device, nvcc, cmake, ninja, g++ and a Python with torch
#   tests/bench/gpu.sh pack FOLDER    fetches packages and data into FOLDER, for a machine that has no network
#
# THALWEG_DEPS=FOLDER   packages that the machine lacks: .deb files, or a prefix with include/ and lib/. As a
#                       rule these: libdnnl-dev and the library it depends on, ocl-icd-libopencl1,
#                       nlohmann-json3-dev, libeigen3-dev, libsqlite3-dev, libsqlite3-0, zlib1g-dev, zlib1g,
#                       libgtest-dev. Files of MNIST in FOLDER/mnist are used; without any, random data.
# THALWEG_DATA_MNIST=FOLDER  the four files of MNIST, gzipped or not
# THALWEG_GPU_BUILD=FOLDER   where to build and keep logs: build/gpu
# PYTHON=PROGRAM             a Python that has torch
#
# Each stage is bounded, and one that fails does not stop the others. Exit code 0: all held; 1: not all; 77:
# it builds and links, and there is no device.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1

begin=$SECONDS
limit=585 # seconds for all of it
build=${THALWEG_GPU_BUILD:-$PWD/build/gpu}
logs=$build/logs
# Without the many steps of the rules and networks of full size: a sanitizer slows each launch.
small='Networks/*:StepsOnADevice.*:Agreement.*:DeviceHessians.*:DeviceMethods.*:All/*:-*AtSize*'

say() { printf '%s\n' "$*"; }

# --- packages for a machine without a network

pack() {
  local folder=$1 mnist=${XDG_DATA_HOME:-$HOME/.local/share}/thalweg/mnist library
  mkdir -p "$folder/mnist" && cd "$folder" || return 1
  library=$(apt-cache depends libdnnl-dev | sed -n 's/.*Depends: \(libdnnl[0-9.]*\)$/\1/p')
  apt-get download libdnnl-dev "$library" ocl-icd-libopencl1 nlohmann-json3-dev libeigen3-dev libsqlite3-dev \
    libsqlite3-0 zlib1g-dev zlib1g libgtest-dev || return 1
  if [ -d "$mnist" ]; then
    cp "$mnist"/*-ubyte* mnist/ && gzip -f mnist/*-ubyte
  fi
  du -sh .
}

# unpack FOLDER: its .deb files as a prefix, whose name it prints.
unpack() {
  local prefix=$build/deps package link
  if ! compgen -G "$1/*.deb" >/dev/null; then
    realpath "$1"
    return
  fi
  rm -rf "$prefix" && mkdir -p "$prefix"
  for package in "$1"/*.deb; do dpkg-deb -x "$package" "$prefix" || return 1; done
  # Links into /lib, as some packages have them, are meant to lie beneath the prefix here.
  while IFS= read -r -d '' link; do
    ln -sfn "$prefix$(readlink "$link")" "$link"
  done < <(find "$prefix" -type l -lname '/*' -print0)
  printf '%s\n' "$prefix"
}

# --- stages

# stage NAME SECONDS COMMAND...: bounded, with its output in a log; its outcome goes into stages.txt.
stage() {
  local name=$1 seconds=$2 left=$((limit - (SECONDS - begin))) from=$SECONDS code=0
  shift 2
  [ "$left" -lt "$seconds" ] && seconds=$left
  if [ "$seconds" -lt 5 ]; then
    say "$name: no time left"
    printf '%s 124 0\n' "$name" >>"$logs/stages.txt"
    return 124
  fi
  timeout -k 10 "$seconds" "$@" >"$logs/$name.txt" 2>"$logs/$name.err.txt" || code=$?
  printf '%s %d %d\n' "$name" "$code" $((SECONDS - from)) >>"$logs/stages.txt"
  say "$name: exit $code after $((SECONDS - from)) s"
  if [ "$code" != 0 ] && [ "$code" != 77 ]; then
    tail -n 15 "$logs/$name.txt" "$logs/$name.err.txt" | sed 's/^/    /'
  fi
  return "$code"
}

find_nvcc() {
  local nvcc
  for nvcc in "${CUDACXX:-}" "$(command -v nvcc)" /usr/local/cuda/bin/nvcc; do
    [ -n "$nvcc" ] && [ -x "$nvcc" ] && printf '%s\n' "$nvcc" && return
  done
  return 1
}

find_python() {
  local python
  for python in "${PYTHON:-}" python3 /usr/bin/python3; do
    [ -n "$python" ] && "$python" -c 'import torch' 2>/dev/null && printf '%s\n' "$python" && return
  done
  return 1
}

# A toolkit without cuBLAS beside a PyTorch that brought its own: that one is taken.
borrow_cublas() {
  local root folder header
  root=$(dirname "$(dirname "$(readlink -f "$1")")")
  for folder in "$root/include" "$root/targets/x86_64-linux/include" /usr/include; do
    [ -f "$folder/cublas_v2.h" ] && return 0
  done
  [ -n "$python" ] || return 0
  header=$("$python" -c 'import glob, sysconfig
print(*glob.glob(sysconfig.get_path("purelib") + "/nvidia/*/include/cublas_v2.h")[:1])')
  [ -n "$header" ] || return 0
  folder=$(dirname "$(dirname "$header")")/lib
  mkdir -p "$build/cublas"
  for library in "$folder"/libcublas.so.* "$folder"/libcublasLt.so.*; do
    ln -sfn "$library" "$build/cublas/$(basename "${library%.so.*}").so"
  done
  say "cuBLAS is PyTorch's: $folder"
  CUDAFLAGS="${CUDAFLAGS:-} -I$(dirname "$header")"
  export CUDAFLAGS
  arguments+=("-DCUDA_cublas_LIBRARY=$build/cublas/libcublas.so" "-DCUDA_cublasLt_LIBRARY=$build/cublas/libcublasLt.so")
  export LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

# check TOOL SECONDS OPTIONS...: one of compute-sanitizer's tools on the small tests.
check() {
  local tool=$1 seconds=$2
  shift 2
  stage "$tool" "$seconds" "$sanitizer" --tool "$tool" --error-exitcode 9 "$@" \
    "$build/tests/gpu/device/gpu_device_test" --gtest_brief=1 --gtest_filter="$small"
}

main() {
  rm -rf "$logs" && mkdir -p "$logs" || exit 1
  : >"$logs/stages.txt"
  nvcc=$(find_nvcc) || { say "There is no nvcc: not on the PATH, nor in /usr/local/cuda/bin."; exit 1; }
  python=$(find_python) || { python=''; say "No Python here has torch: nothing is compared with it."; }
  device=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -n 1)
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
  [[ $capability =~ ^[0-9]+$ ]] || capability=90
  say "Device: ${device:-none}; $("$nvcc" --version | tail -n 1)"

  arguments=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DTHALWEG_APP=OFF -DTHALWEG_WERROR=OFF -DTHALWEG_CUDA=ON
    "-DCMAKE_CUDA_COMPILER=$nvcc" "-DCMAKE_CUDA_ARCHITECTURES=$capability-real")
  command -v ninja >/dev/null || arguments=("${arguments[@]:2}")
  local mnist=${THALWEG_DATA_MNIST:-${XDG_DATA_HOME:-$HOME/.local/share}/thalweg/mnist}
  if [ -n "${THALWEG_DEPS:-}" ]; then
    local prefix
    prefix=$(unpack "$THALWEG_DEPS") || exit 1
    arguments+=("-DCMAKE_PREFIX_PATH=$prefix/usr;$prefix")
    # What oneDNN itself needs, when programs are linked and when they are run, and nothing else of there: the
    # machine's own programs keep their libraries.
    mkdir -p "$build/lib"
    find "$prefix" -name 'libOpenCL.so.1' -exec ln -sfn {} "$build/lib/libOpenCL.so.1" \;
    export LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    [ -d "$THALWEG_DEPS/mnist" ] && mnist=$THALWEG_DEPS/mnist
  fi
  borrow_cublas "$nvcc"
  data=()
  if compgen -G "$mnist/train-images-idx3-ubyte*" >/dev/null; then data=(--data "$mnist"); fi
  say "Data: ${data[1]:-random, of the shape of MNIST}"

  stage configure 60 cmake -S . -B "$build" "${arguments[@]}" || exit 1
  stage build 360 cmake --build "$build" --target gpu_device_test bench_gpu -j "$(nproc)" || exit 1
  if "$build/tests/gpu/device/gpu_device_test" --gtest_filter='Agreement.TwoRuns*' | grep 'GPU tests skipped'; then
    say "It builds and links. Nothing was run: this needs a CUDA device."
    exit 77
  fi

  # Side by side: nobody measures time here.
  stage tests 150 ctest --test-dir "$build" -L '^gpu$' -j 8 --output-on-failure --output-junit "$logs/tests.xml" &
  sanitizer=$(command -v compute-sanitizer || find "$(dirname "$nvcc")" -maxdepth 1 -name compute-sanitizer)
  if [ -n "$sanitizer" ]; then
    check memcheck 150 &
    check racecheck 150 --racecheck-report all &
    check initcheck 150 &
  else
    say "There is no compute-sanitizer."
  fi
  wait
  stage ours 100 "$build/tests/bench/bench_gpu" "${data[@]}"
  for round in 1 2 3; do
    stage "ours-$round" 30 "$build/tests/bench/bench_gpu" --only steps "${data[@]}"
    [ -z "$python" ] || stage "torch-$round" 60 "$python" tests/bench/torch_gpu.py "${data[@]}"
  done
  say ""
  say "# ${device:-unknown device}, $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/CUDA \1/p'), $(grep -hs '^torch' "$logs"/torch-1.txt | cut -d' ' -f1,2), $((SECONDS - begin)) s"
  "${python:-python3}" tests/bench/gpu_table.py "$logs"
}

if [ "${1:-}" = pack ]; then
  pack "${2:?pack needs a folder}"
else
  main
fi
