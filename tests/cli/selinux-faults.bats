#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# build: plain
# seclabel and vm-start killed at their system calls, with a policy of SELinux: labels and what is remembered are as they were.
# shellcheck disable=SC2154
load ../helpers
load ../faults

setup() {
    helpers_setup
    embed
    selinux_policy
    fault_guest
    setfattr -n security.selinux -v old_u:object_r:old_t:s0 disk.img
    BEFORE=$(outside)
}
labelled() { getfattr -n security.selinux disk.img 2>/dev/null | grep -q image_t; }

@test "faults: seclabel --apply of labels" {
    traced trace seclabel -q --apply web
    all_traced trace
    labelled
    ok seclabel -q --restore web
    same "$(outside)" "$BEFORE"
    fault_points trace >points
    try() {
        killed_at "$1" "$2" seclabel -q --apply web
        status_in 0 vm-reap --all || return 1
        [ ! -e "$STATE/journal" ] || { labelled && status_in 0 seclabel -q --restore web; } || return 1
        same "$(outside)" "$BEFORE"
    }
    each_point 25 points try
}

@test "faults: seclabel --restore of labels" {
    ok seclabel -q --apply web
    traced trace seclabel -q --restore web
    all_traced trace
    same "$(outside)" "$BEFORE"
    fault_points trace >points
    try() {
        seclabel -q --apply web || return 1
        killed_at "$1" "$2" seclabel -q --restore web
        status_in 0 vm-reap --all || return 1
        [ ! -e "$STATE/journal" ] || { labelled && status_in 0 seclabel -q --restore web; } || return 1
        same "$(outside)" "$BEFORE"
    }
    each_point 25 points try
}

@test "faults: labels, wherever vm-start or what it starts is killed" {
    mkdir logs
    fault_guest "<serial type='file'><source path='$T/logs/serial'/></serial>"
    warm
    rm logs/serial
    traced trace vm-start web
    labelled
    getfattr -n security.selinux logs/serial | grep -q image_t:s0:c
    ok vm-stop --force web
    all_traced trace
    fault_points trace >points
    no_log_has_its_label() { ! getfattr -n security.selinux logs/* 2>/dev/null | grep image_t; }
    attack() {
        no_log_has_its_label || return 1
        rm -f logs/*
        killed_at "$1" "$2" vm-start web
    }
    try_each 80 points attack
    no_log_has_its_label
    same "$(outside)" "$BEFORE"
}
