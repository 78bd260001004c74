#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# Every path that a domain can name, layer by layer: tests/data/guard/objects.expected has the table.
# shellcheck disable=SC2154
load ../helpers

DOMAIN_UUID=11111111-2222-3333-4444-555555555555

# As in selinux.bats and apparmor.bats: hosts of a test's own.
host_with() { # selinux|apparmor
    export VMUTILS_SYSROOT=$T/$1
    mkdir -p "$1/sys/fs/selinux" "$1/etc/selinux/lab/contexts/files"
    if [ "$1" = selinux ]; then
        echo 1 >"$1/sys/fs/selinux/enforce"
        printf 'SELINUX=enforcing\nSELINUXTYPE=lab\n' >"$1/etc/selinux/config"
        printf 'lab_u:lab_r:kvm_t:s0\nlab_u:lab_r:tcg_t:s0\n' >"$1/etc/selinux/lab/contexts/virtual_domain_context"
        printf 'lab_u:object_r:image_t:s0\nlab_u:object_r:content_t:s0\n' >"$1/etc/selinux/lab/contexts/virtual_image_context"
        printf '/.*\tlab_u:object_r:default_t:s0\n' >"$1/etc/selinux/lab/contexts/files/file_contexts"
        return
    fi
    mkdir -p "$1/sys/module/apparmor/parameters" "$1/sys/kernel/security/apparmor" "$1/etc/apparmor.d/libvirt" "$1/usr/sbin"
    echo Y >"$1/sys/module/apparmor/parameters/enabled"
    : >"$1/sys/kernel/security/apparmor/profiles"
    printf 'profile LIBVIRT_TEMPLATE {\n}\n' >"$1/etc/apparmor.d/libvirt/TEMPLATE.qemu"
    printf '#!/bin/sh\nexit 1\n' >"$1/usr/sbin/apparmor_parser"
    chmod 755 "$1/usr/sbin/apparmor_parser"
}

files() {
    local f minor=240
    mkdir f f/share f/named f/certs f/ram f/vars
    for f in disk.img shared.img cd.iso back.img kernel initrd dtb slic code.fd vars.fd serial.out serial.log value nvdimm.img pmem.img; do
        truncate -s 1M "f/$f"
    done
    mknod f/block b 7 200
    for f in tty evdev input hwrng render tpm0; do mknod "f/$f" c 10 $((minor++)); done
    mkfifo f/pipe.in f/pipe.out
    for f in connect egd vhostuser-disk vhostuser-net virtiofs reservations tpm redirected smart shmem nbd; do
        perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die' "f/$f.sock"
    done
    for f in f/*; do setfattr -h -n security.selinux -v old_u:object_r:old_t:s0 "$f" 2>/dev/null || true; done
}

every_element() {
    local F=$T/f
    domain web "
        <disk type='file'><driver name='qemu' type='raw'/><source file='$F/disk.img'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file'><driver name='qemu' type='raw'/><source file='$F/shared.img'/><target dev='vdb' bus='virtio'/><shareable/></disk>
        <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$F/cd.iso'/><target dev='sdc' bus='sata'/></disk>
        <disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='$F/block'><reservations managed='no'>
            <source type='unix' path='$F/reservations.sock' mode='client'/></reservations></source><target dev='sda' bus='scsi'/></disk>
        <disk type='vhostuser' device='disk'><source type='unix' path='$F/vhostuser-disk.sock'/><target dev='vdc' bus='virtio'/></disk>
        <disk type='network'><source protocol='nbd' name='x'><host transport='unix' socket='$F/nbd.sock'/></source><target dev='vde' bus='virtio'/></disk>
        <serial type='file'><source path='$F/serial.out'/><log file='$F/serial.log'/></serial>
        <serial type='dev'><source path='$F/tty'/></serial>
        <serial type='pipe'><source path='$F/pipe'/></serial>
        <channel type='unix'><source mode='connect' path='$F/connect.sock'/><target type='virtio' name='a'/></channel>
        <channel type='unix'><source mode='bind' path='$F/bind.sock'/><target type='virtio' name='b'/></channel>
        <graphics type='vnc'><listen type='socket' socket='$F/vnc.sock'/></graphics>
        <graphics type='egl-headless'><gl rendernode='$F/render'/></graphics>
        <audio id='1' type='file' path='$F/sound.wav'/>
        <input type='passthrough' bus='virtio'><source evdev='$F/input'/></input>
        <input type='evdev'><source dev='$F/evdev'/></input>
        <rng model='virtio'><backend model='random'>$F/hwrng</backend></rng>
        <rng model='virtio'><backend model='egd' type='unix'><source mode='connect' path='$F/egd.sock'/></backend></rng>
        <redirdev bus='usb' type='unix'><source mode='connect' path='$F/redirected.sock'/></redirdev>
        <smartcard mode='host-certificates'><certificate>a</certificate><certificate>b</certificate><certificate>c</certificate>
            <database>$F/certs</database></smartcard>
        <interface type='vhostuser'><source type='unix' path='$F/vhostuser-net.sock' mode='client'/><model type='virtio'/></interface>
        <filesystem type='mount'><source dir='$F/share'/><target dir='share'/></filesystem>
        <filesystem type='mount'><driver type='virtiofs'/><source socket='$F/virtiofs.sock'/><target dir='fs'/></filesystem>
        <shmem name='mem'><model type='ivshmem-doorbell'/><server path='$F/shmem.sock'/></shmem>
        <shmem name='vmutils-test-shared'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>
        <memory model='nvdimm'><source><path>$F/nvdimm.img</path></source><target><size unit='MiB'>8</size><node>0</node></target></memory>
        <memory model='virtio-pmem'><source><path>$F/pmem.img</path></source><target><size unit='MiB'>8</size></target></memory>
        $1" \
        "<uuid>$DOMAIN_UUID</uuid>
        <metadata><confinement xmlns='urn:vmutils:confinement'><directory path='$F/named'/></confinement></metadata>
        <maxMemory slots='4' unit='GiB'>4</maxMemory>
        <sysinfo type='fwcfg'><entry name='opt/com.example/value' file='$F/value'/></sysinfo>
        <features><acpi/></features><memoryBacking><source type='file'/><access mode='shared'/></memoryBacking>
        <cpu><numa><cell id='0' cpus='0' memory='64' unit='MiB' memAccess='shared'/></numa></cpu>"
    sed -i "s,<os>.*</os>,<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>$F/code.fd</loader><nvram template='$F/vars.fd'>$F/vars/nvram</nvram><kernel>$F/kernel</kernel><initrd>$F/initrd</initrd><acpi><table type='slic'>$F/slic</table></acpi></os>," web.xml
}

# LAYER|PATH|WORD on standard input to cell[LAYER PATH]; of two rules for one path the longer has both.
read_cells() {
    local layer path word
    while IFS='|' read -r layer path word; do
        paths[$path]=yes
        [ "${#cell["$layer $path"]}" -ge "${#word}" ] || cell["$layer $path"]=$word
    done < <(sed "s,$T/f/,,g; s,[0-9-]*-web,ID-web,")
}

@test "every path that a domain names: what each layer lets QEMU do with it, and whether access is checked" {
    requires qemu-system-x86_64
    local -A cell=() paths=()
    files
    host_with selinux
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "+1234"' 'group = "+1235"' "memory_backing_dir = \"$T/f/ram\"" >"$ROOT/etc/qemu.conf"
    every_element "<tpm model='tpm-crb'><backend type='external'><source type='unix' mode='connect' path='$T/f/tpm.sock'/></backend></tpm>"
    ok seclabel --json web.xml
    local ours='select(.path != null and (.path | test("/f/|/dev/shm/vmu")))'
    read_cells < <(jq -r ".[] | $ours | select(.layer != \"landlock\") | \"\(.layer)|\(.path)|\(if (.note // \"\") | test(\"^belongs to all\") then
        \"kept\" else .wanted end)\"" <<<"$out" | sed 's,1234:1235,QEMU,; s,lab_u:object_r:,,')
    read_cells < <(jq -r ".[] | $ours | select(.layer == \"landlock\") | \"\(.layer)|\(.path)|\(.wanted)\"" <<<"$out")
    ok cg-acl --json web.xml
    read_cells < <(jq -r ".[] | $ours | \"device|\(.path)|\(.access)\"" <<<"$out")
    seclabel --check --json web.xml >check 2>/dev/null || true
    read_cells < <(jq -r ".[] | $ours | \"check|\(.path)|yes\"" check)
    rm -r "$VMUTILS_SYSROOT"
    host_with apparmor
    ok seclabel --driver apparmor --profile web.xml
    read_cells < <(sed -n 's/^  "\(.*\)" \([a-z]*\),$/apparmor|\1|\2/p' <<<"$out" | grep -e "$T/f/" -e /dev/shm/vmu | sed 's,/\*\*|,|,; s,/|,|,')
    local path layer line
    {
        for path in "${!paths[@]}"; do
            line=$path
            for layer in dac selinux apparmor landlock device check; do line+=" | ${cell["$layer $path"]:--}"; done
            echo "$line"
        done | LC_ALL=C sort
    } >table
    # Landlock knows nothing of connections to sockets (guard/sockets.h), and a socket that QEMU makes has the label of its directory.
    diff <(grep -v "^#" "$TOP/tests/data/guard/objects.expected") table
}

@test "network cards, NVMe disks and vDPA devices of the host have device rules as host devices do" {
    domain web "<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' managed='no' namespace='1'>
        <address domain='0x7fff' bus='0x01' slot='0x00' function='0x0'/></source><target dev='vda' bus='virtio'/></disk>
        <interface type='hostdev'><source><address type='pci' domain='0x7fff' bus='0x02' slot='0x00' function='0x0'/></source></interface>
        <interface type='vdpa'><source dev='$T/vdpa'/></interface>"
    mknod vdpa c 511 7
    ok cg-acl --json web.xml
    same "$(jq -r ".[] | select(.path == \"$T/vdpa\") | .access" <<<"$out")" rwm
    contains "$err" "disk vda: /sys/bus/pci/devices/7fff:01:00.0 is in no IOMMU group" "interface 0: /sys/bus/pci/devices/7fff:02:00.0 is in no"
}

@test "a log that is not there yet is made with the guest's SELinux label, and has the policy's when the guest is off" {
    host_with selinux
    fake_guest web '' "<serial type='file'><source path='$T/logs/serial.out'/><log file='$T/logs/serial.log'/></serial>"
    mkdir logs
    label() { getfattr --only-values -n security.selinux "$1" | tr -d '\0'; echo; }
    local ending
    for ending in "vm-stop --force web" 'kill -9 $(vm-list --json web | jq ".[0].pid")'; do
        rm -f logs/*
        ok fake_start web
        contains "$(label logs/serial.out; label logs/serial.log)" "lab_u:object_r:image_t:s0:c"
        same "$(stat -c %a logs/* | sort -u)" 600
        eval "$ending"
        wait_for eval '[ ! -e "$ROOT/lib/vmutils/web/journal" ]'
        same "$(label logs/serial.out; label logs/serial.log)" "$(printf 'lab_u:object_r:default_t:s0\nlab_u:object_r:default_t:s0')"
    done
    # One that is there keeps the label that it has.
    setfattr -n security.selinux -v old_u:object_r:old_t:s0 logs/serial.log
    ok fake_start web
    contains "$(label logs/serial.log)" "lab_u:object_r:image_t:s0:c"
    ok vm-stop --force web
    same "$(label logs/serial.log)" old_u:object_r:old_t:s0
}
