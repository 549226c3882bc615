#!/usr/bin/env bash
# What a guardian costs: start to first /healthz, idle memory and CPU, takeover from standby, attestation through the
# signer, /healthz a second. See README.md here.
#
# Usage: benches/guardian.sh
#   RUNS=20        starts, and takeovers after each way of stopping
#   IDLE=30        seconds of idling that are measured
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
runs=${RUNS:-20}
idle=${IDLE:-30}
target=${CARGO_TARGET_DIR:-target}

cargo build --locked --release --quiet
kit=$(realpath "$target/release/oc-guardian")
scratch=$(mktemp -d)
started=()
finish() {
    for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf -- "$scratch"
}
trap finish EXIT
cd "$scratch"
export OC_GUARDIAN_HOME=$scratch/home

echo "load: $(cut -d' ' -f1-3 /proc/loadavg)"
printf 'correct horse battery' >pass.txt
chmod 600 pass.txt
"$kit" --quiet init --passphrase-file pass.txt --yes >/dev/null 2>&1
id=$("$kit" --json key show | sed 's/.*"operator_id":"\([^"]*\)".*/\1/')
key=$("$kit" --json key show | sed 's/.*"operator_pubkey_hex":"\([^"]*\)".*/\1/')
cat >bundle <<EOF
{"operator_id":"$id","operator_pubkey_hex":"$key","federation_slug":"oc-me-v1",
 "attestation_post_url":"http://127.0.0.1:9/api/operator/attestation","log_level":"error","data_dir":"$scratch/data"}
EOF

port=19000
guardian() { # guardian PORT: sets pid
    "$kit" guardian --quiet --config bundle --api-listen "127.0.0.1:$1" --p2p-listen "127.0.0.1:$(($1 + 1))" \
        >/dev/null 2>>log &
    pid=$!
    started+=("$pid")
}

# One question in this shell, without the cost of starting a program: prints the state, or nothing.
state() { # state PORT
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 0
    printf 'GET /healthz HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n' >&3
    while IFS= read -r line <&3 || [[ -n $line ]]; do
        if [[ $line == *'"state":"'* ]]; then
            line=${line#*\"state\":\"}
            echo "${line%%\"*}"
        fi
    done
    exec 3<&-
} 2>/dev/null

until_state() { # until_state PORT STATE
    until [[ $(state "$1") == "$2" ]]; do :; done
}

since() { # since EPOCHREALTIME: milliseconds
    awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { printf "median %s ms, worst %s ms\n", v[int((NR + 1) / 2)], v[NR] }'
}

for ((i = 0; i < runs; i++)); do
    begin=$EPOCHREALTIME
    guardian "$port"
    until [[ -n $(state "$port") ]]; do :; done
    since "$begin"
    kill -TERM "$pid"
    wait "$pid"
done | median | sed 's/^/start to first \/healthz: /'

guardian "$port"
until_state "$port" active
ticks=$(getconf CLK_TCK)
cpu() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
before=$(cpu)
sleep "$idle"
awk -v a="$before" -v b="$(cpu)" -v t="$ticks" -v s="$idle" \
    'BEGIN { printf "idle: %.2f %% of a core over %d s\n", (b - a) / t / s * 100, s }'
awk '/^VmRSS/ { printf "idle: %.1f MiB resident\n", $2 / 1024 }' "/proc/$pid/status"

if command -v ab >/dev/null; then
    ab -q -k -n 50000 -c 16 "http://127.0.0.1:$port/healthz" 2>/dev/null |
        awk '/^Requests per second/ { printf "/healthz: %d requests a second (ab, 16 at once, keep-alive)\n", $4 }'
else
    echo "/healthz: not measured, ab (apache2-utils) is not installed"
fi
kill -TERM "$pid"
wait "$pid"

for how in TERM KILL standby; do
    for ((i = 0; i < runs; i++)); do
        guardian "$port"
        first=$pid
        until_state "$port" active
        guardian $((port + 10))
        until_state $((port + 10)) standby
        begin=$EPOCHREALTIME
        if [[ $how == standby ]]; then kill -USR1 "$first"; else kill "-$how" "$first"; fi
        until_state $((port + 10)) active
        since "$begin"
        kill -KILL "$first" "$pid" 2>/dev/null || true
        wait "$first" "$pid" 2>/dev/null || true
    done | median | sed "s/^/takeover after $how: /"
done

sed -i 's/"log_level":"error"/"log_level":"debug"/' bundle
: >log
guardian "$port"
until_state "$port" active
begin=$EPOCHREALTIME
"$kit" sign --serve --quiet --guardian "$scratch/data/rpc.sock" --passphrase-file pass.txt >/dev/null 2>&1 &
started+=($!)
until [[ $(state "$port") == active ]] && curl -fs "http://127.0.0.1:$port/status" >/dev/null; do :; done
echo "signing server's start (with its passphrase) to a signed status: $(since "$begin") ms"
until grep -q '"event":"signed".*"kind":"attestation"' "$OC_GUARDIAN_HOME"/state/audit.jsonl; do :; done
echo "signing server's start to the first attestation: $(since "$begin") ms"
