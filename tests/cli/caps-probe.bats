#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# caps-probe with emulators that behave and that do not. --sysroot EMPTY keeps those of the machine out.
load ../helpers
COLD=yes

# fake PATH TARGET [VERSION]: a program that answers as QEMU does for that target, and notes each start in $T/starts.
# KVM=yes: it has KVM as well.
fake() {
    local path=$1 target=$2 v
    read -r -a v <<<"${3:-4 2 0}"
    mkdir -p "${path%/*}"
    cat >"$path" <<EOF
#!/bin/sh
echo start >>$T/starts
case "\$*" in *accel=kvm*) accel=true ;; *) accel=false ;; esac
if \$accel && [ "${KVM:-no}" = no ]; then echo "invalid accelerator kvm" >&2; exit 1; fi
echo '{"QMP": {"version": {"qemu": {"micro": ${v[2]}, "minor": ${v[1]}, "major": ${v[0]}}, "package": ""}, "capabilities": []}}'
exec sed -u -e '/"qmp_capabilities"/{s/.*/{"return": {}, "id": 0}/;b' -e '}' \\
    -e '/"query-target"/{s/.*"id":\([0-9]*\).*/{"return": {"arch": "$target"}, "id": \1}/;b' -e '}' \\
    -e '/"query-machines"/{s/.*"id":\([0-9]*\).*/{"return": [{"name": "board-1", "alias": "board", "is-default": true, "cpu-max": 3}], "id": \1}/;b' -e '}' \\
    -e '/"query-kvm"/{s/.*"id":\([0-9]*\).*/{"return": {"enabled": '\$accel', "present": true}, "id": \1}/;b' -e '}' \\
    -e 's/.*"id":\([0-9]*\).*/{"error": {"class": "CommandNotFound", "desc": "no"}, "id": \1}/'
EOF
    chmod +x "$path"
}

# A program that does what standard input says.
script() {
    mkdir -p "${1%/*}"
    { echo '#!/bin/sh'; cat; } >"$1"
    chmod +x "$1"
}

# shellcheck disable=SC2120
probe() {
    embed
    mkdir -p "$T/empty"
    caps-probe --sysroot "$T/empty" --bindir "$T/bin" "$@"
}

count() { grep -c "$1" <<<"$out" || true; }

# bats test_tags=user
@test "the eight emulators of the pages are found by name" {
    fake bin/qemu i386
    for t in x86_64 microblaze microblazeel mips mipsel sparc ppc; do fake bin/qemu-system-$t $t; done
    ok probe
    [ "$(count '<emulator>')" = 8 ]
    rm bin/qemu-system-sparc
    ok probe
    [ "$(count '<emulator>')" = 7 ]
}

@test "names that are no emulator's are passed over" {
    fake bin/qemu-system-mips mips
    fake bin/qemu-img mips
    mkdir bin/qemu-system-directory
    ln -s nothing bin/qemu-system-dangling
    ok probe
    [ "$(count '<emulator>')" = 1 ]
    same "$err" ""
}

@test "two names of one file are one emulator" {
    fake bin/qemu-system-x86_64 x86_64
    ln -s qemu-system-x86_64 bin/kvm
    ok probe
    [ "$(count '<emulator>')" = 1 ]
    contains "$out" "$T/bin/qemu-system-x86_64"
}

@test "the first --bindir wins" {
    fake bin/qemu-system-mips mips
    fake other/qemu-system-mips mips
    ok probe --bindir "$T/other"
    contains "$out" "<emulator>$T/bin/qemu-system-mips</emulator>"
    [ "$(count '<emulator>')" = 1 ]
}

# bats test_tags=user
@test "an emulator's own facts are in the capabilities" {
    fake bin/qemu-system-mips mips
    ok probe
    contains "$out" "<arch name='mips'>" "<wordsize>32</wordsize>" "<machine maxCpus='3'>board-1</machine>" \
        "<machine canonical='board-1' maxCpus='3'>board</machine>" "<domain type='qemu'/>"
    xmllint --noout - <<<"$out"
}

@test "KVM is offered if the emulator has it and /dev/kvm is there" {
    fake bin/qemu-system-"$(uname -m)" "$(uname -m)"
    KVM=yes fake kvm/qemu-kvm "$(uname -m)"
    mkdir -p none with/dev
    touch with/dev/kvm
    embed
    for c in none:kvm:0 with:bin:0 none:bin:0 with:kvm:1; do
        IFS=: read -r root dir want <<<"$c"
        ok caps-probe --sysroot "$T/$root" --bindir "$T/$dir"
        same "$c $(count "<domain type='kvm'/>")" "$c $want"
        [ "$(count '<emulator>')" = 1 ]
    done
}

@test "QEMU 4.1 is too old, 4.2 is not" {
    fake bin/qemu-system-mips mips '4 1 0'
    ok probe
    contains "$err" "$T/bin/qemu-system-mips" "4.1.0" "4.2.0"
    [ "$(count '<emulator>')" = 0 ]
    must_fail 6 probe --emulator "$T/bin/qemu-system-mips"
    contains "$err" "4.1.0" "4.2.0"
    fake bin/qemu-system-mips mips '4 2 0'
    ok probe --emulator "$T/bin/qemu-system-mips"
}

# bats test_tags=user
@test "one that hangs, crashes or is not QEMU is named and left out" {
    fake bin/qemu-system-mips mips
    script bin/qemu-system-a <<<'exec sleep 1000'
    script bin/qemu-system-b <<<'echo "cannot find my knees" >&2; kill -SEGV $$'
    script bin/qemu-system-c <<<'exit 3'
    script bin/qemu-system-d <<<'echo hello; sleep 1000'
    script bin/qemu-system-e <<<'exec cat'
    script bin/qemu-system-f <<<'exec sed -u s/execute/return/'
    cp "$(type -P true)" bin/qemu-system-g
    echo nonsense >bin/qemu-system-h
    chmod +x bin/qemu-system-h
    ok probe --timeout 1
    [ "$(count '<emulator>')" = 1 ]
    [ "$(grep -c skipped <<<"$err")" = 8 ]
    contains "$err" "qemu-system-a: gave no answer within 1 s" "qemu-system-b: was killed by signal 11" "cannot find my knees" \
        "qemu-system-c: ended with status 3" "qemu-system-d: is not QEMU" "hello" "qemu-system-e: is not QEMU" \
        "qemu-system-f: is not QEMU" "qemu-system-g: ended with status 0" "qemu-system-h: ended with status 127" "Exec format error"
}

@test "an endless line ends the run" {
    script bin/qemu-system-a <<<'exec tr "\0" x </dev/zero'
    must_fail 6 probe --emulator "$T/bin/qemu-system-a" --timeout 60
    contains "$err" "a line of more than 16 MiB"
}

@test "endless lines end with the time" {
    script bin/qemu-system-a <<<'echo "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 9, \"minor\": 0, \"micro\": 0}}}}"; exec yes "{\"event\": \"X\"}"'
    must_fail 8 probe --emulator "$T/bin/qemu-system-a" --timeout 0.5
    contains "$err" "gave no full answer within 0.5 s"
}

@test "an answer nested too deep is no answer" {
    script bin/qemu-system-a <<<'printf "%0100d\n" 0 | tr 0 "["; sleep 1000'
    must_fail 6 probe --emulator "$T/bin/qemu-system-a" --timeout 60
    contains "$err" "is not QEMU"
}

@test "what an emulator leaves running is killed" {
    script bin/qemu-system-a <<<"sleep 1000 & echo \$! >$T/pid; echo rubbish; sleep 1000"
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    pid=$(cat "$T/pid")
    wait_for bash -c "! kill -0 $pid || grep -q '^State:.Z' /proc/$pid/status"
}

@test "control characters of an emulator do not reach the terminal" {
    script bin/qemu-system-a <<<'printf "bad \033[31m news\n" >&2; exit 1'
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    contains "$err" 'bad \x1b[31m news'
    script bin/qemu-system-a <<<'printf "bad \033[31m greeting\n"; sleep 1000'
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    contains "$err" 'bad \x1b[31m greeting'
}

@test "its environment and directory are clean and private" {
    # shellcheck disable=SC2016
    script bin/qemu-system-a <<<'echo "$(pwd) $HOME ${SECRET-none} $(ls -A | wc -l)" >&2; exit 1'
    export SECRET=x
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    contains "$err" "vmutils-probe-" "none 0"
    same "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vmutils-probe-*' -user "$(id -un)" | wc -l)" 0
}

# bats test_tags=user
@test "a second time nothing is run" {
    fake bin/qemu-system-mips mips
    ok probe
    first=$out
    ok probe
    same "$out" "$first"
    [ "$(wc -l <starts)" = 1 ]
}

@test "a changed binary is asked again" {
    fake bin/qemu-system-mips mips
    ok probe
    touch -d '1 hour ago' bin/qemu-system-mips
    ok probe
    [ "$(wc -l <starts)" = 2 ]
}

@test "--no-cache asks again" {
    fake bin/qemu-system-mips mips
    ok probe
    ok probe --no-cache
    [ "$(wc -l <starts)" = 2 ]
}

# bats test_tags=user
@test "that one failed is kept, too" {
    script bin/qemu-system-a <<<"echo start >>$T/starts; exit 3"
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    ok probe
    contains "$err" "skipped: $T/bin/qemu-system-a: ended with status 3" "caps-probe --refresh"
    must_fail 6 probe --emulator "$T/bin/qemu-system-a"
    contains "$err" "ended with status 3" "min ago; caps-probe --refresh"
    [ "$(wc -l <starts)" = 1 ]
}

@test "one that failed is asked again when it has changed, with --refresh, and after a while" {
    script bin/qemu-system-a <<<"echo start >>$T/starts; exit 3"
    ok probe
    ok probe --refresh
    [ "$(wc -l <starts)" = 2 ]
    touch -d '1 hour ago' bin/qemu-system-a
    ok probe
    [ "$(wc -l <starts)" = 3 ]
    touch -d '11 minutes ago' "$ROOT"/cache/vmutils/qemu-system-a-*.failed
    ok probe
    [ "$(wc -l <starts)" = 4 ]
    rm -f starts
    fake bin/qemu-system-a mips
    ok probe --refresh
    contains "$out" "<arch name='mips'>"
    same "$(find "$ROOT" -name '*.failed')" ""
}

@test "one that hangs is not waited for each time, but by who waits longer" {
    script bin/qemu-system-a <<<"echo start >>$T/starts; exec sleep 1000"
    ok probe --timeout 0.3
    ok probe --timeout 0.3
    contains "$err" "gave no answer within 0.3 s"
    [ "$(wc -l <starts)" = 1 ]
    ok probe --timeout 0.4
    contains "$err" "gave no answer within 0.4 s"
    [ "$(wc -l <starts)" = 2 ]
    must_fail 8 caps-probe --domain --emulator "$T/bin/qemu-system-a" --timeout 0.5
    [ "$(wc -l <starts)" = 3 ]
}

@test "--domain --json: what that emulator said" {
    fake bin/qemu-system-a mips
    ok caps-probe --domain --json --emulator "$T/bin/qemu-system-a"
    same "$(jq -c '[.path, .arch, .kvm]' <<<"$out")" "[\"$T/bin/qemu-system-a\",\"mips\",null]"
}

@test "an emulator that someone killed is asked again" {
    # shellcheck disable=SC2016
    script bin/qemu-system-a <<<'kill -KILL $$'
    ok probe
    contains "$err" "was killed by signal 9"
    same "$(find "$ROOT" -name '*.failed')" ""
}

@test "a kept failure of a foreign user, or that others may write, is not believed" {
    script bin/qemu-system-a <<<"echo start >>$T/starts; exit 3"
    ok probe
    chmod 666 "$ROOT"/cache/vmutils/qemu-system-a-*.failed
    ok probe
    echo rubbish >"$(echo "$ROOT"/cache/vmutils/qemu-system-a-*.failed)"
    ok probe
    [ "$(wc -l <starts)" = 3 ]
}

# bats test_tags=user
@test "SIGINT and SIGTERM end it, and leave neither a directory nor an emulator" {
    script bin/qemu-system-a <<<"echo \$\$ >$T/pid.\$\$; exec sleep 1000"
    embed
    mkdir -p empty
    for signal in INT TERM; do
        # The shell has its background jobs ignore SIGINT.
        env --default-signal=INT caps-probe --sysroot "$T/empty" --bindir "$T/bin" 3>&- &
        pid=$!
        wait_for compgen -G "$T/pid.*"
        kill -$signal $pid
        status=0
        wait $pid || status=$?
        [ $status = $((128 + $(kill -l $signal))) ]
        emulator=$(cat pid.*)
        rm pid.*
        must_fail any kill -0 "$emulator"
    done
    same "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vmutils-probe-*' -user "$(id -un)" | wc -l)" 0
}

@test "a spoilt or foreign cache is not believed" {
    fake bin/qemu-system-mips mips
    ok probe
    first=$out
    file=$(find "$ROOT" -name '*.caps')
    [ "$(stat -c %a "$file")" = 600 ]
    echo '!vmutils-caps 1' >"$file"
    ok probe
    same "$out" "$first"
    chmod 666 "$file"
    ok probe
    [ "$(wc -l <starts)" = 3 ]
    [ "$(stat -c %a "$file")" = 600 ]
    : >"$file"
    ok probe
    same "$out" "$first"
}

@test "a cache that cannot be written does no harm" {
    fake bin/qemu-system-mips mips
    embed
    mkdir -p "$ROOT/cache"
    touch "$ROOT/cache/vmutils"
    ok probe
    contains "$out" "<arch name='mips'>"
}

@test "several at once do no harm" {
    for t in mips mipsel ppc; do fake bin/qemu-system-$t $t; done
    embed
    pids=()
    for i in 1 2 3 4; do
        probe >out.$i &
        pids+=($!)
    done
    wait "${pids[@]}"
    for i in 1 2 3 4; do cmp out.1 out.$i; done
    [ "$(grep -c '<emulator>' out.1)" = 3 ]
    [ -z "$(find "$ROOT" -name '*.new')" ]
}

# bats test_tags=user
@test "domain capabilities of Debian's x86 emulator" {
    ok caps-probe --domain --arch x86_64 --machine q35 --virttype qemu
    xmllint --noout - <<<"$out"
    contains "$out" "<path>/usr/bin/qemu-system-x86_64</path>" "<domain>qemu</domain>" "<machine>pc-q35-" "<arch>x86_64</arch>" \
        "<value>sata</value>" "<mode name='host-passthrough' supported='no'/>" "<model usable='yes' vendor='unknown'>qemu64</model>" \
        "<rng supported='yes'>"
}

@test "domain capabilities: a machine that is not there" {
    must_fail 3 caps-probe --domain --arch x86_64 --machine toaster --virttype qemu
    contains "$err" "toaster"
}

@test "domain capabilities: an architecture without emulator" {
    must_fail 3 probe --domain --arch vax
    contains "$err" "vax"
}

@test "properties of a device, with types" {
    ok caps-probe --arch x86_64 --virttype qemu --device virtio-blk-pci
    contains "$out" "iothread=<link<iothread>>" "logical_block_size=<size>"
    must_fail 3 caps-probe --arch x86_64 --virttype qemu --device no-such-thing
}

@test "properties of an object" {
    ok caps-probe --arch x86_64 --virttype qemu --device memory-backend-file
    contains "$out" "mem-path=<string>"
}

@test "all facts as JSON" {
    fake bin/qemu-system-mips mips
    ok probe --json
    python3 -c 'import json, sys; d = json.load(sys.stdin); e = d["emulators"][0]; assert e["tcg"]["machine"]["board-1"]["max"] == "3"; assert d["host"]["cpu"]["arch"]' <<<"$out"
}

@test "exported facts are the same from cache and probe" {
    fake bin/qemu-system-mips mips
    ok probe --arch mips --export a.caps
    ok probe --arch mips --export b.caps
    cmp a.caps b.caps
    ok probe --arch mips --export -
    same "$out" "$(cat a.caps)"
    [ "$(head -n 1 a.caps)" = "!vmutils-caps 1" ]
}

@test "the host's facts come from --sysroot" {
    mkdir -p sys/proc sys/etc sys/sys/devices/system/node/node0 sys/sys/devices/system/cpu/cpu0/topology
    printf 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Some Xeon\nstepping\t: 7\nmicrocode\t: 0x10\nflags\t\t: fpu sse4_1 rep_good\n\n' >sys/proc/cpuinfo
    echo 0123456789abcdef0123456789abcdef >sys/etc/machine-id
    echo riscv64 >sys/etc/arch
    echo 0 | tee sys/sys/devices/system/node/online sys/sys/devices/system/node/node0/cpulist \
        sys/sys/devices/system/cpu/cpu0/topology/{core_id,physical_package_id,thread_siblings_list} >/dev/null
    echo "Node 0 MemTotal: 4096 kB" >sys/sys/devices/system/node/node0/meminfo
    embed
    ok caps-probe --sysroot "$T/sys"
    contains "$out" "<uuid>01234567-89ab-cdef-0123-456789abcdef</uuid>" "<arch>riscv64</arch>" "<vendor>Intel</vendor>" \
        "<signature family='6' model='85' stepping='7'/>" "<microcode version='16'/>" "<feature name='sse4.1'/>" \
        "<memory unit='KiB'>4096</memory>" "<cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0'/>"
    [[ $out != *rep_good* ]]
    contains "$err" "no emulator was found"
}

@test "SELinux and its labels are in the capabilities, AppArmor too, and neither where it is not" {
    mkdir -p sys/sys/fs/selinux sys/etc/selinux/strict/contexts sys/sys/module/apparmor/parameters
    echo 1 >sys/sys/fs/selinux/enforce
    printf '# comment\nSELINUX=enforcing\nSELINUXTYPE=strict\n' >sys/etc/selinux/config
    printf 'u:r:svirt_t:s0\nu:r:svirt_tcg_t:s0\n' >sys/etc/selinux/strict/contexts/virtual_domain_context
    echo Y >sys/sys/module/apparmor/parameters/enabled
    embed
    ok caps-probe --sysroot "$T/sys"
    contains "$out" "<model>selinux</model>" "<baselabel type='kvm'>u:r:svirt_t:s0</baselabel>" \
        "<baselabel type='qemu'>u:r:svirt_tcg_t:s0</baselabel>" "<model>apparmor</model>"
    rm -r sys/sys
    ok caps-probe --sysroot "$T/sys"
    [[ $out != *selinux* && $out != *apparmor* ]]
}

@test "firmware descriptors decide what domain capabilities offer" {
    fake bin/qemu-system-mips mips
    mkdir -p empty/usr/share/qemu/firmware empty/etc/qemu/firmware
    printf '{"interface-types": ["uefi"], "mapping": {"device": "flash", "executable": {"filename": "/fw/%s.fd", "format": "raw"}}, "targets": [{"architecture": "mips", "machines": ["%s"]}], "features": []}' \
        a 'board-*' >empty/usr/share/qemu/firmware/50-a.json
    sed 's:/fw/a:/fw/b:' empty/usr/share/qemu/firmware/50-a.json >empty/usr/share/qemu/firmware/40-b.json
    sed 's:board-:pc-:; s:/fw/a:/fw/c:' empty/usr/share/qemu/firmware/50-a.json >empty/usr/share/qemu/firmware/60-c.json
    sed 's:/fw/a:/fw/d:' empty/usr/share/qemu/firmware/50-a.json >empty/usr/share/qemu/firmware/70-d.json
    : >empty/etc/qemu/firmware/70-d.json
    echo '{' >empty/etc/qemu/firmware/80-e.json
    ok probe --domain --arch mips
    contains "$out" "<value>efi</value>" "<value>/fw/b.fd</value>
      <value>/fw/a.fd</value>
      <enum"
    contains "$err" "80-e.json"
}

@test "wrong usage" {
    must_fail 2 caps-probe --format yaml
    must_fail 2 caps-probe --virttype xen
    must_fail 2 caps-probe --machine q35
    contains "$err" "add --domain"
    must_fail 2 caps-probe operand
    must_fail 2 caps-probe --emulator relative/qemu
}

@test "security_driver of qemu.conf chooses the models that are in force" {
    embed
    mkdir -p bin sys/sys/fs/selinux sys/sys/module/apparmor/parameters "$ROOT/etc"
    echo 1 >sys/sys/fs/selinux/enforce
    echo Y >sys/sys/module/apparmor/parameters/enabled
    echo 'security_driver = "none"' >"$ROOT/etc/qemu.conf"
    ok caps-probe --sysroot "$T/sys"
    [[ $out != *"<model>selinux"* ]]
    [[ $out != *"<model>apparmor"* ]]
    echo 'security_driver = [ "apparmor" ]' >"$ROOT/etc/qemu.conf"
    ok caps-probe --sysroot "$T/sys"
    contains "$out" "<model>apparmor</model>"
    [[ $out != *"<model>selinux"* ]]
}
