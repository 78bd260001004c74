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

@test "faults: seclabel --apply and --restore of a profile" {
    requires root
    requires strace
    aa_fault_guest
    strace -f -D -qq -o trace seclabel -q --apply --driver apparmor web
    strace -f -D -qq -o trace2 seclabel -q --restore web
    unloaded
    same "$(profiles)" "$AA_BEFORE"
    fault_points trace "$(grep -n -m1 '"lock", O_RDWR|O_CREAT' trace | cut -d: -f1)" | fault_sample 12 >points
    fault_points trace2 "$(grep -n -m1 '"lock", O_RDWR|O_CREAT' trace2 | cut -d: -f1)" | fault_sample 12 | sed 's/$/ restore/' >>points
    mapfile -t points <points
    echo "points: ${#points[@]}"
    [ ${#points[@]} -gt 10 ]
    for point in "${points[@]}"; do
        read -r call k restore <<<"$point"
        fresh_kernel
        if [ -n "$restore" ]; then
            seclabel -q --apply --driver apparmor web
            inject "$call" "$k" -f seclabel -q --restore web
        else
            inject "$call" "$k" -f seclabel -q --apply --driver apparmor web
        fi
        seclabel -q --restore web && is_clean && unloaded || { echo "killed at $point"; return 1; }
        same "$(profiles)" "$AA_BEFORE" || { echo "killed at $point"; return 1; }
    done
}

@test "faults: a start with a profile" {
    requires root
    requires strace
    aa_fault_guest
    strace -f -D -qq -o trace vm-start web || true
    wait_for nothing_runs
    fault_points trace "$(grep -n -m1 '"lock", O_RDWR|O_CREAT' trace | cut -d: -f1)" >points
    mapfile -t points < <(fault_sample 60 <points)
    echo "points: ${#points[@]}"
    [ ${#points[@]} -gt 0 ]
    for point in "${points[@]}"; do
        fresh_kernel
        inject "${point% *}" "${point#* }" -f vm-start web
        # A vm-reap of the start may still be at it.
        wait_for reaped || { echo "killed at $point"; return 1; }
        is_clean && unloaded || { echo "killed at $point"; return 1; }
        same "$(profiles)" "$AA_BEFORE" || { echo "killed at $point"; return 1; }
    done
}
