#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# AppArmor as far as it goes without it in the kernel: profiles, plans, and why it is not in use. The rest is in
# tests/guest/apparmor.
load ../helpers

UUID=11111111-2222-3333-4444-555555555555

# A host with AppArmor and libvirt's template, below $T/sys.
aa_host() {
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys/sys/module/apparmor/parameters sys/sys/kernel/security/apparmor sys/etc/apparmor.d/libvirt sys/usr/sbin
    echo Y >sys/sys/module/apparmor/parameters/enabled
    : >sys/sys/kernel/security/apparmor/profiles
    printf '#include <tunables/global>\nprofile LIBVIRT_TEMPLATE flags=(attach_disconnected) {\n  #include <abstractions/libvirt-qemu>\n}\n' \
        >sys/etc/apparmor.d/libvirt/TEMPLATE.qemu
    printf '#!/bin/sh\nexit 1\n' >sys/usr/sbin/apparmor_parser
    chmod 755 sys/usr/sbin/apparmor_parser
}

aa_domain() { domain web "$1" "<uuid>$UUID</uuid>${2:-}"; }
disk() { echo "<disk type='file'><driver name='qemu' type='raw'/><source file='$1'/><target dev='$2' bus='virtio'/>${3:-}</disk>"; }
profile() { seclabel --driver apparmor --profile "$@"; }
# Where libvirt is not installed its abstraction is not either.
parses() {
    mkdir base
    cp -r /etc/apparmor.d/{tunables,abi,abstractions,local} base/
    cp "$TOP/cmd/apparmor/vmutils-qemu" base/abstractions/
    [ -e base/abstractions/libvirt-qemu ] || cp base/abstractions/{vmutils-qemu,libvirt-qemu}
    ok apparmor_parser -Q -K --base base --features-file /usr/share/apparmor-features/features "$1"
}

# bats test_tags=user
@test "the profile is printed without privilege and without AppArmor" {
    touch a.img c.iso
    embed
    mkdir -p sys/etc/apparmor.d/libvirt
    aa_host
    aa_domain "$(disk "$T/a.img" vda)$(disk "$T/c.iso" vdb '<readonly/>')<serial type='unix'><source mode='bind' path='$T/s.sock'/></serial>"
    ok profile web.xml
    same "$out" "#include <tunables/global>
profile libvirt-$UUID flags=(attach_disconnected) {
  #include <abstractions/libvirt-qemu>
# Made by vmutils when the guest starts; what is changed here is lost then.
  \"$T/a.img\" rwk,
  \"$T/c.iso\" rk,
  deny \"$T/c.iso\" w,
  \"/usr/bin/qemu-system-x86_64\" rm,
  \"$ROOT/log/qemu/web.log\" w,
  \"$ROOT/lib/vmutils/web/alive\" rk,
  \"$ROOT/lib/vmutils/web/monitor.sock\" rw,
  signal (receive),
  ptrace (readby),
  unix (send, receive, accept, getattr, getopt, setopt, shutdown) type=stream,
  \"$T/s.sock\" rw,
}"
}

@test "apparmor_parser takes the profile that is printed" {
    [ -x /usr/sbin/apparmor_parser ] || skip "needs apparmor_parser"
    touch 'a "b\ *.img'
    embed
    aa_host
    cp sys/etc/apparmor.d/libvirt/TEMPLATE.qemu T
    aa_domain "$(disk "$T/a &quot;b\\ *.img" vda)<graphics type='spice'><listen type='none'/><gl enable='yes'/></graphics>"
    profile web.xml >p
    parses p
}

@test "links are followed: AppArmor sees the file that is opened" {
    mkdir real
    touch real/a.img
    ln -s real link
    embed
    aa_host
    aa_domain "$(disk "$T/link/a.img" vda)"
    contains "$(profile web.xml)" "\"$T/real/a.img\" rwk,"
}

@test "a path with a newline is refused" {
    embed
    aa_host
    aa_domain "$(disk "$T/a&#10;  /** rwk,.img" vda)"
    must_fail 1 profile web.xml
    contains "$err" "disk vda" "newline"
}

@test "the older TEMPLATE and that of vmutils count where there is no TEMPLATE.qemu" {
    embed
    aa_host
    aa_domain
    cd sys/etc/apparmor.d/libvirt
    sed 's/^}/  # ours\n}/' TEMPLATE.qemu >TEMPLATE.vmutils
    sed 's/^}/  # older\n}/' TEMPLATE.qemu >TEMPLATE
    [[ $(profile "$T/web.xml") != *older* ]]
    rm TEMPLATE.qemu
    contains "$(profile "$T/web.xml")" "# older"
    rm TEMPLATE
    contains "$(profile "$T/web.xml")" "# ours"
    rm TEMPLATE.vmutils
    must_fail 3 profile "$T/web.xml"
    contains "$err" "there is no template of profiles in $T/sys/etc/apparmor.d/libvirt (try:"
}

@test "the template that make install brings is one, and so is its abstraction" {
    [ -x /usr/sbin/apparmor_parser ] || skip "needs apparmor_parser"
    embed
    aa_host
    aa_domain
    cp "$TOP/cmd/apparmor/TEMPLATE.vmutils" sys/etc/apparmor.d/libvirt/TEMPLATE.qemu
    profile web.xml >p
    parses p
}

@test "a profile that the administrator wrote is the guest's" {
    embed
    aa_host
    aa_domain
    printf 'profile libvirt-%s flags=(complain) {\n  include if exists <libvirt/libvirt-%s.files>\n  /mine r,\n}\n' $UUID $UUID >sys/etc/apparmor.d/libvirt/libvirt-$UUID
    ok profile web.xml
    contains "$out" "flags=(complain)" "/mine r," "web.log"
    [ "$(id -u)" = 0 ] || return 0
    ok seclabel --json --driver apparmor web.xml
    contains "$out" "complain mode: what is refused is only logged; $T/sys/etc/apparmor.d/libvirt/libvirt-$UUID is the administrator's"
}

# bats test_tags=root
@test "the plan has each object with its access, and the profile of the process" {
    requires root
    touch a.img
    embed
    aa_host
    aa_domain "$(disk "$T/a.img" vda '<shareable/>')"
    ok seclabel --driver apparmor web.xml
    contains "$out" "libvirt-$UUID" "disk vda" "shared" "rwk"
    [[ $out != *dac* ]]
}

@test "without AppArmor the layer says that it is not in use, and why" {
    aa_domain
    ok seclabel --json web.xml
    contains "$out" '"layer": "apparmor", "why": "process"' "not in use: the security driver is none (neither SELinux nor AppArmor is enabled in this kernel"
}

# bats test_tags=user
@test "for whom is not root, profiles are not loaded" {
    [ "$(id -u)" != 0 ] || return 0
    embed
    aa_host
    aa_domain
    ok seclabel --json web.xml
    contains "$out" "not in use: only root loads profiles"
    mkdir -p "$ROOT/etc"
    echo 'security_driver = "apparmor"' >"$ROOT/etc/qemu.conf"
    must_fail 7 seclabel web.xml
    contains "$err" "AppArmor cannot confine this guest: only root loads profiles"
}

# bats test_tags=root
@test "what a host lacks for AppArmor is named with what would help" {
    requires root
    embed
    aa_host
    aa_domain
    rm sys/etc/apparmor.d/libvirt/TEMPLATE.qemu
    ok seclabel --json web.xml
    contains "$out" "not in use: there is no template of profiles in"
    rm -r sys/sys/kernel/security
    ok seclabel --json web.xml
    contains "$out" "not in use: securityfs is not mounted (try: mount -t securityfs"
}

@test "security_driver = \"none\" and type='none' turn it off" {
    embed
    aa_host
    aa_domain "" "<seclabel type='none' model='apparmor'/>"
    ok seclabel --json web.xml
    contains "$out" "not in use: type='none' of the domain"
    aa_domain
    mkdir -p "$ROOT/etc"
    echo 'security_driver = "none"' >"$ROOT/etc/qemu.conf"
    ok seclabel --json --driver apparmor web.xml
    contains "$out" "not in use: the security driver is none ($ROOT/etc/qemu.conf:1)"
    [[ $out != *libvirt-$UUID* ]]
}

@test "security_require_confined refuses a guest that wants no profile" {
    embed
    aa_host
    aa_domain "" "<seclabel type='none' model='apparmor'/>"
    mkdir -p "$ROOT/etc"
    echo 'security_require_confined = 1' >"$ROOT/etc/qemu.conf"
    must_fail 1 seclabel web.xml
    contains "$err" "security_require_confined"
}

# bats test_tags=root
@test "a baselabel is refused: AppArmor has none" {
    requires root
    embed
    aa_host
    aa_domain "" "<seclabel type='dynamic' model='apparmor' relabel='yes'><baselabel>x</baselabel></seclabel>"
    must_fail 1 seclabel web.xml
    contains "$err" "<baselabel>: AppArmor has none"
}

@test "--profile without a UUID says what a profile is named by" {
    domain web
    must_fail 1 profile web.xml
    contains "$err" "there is no <uuid>"
}
