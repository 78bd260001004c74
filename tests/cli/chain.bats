#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which files a disk brings along: seclabel follows the headers of its images.
# shellcheck disable=SC2154
load ../helpers

setup() {
    helpers_setup
    requires qemu-img
    [ "$(id -u)" != 0 ] || chmod 755 "$T"
}

img() { qemu-img create -q "$@"; }

# disk TYPE FILE [BACKING]: a domain with that disk.
disk() {
    domain web "<disk type='file'><driver name='qemu' type='$1'/><source file='$2'/>${3:-}<target dev='vda' bus='virtio'/></disk>"
}

# Lines "WHY PATH" of what seclabel --json says of owners of what is there before a start.
rows() {
    seclabel --json web.xml | tr '}' '\n' | sed -n '/vm-start makes it/d; s/.*"layer": "dac", "why": "\([^"]*\)".*"path": "\([^"]*\)".*/\1 \2/p'
}

# bats test_tags=user
@test "a chain is followed, by names relative to each image" {
    mkdir base
    img -f raw base/root.raw 1M
    img -f qed -b root.raw -F raw base/mid.qed
    img -f qcow2 -b base/mid.qed -F qed top.qcow2
    disk qcow2 "$T/top.qcow2"
    same "$(rows)" "disk vda $T/top.qcow2
backing file 1 of vda $T/base/mid.qed
backing file 2 of vda $T/base/root.raw"
}

# bats test_tags=user
@test "backing files are only read" {
    img -f raw base.raw 1M
    img -f qcow2 -b base.raw -F raw top.qcow2
    disk qcow2 "$T/top.qcow2"
    ok seclabel --json web.xml
    contains "$out" '"why": "backing file 1 of vda", "use": "readonly"'
}

@test "each version and driver that can name a backing file does" {
    img -f raw base.raw 1M
    img -f vmdk base.vmdk 1M
    img -f qcow2 -o compat=0.10 -b "$T/base.raw" -F raw v2
    img -f qcow2 -o compat=1.1 -b "$T/base.raw" -F raw v3
    img -f qed -b "$T/base.raw" -F raw qed
    img -f vmdk -b "$T/base.vmdk" -F vmdk vmdk
    for f in v2:qcow2:base.raw v3:qcow2:base.raw qed:qed:base.raw vmdk:vmdk:base.vmdk; do
        IFS=: read -r file type base <<<"$f"
        disk "$type" "$T/$file"
        same "$(rows)" "disk vda $T/$file
backing file 1 of vda $T/$base"
    done
}

@test "an external data file and the extents of a vmdk are the disk's, to be written" {
    img -f qcow2 -o data_file=data.raw with-data 1M
    disk qcow2 "$T/with-data"
    ok seclabel --json web.xml
    contains "$out" '"why": "data file of vda", "use": "exclusive"'
    img -f vmdk -o subformat=twoGbMaxExtentSparse split.vmdk 3G
    disk vmdk "$T/split.vmdk"
    ok seclabel --json web.xml
    contains "$out" '"why": "extent 1 of vda", "use": "exclusive"' "split-s001.vmdk" '"why": "extent 2 of vda"'
}

@test "where the document says raw, or nothing, no header is looked at" {
    touch other
    img -f qcow2 -b /etc/passwd -F raw evil 1M
    disk raw "$T/evil"
    same "$(rows)" "disk vda $T/evil"
    domain web "<disk type='file'><source file='$T/evil'/><target dev='vda' bus='virtio'/></disk>"
    same "$(rows)" "disk vda $T/evil"
}

@test "an empty <backingStore/> ends the chain, and one with a source goes before the header" {
    img -f raw base.raw 1M
    img -f raw other.raw 1M
    img -f qcow2 -b base.raw -F raw top.qcow2
    disk qcow2 "$T/top.qcow2" "<backingStore/>"
    same "$(rows)" "disk vda $T/top.qcow2"
    disk qcow2 "$T/top.qcow2" "<backingStore type='file'><format type='raw'/><source file='$T/other.raw'/></backingStore>"
    same "$(rows)" "disk vda $T/top.qcow2
backing file 1 of vda $T/other.raw"
}

@test "a chain that the document begins goes on by the last header" {
    img -f raw base.raw 1M
    img -f qcow2 -b base.raw -F raw mid.qcow2
    img -f qcow2 -b mid.qcow2 -F qcow2 top.qcow2
    disk qcow2 "$T/top.qcow2" "<backingStore type='file'><format type='qcow2'/><source file='$T/mid.qcow2'/></backingStore>"
    same "$(rows)" "disk vda $T/top.qcow2
backing file 1 of vda $T/mid.qcow2
backing file 2 of vda $T/base.raw"
}

@test "a format that is not recorded is refused with the qemu-img line that mends it" {
    for base in raw qcow2; do
        img -f $base "the base" 1M
        img -f qcow2 -b "the base" -F $base "the top"
        # qemu-img no longer makes such images: the extension that records the format becomes an unknown one.
        printf 'x' | dd of="the top" bs=1 seek=$((16#70)) conv=notrunc status=none
        disk qcow2 "$T/the top"
        must_fail 1 seclabel web.xml
        contains "$err" "does not record the format of its backing file" "looks like $base"
        line=${err##*(try: }
        eval "${line%)*}"
        ok seclabel web.xml
        contains "$(rows)" "backing file 1 of vda $T/the base"
        rm the*
    done
}

@test "json: and network backing are described and not followed" {
    img -f qcow2 -u -b 'json:{"driver":"null-co"}' -F raw j.qcow2 1M
    disk qcow2 "$T/j.qcow2"
    ok seclabel web.xml
    contains "$out" "image" 'json:{"driver":"null-co"}' "not a file; not followed"
    img -f qcow2 -u -b 'nbd://localhost/x' -F raw n.qcow2 1M
    disk qcow2 "$T/n.qcow2"
    ok seclabel web.xml
    contains "$out" "nbd://localhost/x" "on a network; not followed"
}

@test "a loop is an error" {
    img -f qcow2 -u -b b.qcow2 -F qcow2 a.qcow2 1M
    img -f qcow2 -u -b a.qcow2 -F qcow2 b.qcow2 1M
    disk qcow2 "$T/a.qcow2"
    must_fail 1 seclabel web.xml
    contains "$err" "disk vda: its chain of backing files is a loop"
}

@test "a chain of more than 200 images is an error" {
    img -f qcow2 0 64K
    printf -v name %04d 0
    mv 0 "$name"
    for i in $(seq 201); do
        # The same header but for the name of the one below, at the same length.
        printf -v below %04d $((i - 1))
        printf -v name %04d "$i"
        if [ "$i" = 1 ]; then img -f qcow2 -b "$below" -F qcow2 "$name"; else sed "s/0000/$below/" 0001 >"$name"; fi
    done
    disk qcow2 "$T/0199"
    ok seclabel web.xml
    contains "$out" "backing file 199 of vda"
    disk qcow2 "$T/0201"
    must_fail 1 seclabel web.xml
    contains "$err" "more than 200 images deep"
}

@test "what is no image of the format, or a damaged one, is refused by name" {
    head -c 100000 /dev/zero >zero
    disk qcow2 "$T/zero"
    must_fail 1 seclabel web.xml
    contains "$err" "disk vda: $T/zero: is no image of format qcow2"
    printf 'QFI\xfb\0\0\0\3' >short
    disk qcow2 "$T/short"
    must_fail 1 seclabel web.xml
    contains "$err" "disk vda: $T/short: damaged header of format qcow2: it ends too early"
}

# bats test_tags=user
@test "a fifo, a directory, a socket or a character device for a disk is refused at once" {
    mkfifo fifo
    mkdir dir
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)' sock
    for f in "$T/fifo:a fifo" "$T/dir:a directory" "$T/sock:a socket" "/dev/null:a character device"; do
        for type in raw qcow2; do
            disk "$type" "${f%:*}"
            must_fail 1 timeout 20 seclabel web.xml
            contains "$err" "disk vda: ${f%:*}: is ${f#*:}, neither a regular file nor a block device"
        done
    done
}

@test "a fifo as a backing file is refused at once" {
    mkfifo fifo
    img -f qcow2 -u -b fifo -F raw top.qcow2 1M
    disk qcow2 "$T/top.qcow2"
    must_fail 1 timeout 20 seclabel web.xml
    contains "$err" "backing file 1 of vda: $T/fifo: is a fifo"
}

# bats test_tags=root
@test "the header of a user's image opens nothing that he may not open" {
    requires root
    mkdir u
    (umask 077 && echo secret >shadow)
    img -f qcow2 -u -b ../shadow -F raw u/top.qcow2 1M
    chown -R 64321:64321 u
    disk qcow2 "$T/u/top.qcow2"
    must_fail 7 seclabel web.xml
    contains "$err" "names $T/u/../shadow as its backing file, which its owner (user id 64321) may not open" \
        "<backingStore type='file'><format type='raw'/><source file='$T/u/../shadow'/></backingStore>"
    must_fail 7 vm-start --dry-run --transient web.xml
    # The element that it prints allows it.
    disk qcow2 "$T/u/top.qcow2" "$(sed 's/.*\(<backingStore.*<\/backingStore>\).*/\1/' <<<"$err")"
    ok seclabel web.xml
    contains "$out" "backing file 1 of vda"
}

# bats test_tags=root
@test "an ACL and the directories on the way decide what the owner of an image may open" {
    requires root
    requires setfacl
    mkdir u closed
    (umask 077 && touch closed/base)
    img -f qcow2 -u -b "$T/closed/base" -F raw u/top.qcow2 1M
    chown -R 64321:64321 u
    disk qcow2 "$T/u/top.qcow2"
    must_fail 7 seclabel web.xml
    setfacl -m u:64321:r closed/base || skip "no ACLs on this file system"
    ok seclabel web.xml
    chmod 700 closed
    must_fail 7 seclabel web.xml
    setfacl -m u:64321:x closed
    ok seclabel web.xml
}

# bats test_tags=root
@test "the header of a user's image has no external data that he may not write, and no json:" {
    requires root
    mkdir u
    img -f qcow2 -o data_file="$T/data" u/top.qcow2 1M
    chown -R 64321:64321 u
    chmod 644 data
    disk qcow2 "$T/u/top.qcow2"
    must_fail 7 seclabel web.xml
    contains "$err" "as its data file"
    img -f qcow2 -u -b 'json:{"driver":"file","filename":"/etc/shadow"}' -F raw u/json 1M
    chown 64321:64321 u/json
    disk qcow2 "$T/u/json"
    must_fail 7 seclabel web.xml
    contains "$err" "could be anything"
}

# bats test_tags=root
@test "a link of another user is followed only to what is his" {
    requires root
    mkdir u
    (umask 077 && echo secret >shadow)
    ln -s "$T/shadow" u/link
    chown -hR 64321:64321 u
    disk raw "$T/u/link"
    must_fail 7 seclabel web.xml
    contains "$err" "is a link of user id 64321 to $T/shadow, which belongs to user id 0: not followed"
    chown 64321 shadow
    ok seclabel web.xml
}

# bats test_tags=root
@test "a second name in another user's directory is refused" {
    requires root
    mkdir u
    (umask 077 && echo secret >shadow)
    ln shadow u/name
    chown 64321:64321 u
    disk raw "$T/u/name"
    must_fail 7 seclabel web.xml
    contains "$err" "has 2 names, and this one may be the doing of user id 64321"
    chown 0:0 u
    ok seclabel web.xml
}

# bats test_tags=root
@test "a link of root's is followed, and the file that it leads to is the one that changes" {
    requires root
    touch file
    ln -s file link
    chown -h 0:0 link
    disk raw "$T/link"
    ok seclabel web.xml
}
