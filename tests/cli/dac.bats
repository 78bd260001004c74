#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# Owners of what a guest uses: given to QEMU's user before it runs, and back after any kind of end.
# shellcheck disable=SC2154
load ../helpers

setup() {
    helpers_setup
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc"
    conf 'user = "daemon"' 'group = "sys"'
    truncate -s 1M disk.img
    chown 55:56 disk.img
}
conf() { printf '%s\n' "$@" >"$ROOT/etc/qemu.conf"; }

# disk FILE [XML IN source [XML IN disk [TARGET]]]
disk() {
    echo "<disk type='file'><driver name='qemu' type='raw'/><source file='$T/$1'>${2:-}</source><target dev='${4:-vda}' bus='virtio'/>${3:-}</disk>"
}
owner() { stat -c %u:%g "$@"; }
attributes() { getfattr -h -d -m '^trusted' -- "$@" 2>/dev/null | grep -v '^#' | sed '/^$/d'; }
qemu_of() { sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/$1/journal"; }
boot_time() { sed -n 's/^btime //p' /proc/stat; }
kept() { owner disk.img; attributes disk.img; }

@test "a disk, one that is only read and what lies below it are QEMU's while it runs, and go back" {
    requires qemu-img
    qemu-img create -q -f raw base.raw 1M
    qemu-img create -q -f qcow2 -b base.raw -F raw top.qcow2
    touch ro.img
    chown 66:67 ro.img
    fake_guest web '' "<disk type='file'><driver name='qemu' type='qcow2'/><source file='$T/top.qcow2'/><target dev='vda' bus='virtio'/></disk>
        $(disk ro.img '' '<readonly/>' vdb)"
    ok fake_start web
    same "$(owner top.qcow2 base.raw ro.img | sort -u)" 1:3
    ok vm-stop --force web
    same "$(owner top.qcow2 base.raw ro.img)" "0:0
0:0
66:67"
    same "$(attributes top.qcow2 base.raw ro.img)" ""
}

@test "what the guest's firmware reads is QEMU's while it runs, too" {
    requires qemu-system-x86_64
    echo configuration >fw
    chmod 600 fw
    guest web '' "<sysinfo type='fwcfg'><entry name='opt/com.example/x' file='$T/fw'/></sysinfo>"
    ok vm-start --paused web
    same "$(owner fw)" 1:3
    ok vm-stop --force web
    same "$(owner fw)$(attributes fw)" 0:0
}

@test "the file itself remembers its owner, as libvirt would have it" {
    requires getfattr
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    contains "$(attributes disk.img)" 'trusted.libvirt.security.dac="+55:+56"' 'trusted.libvirt.security.ref_dac="1"' \
        "trusted.libvirt.security.timestamp_dac=\"$(boot_time)\""
    ok vm-stop --force web
    same "$(kept)" 55:56
}

@test "remember_owner = 0: the journal alone remembers" {
    conf 'user = "daemon"' 'group = "sys"' 'remember_owner = 0'
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    same "$(kept)" 1:3
    ok vm-stop --force web
    same "$(kept)" 55:56
}

@test "dynamic_ownership = 0: no owner is touched" {
    conf 'user = "daemon"' 'group = "sys"' 'dynamic_ownership = 0'
    chmod 666 disk.img
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    same "$(kept)" 55:56
    same "$(awk '/^[UG]id/ { print $2 }' "/proc/$(qemu_of web)/status" | paste -sd:)" 1:3
}

@test "kill -9 of QEMU, a failed start and another boot give back all the same" {
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    kill -9 "$(qemu_of web)"
    given_back() { [ "$(kept)" = 55:56 ]; }
    wait_for given_back
    echo die >fake-web/fake-qemu.conf
    must_fail 6 fake_start web
    same "$(kept)" 55:56
    : >fake-web/fake-qemu.conf
    ok fake_start web
    mkdir -p sys/proc/sys/kernel/random
    echo 11111111-2222-3333-4444-555555555555 >sys/proc/sys/kernel/random/boot_id
    kill -9 "$(sed -n 's/^{"reaper":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/web/journal")"
    kill -9 "$(qemu_of web)"
    VMUTILS_SYSROOT=$T/sys ok vm-reap --all
    same "$(kept)" 55:56
}

@test "a process of the guest that is slow to die does not keep its disk from going back" {
    fake_guest web lingers=300 "$(disk disk.img)"
    ok fake_start web
    same "$(owner disk.img)" 1:3
    ok vm-stop --force web
    same "$(kept)" 55:56
}

@test "two guests that share a disk: it goes back with the last, whoever ends first and however" {
    for one in web db; do fake_guest $one '' "$(disk disk.img '' '<shareable/>')"; done
    for end in "vm-stop --force web;vm-stop --force db" "vm-stop --force db;vm-stop --force web" \
        "kill -9 \$(qemu_of web);vm-stop --force db" "kill -9 \$(qemu_of db);kill -9 \$(qemu_of web)"; do
        ok fake_start web
        ok fake_start db
        contains "$(kept)" 1:3 'ref_dac="1"'
        eval "${end%;*}"
        wait_for eval "[ ! -e $ROOT/lib/vmutils/web/journal ] || [ ! -e $ROOT/lib/vmutils/db/journal ]"
        contains "$(kept)" 1:3
        eval "${end#*;}"
        given_back() { [ "$(kept)" = 55:56 ]; }
        wait_for given_back
    done
}

@test "guests of two roots share a disk, too" {
    disk=$(disk disk.img '' '<shareable/>')
    fake_guest web '' "$disk"
    ok fake_start web
    first=$URI
    embed "$T/second"
    mkdir -p "$ROOT/etc"
    conf 'user = "daemon"' 'group = "sys"'
    fake_guest db '' "$disk"
    ok fake_start db
    ok vm-stop -c "$first" --force web
    contains "$(kept)" 1:3
    ok vm-stop --force db
    same "$(kept)" 55:56
}

@test "a guest of another user does not take a disk that is in use" {
    fake_guest web '' "$(disk disk.img '' '<shareable/>')"
    fake_guest db '' "$(disk disk.img '' '<shareable/>')" \
        "<seclabel type='static' model='dac' relabel='yes'><label>games:games</label></seclabel>"
    ok fake_start web
    must_fail 5 fake_start db
    contains "$err" "disk vda" "is used by another guest, for which it belongs to 1:3"
    contains "$(kept)" 1:3
    ok vm-stop --force web
    same "$(kept)" 55:56
    ok fake_start db
    same "$(owner disk.img)" 5:60
    ok vm-stop --force db
    same "$(kept)" 55:56
}

@test "an owner that someone else sets meanwhile is left, reported, and no longer remembered" {
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    chown 77:78 disk.img
    ok vm-stop --force web
    contains "$err$(cat "$ROOT/lib/vmutils/web/events")" "has owner 77:78 now, neither 55:56 nor 1:3; left as it is"
    same "$(kept)" 77:78
}

@test "a file that is put in a disk's place is left as it is" {
    fake_guest web '' "$(disk disk.img)"
    ok fake_start web
    mv disk.img away
    touch disk.img
    chown 1:3 disk.img
    ok vm-stop --force web
    contains "$err$(cat "$ROOT/lib/vmutils/web/events")" "is another file now; left as it is"
    same "$(owner disk.img)" 1:3
}

# LABEL OF THE DOMAIN | OF THE SOURCE | OWNER OF THE PROCESS | OF THE DISK
forms() {
    cat <<'END'
||1:3|1:3
<seclabel type='none'/>||1:3|1:3
<seclabel type='none' model='dac'/>||1:3|55:56
<seclabel type='dynamic' model='dac'/>||1:3|1:3
<seclabel type='dynamic' model='dac' relabel='yes'><baselabel>+77:+78</baselabel></seclabel>||1:3|1:3
<seclabel type='static' model='dac'><label>+77:+78</label></seclabel>||77:78|55:56
<seclabel type='static' model='dac' relabel='no'><label>+77:+78</label></seclabel>||77:78|55:56
<seclabel type='static' model='dac' relabel='yes'><label>+77:+78</label></seclabel>||77:78|77:78
<seclabel type='static' model='dac' relabel='yes'><label>77:78</label></seclabel>||77:78|77:78
<seclabel type='static' model='dac' relabel='yes'><label>bin:sys</label></seclabel>||2:3|2:3
|<seclabel model='dac' relabel='no'/>|1:3|55:56
|<seclabel model='dac' labelskip='yes'/>|1:3|55:56
|<seclabel model='dac' relabel='yes'/>|1:3|1:3
|<seclabel model='dac' relabel='yes'><label>+88:+89</label></seclabel>|1:3|88:89
|<seclabel model='dac'><label>+88:+89</label></seclabel>|1:3|88:89
|<seclabel model='selinux' relabel='no'/>|1:3|1:3
<seclabel type='static' model='dac' relabel='yes'><label>+77:+78</label></seclabel>|<seclabel model='dac' relabel='yes'><label>+88:+89</label></seclabel>|77:78|88:89
END
}

@test "each form of <seclabel model='dac'> means what it means to libvirt" {
    while IFS='|' read -r domain source process disk; do
        echo "domain: $domain source: $source"
        domain web "$(disk disk.img "$source")" "$domain"
        ok seclabel --json web.xml
        contains "$out" "\"why\": \"process\", \"use\": null, \"mode\": null, \"now\": null, \"wanted\": \"$process\"" \
            "\"now\": \"55:56\", \"wanted\": \"$disk\""
    done < <(forms)
}

@test "labels that cannot be meant are refused with their line" {
    static() { domain web "$(disk disk.img "${2:-}")" "<seclabel type='static' model='dac' relabel='${3:-yes}'><label>$1</label></seclabel>"; }
    static daemon
    must_fail 1 seclabel web.xml
    contains "$err" "line 6: <seclabel model='dac'> label 'daemon' is not of the form USER:GROUP"
    static no-such-user:sys
    must_fail 3 seclabel web.xml
    contains "$err" "there is no user 'no-such-user'"
    static daemon:no-such-group
    must_fail 3 seclabel web.xml
    contains "$err" "there is no group 'no-such-group'"
    static +4294967295:+0
    must_fail 3 seclabel web.xml
    static +77:+78 "<seclabel model='dac' relabel='yes'><label>+88:+89</label></seclabel>" no
    must_fail 1 seclabel web.xml
    contains "$err" "needs relabel='yes' in the domain's"
}

@test "a hundred disks are one descriptor of QEMU's" {
    disks=
    for i in $(seq 100); do
        : >"d$i"
        printf -v name sd%b "\\x$(printf %x $((97 + i / 26)))\\x$(printf %x $((97 + i % 26)))"
        disks+="<disk type='file'><source file='$T/d$i'/><target dev='$name' bus='scsi'/></disk>"
    done
    fake_guest web '' "$disks"
    ok fake_start web
    same "$(owner d[0-9]* | sort -u)" 1:3
    same "$(find "/proc/$(qemu_of web)/fd" -lname '*/claims/objects' | wc -l)" 1
    ok vm-stop --force web
    same "$(owner d[0-9]* | sort -u)" 0:0
}

@test "a set-user-ID program is given to nobody" {
    cp /bin/true program
    chmod 4755 program
    fake_guest web '' "$(disk program '' '<readonly/>')"
    ok fake_start web
    same "$(stat -c %u:%a program)" 0:4755
    ok vm-stop --force web
    same "$(stat -c %u:%a program)" 0:4755
}

@test "a path that is swapped while guests start leads to no other file" {
    mkdir mine
    (umask 077 && echo secret >secret)
    touch mine/real
    chown -R 64321:64321 mine
    fake_guest web '' "<disk type='file'><source file='$T/mine/disk'/><target dev='vda' bus='virtio'/></disk>"
    setpriv --reuid 64321 --regid 64321 --clear-groups sh -c 'cd mine; while :; do
        ln -sfn ../secret l && mv -fT l disk; ln -f real h && mv -fT h disk; ln -sfn real l && mv -fT l disk; done' 3>&- &
    swapper=$!
    for i in $(seq 12); do
        fake_start web >/dev/null 2>&1 || true
        [ "$(owner secret)" = 0:0 ] || { echo "given away"; false; }
        vm-stop -q --force web >/dev/null 2>&1 || true
        [ "$(owner secret)" = 0:0 ] || { echo "given away by the way back"; false; }
    done
    kill -9 $swapper
    same "$(owner secret)$(attributes secret)" 0:0
}

@test "a directory on the way that becomes a link after the start leads nowhere" {
    mkdir there other
    mv disk.img there
    cp -p there/disk.img other/disk.img
    chown 1:3 other/disk.img
    fake_guest web '' "$(disk there/disk.img)"
    ok fake_start web
    mv there moved
    ln -s other there
    ok vm-stop --force web
    same "$(owner other/disk.img)" 1:3
    same "$(owner moved/disk.img)" 1:3
    rm there
    mv moved there
}

@test "nodes of host devices change owner, and what all guests share does not" {
    requires unshare
    mkdir -p dev/vfio dev/bus/usb/001 sys/sys/bus/pci/devices/0000:03:00.0 sys/sys/kernel/iommu_groups/7 \
        sys/sys/bus/scsi/devices/0:0:4:2/scsi_generic/sg3 sys/sys/bus/usb/devices/1-2
    ln -s ../../../../kernel/iommu_groups/7 sys/sys/bus/pci/devices/0000:03:00.0/iommu_group
    (cd sys/sys/bus/usb/devices/1-2 && echo 0781 >idVendor && echo 5567 >idProduct && echo 1 >busnum && echo 2 >devnum)
    for node in null vfio/vfio vfio/7 bus/usb/001/002 sg3 char; do
        mknod -m 644 "dev/$node" c 1 3 || skip "nodes cannot be made here"
    done
    mknod -m 644 dev/block b 7 200
    chown 55:56 dev/vfio/7 dev/bus/usb/001/002 dev/sg3 dev/char dev/block
    hostdev() { echo "<hostdev mode='$1' type='$2'><source>$3</source></hostdev>"; }
    domain web "$(hostdev subsystem pci "<address domain='0' bus='3' slot='0' function='0'/>")
        $(hostdev subsystem usb "<vendor id='0x0781'/><product id='0x5567'/>")
        $(hostdev subsystem scsi "<adapter name='scsi_host0'/><address bus='0' target='4' unit='2'/>")
        $(hostdev capabilities misc '<char>/dev/char</char>')
        $(hostdev capabilities storage '<block>/dev/block</block>')"
    export VMUTILS_SYSROOT=$T/sys
    in_dev() { unshare -m sh -c 'mount --bind dev /dev && exec "$@"' sh "$@"; }
    ok in_dev seclabel --driver dac --apply web.xml
    contains "$out" "host device 0" "/dev/vfio/7" "belongs to all guests"
    same "$(owner dev/vfio/7 dev/bus/usb/001/002 dev/sg3 dev/char dev/block | sort -u)" 1:3
    same "$(owner dev/vfio/vfio dev/null | sort -u)" 0:0
    ok in_dev seclabel --restore web.xml
    same "$(owner dev/vfio/7 dev/bus/usb/001/002 dev/sg3 dev/char dev/block | sort -u)" 55:56
    same "$(attributes dev/vfio/7 dev/bus/usb/001/002 dev/sg3 dev/char dev/block)" ""
}
