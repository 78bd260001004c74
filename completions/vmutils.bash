# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# bash completion of every vmutils program: options, their arguments and operands are what the program
# itself says (PROGRAM --complete-options, its usage line), guests what vm-list says.

_vmutils_guests() {
    local i uri=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --connect)
            # "qemu:///system" is several words to readline.
            local rest="${COMP_LINE#*"${COMP_WORDS[i]}"}"
            rest=${rest#[ =]}
            uri=(-c "${rest%% *}")
            ;;
        esac
    done
    vm-list -q "${uri[@]}" --all --name 2>/dev/null
}

_vmutils_reply() { # words, one a line, on stdin
    local word
    while IFS= read -r word; do
        [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
    done
}

# What an argument's or operand's name asks for.
_vmutils_argument() {
    case $1 in
    *URI*) _vmutils_uris ;;
    *GUEST* | *NAME*) _vmutils_reply < <(_vmutils_guests) ;;
    esac
    case $1 in
    *FILE* | *PATH* | *XML* | *SOCKET* | *.xml*) _vmutils_files -f ;;
    *DIR*) _vmutils_files -d ;;
    [a-z]*'|'*) _vmutils_reply <<<"${1//|/$'\n'}" ;;
    esac
}

_vmutils_files() {
    local found
    compopt -o filenames 2>/dev/null
    mapfile -t found < <(compgen "$1" -- "$cur")
    COMPREPLY+=("${found[@]}")
}

# A colon parts words for readline: what stands before it is matched, but not part of the reply.
_vmutils_uris() {
    local uri line=${COMP_LINE:0:COMP_POINT}
    local whole=${line##*[ =]}
    for uri in qemu:///system qemu:///session 'qemu:///embed?root=/'; do
        if [[ $COMP_WORDBREAKS != *:* || $whole != *:* ]]; then
            [[ $uri != "$whole"* ]] || COMPREPLY+=("$uri")
        elif [[ $uri == "$whole"* ]]; then
            COMPREPLY+=("${uri#"${whole%%:*}:"}")
        fi
    done
}

_vmutils() {
    local program=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local table arg i
    COMPREPLY=()
    if [[ $cur == = ]]; then
        cur=
    else
        # "--connect=qemu:///s" is five words to readline.
        i=$((COMP_CWORD - 1))
        while ((i > 1)) && [[ ${COMP_WORDS[i]} == [:=] || ${COMP_WORDS[i]} == qemu ]]; do ((i--)); done
        prev=${COMP_WORDS[i]}
    fi
    table=$("$program" --complete-options 2>/dev/null) || return
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || table=
    done
    arg=$(awk -F '\t' -v o="$prev" '"--" $1 == o || "-" $2 == o { print $3 }' <<<"$table")
    if [[ -n $arg ]]; then
        _vmutils_argument "$arg"
    elif [[ $cur == -* && -n $table ]]; then
        _vmutils_reply < <(cut -f1 <<<"$table" | sed 's/^/--/')
    else
        _vmutils_argument "$("$program" --help | sed -n 's/^usage: [^ ]* \[OPTION…\] *//p;1q')"
    fi
}

complete -F _vmutils @PROGRAMS@
