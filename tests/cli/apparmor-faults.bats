#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# build: plain
# bats file_tags=root
# A start that gets as far as a kernel without AppArmor lets it: profile, rules and what the kernel is told are there
# by then. Killed at any of its system calls, or not, all of it is taken back.
load ../helpers
load ../faults

UUID=ef1bdff4-27f3-4e85-a807-5fb4d58463cc
KERNEL=sys/sys/kernel/security/apparmor

aa_fault_guest() {
    embed
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys/sys/module/apparmor/parameters $KERNEL sys/etc/apparmor.d/libvirt sys/usr/sbin
    echo Y >sys/sys/module/apparmor/parameters/enabled
    echo "libvirt-other (enforce)" >$KERNEL/profiles
    : >$KERNEL/.remove
    printf 'profile LIBVIRT_TEMPLATE {\n}\n' >sys/etc/apparmor.d/libvirt/TEMPLATE.qemu
    printf '#!/bin/sh\necho "libvirt-%s (enforce)" >>%s/profiles\n' $UUID "$T/$KERNEL" >sys/usr/sbin/apparmor_parser
    chmod 755 sys/usr/sbin/apparmor_parser
    echo "libvirt's rules" >sys/etc/apparmor.d/libvirt/libvirt-$UUID.files
    AA_BEFORE=$(profiles)
    fault_guest
}

profiles() { (cd sys/etc/apparmor.d/libvirt && find . -type f | sort | xargs stat -c '%n %a %u:%g' && find . -type f | sort | xargs cat); }

# What was loaded was removed, and not loaded again behind that.
unloaded() {
    grep -q "$UUID" $KERNEL/profiles || return 0
    [ "$(tr -d '\0' <$KERNEL/.remove)" = "libvirt-$UUID" ] && ! [ $KERNEL/profiles -nt $KERNEL/.remove ] ||
        { echo "left in the kernel"; return 1; }
}

reaped() { vm-reap --all && [ ! -e "$STATE/journal" ]; }

fresh_kernel() {
    echo "libvirt-other (enforce)" >$KERNEL/profiles
    : >$KERNEL/.remove
}

@test "a start that fails takes its profile back" {
    requires root
    aa_fault_guest
    must_fail any vm-start web
    contains "$err" "cannot change into the guest's AppArmor profile"
    grep -q "$UUID" $KERNEL/profiles
    unloaded
    same "$(profiles)" "$AA_BEFORE"
    is_clean
}

@test "faults: seclabel --apply of a profile" {
    requires root
    aa_fault_guest
    traced trace seclabel -q --apply --driver apparmor web
    all_traced trace
    seclabel -q --restore web
    unloaded
    same "$(profiles)" "$AA_BEFORE"
    fault_points trace >points
    try() {
        fresh_kernel
        killed_at "$1" "$2" seclabel -q --apply --driver apparmor web
        seclabel -q --restore web && is_clean && unloaded && same "$(profiles)" "$AA_BEFORE"
    }
    each_point 24 points try
}

@test "faults: seclabel --restore of a profile" {
    requires root
    aa_fault_guest
    seclabel -q --apply --driver apparmor web
    traced trace seclabel -q --restore web
    all_traced trace
    unloaded
    fault_points trace >points
    try() {
        fresh_kernel
        seclabel -q --apply --driver apparmor web
        killed_at "$1" "$2" seclabel -q --restore web
        seclabel -q --restore web && is_clean && unloaded && same "$(profiles)" "$AA_BEFORE"
    }
    each_point 24 points try
}

@test "faults: a start with a profile" {
    requires root
    aa_fault_guest
    warm || true # it fails
    fresh_kernel
    traced trace vm-start web || true
    all_traced trace
    fault_points trace >points
    try() {
        fresh_kernel
        killed_at "$1" "$2" vm-start web
        # A vm-reap of the start may still be at it.
        wait_for reaped && is_clean && unloaded && same "$(profiles)" "$AA_BEFORE"
    }
    each_point 80 points try
}
