# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# With libvirt's own daemon in the same root: whose a definition or a guest is, is told by files and locks.
load ../helpers

setup() {
    helpers_setup
    requires root
    requires system
    requires libvirtd
    export LIBVIRT_DEFAULT_URI=qemu:///system
    # The daemon asks every emulator that it finds before it answers: leave it one.
    for q in /usr/bin/qemu-system-*; do
        [ "$q" = /usr/bin/qemu-system-x86_64 ] || mountpoint -q "$q" || mount --bind /dev/null "$q"
    done
    printf '%s\n' 'stdio_handler = "file"' 'security_driver = "none"' 'user = "root"' 'group = "root"' \
        'cgroup_controllers = [ ]' >/etc/libvirt/qemu.conf
    rm -rf /etc/libvirt/qemu/*.xml /etc/libvirt/qemu/autostart /run/libvirt
    URI=$LIBVIRT_DEFAULT_URI domain web
}
daemon() { libvirtd -d 3>&- && wait_for virsh list; }
# It answers before it has read the definitions.
listed() { [ "$(virsh list --all "$1" --name | sed '/^$/d')" = "$2" ]; }
kill_daemon() {
    local pid
    pid=$(cat /run/libvirtd.pid)
    kill -9 "$pid"
    wait_for eval "! kill -0 $pid"
}

@test "what libvirt defined is there, and what vm-define defined is libvirt's" {
    daemon
    ok virsh define web.xml
    ok virsh autostart web
    same "$(vm-list --all --autostart --name)" web
    same "$(vm-dumpxml web)" "$(virsh dumpxml --inactive web | sed '/^$/d')"
    kill_daemon
    sed 's,>web<,>db<,' web.xml | vm-define -q
    ok vm-autostart db
    ok vm-undefine web
    daemon
    wait_for listed --autostart db
    same "$(vm-dumpxml db)" "$(virsh dumpxml --inactive db | sed '/^$/d')"
    ok virsh undefine db
    same "$(vm-list --all --name)" ""
}

@test "while a daemon owns the root, defining and starting are refused with its pid" {
    daemon
    ok virsh define web.xml
    must_fail 5 vm-define web.xml
    contains "$err" "libvirt daemon (pid $(cat /run/libvirtd.pid))"
    must_fail 5 vm-undefine web
    must_fail 5 vm-start web
}

@test "a guest under libvirt is seen as running and left alone, its daemon up or killed" {
    daemon
    ok virsh define web.xml
    ok virsh start --paused web
    pid=$(cat /run/libvirt/qemu/web.pid)
    for round in up killed; do
        ok vm-list --reason
        contains "$out" "web" "running" "under libvirt"
        must_fail 4 vm-stop --force web
        contains "$err" "runs under libvirt (pid $pid)"
        [ $round = killed ] || kill_daemon
    done
    must_fail 4 vm-define web.xml
    must_fail 4 vm-start web
    must_fail 4 vm-undefine web
    kill -0 "$pid"
    kill -9 "$pid"
    wait_for sh -c '! vm-list --name | grep .'
    ok vm-undefine web
}

@test "no daemon starts beside a guest that vm-start runs; the guest is stopped all the same" {
    ok vm-define -q web.xml
    ok vm-start -q --paused web
    libvirtd 3>&- &
    libvirtd=$!
    wait_for eval "! kill -0 $libvirtd"
    must_fail any virsh list
    ok vm-stop --force web
    daemon
    wait_for listed --persistent web
}
