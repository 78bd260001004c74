#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests with UEFI firmware really run it, under every layer, and write their NVRAM.
load ../helpers

# uefi NAME [FEATURES]: a guest that has nothing to boot from, whose firmware speaks to a file.
uefi() {
    requires qemu-system-x86_64
    [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || skip "needs ovmf"
    domain "$1" "<serial type='file'><source path='$T/$1.out'/></serial>" "<features><acpi/>${3:-}</features>"
    sed -i "s,<os>.*</os>,<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type>${2:-}</os>,
        s,>64</memory>,>256</memory>," "$1.xml"
    vm-define -q "$1.xml"
}
secure() {
    uefi "$1" "<firmware><feature enabled='yes' name='secure-boot'/><feature enabled='yes' name='enrolled-keys'/></firmware>" "<smm state='on'/>"
}
as_another() { # as root: QEMU's user is one who has nothing
    [ "$(id -u)" = 0 ] || return 0
    mkdir -p "$ROOT/etc"
    printf 'user = "+1234"\ngroup = "+1235"\n' >"$ROOT/etc/qemu.conf"
    chmod 755 "$T"
    install -d -m 755 -o 1234 -g 1235 "$T/out"
    sed -i "s,$T/\([a-z]*\).out,$T/out/\1.out," "$T"/*.xml
    vm-define -q "$T"/*.xml
}
pid() { vm-list --json "$1" | jq '.[0].pid'; }
said() { grep -aq -e 'BdsDxe: ' -e 'UEFI Interactive Shell' "$T/$1.out" "$T/out/$1.out" 2>/dev/null; }
not_refused() { # by any layer
    same "$(grep -ci -e 'permission denied' -e 'not permitted' -e 'could not' "$ROOT/log/qemu/$1.log")" 0
    same "$(awk '/^CapEff:/ { print $2 }' "/proc/$(pid "$1")/status")" 0000000000000000
}

# bats test_tags=user
@test "UEFI: the firmware comes up to its boot manager and writes the guest's own NVRAM" {
    uefi web
    as_another
    ok vm-start web
    contains "$(vm-list --json web | jq -c '.[0]')" '"sockets":"denied"'
    wait_for said web || wait_for said web # it takes long without KVM
    not_refused web
    nvram=$(vm-dumpxml web | sed -n "s|.*<nvram.*>\(.*\)</nvram>.*|\1|p")
    template=$(vm-dumpxml web | sed -n "s|.*<nvram.*template='\([^']*\)'.*|\1|p")
    must_fail 1 cmp -s "$nvram" "$template"
    [ "$(id -u)" != 0 ] || same "$(stat -c %u:%g "$nvram")" 1234:1235
    ok vm-stop --force web
    test -s "$nvram"
    # The same file, and not a new copy, at its next start.
    sum=$(sha256sum <"$nvram")
    ok vm-start --paused web
    same "$(sha256sum <"$nvram")" "$sum"
    ok vm-stop --force web
}

@test "UEFI: with secure boot and enrolled keys, in system management mode" {
    secure web
    as_another
    ok vm-start web
    contains "$(tr '\0' ' ' <"/proc/$(pid web)/cmdline")" "smm=on" "secure"
    wait_for said web || wait_for said web # it takes long without KVM
    not_refused web
    ok vm-stop --force web
}
