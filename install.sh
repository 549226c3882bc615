#!/bin/sh
# Builds oc-guardian from this source tree and installs it for one user, or under another prefix. See --help.
set -eu

program=oc-guardian

usage() {
    cat <<'USAGE'
Build oc-guardian from this source tree and install it.

Usage: ./install.sh [OPTIONS]
       ./install.sh --uninstall [--prefix DIR] [--dry-run]

Options:
  --prefix DIR         Install below DIR [default: ~/.local]
  --profile NAME       Cargo profile: release, dist (smaller, slower to build) or dev [default: release]
  --no-prerequisites   Install no missing system packages; stop and name them instead
  --uninstall          Remove what an earlier run installed below the prefix; config and keys stay
  --dry-run            Print every action and change nothing
  -h, --help           Print this help

Installed below the prefix:
  bin/oc-guardian
  share/man/man1/oc-guardian*.1
  share/bash-completion/completions/oc-guardian
  share/zsh/site-functions/_oc-guardian
  share/fish/vendor_completions.d/oc-guardian.fish
  share/doc/oc-guardian/install-manifest    (what --uninstall goes by)

Needed: Rust (https://rustup.rs) and a C compiler, which links the program. On Debian and its relatives a missing
compiler is installed with apt-get, with sudo unless you are root. The build directory is cargo's (CARGO_TARGET_DIR).

Exit codes: 0 done, 1 failed, 2 wrong usage.
USAGE
}

say() {
    printf '%s\n' "$*"
}

note() {
    printf '%s\n' "note: $*" >&2
}

# fail WHAT-AND-WHY HINT
fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

wrong_usage() {
    printf 'error: %s\nhint: Run ./install.sh --help for the options.\n' "$1" >&2
    exit 2
}

# A word as one would type it in a shell.
quoted() {
    case $1 in
    '' | *[!A-Za-z0-9_./:=@%+,-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s' "$1" ;;
    esac
}

show() {
    for word in "$@"; do
        printf ' '
        quoted "$word"
    done
    printf '\n'
}

# Runs a command that changes something, or prints it in a dry run.
act() {
    if [ "$dry_run" = yes ]; then
        printf 'would run:'
        show "$@"
    else
        "$@"
    fi
}

# ---------------------------------------------------------------------------------------------------------- arguments

prefix=
profile=release
prerequisites=yes
uninstall=no
dry_run=no

while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --profile)
        [ $# -ge 2 ] || wrong_usage "$1 needs a value"
        [ -n "$2" ] || wrong_usage "the value of $1 is empty"
        case $1 in
        --prefix) prefix=$2 ;;
        --profile) profile=$2 ;;
        esac
        shift
        ;;
    --prefix=?*) prefix=${1#*=} ;;
    --profile=?*) profile=${1#*=} ;;
    --no-prerequisites) prerequisites=no ;;
    --uninstall) uninstall=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
        usage
        exit 0
        ;;
    *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
done

if [ -z "$prefix" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set, so there is no folder to install to" \
        "Set HOME, or name the folder with --prefix DIR."
    prefix=$HOME/.local
fi
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
while [ "${prefix%/}" != "$prefix" ] && [ "$prefix" != / ]; do prefix=${prefix%/}; done

# Relative to where the user is, not to where we build.
case ${CARGO_TARGET_DIR:-/} in
/*) ;;
*) export CARGO_TARGET_DIR="$PWD/$CARGO_TARGET_DIR" ;;
esac

source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
manifest=share/doc/oc-guardian/install-manifest
# Others than the installing user are to run and read what is installed.
umask 022

# ---------------------------------------------------------------------------------------------------------- uninstall

remove_listed() {
    list=$prefix/$manifest
    [ -f "$list" ] || fail "$program is not installed below $prefix: there is no $list" \
        "Name the prefix that it was installed with: ./install.sh --uninstall --prefix DIR"
    # Only ever below the prefix, whatever the file says.
    if grep -Evq '^(#.*|file [^/].*|dir [^/].*)$' "$list" || grep -Eq '(^|[ /])\.\.(/|$)' "$list"; then
        fail "$list is not a manifest that install.sh wrote" "Look at it, and remove the files by hand."
    fi
    sed -n 's/^file //p' "$list" | while IFS= read -r path; do
        if [ -e "$prefix/$path" ] || [ -L "$prefix/$path" ]; then
            act rm -f -- "$prefix/$path" || fail "cannot remove $prefix/$path" \
                "Run this as the user who installed it, then again if needed: what is gone already does no harm."
        fi
    done
    sed -n 's/^dir //p' "$list" >"$scratch/dirs"
    act rm -f -- "$list"
    # Folders that we made, deepest first, where nobody else has put anything into them.
    sort -r "$scratch/dirs" | while IFS= read -r path; do
        # rmdir refuses a path that ends in a dot.
        [ "$path" != . ] || path=
        if [ "$dry_run" = yes ]; then
            say "would remove, if empty: $prefix${path:+/$path}"
        else
            rmdir -- "$prefix${path:+/$path}" 2>/dev/null || :
        fi
    done
}

say_what_stays() {
    say "Left in place:"
    if [ -n "${HOME:-}" ]; then
        for folder in "${XDG_CONFIG_HOME:-$HOME/.config}" "${XDG_DATA_HOME:-$HOME/.local/share}" \
            "${XDG_STATE_HOME:-$HOME/.local/state}"; do
            if [ -e "$folder/$program" ]; then
                say "  $folder/$program"
            fi
        done
    fi
    say "  your operator key, in the keychain (service io.ochk.oc-guardian) or in a key file, and all config"
    say "Before you delete those, make sure that you have the 24-word backup: without it the key is lost."
}

# ------------------------------------------------------------------------------------------------------ prerequisites

newer_or_same() { # newer_or_same HAVE WANT: major.minor
    have_major=${1%%.*}
    have_minor=${1#*.}
    have_minor=${have_minor%%.*}
    want_major=${2%%.*}
    want_minor=${2#*.}
    want_minor=${want_minor%%.*}
    [ "$have_major" -gt "$want_major" ] ||
        { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

check_cargo() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$source_dir/Cargo.toml")
    if ! command -v cargo >/dev/null 2>&1; then
        # Freshly installed by rustup, and the shell not yet restarted.
        installed=${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin
        [ -x "$installed/cargo" ] || fail "cargo is not in PATH, and oc-guardian is built with it" \
            "Install Rust $wanted or newer from https://rustup.rs, open a new shell, and run this again."
        PATH=$installed:$PATH
        export PATH
    fi
    version=$(cd "$source_dir" && cargo --version 2>"$scratch/error") || fail \
        "cargo does not run: $(sed -n 1p "$scratch/error")" \
        "Repair the Rust installation; with rustup, usually: rustup default stable"
    version=$(printf '%s\n' "$version" | sed -n 's/^cargo \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
    [ -n "$version" ] || fail "cargo does not say its version" "Check what \`cargo --version\` prints."
    newer_or_same "$version" "$wanted" || fail "cargo is $version, and oc-guardian needs Rust $wanted or newer" \
        "Update it: rustup update stable (or install Rust from https://rustup.rs; distributions often have older ones)."
}

# Rust links with the C compiler, against the C library's start files; nothing else of the system is needed.
links_c() {
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$scratch/probe.c"
    cc -o "$scratch/probe" "$scratch/probe.c" >/dev/null 2>&1
}

check_compiler() {
    if links_c; then
        return 0
    fi
    packages='gcc libc6-dev'
    if ! command -v apt-get >/dev/null 2>&1; then
        fail "there is no working C compiler (cc), which Rust links programs with" \
            "Install one: dnf install gcc, pacman -S gcc, apk add gcc musl-dev, or xcode-select --install on macOS."
    fi
    if [ "$prerequisites" = no ]; then
        fail "there is no working C compiler (cc), which Rust links programs with" \
            "Install it (sudo apt-get install $packages), or leave out --no-prerequisites."
    fi
    say "A C compiler is missing, which Rust links programs with. Installing with apt-get: $packages"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null 2>&1 || fail "installing packages needs root, and there is no sudo" \
            "As root, run: apt-get install $packages"
    fi
    # A fresh machine has no package lists yet.
    # shellcheck disable=SC2086 # several words or none are meant
    if ! act $as_root apt-get update || ! act $as_root apt-get install --yes --no-install-recommends $packages; then
        fail "apt-get could not install $packages" "See its message above; then run this again."
    fi
    if [ "$dry_run" = no ] && ! links_c; then
        fail "cc still does not build a program after $packages were installed" \
            "Try it: echo 'int main(void){return 0;}' | cc -x c - -o /tmp/probe"
    fi
}

check_prefix() {
    # The nearest folder that exists decides: found out now rather than after minutes of building.
    existing=$prefix
    while [ ! -e "$existing" ] && [ ! -L "$existing" ]; do existing=$(dirname -- "$existing"); done
    [ -d "$existing" ] || fail "cannot install below $prefix: $existing is not a folder" \
        "Name another folder with --prefix DIR."
    if [ ! -w "$existing" ] || [ ! -x "$existing" ]; then
        fail "cannot install below $prefix: no permission to write to $existing" \
            "Name a folder of your own with --prefix DIR, or leave --prefix out for ~/.local."
    fi
}

# -------------------------------------------------------------------------------------------------- build and install

build() {
    say "Building $program (profile $profile); the first time takes some minutes."
    if [ "$dry_run" = yes ]; then
        printf 'would run:'
        show cd "$source_dir"
        act cargo build --locked --profile "$profile" --bin "$program"
        binary="the built $program"
        return 0
    fi
    # Cargo says itself where the program is: target folder, target triple and profile can all be configured.
    (cd "$source_dir" && cargo build --locked --profile "$profile" --bin "$program" \
        --message-format json-render-diagnostics >"$scratch/build.json") || fail "the build failed" \
        "See cargo's message above. Without network, cargo needs the crates of Cargo.lock in its cache."
    binary=$(sed -n 's/^.*"executable":"\([^"]*\)".*$/\1/p' "$scratch/build.json" | tail -n 1)
    [ -f "$binary" ] || fail "cargo built no program that can be found: ${binary:-none named}" \
        "Run: cargo build --locked --profile $profile"
}

# Lines `mode source destination`, separated by tabs, of everything to install.
plan() {
    tab=$(printf '\t')
    say "755$tab$binary${tab}bin/$program"
    for page in "$source_dir"/man/*.1; do
        say "644$tab$page${tab}share/man/man1/$(basename -- "$page")"
    done
    say "644$tab$source_dir/completions/$program.bash${tab}share/bash-completion/completions/$program"
    say "644$tab$source_dir/completions/_$program${tab}share/zsh/site-functions/_$program"
    say "644$tab$source_dir/completions/$program.fish${tab}share/fish/vendor_completions.d/$program.fish"
}

# The folders that have to be made, from the outermost on; `.` is the prefix itself.
missing_folders() {
    [ -d "$prefix" ] || say .
    { cut -f 3 "$scratch/plan"; say "$manifest"; } | while IFS= read -r file; do
        folder=$(dirname -- "$file")
        while [ "$folder" != . ] && [ ! -d "$prefix/$folder" ]; do
            say "$folder"
            folder=$(dirname -- "$folder")
        done
    done | sort -u
}

write_manifest() { # write_manifest CONTENT
    install_file 644 "$1" "$manifest"
}

# Put beside its destination and renamed over it: a running program keeps its old file, and nobody sees half a one.
install_file() { # install_file MODE SOURCE DESTINATION
    to=$prefix/$3
    if [ "$dry_run" = yes ]; then
        printf 'would install (%s):' "$1"
        show "$2" "$to"
        return 0
    fi
    temporary=$(dirname -- "$to")/.$(basename -- "$to").$$
    if ! cp -- "$2" "$temporary" || ! chmod "$1" "$temporary" || ! mv -f -- "$temporary" "$to"; then
        rm -f -- "$temporary"
        fail "cannot write $to" "Mend what the message above says, and run this again: that is safe."
    fi
}

install_all() {
    plan >"$scratch/plan"
    missing_folders >"$scratch/new-dirs"
    : >"$scratch/old"
    if [ -f "$prefix/$manifest" ]; then
        cp -- "$prefix/$manifest" "$scratch/old"
    fi
    while IFS= read -r folder; do
        act mkdir -p -- "$prefix/$folder" || fail "cannot make the folder $prefix/$folder" \
            "Mend what the message above says, or name another folder with --prefix DIR."
    done <"$scratch/new-dirs"
    {
        say "# What install.sh of $program installed here; install.sh --uninstall removes it."
        cut -f 3 "$scratch/plan" | sed 's/^/file /'
        { sed -n 's/^dir //p' "$scratch/old"; cat "$scratch/new-dirs"; } | sort -u | sed 's/^/dir /'
    } >"$scratch/manifest"
    # First everything, old and new: if we are stopped in the middle, --uninstall still finds all of it.
    { cat "$scratch/manifest"; grep '^file ' "$scratch/old" || :; } >"$scratch/both"
    [ "$dry_run" = yes ] || write_manifest "$scratch/both"
    while IFS=$(printf '\t') read -r mode from to; do
        install_file "$mode" "$from" "$to"
    done <"$scratch/plan"
    # Pages of commands that this version no longer has.
    { grep '^file ' "$scratch/old" || :; } | while IFS= read -r line; do
        if ! grep -Fqx -- "$line" "$scratch/manifest"; then
            act rm -f -- "$prefix/${line#file }"
        fi
    done
    write_manifest "$scratch/manifest"
}

say_what_next() {
    command="$(quoted "$prefix/bin/$program")"
    case ":$PATH:" in
    *":$prefix/bin:"*)
        found=$(command -v "$program" || :)
        if [ -z "$found" ] || [ "$found" = "$prefix/bin/$program" ]; then
            command=$program
        else
            note "$found comes first in PATH and hides the one just installed."
        fi
        ;;
    *)
        note "$prefix/bin is not in PATH. Add this line to ~/.profile and open a new shell:"
        # shellcheck disable=SC2016 # for the shell that reads the line, not for this one
        printf '      export PATH=%s:"$PATH"\n' "$(quoted "$prefix/bin")" >&2
        ;;
    esac
    case ${SHELL:-} in
    */zsh)
        case $prefix in
        /usr | /usr/local) ;;
        *)
            note "for completions in zsh, add this line to ~/.zshrc before compinit:"
            # shellcheck disable=SC2016
            printf '      fpath=(%s $fpath)\n' "$(quoted "$prefix/share/zsh/site-functions")" >&2
            ;;
        esac
        ;;
    esac
    say "Next: $command init"
}

scratch=$(mktemp -d) || fail "cannot make a temporary folder" "Check TMPDIR and the space that is left."
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

if [ "$uninstall" = yes ]; then
    remove_listed
    [ "$dry_run" = yes ] || say "Removed $program from $prefix."
    say_what_stays
    exit 0
fi

check_prefix
check_cargo
check_compiler
build
install_all
if [ "$dry_run" = yes ]; then
    say "Nothing was changed."
    exit 0
fi
installed_version=$("$prefix/bin/$program" --version) || fail "$prefix/bin/$program does not run" \
    "Check that $prefix is on a file system that allows running programs."
say "Installed $installed_version below $prefix."
say_what_next
