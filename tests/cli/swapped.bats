# SPDX-License-Identifier: LGPL-2.1-or-later
# Files and links that are swapped between the plan of a start and its deeds.
# build: plain
# shellcheck shell=bash
load ../helpers

@test "a name that another has got for a file of his where a log was to be made: no label" {
    requires root
    requires strace
    embed
    selinux_policy
    mkdir logs theirs
    echo theirs >theirs/file
    setfattr -n security.selinux -v old_u:object_r:old_t:s0 theirs/file
    fake_guest web '' "<serial type='file'><source path='$T/logs/serial.out'/></serial>"
    for how in "ln theirs/file" "ln -s ../theirs/file"; do
        rm -f logs/*
        halted_start web
        $how logs/serial.out
        ! go_on || { echo "started with: $how"; false; }
        contains "$(cat start.err)" "serial.out"
        same "$(getfattr --only-values -n security.selinux theirs/file | tr -d '\0')" old_u:object_r:old_t:s0
        same "$(cat theirs/file)" theirs
    done
}
