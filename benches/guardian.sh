#!/usr/bin/env bash
# What a guardian costs: start to first /healthz, idle memory and CPU, takeover from standby, attestation through the
# signer, /healthz a second. See README.md here.
#
# Usage: benches/guardian.sh
#   RUNS=20          starts, and takeovers after each way of stopping
#   IDLE=30          seconds of idling that are measured
#   PROFILE=release  the profile that is built and measured; dev only shows that this script works
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
runs=${RUNS:-20}
idle=${IDLE:-30}
profile=${PROFILE:-release}
target=${CARGO_TARGET_DIR:-target}

cargo build --locked --profile "$profile" --quiet --bin oc-guardian
folder=$profile
[[ $profile != dev ]] || folder=debug
kit=$(realpath "$target/$folder/oc-guardian")
scratch=$(mktemp -d)
started=()
finish() {
    # Quietly: the shell tells of each that it had to kill.
    exec 2>/dev/null
    for pid in "${started[@]}"; do kill -KILL "$pid" && wait "$pid" || true; done
    rm -rf -- "$scratch"
}
trap finish EXIT
cd "$scratch"
export OC_GUARDIAN_HOME=$scratch/home

echo "load: $(cut -d' ' -f1-3 /proc/loadavg)"
printf 'correct horse battery' >pass.txt
chmod 600 pass.txt
"$kit" --quiet init --passphrase-file pass.txt --words-file words --yes >/dev/null
id=$("$kit" --json key show | sed 's/.*"operator_id":"\([^"]*\)".*/\1/')
key=$("$kit" --json key show | sed 's/.*"operator_pubkey_hex":"\([^"]*\)".*/\1/')
cat >bundle <<EOF
{"operator_id":"$id","operator_pubkey_hex":"$key","federation_slug":"oc-me-v1",
 "attestation_post_url":"http://127.0.0.1:9/api/operator/attestation","log_level":"error","data_dir":"$scratch/data"}
EOF

port=19000
guardian() { # guardian PORT [OPTION...]: sets pid
    local port=$1
    shift
    "$kit" guardian --quiet --config bundle --api-listen "127.0.0.1:$port" --p2p-listen "127.0.0.1:$((port + 1))" "$@" \
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
idles() { # idles NAME: the guardian pid, for a while
    local before
    before=$(cpu)
    sleep "$idle"
    awk -v a="$before" -v b="$(cpu)" -v t="$ticks" -v s="$idle" -v n="$1" \
        'BEGIN { printf "%s: %.2f %% of a core over %d s\n", n, (b - a) / t / s * 100, s }'
    awk -v n="$1" '/^VmRSS/ { printf "%s: %.1f MiB resident\n", n, $2 / 1024 }' "/proc/$pid/status"
}
idles idle
serving=$pid
guardian $((port + 10))
until_state $((port + 10)) standby
idles 'standing by'
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
pid=$serving

# Several curl, each with connections that it keeps: what they cost is on the same cores.
asked=20000
begin=$EPOCHREALTIME
askers=()
for ((i = 0; i < 4; i++)); do
    curl -sfZ --parallel-max 8 -o /dev/null "http://127.0.0.1:$port/healthz?[1-$((asked / 4))]" 2>/dev/null &
    askers+=("$!")
done
wait "${askers[@]}"
awk -v n="$asked" -v a="$begin" -v b="$EPOCHREALTIME" \
    'BEGIN { printf "/healthz: %d requests a second (curl, 32 at once, keep-alive)\n", n / (b - a) }'
awk '/^VmRSS/ { printf "after them: %.1f MiB resident\n", $2 / 1024 }' "/proc/$pid/status"
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
    done 2>/dev/null | median | sed "s/^/takeover after $how: /"
done

sed -i 's/"log_level":"error"/"log_level":"debug"/' bundle
: >log
guardian "$port" --attest-interval 100ms
until_state "$port" active
printf 'version = 1\n[[rule]]\nkind = "attestation"\ndecision = "allow"\n[[rule]]\nkind = "guardian-key"\ndecision = "allow"\n' \
    >policy.toml
chmod 600 policy.toml
begin=$EPOCHREALTIME
"$kit" sign --serve --quiet --guardian "$scratch/data/rpc.sock" --passphrase-file pass.txt --policy policy.toml >/dev/null 2>signer.log &
started+=($!)
signed() { grep -c 'a health envelope was signed' log || true; }
until (($(signed) > 0)); do
    kill -0 "${started[-1]}" 2>/dev/null || { cat signer.log >&2 && exit 1; }
done
echo "signing server's start to the first health envelope: $(since "$begin") ms"
until (($(signed) > runs)); do sleep 0.1; done
sed -n 's/.*a health envelope was signed after \([0-9.]*\) ms.*/\1/p' log | sed 1d | median |
    sed 's/^/health envelope, from asking to signed: /'
