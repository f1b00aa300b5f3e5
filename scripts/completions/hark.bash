# SPDX-License-Identifier: Apache-2.0
# Made from the option table: do not edit.
# bash completion for hark: source this file, or put it into
# /usr/share/bash-completion/completions/hark
_hark() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # --option=value is split at the equals sign
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $previous == "=" ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    -r | --read)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    -i | --interface)
        mapfile -t COMPREPLY < <(compgen -W "$(hark -D 2>/dev/null | cut -f 1)" -- "$current")
        return
        ;;
    -c | --count)
        return
        ;;
    -s | --snapshot-length)
        return
        ;;
    -B | --buffer-size)
        return
        ;;
    --fanout)
        return
        ;;
    --flush-interval)
        return
        ;;
    --overload)
        mapfile -t COMPREPLY < <(compgen -W "shed connections none" -- "$current")
        return
        ;;
    --overload-lag)
        return
        ;;
    --skew)
        return
        ;;
    --hold-time)
        return
        ;;
    --flow-timeout)
        return
        ;;
    --max-flows)
        return
        ;;
    --max-memory)
        return
        ;;
    --checksums)
        mapfile -t COMPREPLY < <(compgen -W "ignore verify" -- "$current")
        return
        ;;
    -j | --jobs)
        return
        ;;
    -o | --output)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --rotate-size)
        return
        ;;
    --rotate-interval)
        return
        ;;
    --rotate-keep)
        return
        ;;
    -w | --write)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --save)
        return
        ;;
    --save-slower)
        return
        ;;
    --save-from)
        mapfile -t COMPREPLY < <(compgen -W "connection transaction" -- "$current")
        return
        ;;
    --save-buffer)
        return
        ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W "ndjson text" -- "$current")
        return
        ;;
    --omit)
        return
        ;;
    --secrets)
        mapfile -t COMPREPLY < <(compgen -W "mask hash keep" -- "$current")
        return
        ;;
    --secrets-key)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --redact-header)
        return
        ;;
    --redact-query)
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current")
        return
        ;;
    --stats-interval)
        return
        ;;
    --pidfile)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --user)
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "-r --read -i --interface -D --list-interfaces -c --count -s --snapshot-length -B --buffer-size -p --no-promiscuous-mode --fanout --flush-interval --overload --overload-lag --skew --hold-time --flow-timeout --max-flows --max-memory --checksums --separate-vlans -j --jobs -o --output --rotate-size --rotate-interval --rotate-keep -w --write --save --save-slower --save-from --save-buffer --format --omit --secrets --secrets-key --redact-header --redact-query --anonymize-ip --color --stats --stats-interval --pidfile -q --quiet --user --check --no-sandbox -h --help -V --version" -- "$current")
}
complete -F _hark hark
