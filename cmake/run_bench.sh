#!/usr/bin/env bash
# Runs a benchmark for an instant and fails when one of its answers was wrong.
set -euo pipefail
out=$("$1" --benchmark_min_time=0.01 2>&1)
printf '%s\n' "$out"
! grep -q "wrong answer" <<<"$out"
