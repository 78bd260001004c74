#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/demo.sh B: what make demo shows. Everything is made below B/demo; nothing else is touched, and
# nothing runs afterwards. Anyone may run it.
set -eu
cd "$(dirname "$0")/.."
B=$PWD/${1:-build}
PATH=$B/bin:$PATH
dir=$B/demo
export LIBVIRT_DEFAULT_URI="qemu:///embed?root=$dir/root"
emulator=$(command -v qemu-system-x86_64)
guests="demo fedora-i686 accelerated apple"

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || title() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

finish() {
    status=$?
    local g
    for g in $guests; do
        vm-stop -q --force "$g" >/dev/null 2>&1 || true
    done
    [ $status = 0 ] || { echo "demo: failed; the console's text is in $dir/console.log" >&2; }
    exit $status
}

# Only a guest that reaches its greeting shows that KVM works: in a nested or locked-down machine
# /dev/kvm may open and yet nothing boot.
kvm_boots() {
    [ -w /dev/kvm ] || return
    timeout 6 "$emulator" -machine pc,accel=kvm -nodefaults -display none -m 128 -no-reboot -kernel "$B/guest/vmlinuz" \
        -initrd "$B/guest/initrd" -append 'console=ttyS0 quiet' -serial stdio </dev/null 2>/dev/null | grep -q -m 1 Hello
}

write_domain() {
    cat >"$dir/demo.xml" <<EOF
<domain type='$1'>
  <name>demo</name>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$B/guest/vmlinuz</kernel>
    <initrd>$B/guest/initrd</initrd>
    <cmdline>console=ttyS0 quiet</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>$emulator</emulator>
    <serial type='pty'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
EOF
}

main_guest() {
    title "A domain, in libvirt's XML"
    show cat "$dir/demo.xml"
    title "The QEMU command line that it means"
    show xml-to-argv --format lines "$dir/demo.xml"
    title "Defined, started paused, its console attached, resumed"
    show vm-define "$dir/demo.xml"
    show vm-start --paused demo
    show vm-list
    # Its input never ends, else vm-console would leave before the guest has said a word.
    rm -f "$dir/silence"
    mkfifo "$dir/silence"
    exec 9<>"$dir/silence"
    printf '$ vm-console demo &\n'
    vm-console demo <&9 >"$dir/console.log" 2>&1 &
    console=$!
    show vm-resume demo
    for ((i = 0; i < 600; i++)); do
        ! grep -q 'Hello from' "$dir/console.log" || break
        sleep 0.1
    done
    title "Its console, up to the greeting"
    tr -d '\r' <"$dir/console.log" | grep -m 1 -A1 'Hello from'
    title "What it says through QMP"
    show vm-list
    show qmp-send --pretty demo query-status
    show qmp-send demo --hmp 'info version'
    title "An orderly stop: the power button is pressed, the guest switches itself off"
    show vm-stop demo
    kill "$console" 2>/dev/null || true
    exec 9<&-
    tr -d '\r' <"$dir/console.log" | grep -o 'Goodbye.*' || true
    show vm-list --all
}

lacks() { echo "  this host lacks: $*"; }

# example FILE NAME: starts one of the examples of the reference's pages as it stands, as far as the host
# allows, then with what the host lacks replaced.
example() {
    local file=$1 name=$2 xml=$dir/$2.xml
    title "Example $name (tests/demo/$file)"
    sed -e "s|@EMULATOR@|$emulator|; s|@DIR@|$dir|" "tests/demo/$file" >"$xml"
    printf '$ vm-start --paused --transient %s\n' "$xml"
    if vm-start --paused --transient "$xml"; then
        show vm-list "$name"
        vm-stop --force "$name"
        return
    fi
    if grep -q "domain type='hvf'" "$xml"; then
        lacks "hvf, the accelerator of macOS; TCG takes its place"
        sed -i "s/<domain type='hvf'>/<domain type='qemu'>/" "$xml"
    fi
    if grep -q "domain type='kvm'" "$xml" && [ $accel = qemu ]; then
        lacks "KVM that boots a guest; TCG takes its place"
        sed -i "s/<domain type='kvm'>/<domain type='qemu'>/" "$xml"
    fi
    if grep -q "interface type='network'" "$xml"; then
        lacks "the network 'default' (none is defined in this root); user networking takes its place"
        sed -i "s|<interface type='network'>|<interface type='user'>|; /<source network=/d" "$xml"
    fi
    if grep -q "disk type='volume'" "$xml"; then
        lacks "the storage pool 'default'; a file takes its place"
        sed -i "s|<disk type='volume'|<disk type='file'|; s|<source pool='default' volume='myos'/>|<source file='$dir/myos.qcow2'/>|" "$xml"
    fi
    show vm-start --paused --transient "$xml"
    show vm-list "$name"
    vm-stop --force "$name"
}

trap finish EXIT
trap 'exit 130' INT TERM
rm -rf "$dir/root"
mkdir -p "$dir/root"
tests/guest.sh "$B/guest"
accel=qemu
if kvm_boots; then accel=kvm; else echo "KVM does not boot a guest here: TCG."; fi
write_domain $accel
main_guest

qemu-img create -q -f raw "$dir/fedora.img" 64M
qemu-img create -q -f raw "$dir/accelerated.img" 64M
qemu-img create -q -f qcow2 "$dir/myos.qcow2" 64M
truncate -s 1M "$dir/boot.iso"
example qemu-i686.xml fedora-i686
example kvm-i686.xml accelerated
example hvf-x86_64.xml apple

title "What is left running: nothing"
left=$(pgrep -fa "$dir/root") || [ $? = 1 ]
if [ -n "$left" ]; then
    printf '%s\ndemo: these were left behind\n' "$left" >&2
    exit 1
fi
printf '$ pgrep -fa %s\n' "$dir/root"
echo "(no process)"
