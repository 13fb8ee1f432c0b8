#!/usr/bin/env bash
# tools/with_skip_reasons on a run of two tests: everything is passed on, and a reason stands behind the one skipped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/LastTest.log" <<'LOG'
1/2 Testing: text.Real.is_read
1/2 Test: text.Real.is_read
Output:
../../tests/text/real_test.cpp:26: Skipped
no test data: real.gguf

2/2 Test: text.Tiny.is_read
Output:
[       OK ] Tiny.is_read
LOG
printf '%s\n' '2/2 Test #2: text.Tiny.is_read ...   Passed    0.01 sec' '' '100% tests passed, 0 tests failed out of 2' '' \
  'The following tests did not run:' $'\t  1 - text.Real.is_read (Skipped)' $'\t  3 - text.Other (Disabled)' >"$folder/ctest"
sed 's/is_read (Skipped)$/&: no test data: real.gguf/' "$folder/ctest" >"$folder/expected"

"$1" "$folder/LastTest.log" <"$folder/ctest" >"$folder/out"
diff "$folder/expected" "$folder/out"
head -3 "$folder/ctest" | "$1" "$folder/no-such-log" | diff <(head -3 "$folder/ctest") -
