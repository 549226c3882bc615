#!/usr/bin/env bash
# What proving an image costs, whole process: oc-guardian verify beside cosign verify, where that is on the PATH. See
# README.md here.
#
# Usage: benches/verify.sh
#   RUNS=50        runs of each command
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
runs=${RUNS:-50}
target=${CARGO_TARGET_DIR:-target}
identity='https://github\.com/orangecheck/oc-guardian-kit/\.github/workflows/release\.yml@refs/tags/v[^/]+'
issuer=https://token.actions.githubusercontent.com

cargo build --locked --release --quiet
kit=$(realpath "$target/release/oc-guardian")
server=$(cargo bench --locked --no-run --quiet --bench serve_image --message-format=json |
    sed -n 's/.*"executable":"\([^"]*serve_image[^"]*\)".*/\1/p' | tail -n 1)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
# Neither program finds anything of the caller's.
export HOME=$scratch/home OC_GUARDIAN_HOME=$scratch/kit TUF_ROOT=$scratch/tuf
mkdir "$HOME"

have() {
    command -v "$1" >/dev/null
}

# Serves until its standard input, which this holds open, is closed.
coproc SERVER { exec "$server" "$scratch/root.json"; }
read -r image <&"${SERVER[0]}"

ours=("$kit" verify --quiet --trusted-root "$scratch/root.json" --platform linux/arm64
    --certificate-identity-regexp "$identity" --certificate-oidc-issuer "$issuer" "$image")
theirs=(cosign verify --trusted-root "$scratch/root.json" --allow-http-registry
    --certificate-identity-regexp "$identity" --certificate-oidc-issuer "$issuer" "$image")

# Milliseconds, one a line, of N runs of a command, which must succeed.
measured() { # measured N COMMAND...
    local count=$1 begin end
    shift
    for ((i = 0; i < count; i++)); do
        begin=$EPOCHREALTIME
        "$@" >"$scratch/out" 2>&1 || {
            cat "$scratch/out" >&2
            return 1
        }
        end=$EPOCHREALTIME
        awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.3f\n", (e - b) * 1000 }'
    done
}

# Peak resident memory in MiB, median of five runs: not of the timed ones, since GNU time is a process of its own.
peak() { # peak COMMAND...
    if ! have /usr/bin/time; then
        echo '?'
        return
    fi
    for ((i = 0; i < 5; i++)); do
        /usr/bin/time -f %M -o "$scratch/peak" "$@" >/dev/null 2>&1
        cat "$scratch/peak"
    done | sort -n | awk '{ t[NR] = $1 } END { printf "%.1f", t[3] / 1024 }'
}

row() { # row NAME COMMAND...
    local name=$1 memory
    shift
    measured 3 "$@" >/dev/null
    memory=$(peak "$@")
    measured "$runs" "$@" | sort -n | awk -v name="$name" -v memory="$memory" '
        { t[NR] = $1 }
        END {
            median = NR % 2 ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2
            printf "%-28s %8.1f %8.1f %8.1f %9s\n", name, t[1], median, t[NR], memory
        }'
}

echo "load: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || uptime), $runs runs each"
printf '%-28s %8s %8s %8s %9s\n' '' 'min ms' 'median' 'max' 'peak MiB'
row 'true' true
row 'oc-guardian --version' "$kit" --version
row 'oc-guardian verify' "${ours[@]}"
if have cosign; then
    cosign version 2>/dev/null | awk '/GitVersion/ { print "cosign " $2 ":" }'
    row 'cosign verify' "${theirs[@]}"
else
    echo 'cosign is not on the PATH: nothing to compare with'
fi
