#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format.sh [FILE...]: lays out the C files (all of the project's without arguments) as .clang-format says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if (($# == 0)); then
    mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
    set -- "${files[@]}"
fi
exec clang-format -i -- "$@"
