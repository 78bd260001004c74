#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=user
# seclabel's plan is vm-start's, and making it leaves nothing behind.
# shellcheck disable=SC2154
load ../helpers

setup() {
    helpers_setup
    embed
    requires jq
}

# A domain with most of what only a start decides: firmware, NVRAM, directories, sockets, a TPM, files of logs and memory.
rich() { # NAME
    requires qemu-system-x86_64
    requires swtpm
    requires swtpm_setup
    [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || skip "needs ovmf"
    [ "$(id -u)" != 0 ] || { chmod 755 "$T"; mkdir -p "$ROOT/etc"; printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"; }
    mkdir io
    [ "$(id -u)" != 0 ] || chown daemon io
    truncate -s 1M base.img
    qemu-img create -q -f qcow2 -b base.img -F raw top.qcow2
    domain "$1" "<disk type='file'><driver name='qemu' type='qcow2'/><source file='$T/top.qcow2'/><target dev='vda' bus='virtio'/></disk>
        <serial type='unix'><source mode='bind' path='$T/io/serial.sock'/></serial>
        <serial type='pty'><log file='$T/io/serial.log'/></serial>
        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <graphics type='vnc'><listen type='socket'/></graphics>
        <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>" \
        "<uuid>ef1bdff4-27f3-4e85-a807-5fb4d58463cd</uuid><features><acpi/></features>
        <memoryBacking><source type='file'/></memoryBacking><on_crash>coredump-destroy</on_crash>"
    sed -i "s,<os>,<os firmware='efi'>,; s,machine='pc',machine='q35'," "$1.xml"
}

# What a start would change, as "LAYER PATH WANTED": by vm-start, by seclabel.
by_start() {
    jq -r '{owner: "dac", chown: "dac", dir: "dac", nvram: "dac", tpm: "dac", socket: "dac", selinux: "selinux", label: "selinux",
            profile: "apparmor", apparmor: "apparmor", cgroup: "cgroup", "cgroup-dir": "cgroup"} as $layer |
        .user as $user | .rows[] | select(.before != .wanted) |
        (if .kind == "socket" then $user elif $layer[.kind] == "cgroup" or .kind == "profile" then "-" else .wanted | split(" ")[0] end) as $wanted |
        "\($layer[.kind] // .kind) \(.object) \($wanted)"' | sort
}
by_seclabel() {
    jq -r '.[] | select((.layer == "dac" or .layer == "selinux" or .layer == "cgroup") and .change) |
        "\(.layer) \(.path) \(if .layer == "cgroup" then "-" else .wanted end)"' | sort
}

@test "the plan is that of vm-start --dry-run, row by row, for a document and for a guest" {
    rich web
    ok vm-start --dry-run --json --transient web.xml
    wanted=$(by_start <<<"$out")
    ok seclabel --json web.xml
    same "$(by_seclabel <<<"$out")" "$wanted"
    contains "$wanted" "dac $ROOT/lib/qemu/nvram/web_VARS.fd" "dac $T/io/serial.sock" "dac $ROOT/lib/swtpm/ef1bdff4-" \
        "dac $ROOT/lib/qemu/domain-web" "dac $ROOT/lib/qemu/channel/target/domain-web"
    ok vm-define -q web.xml
    ok vm-start --dry-run --json web
    wanted=$(by_start <<<"$out")
    ok seclabel --json web
    same "$(by_seclabel <<<"$out")" "$wanted"
    ok seclabel --json ef1bdff4-27f3-4e85-a807-5fb4d58463cd
    same "$(by_seclabel <<<"$out")" "$wanted"
}

@test "the plan has what the starting programs make themselves, and the firmware that a start chooses" {
    rich web
    ok seclabel --json web.xml
    rows=$(jq -r '.[] | select(.layer == "dac" and .path) | "\(.why): \(.path) \(.mode) \(.use)"' <<<"$out")
    contains "$rows" "monitor socket: $ROOT/lib/vmutils/web/monitor.sock 0600 exclusive" \
        "lock of the guest: $ROOT/lib/vmutils/web/alive 0600" "log of QEMU: $ROOT/log/qemu/web.log 0600" \
        "memory dumps: $ROOT/lib/qemu/dump" "firmware: /usr/share/OVMF/" \
        "log of serial 1: $T/io/serial.log" "backing file 1 of vda: $T/base.img 0644 readonly"
}

@test "a running guest is shown with what was made for it, as the plan had it" {
    rich web
    ok seclabel --json web.xml
    # That of memory has the number in its name that only a start gets.
    planned=$(jq -r '.[] | select(.layer == "dac" and .path and .change and .why != "memory") | "\(.path) \(.wanted) \(.mode)"' <<<"$out" | sort)
    ok vm-start --paused --transient web.xml
    ok seclabel --show --json web
    while read -r path wanted mode; do
        same "$path $(jq -r --arg p "$path" '[.[] | select(.layer == "dac" and .path == $p)][0].now' <<<"$out")" "$path $wanted"
        same "$path $(stat -c %u:%g "$path")" "$path $wanted"
        [ "$mode" = null ] || same "$path $(stat -c %04a "$path")" "$path $mode"
    done <<<"$planned"
    monitor=$ROOT/lib/vmutils/web/monitor.sock
    same "$(jq -r --arg p "$monitor" '.[] | select(.path == $p).now' <<<"$out") $(stat -c %a "$monitor")" "$(id -u):$(id -g) 600"
    ok vm-stop --force web
}

@test "a plan leaves nothing behind but what the emulator said" {
    rich web
    ok seclabel web.xml
    before=$(find "$T" ! -name 'run.*' -printf '%p %i %C@\n' | sort)
    ok seclabel web.xml
    ok seclabel --json web.xml
    ok seclabel --driver dac web.xml
    ok seclabel --check web.xml || true
    after=$(find "$T" ! -name 'run.*' -printf '%p %i %C@\n' | sort)
    same "$(grep -v "^$T [0-9]" <<<"$after")" "$(grep -v "^$T [0-9]" <<<"$before")"
}

@test "a plan makes no file, directory or link by any call" {
    requires strace
    case $B in *sanitize*) skip "sanitizers write logs" ;; esac
    rich web
    ok seclabel web.xml
    ok strace -f -qq -o calls -e trace=%file,fchown,fchownat,fchmod seclabel web.xml
    ! grep -E 'O_CREAT|O_WRONLY|O_RDWR|mkdir|symlink|[^d]linkat|rename|unlink|chown|chmod|setxattr|mknod' calls | grep -vE 'ENOENT|"/dev/(null|tty)"|/proc/self/' || false
}

@test "an emulator that is not there is noted, and the plan has what the document says" {
    truncate -s 1M disk.img
    EMULATOR=/usr/bin/qemu-system-none domain web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    ok seclabel web.xml
    contains "$err" "/usr/bin/qemu-system-none" "only what the document says"
    contains "$out" "disk vda"
}

@test "a command under the guest's Landlock rules reaches its disks and nothing else" {
    requires qemu-system-x86_64
    truncate -s 1M disk.img other.img
    domain web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    ok seclabel --json web.xml
    jq -e '.[] | select(.layer == "landlock" and .why == "process" and .wanted != null)' <<<"$out" >/dev/null || skip "needs Landlock in the kernel"
    same "$(jq -r --arg p "$T/disk.img" '.[] | select(.layer == "landlock" and .path == $p) | "\(.why) \(.use) \(.wanted)"' <<<"$out")" \
        "disk vda exclusive read write"
    ok seclabel --driver landlock web.xml -- cat "$T/disk.img"
    must_fail 1 seclabel --driver landlock web.xml -- cat "$T/other.img"
    contains "$err" "Permission denied"
    must_fail 126 seclabel --driver landlock web.xml -- env "$BIN/vm-list"
}

@test "Landlock lets no guest make sockets at the top of the file system" {
    domain web "<graphics type='vnc' port='-1' autoport='yes'/>"
    ok seclabel --json --driver landlock web.xml
    same "$(jq -r '.[] | select(.path == "/") | .why' <<<"$out")" ""
}
