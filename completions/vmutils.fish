# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion of every vmutils program: options, their arguments and operands are what the program
# itself says (PROGRAM --complete-options, its usage line), guests what vm-list says.

function __vmutils_guests
    command -q vm-list; or return
    set -l words (commandline -opc)
    set -l uri
    for i in (seq (math (count $words) - 1))
        if contains -- $words[$i] -c --connect
            set uri -c $words[(math $i + 1)]
        end
    end
    vm-list -q $uri --all --name 2>/dev/null
end

# The words that an argument or operand of this name may be.
function __vmutils_argument
    switch $argv[1]
        case '*URI*'
            printf '%s\n' qemu:///system qemu:///session 'qemu:///embed?root=/'
        case '*GUEST*' '*NAME*'
            __vmutils_guests
    end
    switch $argv[1]
        case '*FILE*' '*PATH*' '*XML*' '*SOCKET*' '*.xml*'
            __fish_complete_path (commandline -ct)
        case '*DIR*'
            __fish_complete_directories (commandline -ct)
        case '*|*'
            string match -q --regex '^[a-z]' -- $argv[1]; and string split '|' -- $argv[1]
    end
end

function __vmutils_operands
    $argv[1] --help 2>/dev/null | sed -n 's/^usage: [^ ]* \[OPTION…\] *//p;1q'
end

function __vmutils_register
    set -l program $argv[1]
    complete -c $program -f
    complete -c $program -f -a "(__vmutils_argument (__vmutils_operands $program))"
    $program --complete-options 2>/dev/null | while read -d \t -l long short arg help
        set -l option -l $long -d "$help"
        test "$short" = ' '; or test -z "$short"; or set option -s $short $option
        if test -n "$arg"
            set option $option -x -a "(__vmutils_argument '$arg')"
        end
        complete -c $program $option
    end
end

for program in @PROGRAMS@
    if command -q $program
        __vmutils_register $program
    end
end
