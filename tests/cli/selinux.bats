#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# build: plain
# Labels without SELinux in the kernel, which any root may set and read: a policy of the test's own below VMUTILS_SYSROOT. What they do is
# seen in tests/guest/selinux.
load ../helpers

setup() {
    helpers_setup
    embed
    selinux_policy
}

image() { # FILE LABEL
    truncate -s 1M "$1"
    setfattr -n security.selinux -v "$2" "$1"
}
disk() { # FILE [INSIDE [TARGET [IN-SOURCE]]]
    echo "<disk type='file'><source file='$T/$1'>${4:-}</source><target dev='${3:-vda}' bus='virtio'/>${2:-}</disk>"
}
label() { getfattr --only-values -n security.selinux "$1" 2>/dev/null | tr -d '\0'; }
remembered() { getfattr -d -m 'trusted' "$1" 2>/dev/null; }
rows() { vm-start --dry-run --json "$1" | jq -r '.. | objects | select(.kind? == "selinux") | "\(.before) \(.wanted) \(.why)"'; }

@test "labels are those of the policy's own files: its second lines for TCG and for what is only read" {
    image a.img old_u:object_r:old_t:s0
    image b.img old_u:object_r:old_t:s0
    image s.img old_u:object_r:old_t:s0
    domain web "$(disk a.img)$(disk b.img '<readonly/>' vdb)$(disk s.img '<shareable/>' vdc)"
    ok seclabel --json web.xml
    row() { jq -r --arg w "$1" '.[] | select(.layer == "selinux" and .why == $w) | "\(.use) \(.now) \(.wanted) \(.change)"' <<<"$out"; }
    same "$(row process)" "null null lab_u:lab_r:tcg_t:s0:cX,cY false"
    same "$(row "disk vda")" "exclusive old_u:object_r:old_t:s0 lab_u:object_r:image_t:s0:cX,cY true"
    same "$(row "disk vdb")" "readonly old_u:object_r:old_t:s0 lab_u:object_r:content_t:s0 true"
    same "$(row "disk vdc")" "shared old_u:object_r:old_t:s0 lab_u:object_r:image_t:s0 true"
    same "$(label a.img)" old_u:object_r:old_t:s0
    sed "s/type='qemu'/type='kvm'/" web.xml >kvm.xml
    ok seclabel --json kvm.xml
    same "$(row process)" "null null lab_u:lab_r:kvm_t:s0:cX,cY false"
}

@test "labels are set for a start, remembered as libvirt does, and given back, with and without final NUL" {
    image a.img old_u:object_r:old_t:s0
    truncate -s 1M none.img
    fake_guest web "" "$(disk a.img)$(disk none.img "" vdb)"
    before=$(getfattr -d -m . -e hex a.img none.img)
    ok fake_start web
    same "$(label a.img | sed 's/[0-9]*,c[0-9]*$/X/')" lab_u:object_r:image_t:s0:cX
    same "$(label none.img)" "$(label a.img)"
    contains "$(remembered a.img)" 'trusted.libvirt.security.selinux="old_u:object_r:old_t:s0"' 'trusted.libvirt.security.ref_selinux="1"' \
        trusted.libvirt.security.timestamp_selinux=
    ok vm-stop --force web
    same "$(getfattr -d -m . -e hex a.img none.img)" "$before"
}

@test "with remember_owner = 0 the journal alone remembers" {
    image a.img old_u:object_r:old_t:s0
    mkdir -p "$ROOT/etc"
    echo 'remember_owner = 0' >"$ROOT/etc/qemu.conf"
    fake_guest web "" "$(disk a.img)"
    ok fake_start web
    contains "$(label a.img)" lab_u:object_r:image_t:s0:c
    same "$(remembered a.img)" ""
    ok vm-stop --force web
    same "$(label a.img)" old_u:object_r:old_t:s0
}

@test "each guest has a pair of its own, lower category first, which is free again after it" {
    for i in 1 2 3 4 5 6; do
        fake_guest "g$i"
        ok fake_start "g$i"
    done
    pairs=$(for i in 1 2 3 4 5 6; do vm-dumpxml "g$i"; done | sed -n 's|.*<label>lab_u:lab_r:tcg_t:s0:c\([0-9]*\),c\([0-9]*\)</label>|\1 \2|p')
    same "$(wc -l <<<"$pairs")" 6
    same "$(sort -u <<<"$pairs" | wc -l)" 6
    awk '$1 >= $2 { exit 1 }' <<<"$pairs"
    held() { find "$XDG_RUNTIME_DIR" /run/libvirt/vmutils -name 'category-*' 2>/dev/null | wc -l; }
    [ "$(held)" -ge 6 ]
    for i in 1 2 3 4 5 6; do ok vm-stop --force "g$i"; done
    ok vm-reap --all
    same "$(held)" 0
}

@test "a static label labels nothing and sets no attribute" {
    requires strace
    image a.img lab_u:object_r:image_t:s0:c1,c2
    fake_guest web "" "$(disk a.img)" "<seclabel type='static' model='selinux' relabel='no'><label>lab_u:lab_r:tcg_t:s0:c1,c2</label></seclabel>"
    strace -f -D -qq -e trace=setxattr,fsetxattr,lsetxattr -o trace vm-start -q --bindir "$T/fake-web" web
    ! grep -q 'security\.selinux' trace
    ok vm-dumpxml web
    contains "$out" "<label>lab_u:lab_r:tcg_t:s0:c1,c2</label>"
    ok vm-stop --force web
    same "$(label a.img)" lab_u:object_r:image_t:s0:c1,c2
}

@test "labels of sources: relabel='no', labelskip, one of its own; a level that is not there is an error" {
    for f in a b c; do image $f.img old_u:object_r:old_t:s0; done
    domain web "$(disk a.img "" vda "<seclabel model='selinux' relabel='no'/>")$(disk b.img "" vdb "<seclabel model='selinux' labelskip='yes'/>")$(disk c.img "" vdc "<seclabel model='selinux' relabel='yes'><label>own_u:object_r:own_t:s0</label></seclabel>")"
    ok seclabel --json web.xml
    same "$(jq -r '.[] | select(.layer == "selinux" and .why != "process" and .why != "monitor socket") | "\(.wanted) \(.note)"' <<<"$out")" \
        "old_u:object_r:old_t:s0 relabel='no'
old_u:object_r:old_t:s0 labelskip='yes'
own_u:object_r:own_t:s0 null"
    sed -i 's/own_u:object_r:own_t:s0/nonsense/' web.xml
    must_fail 1 seclabel web.xml
    contains "$err" "disk vdc" "line " "'nonsense' is no SELinux context"
}

@test "network file systems that show labels to other hosts: a warning with the static form" {
    requires strace
    image a.img old_u:object_r:old_t:s0
    domain web "$(disk a.img)"
    domain fixed "$(disk a.img)" "<seclabel type='static' model='selinux' relabel='yes'><label>lab_u:lab_r:tcg_t:s0:c1,c2</label></seclabel>"
    # The first bytes of what the kernel answers: the magic number.
    for fs in cifs=424d53ff smb2=424d53fe ceph=0064c300 nfs=69690000; do
        on=(strace -f -o trace -e trace=fstatfs -e "inject=fstatfs:poke_exit=@arg2=${fs#*=}00000000")
        ok "${on[@]}" seclabel web.xml
        contains "$err" "disk vda" "${fs%=*} carries labels to other hosts" \
            "(try: <seclabel type='static' model='selinux' relabel='yes'><label>lab_u:lab_r:tcg_t:s0:cX,cY</label></seclabel>)"
        ok "${on[@]}" seclabel fixed.xml
        [[ $err != *"other hosts"* ]]
    done
}

@test "guests that share a disk: started and ended in every order, its label comes back with the last" {
    for order in "a b" "b a"; do
        image s.img old_u:object_r:old_t:s0
        for g in a b; do fake_guest $g "" "$(disk s.img '<shareable/>')"; ok fake_start $g; done
        same "$(label s.img)" lab_u:object_r:image_t:s0
        for g in $order; do
            same "$(label s.img)" lab_u:object_r:image_t:s0
            ok vm-stop --force $g
        done
        same "$(label s.img)" old_u:object_r:old_t:s0
        same "$(remembered s.img)" ""
        vm-undefine a && vm-undefine b
    done
}

@test "a disk that another guest has for itself is refused, and stays the other's" {
    image a.img old_u:object_r:old_t:s0
    fake_guest web "" "$(disk a.img)"
    fake_guest db "" "$(disk a.img)"
    ok fake_start web
    its=$(label a.img)
    must_fail 5 fake_start db
    contains "$err" "disk vda" "used by another guest" "$its"
    same "$(label a.img)" "$its"
    ok vm-stop --force web
    same "$(label a.img)" old_u:object_r:old_t:s0
    ok fake_start db
}

@test "a label that someone gives meanwhile is left alone and told" {
    image a.img old_u:object_r:old_t:s0
    fake_guest web "" "$(disk a.img)"
    ok fake_start web --no-reap
    setfattr -n security.selinux -v new_u:object_r:new_t:s0 a.img
    ok vm-stop --force web
    contains "$err" a.img "new_u:object_r:new_t:s0 now" "left as it is"
    same "$(label a.img)" new_u:object_r:new_t:s0
    same "$(remembered a.img)" ""
}

@test "what a link leads to is labelled, and no link by whoever put it in the way" {
    image a.img old_u:object_r:old_t:s0
    ln -s a.img link.img
    fake_guest web "" "$(disk link.img)"
    ok fake_start web
    contains "$(label a.img)" lab_u:object_r:image_t:s0:c
    mv a.img b.img
    ln -s b.img a.img
    ok vm-stop --force web
    contains "$(label b.img)" lab_u:object_r:image_t:s0:c
}

@test "security_driver: none, one that this host lacks, one that nobody has" {
    image a.img old_u:object_r:old_t:s0
    domain web "$(disk a.img)"
    mkdir -p "$ROOT/etc"
    echo 'security_driver = "none"' >"$ROOT/etc/qemu.conf"
    ok seclabel web.xml
    [[ $out != *selinux* ]]
    echo 'security_driver = "apparmor"' >"$ROOT/etc/qemu.conf"
    must_fail 1 seclabel web.xml
    contains "$err" "$ROOT/etc/qemu.conf:1" "apparmor is not enabled on this host"
    echo 'security_driver = "smack"' >"$ROOT/etc/qemu.conf"
    must_fail 1 seclabel web.xml
    contains "$err" "$ROOT/etc/qemu.conf:1" smack
    echo 'security_driver = [ "apparmor", "selinux" ]' >"$ROOT/etc/qemu.conf"
    ok seclabel web.xml
    contains "$out" lab_u:lab_r:tcg_t:s0:cX,cY
}

@test "security_default_confined and security_require_confined" {
    domain web
    domain free "" "<seclabel type='none'/>"
    mkdir -p "$ROOT/etc"
    ok seclabel free.xml
    contains "$out" "type='none' of the domain"
    echo 'security_default_confined = 0' >"$ROOT/etc/qemu.conf"
    ok seclabel web.xml
    contains "$out" "security_default_confined = 0"
    echo 'security_require_confined = 1' >"$ROOT/etc/qemu.conf"
    ok seclabel web.xml
    must_fail 1 seclabel free.xml
    contains "$err" security_require_confined
}

@test "a label for a driver that is not at work is refused" {
    domain web "" "<seclabel type='dynamic' model='apparmor'/>"
    must_fail 1 seclabel web.xml
    contains "$err" "line " "model='apparmor'" selinux
}

@test "new NVRAM gets the guest's label, and afterwards the policy's" {
    truncate -s 64K code.fd vars.fd
    fake_guest web "" "" "<features><acpi/></features><os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>$T/code.fd</loader><nvram template='$T/vars.fd'>$T/nv.fd</nvram></os>"
    sed -i '/machine=.pc.>hvm/d' web.xml
    ok vm-define -q --bindir "$T/fake-web" web.xml
    ok fake_start web
    contains "$(label nv.fd)" lab_u:object_r:image_t:s0:c
    ok vm-stop --force web
    same "$(label nv.fd)" lab_u:object_r:default_t:s0
}

@test "seclabel's plan of labels is vm-start's, row by row, what is only made then included" {
    requires qemu-system-x86_64
    image a.img old_u:object_r:old_t:s0
    image s.img old_u:object_r:old_t:s0
    domain web "$(disk a.img)$(disk s.img '<shareable/>' vdb)<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <graphics type='vnc'><listen type='socket'/></graphics>"
    ok vm-start --dry-run --json --transient web.xml
    wanted=$(jq -r '.rows[] | select(.kind == "selinux" or .kind == "label") | "\(.object) \(.wanted) \(.why)"' <<<"$out" | sort)
    ok seclabel --json web.xml
    same "$(jq -r '.[] | select(.layer == "selinux" and .change) | "\(.path) \(.wanted) \(.why)"' <<<"$out" | sort)" "$wanted"
    contains "$wanted" "private directory" "channel sockets" "$T/a.img lab_u:object_r:image_t:s0:cX,cY disk vda"
}

@test "a label that is applied is a use of a shared disk, and what a start makes is not there to be labelled" {
    image s.img old_u:object_r:old_t:s0
    fake_guest web "" "$(disk s.img '<shareable/>')<graphics type='vnc'><listen type='socket'/></graphics>"
    fake_guest db "" "$(disk s.img '<shareable/>')"
    for remember in 1 0; do
        echo "remember_owner = $remember" >"$ROOT/etc/qemu.conf"
        ok seclabel --bindir "$T/fake-web" --apply web
        ok fake_start db
        ok vm-stop --force db
        same "$(label s.img)" lab_u:object_r:image_t:s0
        ok fake_start db
        ok seclabel --restore web
        same "$(label s.img)" lab_u:object_r:image_t:s0
        ok vm-stop --force db
        same "$(label s.img)$(remembered s.img)" old_u:object_r:old_t:s0
    done
}
