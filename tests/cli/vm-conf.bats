#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
load ../helpers

conf() { # lines of qemu.conf
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' "$@" >"$ROOT/etc/qemu.conf"
}

row() { awk -v key="$1" '$1 == key' <<<"$out"; }

# bats test_tags=user
@test "without a file every value is built in, or from the build" {
    embed
    ok vm-conf
    contains "$(row remote_display_port_min)" 5900 built-in honoured
    contains "$(row user)" '"root"' build honoured
    [[ $out != *unknown* && $out != *"not honoured"* ]]
}

@test "a value of the file comes with its line, the last one counts" {
    conf '# comment' 'vnc_listen = "1.2.3.4"' 'vnc_listen = "::"'
    ok vm-conf
    contains "$(row vnc_listen)" '"::"' "$ROOT/etc/qemu.conf:3" honoured
}

@test "user of the file is before that of the build" {
    conf 'user = "+1234"'
    ok vm-conf --json user group
    same "$(jq -c '.[] | [.key, .value, .from, .line]' <<<"$out")" "[\"user\",\"+1234\",\"$ROOT/etc/qemu.conf:1\",1]
[\"group\",\"root\",\"build\",null]"
}

@test "known keys that are not honoured and unknown ones are told apart" {
    conf 'max_queued = 0' 'frobnicate = 1'
    ok vm-conf
    contains "$(row max_queued)" 0 "not honoured"
    contains "$(row frobnicate)" 1 unknown
    same "$err" ""
}

# bats test_tags=user
@test "keys of vmutils.conf are listed with those of qemu.conf, and each file's keys are unknown to the other" {
    conf 'landlock = 0'
    ok vm-conf
    same "$(awk '$1 == "landlock" { print $2, $3, $4 }' <<<"$out")" "1 built-in honoured
0 $ROOT/etc/qemu.conf:1 unknown"
    contains "$out" "passed over: it is a key of vmutils.conf"
    printf 'landlock = 0\nuser = "root"\n' >"$ROOT/etc/vmutils.conf"
    ok vm-conf --json landlock
    same "$(jq -c '.[0] | [.value, .file, .line, .status]' <<<"$out")" "[0,\"$ROOT/etc/vmutils.conf\",1,\"honoured\"]"
    ok vm-conf
    contains "$(row user)" "build" "$ROOT/etc/vmutils.conf:2" "it is a key of qemu.conf"
}

# bats test_tags=user
@test "the environment goes before vmutils.conf" {
    conf
    echo 'landlock = 1' >"$ROOT/etc/vmutils.conf"
    VMUTILS_LANDLOCK=0 ok vm-conf
    contains "$(row landlock)" " 0 " environment "VMUTILS_LANDLOCK=0"
}

@test "--check of vmutils.conf goes by its own keys" {
    conf
    mkdir new
    echo 'landlock = 2' >new/vmutils.conf
    must_fail 1 vm-conf --check new/vmutils.conf
    contains "$err" "new/vmutils.conf:1: landlock = 2: must be from 0 to 1"
    printf 'landlock = 0\nuser = "root"\n' >new/vmutils.conf
    ok vm-conf --check new/vmutils.conf
    contains "$err" "new/vmutils.conf:2: unknown key user is passed over: it is one of qemu.conf"
    must_fail 1 vm-conf --check new/vmutils.conf --strict
}

@test "--check tells keys that are not honoured" {
    conf
    echo 'max_queued = 0' >odd
    ok vm-conf --check odd --strict
    ok vm-conf --check odd
    contains "$err" "odd:1: max_queued is known but not honoured"
}

@test "a word that would silently switch a protection off is an error, here and at a start" {
    conf
    printf '%s\n' 'namespaces = [ "mnt" ]' 'cgroup_controllers = [ "device" ]' 'cgroup_device_acl = [ "null" ]' >bad
    must_fail 1 vm-conf --check bad
    contains "$err" "bad:1: namespaces cannot be 'mnt' (try: mount)" "bad:2: cgroup_controllers cannot be 'device' (try: cpu, devices" \
        "bad:3: cgroup_device_acl: 'null' does not begin with /"
    cp bad "$ROOT/etc/qemu.conf"
    domain web
    must_fail 1 vm-start --dry-run --transient web.xml
    contains "$err" "qemu.conf:1: namespaces cannot be 'mnt'"
}

@test "a key that asks for a protection and is not honoured keeps guests off that would be without it" {
    conf 'vnc_password = "x"' 'lock_manager = "lockd"' 'sched_core = "none"'
    touch disk.img
    domain web "<graphics type='vnc' port='-1'/>"
    must_fail 1 vm-start --dry-run --transient web.xml
    contains "$err" "web: $ROOT/etc/qemu.conf:1: vnc_password is not honoured, and <graphics type='vnc'> would be without it"
    domain web "<graphics type='vnc' port='-1' passwd='own'/>"
    ok vm-start --dry-run --transient web.xml
    domain web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    must_fail 1 vm-start --dry-run --transient web.xml
    contains "$err" "qemu.conf:2: lock_manager is not honoured, and disk vda would be without it"
    domain web
    ok vm-start --dry-run --transient web.xml
}

@test "--all lists every key of libvirt's" {
    conf
    ok vm-conf --all
    contains "$(row lock_manager)" "not honoured"
    ok vm-conf
    same "$(row lock_manager)" ""
}

@test "KEY prints bare values, a list one to a line" {
    conf 'cgroup_device_acl = [ "/dev/null", "/dev/zero" ]' 'max_core = "unlimited"'
    ok vm-conf spice_listen max_files cgroup_device_acl max_core
    same "$out" "127.0.0.1

/dev/null
/dev/zero
unlimited"
}

@test "a KEY that is none is status 3" {
    conf
    must_fail 3 vm-conf frobnicate
    contains "$err" "frobnicate: there is no such key (try: vm-conf --all)"
}

@test "JSON has values in their own types" {
    conf 'cgroup_device_acl = [ "/dev/null" ]' 'max_core = 0'
    ok vm-conf --json cgroup_device_acl max_core max_files vnc_listen remote_display_port_max
    same "$(jq -c '[.[].value]' <<<"$out")" '[["/dev/null"],0,null,"127.0.0.1",65535]'
}

@test "passwords are not shown" {
    conf 'vnc_password = "secret-word"'
    for form in "" --json vnc_password "--json vnc_password"; do
        ok vm-conf -q $form
        contains "$out" "(not shown)"
        [[ $out != *secret-word* ]]
    done
}

@test "the note of security_driver tells what is in force and why" {
    conf
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys
    ok vm-conf
    contains "$(row security_driver)" "none: neither SELinux nor AppArmor is enabled in this kernel"
    mkdir -p sys/sys/module/apparmor/parameters sys/sys/fs/selinux
    echo Y >sys/sys/module/apparmor/parameters/enabled
    ok vm-conf
    contains "$(row security_driver)" "none: AppArmor is enabled, but"
    echo 1 >sys/sys/fs/selinux/enforce
    ok vm-conf
    contains "$(row security_driver)" "selinux: it is enabled in this kernel"
    echo 'security_driver = "none"' >"$ROOT/etc/qemu.conf"
    ok vm-conf
    contains "$(row security_driver)" "$ROOT/etc/qemu.conf:1" honoured "none: "
}

# bats test_tags=root
@test "AppArmor in force names its template" {
    requires root
    conf
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys/sys/module/apparmor/parameters sys/sys/kernel/security/apparmor sys/etc/apparmor.d/libvirt sys/usr/sbin
    echo Y >sys/sys/module/apparmor/parameters/enabled
    touch sys/etc/apparmor.d/libvirt/TEMPLATE.qemu sys/usr/sbin/apparmor_parser
    chmod 755 sys/usr/sbin/apparmor_parser
    ok vm-conf
    contains "$(row security_driver)" "apparmor: it is enabled in this kernel; profiles are made from $T/sys/etc/apparmor.d/libvirt/TEMPLATE.qemu"
}

# bats test_tags=user
@test "in session mode user and group cannot be set, and no command passes that over" {
    unset LIBVIRT_DEFAULT_URI XDG_CONFIG_HOME
    export HOME=$T/home XDG_RUNTIME_DIR=$T/run
    mkdir -p home/.config/libvirt run
    chmod 700 run
    same "$(vm-conf -c qemu:///session --path)" "$T/home/.config/libvirt/qemu.conf"
    printf '\nuser = "root"\n' >home/.config/libvirt/qemu.conf
    ok vm-conf -c qemu:///session
    contains "$(row user)" refused "not settable in session mode"
    must_fail 1 vm-conf -c qemu:///session --check home/.config/libvirt/qemu.conf
    contains "$err" "qemu.conf:2: user: not settable in session mode"
    domain web
    must_fail 1 seclabel -c qemu:///session web.xml
    contains "$err" "qemu.conf:2: user: not settable in session mode"
    must_fail 1 vm-start -c qemu:///session --transient web.xml
}

@test "--check is silent about what is right" {
    conf
    echo 'vnc_listen = "::"' >good
    ok vm-conf --check good
    same "$out$err" ""
}

@test "--check names each mistake with its line" {
    conf
    printf '%s\n' 'vnc_listen = 1' '= 2' 'dynamic_ownership = 3' 'remote_display_port_min = 6000' >bad
    must_fail 1 vm-conf --check bad
    same "$err" 'vm-conf: bad:1: vnc_listen must be a "text"
vm-conf: bad:2: not of the form key = value
vm-conf: bad:3: dynamic_ownership = 3: must be from 0 to 1'
    printf '%s\n' 'remote_display_port_min = 6000' 'remote_display_port_max = 5999' 'security_driver = [ "selfinux" ]' >bad
    must_fail 1 vm-conf --check bad
    contains "$err" "bad:2: remote_display_port_min = 6000 is above remote_display_port_max = 5999" "bad:3: security_driver"
}

# bats test_tags=root
@test "--check names a user that is not there" {
    requires root
    conf
    echo 'user = "nobody-of-that-name"' >bad
    must_fail 1 vm-conf --check bad
    contains "$err" "bad:1: user: there is no user 'nobody-of-that-name'"
}

@test "--check names unknown keys, which --strict makes errors" {
    conf
    echo 'frobnicate = 1' >odd
    ok vm-conf --check odd
    contains "$err" "odd:1: unknown key frobnicate"
    must_fail 1 vm-conf --check odd --strict
    must_fail 2 vm-conf --check odd --json
    must_fail 3 vm-conf --check nosuch
}

@test "every key that is called honoured is read by the code, by that name" {
    conf
    for key in $(vm-conf --json | jq -r '.[].key'); do
        [ "$key" != landlock ] || continue # of vmutils.conf
        grep -rqF "\"$key\"" --include='*.c' --exclude=settings.c "$TOP/libcore" --exclude-dir=host ||
            grep -qF "c, \"$key\"" "$TOP/libcore/host/conf.c" || { echo "nobody reads $key"; return 1; }
    done
}

@test "every key that the code reads is called honoured" {
    conf
    honoured=$(vm-conf --json | jq -r '.[].key')
    for key in $(grep -rhoE 'conf_(text|number|value|get)\([^"()]*"[a-z_0-9]+"' --include='*.c' "$TOP/libcore" "$TOP/cmd" | grep -oE '"[^"]+"' | tr -d '"' | sort -u); do
        grep -qx "$key" <<<"$honoured" || { echo "read, but not honoured: $key"; return 1; }
    done
}

@test "Debian's own qemu.conf is right" {
    [ -r /etc/libvirt/qemu.conf ] || skip "needs libvirt-daemon-system"
    embed
    ok vm-conf --check /etc/libvirt/qemu.conf --strict
}
