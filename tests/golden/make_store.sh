#!/usr/bin/env bash
# Makes tests/golden/store_schema_N.sqlite with the program as it is: once for each version of the schema,
# before that version is released, and never again. Usage: make_store.sh N, from the project's root.
set -euo pipefail
cmake --build --preset dev --target make_store
file=tests/golden/store_schema_$1.sqlite
rm -f "$file"
build/dev/tests/store/make_store "$file"
ls -l "$file"
