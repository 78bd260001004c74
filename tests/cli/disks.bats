#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What of a disk no command line can say: done by QMP before the guest runs, or refused.
load ../helpers

disk() { # TARGET BUS MORE
    truncate -s 1M "$T/$1.raw"
    echo "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$T/$1.raw'/><target dev='$1' bus='$2'/>${3:-}</disk>"
}

# bats test_tags=user
@test "limits of disks are in force when vm-start returns, on every bus" {
    local limit='<iotune><total_iops_sec>70</total_iops_sec></iotune>'
    guest web "$(disk vda virtio "$limit")$(disk sda sata "$limit")$(disk sdb usb "$limit")$(disk fda fdc)"
    vm-start --paused web
    ok qmp-send web query-block
    same "$(grep -o '"iops": *[0-9]*' <<<"$out" | tr -d ' ' | sort | uniq -c | tr -s ' ' | tr '\n' ';')" ' 1 "iops":0; 3 "iops":70;'
    vm-stop --force web
}

# bats test_tags=user
@test "disks of one group share its limits" {
    local limit='<iotune><total_bytes_sec>1000000</total_bytes_sec><group_name>slow</group_name></iotune>'
    guest web "$(disk vda virtio "$limit")$(disk vdb virtio "$limit")"
    vm-start --paused web
    ok qmp-send web query-block
    same "$(grep -o '"group": *"[a-z]*"' <<<"$out" | tr -d ' ' | sort | uniq -c | tr -s ' ')" ' 2 "group":"slow"'
    vm-stop --force web
}

@test "a standalone command has the limits in itself" {
    domain web "$(disk vda virtio '<iotune><total_iops_sec>70</total_iops_sec></iotune>')"
    ok xml-to-argv --caps "$TOP/tests/data/caps/x86_64-tcg.caps" --standalone --format lines web.xml
    contains "$out" '"limits":{"iops-total":70}'
    contains "$out" '"driver":"throttle"'
}

# bats test_tags=user
@test "a transient disk is refused at the start: nothing is written to it" {
    guest web "$(disk vda virtio '<transient/>')"
    must_fail 1 vm-start web
    contains "$err" "web: disk vda: <transient/> needs an overlay"
}

# bats test_tags=user
@test "a directory that wants a virtiofsd of its own is refused at the start" {
    guest web "<filesystem type='mount'><driver type='virtiofs'/><source dir='$T'/><target dir='share'/></filesystem>" \
        "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
    must_fail 1 vm-start web
    contains "$err" "web: filesystem share: virtiofsd is not started yet"
}

# bats test_tags=user
@test "an optional medium that is not there is left out, with a notice; a mandatory one is an error" {
    local missing="<disk type='file' device='cdrom'><source file='$T/none.iso' startupPolicy='optional'/><target dev='hdc' bus='ide'/><readonly/></disk>"
    guest web "$missing$(disk vda virtio)"
    ok vm-start --paused web
    contains "$err" "disk hdc: $T/none.iso is not there: started without it"
    vm-stop --force web
    guest other "${missing/optional/mandatory}"
    must_fail any vm-start other
    contains "$err" "$T/none.iso"
}
