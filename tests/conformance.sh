#!/bin/sh
# The verification cases of the Sigstore conformance suite, through the program: each bundle by its file and, where the
# signature allows it, by its digest. Says how many verdicts agree; exit 1 if one does not.
#
#   git clone https://github.com/sigstore/sigstore-conformance DIR
#   tests/conformance.sh DIR [PROGRAM]
#
# The suite's own runner does the same with `oc-guardian verify` in the place of `verify-bundle`.
set -eu

suite=${1:?usage: tests/conformance.sh DIR [PROGRAM]}/test/assets/bundle-verify
program=${2:-target/release/oc-guardian}
[ -d "$suite" ] || { echo "$suite is not there: DIR is no checkout of sigstore-conformance" >&2; exit 2; }
[ -x "$program" ] || { echo "$program is not there: build it with cargo build --release" >&2; exit 2; }

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export OC_GUARDIAN_HOME="$home"

default_identity=https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main
default_issuer=https://token.actions.githubusercontent.com
agree=0
differ=0

# check CASE ARTIFACT: compares the verdict with what the folder's name promises.
check() {
    case=$1
    artifact=$2
    set -- verify --bundle "$case/bundle.sigstore.json"
    if [ -f "$case/key.pub" ]; then
        set -- "$@" --key "$case/key.pub"
    else
        identity=$default_identity
        issuer=$default_issuer
        [ ! -f "$case/identity" ] || identity=$(cat "$case/identity")
        [ ! -f "$case/issuer" ] || issuer=$(cat "$case/issuer")
        set -- "$@" --certificate-identity "$identity" --certificate-oidc-issuer "$issuer"
    fi
    [ ! -f "$case/trusted_root.json" ] || set -- "$@" --trusted-root "$case/trusted_root.json"
    wanted=good
    case $case in *_fail) wanted=refused ;; esac
    status=0
    "$program" "$@" "$artifact" >"$home/output" 2>&1 || status=$?
    # Not trusted, or a file that cannot be read as what it should be. Anything else is no verdict: wrong usage, a crash.
    case $status in
    0) found=good ;;
    1 | 3) found=refused ;;
    *) found="no verdict (exit $status)" ;;
    esac
    if [ "$found" = "$wanted" ]; then
        agree=$((agree + 1))
    else
        differ=$((differ + 1))
        echo "$(basename "$case"), $artifact: $found, should be $wanted"
        sed 's/^/    /' "$home/output"
    fi
}

for case in "$suite"/*/; do
    case=${case%/}
    file=$case/artifact
    [ -f "$file" ] || file=$suite/a.txt
    check "$case" "$file"
    check "$case" "sha256:$(sha256sum <"$file" | cut -d' ' -f1)"
done

echo "$agree of $((agree + differ)) verdicts agree"
[ "$differ" -eq 0 ] && [ "$agree" -gt 0 ]
