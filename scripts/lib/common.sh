# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What run.sh and test.sh share: messages, packages, builds. Sourced with `set -euo pipefail` in force.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib/packages.sh
source "$root/scripts/lib/packages.sh"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Under sudo in somebody's checkout, what was built stays theirs.
give_back() {
    local owner
    owner=$(stat -c %u "$root")
    if [[ $(id -u) == 0 && $owner != 0 && -d "$root/build" ]]; then
        chown -R --reference="$root" "$root/build"
    fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Installs those of the packages named that are not there. Nothing missing: no root, no network, no output.
install_packages() {
    local package as_root=() missing=()
    command -v dpkg-query >/dev/null || die "this needs Debian 12 (dpkg); elsewhere install by hand what scripts/lib/packages.sh lists"
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installs ${#missing[@]} Debian packages: ${missing[*]}"
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || die "not root and no sudo here: run once as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    # A server that a test needs must not be started as a service of this machine.
    local policy=/usr/sbin/policy-rc.d keep_policy=yes log status=0
    if [[ ! -e $policy ]]; then
        keep_policy=no
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
    fi
    log=$(mktemp)
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y)
    { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null || status=$?
    [[ $keep_policy == yes ]] || "${as_root[@]}" rm -f "$policy"
    if ((status)); then
        tail -n 40 "$log" >&2
        rm -f "$log"
        die "apt-get could not install them; its last words are above"
    fi
    rm -f "$log"
    say "installed"
}

# build PRESET FOLDER [TARGET...] [-- CMAKE-OPTION...]: configures when needed and builds; speaks only when it fails.
build() {
    local preset=$1 folder=$2 targets=() options=() log started=$SECONDS
    shift 2
    while (($#)) && [[ $1 != -- ]]; do
        targets+=(--target "$1")
        shift
    done
    (($#)) && shift
    options=("$@")
    log="$root/build/$folder.log"
    mkdir -p "$root/build"
    if ! (
        cd "$root"
        # Warnings of one compiler must not hide behind another's cache, and options must not linger.
        cmake --preset "$preset" -B "$root/build/$folder" "${options[@]}" &&
            cmake --build "$root/build/$folder" "${targets[@]}" -- -k 0
    ) >"$log" 2>&1; then
        grep -n -A 12 -E 'error|FAILED|CMake Error' "$log" | head -n 80 >&2 || tail -n 60 "$log" >&2
        die "the build of $folder failed; all of it is in build/$folder.log"
    fi
    if ((SECONDS - started > 3)); then say "built build/$folder in $((SECONDS - started)) s"; fi
}
