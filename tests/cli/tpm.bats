#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests with an emulated TPM: swtpm begins and ends with them, and its state stays.
load ../helpers

TPM="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
UUID=ef1bdff4-27f3-4e85-a807-5fb4d58463cc

script() { # PATH, text on standard input
    { echo '#!/bin/sh'; cat; } >"$1"
    chmod +x "$1"
}

# A guest with fake-qemu, swtpm and swtpm_setup that do next to nothing: what swtpm does is standard input.
fake() { # NAME
    cp "$FAKE_QEMU" "$T/emulator"
    script swtpm
    script swtpm_setup <<<"echo made >tpm2-00.permall; echo x >>$T/setups"
    EMULATOR=$T/emulator domain "$1" "$TPM" "<uuid>$UUID</uuid>"
    # The user that a package of swtpm brings may not enter this directory.
    mkdir -p "$ROOT/etc"
    printf 'swtpm_user = "root"\nswtpm_group = "root"\n' >"$ROOT/etc/qemu.conf"
    vm-define -q --bindir "$T" "$1.xml"
    STATE=$ROOT/lib/vmutils/$1 TPMSTATE=$ROOT/lib/swtpm/$UUID/tpm2
}
start() { vm-start --bindir "$T" "$@"; }
journal() { sed -n "s/^{\"$1\":{\"pid\":\([0-9]*\),.*/\1/p" "$STATE/journal"; }
is_off() { [ ! -e "$STATE/journal" ] && [ ! -e "$STATE/live.xml" ]; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

# bats test_tags=user
@test "tpm: a real swtpm has its state made once, and comes and goes with the guest" {
    requires qemu-system-x86_64
    requires swtpm
    requires swtpm_setup
    guest web "$TPM" "<uuid>$UUID</uuid>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    helper=$(journal helper)
    contains "$(tr '\0' ' ' <"/proc/$helper/cmdline")" "swtpm socket --tpm2"
    file=$ROOT/lib/swtpm/$UUID/tpm2/tpm2-00.permall
    made=$(stat -c '%i %Y' "$ROOT/lib/swtpm/$UUID/tpm2" "$file")
    ok vm-stop --force web
    gone "$helper"
    [ ! -e "$ROOT/lib/qemu/domain-web" ]
    ok vm-start --paused web
    same "$(stat -c '%i %Y' "$ROOT/lib/swtpm/$UUID/tpm2" "$file")" "$made"
    helper=$(journal helper)
    kill -9 "$(journal qemu)"
    wait_for is_off
    wait_for gone "$helper"
}

# bats test_tags=root
@test "tpm: swtpm_user of qemu.conf, who need not be able to reach its directory" {
    requires qemu-system-x86_64
    requires swtpm
    requires swtpm_setup
    embed
    mkdir -p "$ROOT/etc"
    printf 'swtpm_user = "+1234"\nswtpm_group = "+1235"\n' >"$ROOT/etc/qemu.conf"
    guest web "$TPM" "<uuid>$UUID</uuid>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    same "$(awk '/^[UG]id:/ { print $2 }' "/proc/$(journal helper)/status" | xargs)" "1234 1235"
    same "$(stat -c %u:%g:%a "$ROOT/lib/swtpm/$UUID/tpm2")" 1234:1235:700
    ok vm-stop --force web
}

# bats test_tags=user
@test "tpm: swtpm runs in the guest's control groups, without capabilities, and opens its own state alone" {
    requires qemu-system-x86_64
    requires swtpm
    requires swtpm_setup
    guest web "$TPM" "<uuid>$UUID</uuid>"
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --paused web
    helper=$(journal helper)
    same "$(cat "/proc/$helper/cgroup")" "$(cat "/proc/$(journal qemu)/cgroup")"
    [ "$(id -u)" != 0 ] || contains "$(cat "/proc/$helper/cgroup")" "web"
    same "$(awk '/^Cap(Prm|Eff|Inh|Amb):/ { print $2 }' "/proc/$helper/status" | sort -u)" 0000000000000000
    [ "$(id -u)" != 0 ] || same "$(awk '/^CapBnd:/ { print $2 }' "/proc/$helper/status")" 0000000000000000
    same "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$helper/status")" 1
    same "$(awk '/^Seccomp_filters:/ { print $2 }' "/proc/$helper/status")" 2
    ok vm-stop --force web
}

# bats test_tags=root
@test "tpm: swtpm's user is tss, as in libvirt, and a state that was another's becomes and stays his" {
    requires swtpm
    requires swtpm_setup
    getent passwd tss >/dev/null || skip "needs swtpm"
    embed
    mkdir -p "$ROOT/etc"
    printf 'swtpm_user = "+1234"\nswtpm_group = "+1235"\n' >"$ROOT/etc/qemu.conf"
    guest web "$TPM" "<uuid>$UUID</uuid>"
    TPMSTATE=$ROOT/lib/swtpm/$UUID/tpm2
    ok vm-start --paused web
    ok vm-stop --force web
    same "$(stat -c %u:%g "$TPMSTATE" "$TPMSTATE"/* | sort -u)" 1234:1235
    rm "$ROOT/etc/qemu.conf"
    ok vm-start --dry-run web
    contains "$out" "another's" "$TPMSTATE"
    ok vm-start --paused web
    same "$(stat -c %U:%G "/proc/$(sed -n 's/^{"helper":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/web/journal")")" tss:tss
    ok vm-stop --force web
    same "$(stat -c %U:%G "$TPMSTATE" "$TPMSTATE"/* | sort -u)" tss:tss
    ok vm-start --dry-run web
    same "$(grep -c "another's" <<<"$out")" 0
}

# bats test_tags=user
@test "tpm: swtpm is ended even if vm-reap and QEMU were killed and it would stay" {
    fake web <<<'exec sleep 1000'
    ok start web
    helper=$(journal helper)
    reaper=$(journal reaper) qemu=$(journal qemu)
    kill -9 "$reaper" "$qemu"
    wait_for gone "$reaper"
    wait_for gone "$qemu"
    ok vm-reap --all
    is_off
    gone "$helper"
}

# bats test_tags=user
@test "tpm: under Landlock another guest's state and a file beside its own are refused to what runs in swtpm's place" {
    requires cc
    fake web </dev/null
    seclabel --json web | jq -e '.[] | select(.layer == "landlock" and .why == "process" and .wanted != null)' >/dev/null ||
        skip "needs Landlock in the kernel"
    mkdir -p "$ROOT/lib/swtpm/$UUID"
    echo x >"$ROOT/lib/swtpm/$UUID/secret"
    cat >probe.c <<-'EOF'
	#include <errno.h>
	#include <fcntl.h>
	#include <stdio.h>
	#include <string.h>
	#include <sys/socket.h>
	#include <unistd.h>
	int main(void)
	{
	    const char *names[] = { "tpm2-00.permall", "../secret", "/etc/passwd" };
	    for (int i = 0; i < 3; i++)
	        dprintf(2, "%s: %s\n", names[i], open(names[i], O_RDWR) >= 0 ? "open" : strerror(errno));
	    dprintf(2, "new: %s\n", open("new", O_RDWR | O_CREAT, 0600) >= 0 ? "open" : strerror(errno));
	    dprintf(2, "rename: %s\n", rename("new", "newer") == 0 ? "done" : strerror(errno));
	    dprintf(2, "socket: %s\n", socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? "open" : strerror(errno));
	    for (;;)
	        pause();
	}
	EOF
    cc -o swtpm probe.c
    ok start web
    log=$ROOT/log/swtpm/web-swtpm.log
    wait_for grep -q '^socket' "$log"
    same "$(cat "$log")" "tpm2-00.permall: open
../secret: Permission denied
/etc/passwd: Permission denied
new: open
rename: done
socket: Permission denied"
    ok vm-stop --force web
}

# bats test_tags=user
@test "tpm: whichever of QEMU, swtpm and vm-reap is killed, nothing is left of the others when the guest is off" {
    requires swtpm
    requires swtpm_setup
    fake web </dev/null
    ln -sf "$(command -v swtpm)" swtpm
    ln -sf "$(command -v swtpm_setup)" swtpm_setup
    local victim
    for victim in helper qemu reaper "helper qemu" "helper reaper" "qemu reaper" "qemu helper reaper"; do
        ok start web
        local pids victims which
        pids="$(journal qemu) $(journal helper) $(journal reaper)"
        victims=$(for which in $victim; do journal "$which"; done)
        # shellcheck disable=SC2086
        kill -9 $victims
        # Without its TPM the guest goes on; without vm-reap it is cleaned up after by whoever comes next, unless that was faster.
        [ "$victim" = qemu ] || [ "$victim" = "helper qemu" ] || vm-stop --force web || [ $? = 4 ]
        wait_for is_off
        for which in $pids; do wait_for gone "$which"; done
        [ ! -e "$ROOT/lib/qemu/domain-web" ]
        [ "$(id -u)" != 0 ] || same "$(find /sys/fs/cgroup -path "*vmt*" -name web -type d 2>/dev/null)" ""
    done
}

# bats test_tags=root
@test "tpm: the state has the guest's SELinux label while it runs, with what swtpm made meanwhile, and the one before after it" {
    fake web <<<'exec sleep 1000'
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys/sys/fs/selinux sys/etc/selinux/lab/contexts/files
    echo 1 >sys/sys/fs/selinux/enforce
    printf 'SELINUX=enforcing\nSELINUXTYPE=lab\n' >sys/etc/selinux/config
    printf 'lab_u:lab_r:kvm_t:s0\nlab_u:lab_r:tcg_t:s0\n' >sys/etc/selinux/lab/contexts/virtual_domain_context
    printf 'lab_u:object_r:image_t:s0\nlab_u:object_r:content_t:s0\n' >sys/etc/selinux/lab/contexts/virtual_image_context
    printf '/.*\tlab_u:object_r:default_t:s0\n' >sys/etc/selinux/lab/contexts/files/file_contexts
    label() { getfattr --only-values -n security.selinux "$1" 2>/dev/null | tr -d '\0'; echo; }
    local wanted ending
    for ending in "vm-stop --force web" "kill -9 \$(journal qemu)" "kill -9 \$(journal reaper) \$(journal qemu); vm-reap --all"; do
        ok start web
        wanted=$(label "$TPMSTATE")
        contains "$wanted" lab_u:object_r:image_t:s0:c
        same "$(label "$TPMSTATE/tpm2-00.permall")" "$wanted"
        # As the policy would have it, a file that is made there has the directory's label.
        echo >"$TPMSTATE/new"
        setfattr -n security.selinux -v "$wanted" "$TPMSTATE/new"
        eval "$ending"
        wait_for is_off
        same "$(label "$TPMSTATE"; label "$TPMSTATE/new"; label "$TPMSTATE/tpm2-00.permall")" "lab_u:object_r:default_t:s0
lab_u:object_r:default_t:s0
lab_u:object_r:default_t:s0"
        rm "$TPMSTATE/new"
    done
}

@test "tpm: one that ignores SIGTERM is killed" {
    fake web <<<'trap "" TERM; echo on >&2; while :; do sleep 0.1; done'
    ok start web
    helper=$(journal helper)
    wait_for grep -q on "$ROOT/log/swtpm/web-swtpm.log"
    ok vm-stop --force web
    gone "$helper"
}

@test "tpm: the socket is there before swtpm is, and belongs to whom QEMU is" {
    fake web <<<'readlink /proc/self/fd/3 >&2; exec sleep 1000'
    ok start web
    test -S "$ROOT/lib/qemu/domain-web/swtpm.sock"
    wait_for grep -q '^socket:' "$ROOT/log/swtpm/web-swtpm.log"
    ok vm-stop --force web
    [ ! -e "$ROOT/lib/qemu/domain-web" ]
}

@test "tpm: nothing of the caller's reaches swtpm" {
    # shellcheck disable=SC2016
    fake web <<<'env >&2; ls -l /proc/$$/fd >&2; echo end >&2; exec sleep 1000'
    SECRET=x ok start web 7</etc/passwd
    log=$ROOT/log/swtpm/web-swtpm.log
    wait_for grep -q end "$log"
    same "$(grep -c -e SECRET -e passwd -e "$STATE/lock" "$log")" 0
    contains "$(cat "$log")" "socket:" "/claims/guest-"
    ok vm-stop --force web
}

@test "tpm: a setup that fails is told of in its own words, and leaves nothing" {
    fake web <<<'exec sleep 1000'
    script swtpm_setup <<<'echo half >tpm2-00.permall; echo "the kiln is cold"; exit 3'
    must_fail 1 start web
    contains "$err" "swtpm_setup: ended with status 3: the kiln is cold"
    is_off
    same "$(ls "$ROOT/lib/swtpm/$UUID")" ""
}

@test "tpm: a setup that was killed half-way is begun anew" {
    fake web <<<'exec sleep 1000'
    mkdir -p "$TPMSTATE.new"
    touch "$TPMSTATE.new/half"
    ok start web
    same "$(ls "$TPMSTATE")" tpm2-00.permall
    ok vm-stop --force web
    ok start web
    same "$(wc -l <setups)" 1
    ok vm-stop --force web
}

@test "tpm: a swtpm that cannot be run" {
    fake web </dev/null
    printf '\177ELF' >swtpm
    must_fail 1 start web
    contains "$err" "cannot run $T/swtpm: Exec format error"
    is_off
    [ ! -e "$ROOT/lib/qemu/domain-web" ]
}

@test "tpm --dry-run: shows it and makes nothing" {
    fake web <<<'exec sleep 1000'
    ok start --dry-run web
    contains "$out" "$TPMSTATE" "$T/swtpm_setup" "exec" "swtpm "
    [ ! -e "$ROOT/lib/swtpm" ]
    [ ! -e setups ]
}

@test "tpm: encryption needs secrets, and is refused" {
    fake web <<<'exec sleep 1000'
    sed -i "s|version='2.0'/>|version='2.0'><encryption secret='$UUID'/></backend>|" web.xml
    ok vm-define -q --bindir "$T" web.xml
    must_fail 1 start web
    contains "$err" "<encryption>"
}

@test "vm-undefine: the state of the TPM goes with the definition, unless it is to persist" {
    fake web <<<'exec sleep 1000'
    for case in " gone" "--keep-tpm kept" "persist: kept" "persist:--tpm gone"; do
        sed "s|version='2.0'/>|version='2.0' persistent_state='$([[ $case = persist* ]] && echo yes || echo no)'/>|" web.xml >now.xml
        ok vm-define -q --bindir "$T" now.xml
        ok start web
        must_fail 4 vm-undefine --tpm web
        ok vm-stop --force web
        option=${case% *} option=${option#persist:}
        # shellcheck disable=SC2086
        ok vm-undefine $option web
        case $case in *gone) [ ! -e "$ROOT/lib/swtpm/$UUID" ] ;; *) test -d "$TPMSTATE" ;; esac
    done
}
