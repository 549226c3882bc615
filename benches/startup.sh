#!/usr/bin/env bash
# What the kit costs: time to start, the share of scrypt in init, memory, size, dependencies. See README.md here.
#
# Usage: benches/startup.sh [CONFIG-BUNDLE]
#   RUNS=50        runs of each short command
#   INIT_RUNS=5    runs of init and of scrypt alone (about a second each)
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
bundle=${1:-}
runs=${RUNS:-50}
init_runs=${INIT_RUNS:-5}
target=${CARGO_TARGET_DIR:-target}

cargo build --locked --release --quiet
kit=$(realpath "$target/release/oc-guardian")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

have() {
    command -v "$1" >/dev/null
}

# Milliseconds, one a line, of N runs of a command, which must succeed.
times() { # times N COMMAND...
    local count=$1 begin end
    shift
    for ((i = 0; i < count; i++)); do
        begin=$EPOCHREALTIME
        "$@" >/dev/null 2>"$scratch/stderr" || {
            cat "$scratch/stderr" >&2
            return 1
        }
        end=$EPOCHREALTIME
        awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.3f\n", (e - b) * 1000 }'
    done
}

row() { # row NAME; reads milliseconds, one a line
    sort -n | awk -v name="$1" '
        { t[NR] = $1 }
        END {
            median = NR % 2 ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2
            printf "%-34s %10.1f %10.1f %10.1f %6d\n", name, t[1], median, t[NR], NR
        }'
}

median() {
    sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

short() { # short NAME COMMAND...
    local name=$1
    shift
    if have hyperfine; then
        local command
        printf -v command '%q ' "$@"
        hyperfine -N --style none --warmup 3 --runs "$runs" --export-csv "$scratch/csv" "$command" >/dev/null
        # command,mean,stddev,median,user,system,min,max in seconds; the command may hold commas
        tail -n 1 "$scratch/csv" | awk -F, -v name="$name" -v runs="$runs" \
            '{ printf "%-34s %10.1f %10.1f %10.1f %6d\n", name, $(NF - 1) * 1000, $(NF - 4) * 1000, $NF * 1000, runs }'
    else
        times 3 "$@" >/dev/null
        times "$runs" "$@" | row "$name"
    fi
}

init() {
    rm -rf -- "${scratch:?}/home"
    OC_GUARDIAN_HOME=$scratch/home "$kit" init --passphrase-file "$scratch/pass" --words-file "$scratch/home.words" --yes
    rm -f -- "$scratch/home.words"
}

# Peak resident memory of a command. Not by python's resource module: a child's peak starts at that of the program it was
# forked from, so python would measure itself.
memory() { # memory NAME COMMAND...
    local name=$1
    shift
    env time -f %M -o "$scratch/peak" "$@" >/dev/null 2>&1
    awk -v name="$name" '{ printf "%-34s %10.1f MiB\n", name, $1 / 1024 }' "$scratch/peak"
}

size() { # size NAME FILE
    if [[ -f $2 ]]; then
        awk -v name="$1" -v bytes="$(wc -c <"$2")" 'BEGIN { printf "%-34s %10.1f MiB\n", name, bytes / 1048576 }'
    else
        printf '%-34s %10s\n' "$1" "not built"
    fi
}

have hyperfine && how=hyperfine || how="bash's clock"
printf 'machine: %s, %s CPUs; load %s; clock: %s\n\n' "$(uname -srm)" "$(getconf _NPROCESSORS_ONLN)" \
    "$(uptime | sed 's/.*average[s]*: //')" "$how"

printf '%-34s %10s %10s %10s %6s\n' "time in ms" min median max runs
short "true" "$(type -P true)"
short "oc-guardian --version" "$kit" --version
short "oc-guardian --help" "$kit" --help
if ! "$kit" config check --help >/dev/null 2>&1; then
    echo "oc-guardian config check           this version has no such command"
elif [[ -z $bundle ]]; then
    echo "oc-guardian config check           skipped: name a config bundle as argument"
else
    short "oc-guardian config check" "$kit" config check "$bundle"
fi

printf 'correct horse battery staple' >"$scratch/pass"
chmod 600 "$scratch/pass"
times "$init_runs" init >"$scratch/init"
row "oc-guardian init (key file)" <"$scratch/init"
if have python3 && python3 -c 'import hashlib; hashlib.scrypt' 2>/dev/null; then
    python3 - "$init_runs" >"$scratch/scrypt" <<'PYTHON'
import hashlib, sys, time
for _ in range(int(sys.argv[1])):
    begin = time.perf_counter()
    hashlib.scrypt(b"correct horse battery staple", salt=bytes(16), n=2**18, r=8, p=1, maxmem=2**29, dklen=32)
    print((time.perf_counter() - begin) * 1000)
PYTHON
    row "scrypt alone, OpenSSL (python3)" <"$scratch/scrypt"
    awk -v init="$(median <"$scratch/init")" -v scrypt="$(median <"$scratch/scrypt")" \
        'BEGIN { printf "\ninit takes %.2f times as long as its scrypt done by OpenSSL\n", init / scrypt }'
else
    echo "scrypt alone                       skipped: python3 has no hashlib.scrypt"
fi

printf '\npeak memory\n'
if env time -f %M true >/dev/null 2>&1; then
    memory "true" "$(type -P true)"
    memory "oc-guardian --version" "$kit" --version
    rm -rf -- "${scratch:?}/home"
    OC_GUARDIAN_HOME=$scratch/home memory "oc-guardian init (key file)" "$kit" init \
        --passphrase-file "$scratch/pass" --words-file "$scratch/words" --yes
else
    echo "skipped: needs GNU time (apt-get install time)"
fi

printf '\nsize\n'
size "release" "$target/release/oc-guardian"
size "dist (cargo build --profile dist)" "$target/dist/oc-guardian"
printf '%-34s %10d crates\n' "dependency tree" \
    "$(cargo tree --locked -e normal --prefix none | sed 's/ (\*)$//' | sort -u | wc -l)"
