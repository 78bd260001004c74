#compdef @PROGRAMS@
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsh completion of every vmutils program: options, their arguments and operands are what the program
# itself says (PROGRAM --complete-options, its usage line), guests what vm-list says.

_vmutils_guests() {
    local -a guests uri
    local at=${words[(I)(-c|--connect)]}
    (( at )) && uri=(-c ${(Q)words[at + 1]})
    guests=(${(f)"$(exec vm-list -q $uri --all --name 2>/dev/null)"})
    compadd -a guests
}

# The action of _arguments for an argument or operand of this name.
_vmutils_action() {
    case $1 in
    (*URI*) print -r -- '(qemu\:///system qemu\:///session qemu\:///embed\?root=/)' ;;
    (*GUEST*|*NAME*) print -r -- '_vmutils_guests' ;;
    (*FILE*|*PATH*|*XML*|*SOCKET*|*.xml*) print -r -- '_files' ;;
    (*DIR*) print -r -- '_directories' ;;
    ([a-z]*'|'*) print -r -- "(${1//|/ })" ;;
    (*) print -r -- ' ' ;;
    esac
}

_vmutils() {
    local program=$words[1] line operands kind
    local -a specs field
    # exec: now and then zsh 5.9 waits for ever for a child of a substitution that has ended already.
    for line in ${(f)"$(exec $program --complete-options 2>/dev/null)"}; do
        field=("${(@ps:\t:)line}")
        local help=${${field[4]//\[/(}//\]/)}
        local tail="[${help//:/\\:}]"
        [[ -z $field[3] ]] || tail+=":${field[3]//:/ }:$(_vmutils_action $field[3])"
        if [[ -n $field[3] ]]; then
            specs+=("*--$field[1]=$tail")
        else
            specs+=("*--$field[1]$tail")
        fi
        [[ $field[2] == ' ' ]] || specs+=("*-$field[2]$tail")
    done
    local -a usage=("${(@f)$(exec $program --help 2>/dev/null)}")
    [[ $usage[1] == *'[OPTION…] '* ]] && operands=${usage[1]#*'[OPTION…] '}
    [[ -z $operands ]] || specs+=("*:${operands//:/ }:$(_vmutils_action $operands)")
    _arguments -s -S $specs
}

_vmutils "$@"
