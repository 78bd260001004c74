#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vm-start: what it leaves running, what it says, what it leaves behind.
load ../helpers
load ../life

runs() { [ "$(vm-list --state running --name)" = web ]; }
# Users may run emulators of root's, or from a directory that they name.
vm-start() { command vm-start --bindir "$T" "$@"; }

# bats test_tags=user
@test "vm-start: the guest runs and answers when it returns" {
    fake web
    ok vm-start web
    ok qmp-send web query-status
    contains "$out" '"running"'
    same "$(vm-list --state running --name)" web
}

# bats test_tags=user
@test "vm-start: a guest that runs is not started again" {
    fake web
    ok vm-start web
    must_fail 4 vm-start web
    contains "$err" "web: is already running"
}

# bats test_tags=user
@test "vm-start: \$(vm-start) returns at once, nothing keeps its output open" {
    embed && mkdir -p "$ROOT/etc" && echo 'user = "root"' >"$ROOT/etc/qemu.conf"
    fake web
    exec 7>"$T/open"
    said=$(vm-start web 2>&1)
    same "$said" ""
    for p in "$(journal qemu)" "$(journal reaper)"; do
        must_fail any grep -q "$T/open" <(ls -l "/proc/$p/fd")
        same "$(readlink "/proc/$p/fd/0")" /dev/null
        same "$(readlink "/proc/$p/cwd")" /
        same "$(ps -o sid= -p "$p" | tr -d ' ')" "$p"
    done
}

# bats test_tags=user
@test "vm-start: QEMU has none of the caller's variables" {
    fake web
    SECRET=here ok vm-start web
    must_fail any grep -qz SECRET "/proc/$(journal qemu)/environ"
    must_fail any grep -qz SECRET "/proc/$(journal reaper)/environ"
}

@test "vm-start --paused: processors stay stopped" {
    fake web
    ok vm-start --paused web
    ok qmp-send web query-status
    contains "$out" '"running": false'
}

# bats test_tags=user
@test "vm-start: the last words of a QEMU that dies are in the message" {
    BEHAVE=die=qmp_capabilities fake web
    must_fail 6 vm-start web
    contains "$err" "vm-start: web: QEMU ended with status 1" "this is the fake's last line"
    is_off
}

@test "vm-start: a QEMU that never answers is ended when time is over" {
    BEHAVE=mute=qmp_capabilities fake web
    must_fail 8 vm-start --timeout 0.3 web
    is_off
    wait_for must_fail any pgrep -f "$T/emulator"
}

@test "vm-start: rubbish instead of QMP is QEMU's fault" {
    BEHAVE=rubbish=cont fake web
    must_fail 6 vm-start web
    is_off
}

@test "vm-start: an endless line is QEMU's fault" {
    BEHAVE=endless=cont fake web
    must_fail any vm-start --timeout 3 web
    is_off
}

@test "vm-start: an emulator that went away is named" {
    fake web
    ok vm-start web
    ok vm-stop --force web
    rm emulator
    must_fail any vm-start web
    contains "$err" "$T/emulator"
    is_off
}

# bats test_tags=user
@test "vm-start --dry-run: shows the command and does nothing" {
    fake web
    ok vm-start --dry-run web
    contains "$out" "exec" "guest=web"
    [ ! -e "$STATE/journal" ]
    ok vm-start --dry-run --json web
    ok jq -e '.argv[0] and (.rows | type == "array")' <<<"$out"
}

@test "vm-start --transient: the guest is there while it runs" {
    fake other
    EMULATOR=$T/emulator domain web
    ok vm-start --transient web.xml
    same "$(vm-list --name)" web
    ok vm-stop --force web
    must_fail 3 vm-stop web
    [ ! -e "$ROOT/lib/vmutils/web" ]
}

@test "vm-start --transient: a guest that is defined while it runs keeps its UUID" {
    fake web
    ok vm-undefine web
    ok vm-start --transient web.xml
    uuid=$(grep "<uuid>" "$STATE/live.xml")
    ok vm-define --bindir "$T" web.xml
    contains "$(vm-dumpxml --inactive web)" "${uuid// /}"
}

@test "vm-start: of a guest that is paused is told what wakes it" {
    fake web
    ok vm-start --paused web
    must_fail 4 vm-start web
    contains "$err" "web: is already running, but paused (try: vm-resume web)"
}

@test "vm-start: a name that is empty is none" {
    embed
    must_fail 3 vm-start ""
    contains "$err" "'': no such guest in $URI"
}

@test "vm-start --help: what other programs say to it comes last, and nothing completes it" {
    ok vm-start --help
    contains "${out#*other programs of vmutils:}" "--ended" "--repair-locked"
    ok vm-start --complete-options
    ! grep -q "^ended" <<<"$out"
}

@test "vm-start --transient: reads standard input" {
    fake other
    EMULATOR=$T/emulator domain web
    ok vm-start --transient - <web.xml
    ok vm-stop --force web
}

@test "vm-start --no-reap: no vm-reap stays, the next command cleans up" {
    fake web
    ok vm-start --no-reap web
    same "$(journal reaper)" ""
    kill -9 "$(journal qemu)"
    needs_cleanup() { [ "$(vm-list --all --state 'needs cleanup' --name)" = web ]; }
    wait_for needs_cleanup
    ok vm-start web
    ok vm-stop --force web
    is_off
}

@test "vm-start --no-reap: a domain that asks for a restart is refused" {
    fake web "" "<on_poweroff>restart</on_poweroff>"
    must_fail 1 vm-start --no-reap web
    contains "$err" "vm-reap"
}

@test "vm-start: <on_poweroff>restart starts the guest again when it shuts down" {
    BEHAVE=shutdown-after=1 fake web "" "<on_poweroff>restart</on_poweroff>"
    ok vm-start --paused web
    first=$(journal qemu)
    echo >"$T/emulator.conf"
    ok qmp-send web cont # vm-resume would look at a guest that may be off by then
    again() { [ -e "$STATE/journal" ] && [ "$(journal qemu)" != "$first" ] && [ -n "$(journal qemu)" ]; }
    wait_for again
    wait_for runs
}

@test "vm-start: without it a guest that shuts down is cleaned up by vm-reap" {
    BEHAVE=shutdown-after=100 fake web
    ok vm-start web
    wait_for is_off
    contains "$(cat "$STATE/events")" '"event": "SHUTDOWN"' '"reason": "shutdown"'
}

@test "vm-start: a QEMU that is killed is cleaned up by vm-reap and not restarted" {
    fake web "" "<on_poweroff>restart</on_poweroff><on_crash>restart</on_crash>"
    ok vm-start web
    kill -9 "$(journal qemu)"
    wait_for is_off
    wait_for must_fail any pgrep -f "$T/emulator"
}

@test "vm-start --foreground: stays until the guest ends, its status is 0 for an orderly end" {
    fake web
    env vm-start --bindir "$T" --foreground web 3>&- &
    wait_for test -e "$STATE/journal"
    wait_for qmp-send web query-status
    ok vm-stop web
    wait $!
}

@test "vm-start --foreground: SIGTERM stops the guest" {
    fake web
    env vm-start --bindir "$T" --foreground web 3>&- &
    pid=$!
        wait_for runs
    kill -TERM "$pid"
    wait "$pid"
    is_off
}

@test "vm-start --foreground: the guest is stopped when whoever asks it gets the SIGTERM, too, as by systemd" {
    BEHAVE=ignore-powerdown fake web
    env vm-start --bindir "$T" --foreground web 3>&- >"$T/out" 2>&1 &
    pid=$!
    wait_for runs
    kill -TERM $pid
    wait_for pgrep -x -P $pid vm-stop
    kill -TERM "$(pgrep -x -P $pid vm-stop)"
    wait_for qmp-send web quit
    wait $pid
    wait_for grep "web: stopped" "$T/out"
}

@test "vm-start --foreground: a second SIGTERM forces it" {
    BEHAVE=ignore-powerdown fake web
    env vm-start --bindir "$T" --foreground web 3>&- &
    pid=$!
    wait_for runs
    kill -TERM "$pid"
    wait_for grep -q vm-stop "$STATE/stopping"
    kill -TERM "$pid"
    wait "$pid" || true
    wait_for is_off
}

@test "vm-start --foreground: its status is 6 when QEMU dies, of whatever signal" {
    fake web
    for signal in SEGV KILL; do
        env vm-start --bindir "$T" --foreground web 3>&- &
        pid=$!
        wait_for runs
        kill -"$signal" "$(journal qemu)"
        status=0
        wait "$pid" || status=$?
        same "$status" 6
        is_off
        same "$(vm-list --all --json web | jq -r .[].reason)" crashed
    done
}

@test "vm-start --foreground: its status is 0 when vm-stop --force had to kill QEMU" {
    BEHAVE="mute=quit ignore-term" fake web
    env vm-start --bindir "$T" --foreground web 3>&- &
    pid=$!
    wait_for runs
    ok vm-stop --force web
    same "$out" "web: stopped (killed)"
    wait "$pid"
    same "$(vm-list --all --json web | jq -r .[].reason)" destroyed
}

@test "vm-start: several guests; one that cannot be started keeps no other from it" {
    fake one
    fake two
    must_fail 3 vm-start one nosuch two
    contains "$err" "nosuch: no such guest"
    same "$(vm-list --name | sort)" $'one\ntwo'
    must_fail 2 vm-start --foreground one two
    must_fail 2 vm-start --dry-run one two
}

@test "vm-start --foreground: a start that fails ends it with that status" {
    BEHAVE=die=qmp_capabilities fake web
    must_fail 6 vm-start --foreground web
    contains "$err" "this is the fake's last line"
    is_off
}

@test "vm-start --notify-fd: a newline when the guest runs" {
    fake web
    mkfifo ready
    vm-start --foreground --notify-fd 9 web 9>ready 3>&- &
    read -r line <ready
    same "$line" ""
    same "$(vm-list --state running --name)" web
    ok vm-stop --force web
    ok vm-start --notify-fd 9 web 9>told
    same "$(wc -c <told)" 1
}

@test "vm-start: names that look like files and options" {
    for name in nvram snapshot dbus autostart web.pid -v; do
        fake "$name"
        ok vm-start -- "$name"
        ok vm-stop --force -- "$name"
    done
}

@test "vm-start: definition and <name> must agree" {
    fake web
    cp "$ROOT/etc/qemu/web.xml" "$ROOT/etc/qemu/other.xml"
    must_fail 1 vm-start other
}

@test "vm-start: another machine's journal is left alone" {
    fake web
    mkdir -p sys/etc
    echo 0123456789abcdef0123456789abcdef >sys/etc/machine-id
    VMUTILS_SYSROOT=$T/sys ok vm-start web
    must_fail 5 vm-start web
    contains "$err" "another machine (0123456789abcdef0123456789abcdef)"
    must_fail 5 vm-stop --force web
    kill -0 "$(journal qemu)"
    VMUTILS_SYSROOT=$T/sys ok vm-stop --force web
}

@test "vm-start: what another boot left is undone" {
    fake web
    ok vm-start web
    cp "$STATE/journal" "$STATE/live.xml" .
    reap=$(journal reaper)
    ok vm-stop --force web
    # It has undone everything, and then ends: as long as it is there, it answers for the journal that has it.
    wait_for must_fail any grep -q '^State:.[RSDTt]' "/proc/$reap/status"
    sed 's/"boot":"[^"]*"/"boot":"00000000-0000-0000-0000-000000000000"/' journal >"$STATE/journal"
    cp live.xml "$STATE/"
    same "$(vm-list --all --state 'needs cleanup' --name)" web
    ok vm-reap --all
    is_off
}

@test "vm-start: an incomplete journal means that nothing was done" {
    fake web
    ok vm-start web
    cp "$STATE/journal" .
    ok vm-stop --force web
    head -c 40 journal >"$STATE/journal"
    ok vm-start web
}

# bats test_tags=root
@test "vm-start: disks belong to qemu.conf's user while the guest runs, and go back" {
    requires root
    truncate -s 1M disk.img
    chown 1234:1235 disk.img
    chmod 0755 "$T" && chmod 0755 "$(dirname "$T")"
    fake web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    mkdir -p "$ROOT/etc"
    printf 'user = "nobody"\ngroup = "nogroup"\n' >"$ROOT/etc/qemu.conf"
    ok vm-start web
    same "$(stat -c %U:%G disk.img)" nobody:nogroup
    same "$(stat -c %U /proc/"$(journal qemu)")" nobody
    same "$(awk '/^CapBnd/ { print $2 }' /proc/"$(journal qemu)"/status)" 0000000000000000
    ok vm-stop --force web
    same "$(stat -c %u:%g disk.img)" 1234:1235
}

# bats test_tags=root
@test "vm-start: an owner that someone else changed meanwhile is left, with a notice" {
    requires root
    truncate -s 1M disk.img
    chown 1234:1235 disk.img
    fake web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    ok vm-start web
    chown 77:78 disk.img
    ok vm-stop --force web
    contains "$err$(cat "$STATE/events")" "77:78"
    same "$(stat -c %u:%g disk.img)" 77:78
}

# bats test_tags=root
@test "vm-start: a disk that two guests share goes back with the last of them" {
    requires root
    truncate -s 1M disk.img
    chown 1234:1235 disk.img
    disk="<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/><shareable/></disk>"
    fake one "$disk"
    fake two "$disk"
    ok vm-start one
    ok vm-start two
    ok vm-stop --force one
    same "$(stat -c %u:%g disk.img)" 0:0
    ok vm-stop --force two
    same "$(stat -c %u:%g disk.img)" 1234:1235
}

@test "vm-start: a real QEMU, paused, answers and stops" {
    requires qemu-system-x86_64
    guest web "<serial type='pty'/><graphics type='vnc' autoport='yes'/>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    ok qmp-send web query-status
    contains "$out" '"prelaunch"'
    contains "$(vm-dumpxml web)" "/dev/pts/"
    ok vm-stop --force web
    same "$out" "web: stopped (quit)"
    is_off
}

@test "vm-start: two guests with VNC get different ports" {
    fake one "<graphics type='vnc' autoport='yes'/>"
    fake two "<graphics type='vnc' autoport='yes'/>"
    ok vm-start one
    ok vm-start two
    [ "$(vm-dumpxml one | grep -o "port='[0-9]*'")" != "$(vm-dumpxml two | grep -o "port='[0-9]*'")" ]
}

@test "a guest that was stopped through its monitor is listed as paused" {
    fake web
    ok vm-start web
    ok qmp-send web stop
    paused() { vm-list web | grep -q paused; }
    wait_for paused
    ok qmp-send web cont
    wait_for runs
}

@test "vm-start --foreground: NOTIFY_SOCKET is told READY=1" {
    fake web
    perl -MSocket -e 'socket(S, PF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; recv(S, $b, 100, 0); print $b' \
        "$T/notify" >told 3>&- &
    wait_for test -S notify
    NOTIFY_SOCKET=$T/notify env vm-start --bindir "$T" --foreground web 3>&- &
    wait_for grep -qx READY=1 told
    ok vm-stop --force web
    wait $!
}

@test "vm-start: the directory of claims is removed while a guest runs" {
    fake web
    ok vm-start web
    if [ "$(id -u)" = 0 ]; then rm -rf /run/libvirt/vmutils; else rm -rf "$XDG_RUNTIME_DIR/vmutils"; fi
    must_fail 4 vm-start web
    ok vm-stop web
    ok vm-start web
    ok vm-stop --force web
}

# bats test_tags=root
@test "vm-start: a tap joins the bridge, or that of the network, and goes with the guest" {
    requires root
    requires ip
    [ -e /dev/net/tun ] || skip "needs /dev/net/tun"
    cat >inside <<'EOS'
        ip link add br9 type bridge && ip link set br9 up
        vm-start --bindir "$T" web && vm-start --bindir "$T" net
        ip -o link show master br9 | wc -l
        vm-dumpxml web | grep -o "<target dev='vnet[0-9]*'"
        vm-stop -q --force web net
        ip -o link show master br9 | wc -l
EOS
    fake web "<interface type='bridge'><source bridge='br9'/><model type='virtio'/></interface>"
    mkdir -p "$ROOT/etc/qemu/networks"
    echo "<network><name>lab</name><bridge name='br9'/></network>" >"$ROOT/etc/qemu/networks/lab.xml"
    fake net "<interface type='network'><source network='lab'/><model type='virtio'/></interface>"
    export T
    ok unshare -n bash -e inside
    contains "$out" "<target dev='vnet0'"
    same "$(grep -x '[0-9]' <<<"$out" | tr '\n' ' ')" "2 0 "
}

@test "vm-start: a network that is not there is named" {
    fake web "<interface type='network'><source network='lab'/><model type='virtio'/></interface>"
    must_fail any vm-start web
    contains "$err" "no network 'lab'"
    is_off
}

@test "vm-start --foreground: <on_poweroff>restart restarts in place" {
    BEHAVE=shutdown-after=1 fake web "" "<on_poweroff>restart</on_poweroff>"
    env vm-start --bindir "$T" --foreground --paused web 3>&- &
    pid=$!
    wait_for grep -q VM_STARTED "$STATE/events"
    first=$(journal qemu)
    echo >"$T/emulator.conf"
    ok qmp-send web cont
    again() { [ -e "$STATE/journal" ] && [ -n "$(journal qemu)" ] && [ "$(journal qemu)" != "$first" ] && [ "$(journal reaper)" = "$pid" ]; }
    wait_for again
    wait_for runs
    ok vm-stop web
    wait "$pid"
}

@test "vm-start --console: then becomes vm-console" {
    fake web "<serial type='pty'/>"
    env vm-start --bindir "$T" --console web </dev/null >console 3>&- &
    pid=$!
    is_console() { tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q '^vm-console'; }
    wait_for is_console
    ok vm-stop web
    wait "$pid"
}

@test "vm-start: a socket that a killed QEMU leaves is removed" {
    requires qemu-system-x86_64
    guest web "<serial type='unix'><source mode='bind' path='$T/serial.sock'/></serial>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    test -S serial.sock
    kill -9 "$(journal qemu)"
    wait_for is_off
    [ ! -e serial.sock ]
}

@test "vm-start: sockets below a root of 300 bytes" {
    requires qemu-system-x86_64
    long=$T/$(printf 'a%.0s' {1..150})/$(printf 'b%.0s' {1..150})
    embed "$long/root"
    guest web "<graphics type='vnc'><listen type='socket'/></graphics>
        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <serial type='unix'><source mode='bind' path='$long/serial.sock'/></serial>"
    STATE=$ROOT/lib/vmutils/web
    ok xml-to-argv web.xml
    contains "$out" "$long/serial.sock"
    for end in "vm-stop --force -q web" kill_qemu; do
        ok vm-start --paused web
        live=$(vm-dumpxml web)
        for socket in "$ROOT/lib/qemu/domain-web/vnc.sock" "$long/serial.sock" \
            "$ROOT/lib/qemu/channel/target/domain-web/org.qemu.guest_agent.0"; do
            test -S "$socket"
            contains "$live" "$socket"
        done
        (cd "$ROOT/lib/qemu/domain-web" && perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un("vnc.sock")) or die;
            sysread(S, $b, 12); print $b' >"$T/greeting")
        contains "$(cat greeting)" "RFB 003"
        $end
        wait_for is_off
        same "$(find "$long" -type s)" ""
    done
}
kill_qemu() { kill -9 "$(journal qemu)"; }

@test "vm-start: <smbios mode='host'> tells the guest what this host's firmware says" {
    fake web "" "<sysinfo type='fwcfg'><entry name='opt/org.example/x'>y</entry></sysinfo>"
    sed -i "s|hvm</type>|hvm</type><smbios mode='host'/>|" web.xml
    ok vm-define -q --bindir "$T" web.xml
    id=$T/sys/sys/class/dmi/id
    mkdir -p "$T/sys/sys/class/dmi"
    VMUTILS_SYSROOT=$T/sys must_fail 3 vm-start web
    contains "$err" "has no SMBIOS tables"
    mkdir "$id"
    echo "ACME, Inc." >"$id/sys_vendor"
    echo "Racer " >"$id/product_name"
    echo 42 >"$id/product_serial"
    echo ef1bdff4-27f3-4e85-a807-5fb4d58463cc >"$id/product_uuid"
    echo 1.2 >"$id/bios_version"
    echo >"$id/chassis_serial"
    VMUTILS_SYSROOT=$T/sys ok vm-start --dry-run --json web
    same "$(jq -r '.argv | join(" ") | scan("-smbios [^ ]*(?: Inc.)?[^ ]*")' <<<"$out")" \
        "-smbios type=0,version=1.2
-smbios type=1,manufacturer=ACME,, Inc.,product=Racer,serial=42"
    contains "$out" "opt/org.example/x"
    VMUTILS_SYSROOT=$T/sys ok vm-start web
    VMUTILS_SYSROOT=$T/sys ok vm-stop --force web
}

@test "vm-start: memory in files has a directory of its own while the guest runs" {
    requires qemu-system-x86_64
    guest web "" "<memoryBacking><source type='file'/></memoryBacking>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    contains "$(tr '\0' ' ' <"/proc/$(journal qemu)/cmdline")" "$ROOT/lib/qemu/ram/1-web/pc.ram"
    test -d "$ROOT/lib/qemu/ram/1-web"
    ok vm-stop --force web
    same "$(ls "$ROOT/lib/qemu/ram")" ""
    mkdir -p "$ROOT/etc"
    echo "memory_backing_dir = \"$T/ram\"" >"$ROOT/etc/qemu.conf"
    ok vm-start --paused web
    test -d "$T/ram/2-web"
    ok vm-stop --force web
    [ ! -e "$T/ram/2-web" ]
}

# bats test_tags=root
@test "vm-start: huge pages come from hugetlbfs_mount of qemu.conf, by the size of its pages" {
    fake web "" "<memoryBacking><hugepages/></memoryBacking>"
    mkdir -p "$ROOT/etc" huge
    ok mount -t hugetlbfs -o pagesize=2M none huge
    echo "hugetlbfs_mount = [ \"$T/huge\" ]" >"$ROOT/etc/qemu.conf"
    ok vm-start --dry-run web
    contains "$out" "\"mem-path\":\"$T/huge/libvirt/qemu/" "$T/huge/libvirt/qemu/"
    fake big "" "<memoryBacking><hugepages><page size='1' unit='GiB'/></hugepages></memoryBacking>"
    must_fail 1 vm-start --dry-run big
    contains "$err" "hugetlbfs_mount of qemu.conf has no pages of 1048576 KiB"
    umount huge
    must_fail 1 vm-start --dry-run web
    contains "$err" "qemu.conf:1: hugetlbfs_mount $T/huge: is no file system of huge pages"
    echo 'hugetlbfs_mount = ""' >"$ROOT/etc/qemu.conf"
    must_fail 1 vm-start --dry-run web
    contains "$err" "no pages of the usual size"
}

# bats test_tags=root
@test "vm-start: qemu.conf's user may be a number that nobody has" {
    fake web
    chmod 755 "$T"
    mkdir -p "$ROOT/etc"
    printf 'user = "+54321"\ngroup = "+54322"\n' >"$ROOT/etc/qemu.conf"
    ok vm-start web
    same "$(awk '/^[UG]id:/ { print $2 }' "/proc/$(journal qemu)/status" | xargs)" "54321 54322"
    ok vm-stop --force web
}

# bats test_tags=user
@test "vm-start: few open files are enough; too few are an error that says so" {
    fake_guest web
    limited() { (ulimit -n "$1" && shift && "$@"); }
    ok limited 256 vm-start -q --bindir "$T/fake-web" web
    ok vm-stop --force web
    must_fail any limited 128 vm-start -q --bindir "$T/fake-web" web
    contains "$err" "vm-start: web: " "Too many open files" "(try: ulimit -n 1024)"
    same "$(vm-list --name)" ""
}
