#!/bin/bash
# fuzz.sh runs every native fuzz target of the module for FUZZTIME (10s), one
# after the other, and ends with a table. Go keeps an input that fails in
# testdata/fuzz of its package and prints the command that shows it again.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1
time=${FUZZTIME:-10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
while IFS=: read -r file line; do
  name=${line#func }
  name=${name%%(*}
  package=$(dirname "$file")
  # Minimising inputs that are merely new would take most of a short time.
  if go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x "$package" >"$log" 2>&1; then
    # fuzz: elapsed: 10s, execs: 12345 (1234/sec), new interesting: 12 (total: 34)
    printf '%-20s %-22s ok    %s\n' "$name" "$package" "$(grep -o 'execs: [0-9]*' "$log" | tail -1)"
  else
    failed=1
    printf '%-20s %-22s FAILED\n' "$name" "$package"
    cat "$log"
  fi
done < <(grep -ro --include='*_test.go' -E '^func Fuzz[A-Za-z]*\(f ' . | sort)
exit $failed
