# SPDX-License-Identifier: LGPL-2.1-or-later
load ../helpers

# Prints the options of PROGRAM as its table has them.
table() { "$1" --complete-options | cut -f1 | sed 's/^/--/' | sort; }

# complete_bash LINE WORD...: what bash offers when the cursor is behind LINE, split as readline does.
complete_bash() (
    source "$B/completions/vmutils.bash"
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _vmutils "$1"
    printf '%s\n' "${COMPREPLY[@]}"
)

@test "bash offers each option of each program" {
    for program in "$BIN"/*; do
        p=${program##*/}
        same "$(complete_bash "$p --" "$p" -- | sort)" "$(table "$p")"
    done
}

@test "bash offers URIs behind -c and --connect=, also half typed" {
    same "$(complete_bash 'vm-list -c qemu:///s' vm-list -c qemu : ///s)" $'///system\n///session'
    same "$(complete_bash 'vm-list --connect=qemu:///se' vm-list --connect = qemu : ///se)" '///session'
}

@test "bash offers guests, quoted where needed, of the root that -c names" {
    guest web
    domain "two words"
    vm-define -q "two words.xml"
    same "$(complete_bash 'vm-start ' vm-start '' | sort)" $'two\\ words\nweb'
    uri=$URI
    unset LIBVIRT_DEFAULT_URI
    contains "$(complete_bash "vm-start -c $uri w" vm-start -c qemu : "${uri#qemu:}" w)" web
}

@test "bash offers choices and files" {
    touch a.xml
    contains "$(complete_bash 'xml-to-argv --format ' xml-to-argv --format '')" shell json nul lines
    same "$(complete_bash 'xml-to-argv a' xml-to-argv a)" a.xml
}

@test "fish offers each option of each program, and guests" {
    requires fish
    guest web
    for program in "$BIN"/*; do
        p=${program##*/}
        same "$(fish -c "source $B/completions/vmutils.fish; complete -C '$p --'" | cut -f1 | sort)" "$(table "$p")"
    done
    contains "$(fish -c "source $B/completions/vmutils.fish; complete -C 'vm-start '")" web
}

@test "zsh offers each option of each program" {
    requires zsh
    for program in "$BIN"/*; do
        p=${program##*/}
        same "$(zsh -fc "_arguments() { print -rl -- \$@ }; words=($p); source $B/completions/vmutils.zsh" |
            grep -oE '^\*--[a-z0-9-]+' | tr -d '*' | sort)" "$(table "$p")"
    done
}
