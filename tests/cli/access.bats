#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# seclabel --check, and vm-start's own: what QEMU may not open, and that what is printed as a remedy is one.
# bats file_tags=root
load ../helpers
load ../access

@test "a file that will belong to QEMU's user is its to open" {
    touch d/a.img
    chmod 600 d/a.img
    disk "$T/d/a.img"
    ok seclabel --check web.xml
    contains "$out" "disk vda  ok"
}

@test "a directory on the way without search permission: chmod o+x" {
    touch d/a.img
    chmod 700 d
    disk "$T/d/a.img"
    check 7
    same "$(jq -r '.[0] | .has, .needs' <<<"$rows")" "$(printf "rwx------ root:root\n--x for user '%s'" $U)"
    refused dac "$HERE/d" "chmod o+x $HERE/d"
}

@test "every parent that lacks it is named at once, with no more than it lacks" {
    mkdir -p d/e/f
    touch d/e/f/a.img
    chmod 700 d d/e/f
    disk "$T/d/e/f/a.img"
    check 7
    same "$(jq -r '.[].remedy' <<<"$rows")" "$(printf 'chmod o+x %s\nchmod o+x %s' "$HERE/d" "$HERE/d/e/f")"
    mended
}

@test "a directory of QEMU's own group: chmod g+x, which opens less" {
    touch d/a.img
    chgrp $U d
    chmod 700 d
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d" "chmod g+x $HERE/d"
}

@test "a directory of QEMU's user without search permission for itself: chmod u+x" {
    touch d/a.img
    chown $U d
    chmod 655 d
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d" "chmod u+x $HERE/d"
}

@test "a directory whose ACL names QEMU's user without search permission: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m u:$U:r d
    disk "$T/d/a.img"
    check 7
    contains "$(jq -r '.[0].has' <<<"$rows")" "user:$U:r--"
    refused acl "$HERE/d" "setfacl -m u:$U:rx $HERE/d"
}

@test "an ACL's mask takes away what its entry gives: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m u:$U:x,m::r d
    disk "$T/d/a.img"
    check 7
    contains "$(jq -r '.[0].has' <<<"$rows")" "mask::r--"
    refused acl "$HERE/d" "setfacl -m u:$U:x $HERE/d"
}

@test "an ACL whose mask is empty leaves it to the bits of others: chmod o+x" {
    requires setfacl
    touch d/a.img
    chmod 711 d
    setfacl -m u:$U:x,m::- d
    disk "$T/d/a.img"
    ok seclabel --check web.xml
    chmod o-x d
    check 7
    refused acl "$HERE/d" "chmod o+x $HERE/d"
}

@test "a group of an ACL that is QEMU's and lets nobody in: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m g:$U:r d
    disk "$T/d/a.img"
    check 7
    refused acl "$HERE/d" "setfacl -m u:$U:x $HERE/d"
}

@test "a file that keeps its owner: an ACL for QEMU's user alone, and the key that would give it the file" {
    requires setfacl
    conf "dynamic_ownership = 0"
    touch d/a.img
    chmod 644 d/a.img
    disk "$T/d/a.img"
    check 7
    same "$(jq -r '.[0].hint' <<<"$rows")" "dynamic_ownership = 1 in $ROOT/etc/qemu.conf"
    refused dac "$HERE/d/a.img" "setfacl -m u:$U:rw $HERE/d/a.img"
}

@test "the key that is named gives QEMU the file" {
    conf "dynamic_ownership = 0"
    touch d/a.img
    disk "$T/d/a.img"
    must_fail 7 seclabel --check web.xml
    conf "$(seclabel --check --json web.xml 2>/dev/null | jq -r '.[] | select(.hint) | .hint | sub(" in .*"; "")')"
    ok seclabel --check web.xml
}

@test "a read-only disk need only be read" {
    conf "dynamic_ownership = 0"
    touch d/a.img
    chmod 644 d/a.img
    disk "$T/d/a.img" "<readonly/>"
    ok seclabel --check web.xml
}

@test "a file whose owner may not write it: chmod u+w" {
    touch d/a.img
    chmod 400 d/a.img
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d/a.img" "chmod u+w $HERE/d/a.img"
}

@test "an immutable file: chattr -i" {
    touch d/a.img
    chattr +i d/a.img 2>/dev/null || skip "this file system has no immutable attribute"
    disk "$T/d/a.img"
    check 7
    refused attribute "$HERE/d/a.img" "chattr -i $HERE/d/a.img"
}

@test "an append-only file: chattr -a" {
    touch d/a.img
    chattr +a d/a.img 2>/dev/null || skip "this file system has no append-only attribute"
    disk "$T/d/a.img"
    check 7
    refused attribute "$HERE/d/a.img" "chattr -a $HERE/d/a.img"
}

@test "a disk that is not there: status 3, and no command, for nobody knows what was on it" {
    disk "$T/d/no/a.img"
    check 3
    same "$(jq -r '.[0] | .state, .component, .problem, .remedy' <<<"$rows")" \
        "$(printf 'missing\n%s\nthere is no directory %s\nnull' "$HERE/d/no" "$HERE/d/no")"
}

@test "a link that leads nowhere is named with where it leads" {
    ln -s ../gone/a.img d/a.img
    disk "$T/d/a.img"
    check 3
    same "$(jq -r '.[0].problem' <<<"$rows")" "$HERE/gone, where the link $HERE/d/a.img leads, is not there"
}

@test "links are followed component by component: what is behind them is asked, too" {
    mkdir -p real/inner d/sub
    touch real/inner/a.img
    ln -s ../../real d/sub/one
    ln -s "$T/d/sub/one/inner/../inner/a.img" d/two
    chmod 700 d/sub real/inner
    disk "$T/d/two"
    check 7
    same "$(jq -r '.[].component' <<<"$rows")" "$(printf '%s\n' "$HERE/d/sub" "$HERE/real/inner")"
    mended
}

@test "a chain of 40 links is followed, one of 41 is a loop" {
    touch d/0
    for i in $(seq 41); do ln -s $((i - 1)) d/$i; done
    disk "$T/d/40"
    ok seclabel --check web.xml
    disk "$T/d/41"
    check 1
    contains "$(jq -r '.[0].problem' <<<"$rows")" "Too many levels of symbolic links"
}

@test "a link to itself ends the check" {
    ln -s a.img d/a.img
    disk "$T/d/a.img"
    must_fail any seclabel --check web.xml
    contains "$err$out" "Too many"
}

@test "a link of a stranger in a directory that all may write: the path without it" {
    requires unshare
    touch a.img
    chmod 1777 d
    ln -s ../a.img d/l
    chown -h 64398 d/l
    disk "$T/d/l" "<readonly/>"
    conf "dynamic_ownership = 0"
    echo 1 >one
    # The kernel's switch is everybody's; the check looks at what this mount namespace shows of it.
    unshare -m bash -c 'mount --bind one /proc/sys/fs/protected_symlinks && exec seclabel --check --json web.xml' >rows.json && false
    rows=$(jq -c 'map(select(.state != "ok"))' rows.json)
    same "$(jq -r '.[] | .component, .hint' <<<"$rows")" "$(printf "%s\nthe file's own path in the domain" "$HERE/d/l")"
    disk "$T/a.img" "<readonly/>"
    unshare -m bash -c 'mount --bind one /proc/sys/fs/protected_symlinks && exec seclabel --check web.xml'
}

@test "a fifo, a socket and a directory are no disks" {
    mkfifo d/fifo
    mkdir d/dir
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' d/socket
    domain web "$(for i in fifo:a socket:b dir:c; do
        echo "<disk type='file'><source file='$T/d/${i%:*}'/><target dev='vd${i#*:}' bus='virtio'/></disk>"
    done)"
    check 1
    same "$(jq -r '.[] | .why + ": " + .problem' <<<"$rows")" "$(printf '%s\n' "disk vda: it is a fifo, not a file" \
        "disk vdb: it is a socket, not a file" "disk vdc: it is a directory, not a file")"
}

@test "a file in the middle of a path is named" {
    touch d/a.img
    disk "$T/d/a.img/b.img"
    check 1
    same "$(jq -r '.[0].problem' <<<"$rows")" "$HERE/d/a.img is not a directory"
}

@test "names with newlines, blanks, quotes and bytes that are no text: the command is one, and mends" {
    local name=$'d/a \'quoted\' "name"\n$(touch hacked) \\ \e[31m'
    mkdir "$name"
    chmod 700 "$name"
    touch "$name/a.img"
    domain web "<disk type='file'><source file=\"$HERE/d/a 'quoted' &quot;name&quot;&#10;\$(touch hacked) \\ X/a.img\"/><target dev='vda' bus='virtio'/></disk>"
    mv "$name" "${name%$'\e[31m'}X"
    check 7
    contains "$(jq -r '.[0].remedy' <<<"$rows")" 'chmod o+x $'"'" '\012$(touch hacked)'
    mended
    [ ! -e hacked ]
}

@test "a path of 4,000 bytes" {
    local name p=$HERE/d deep
    name=$(printf 'n%.0s' $(seq 200))
    while [ ${#p} -lt 3800 ]; do p+=/$name; done
    deep=${p:0:3990}
    mkdir -p "$deep"
    chmod 700 "$deep"
    (cd "$deep" && touch a)
    disk "$deep/a"
    check 7
    refused dac "$deep" "chmod o+x $deep"
    fake_guest long "" "<disk type='file'><source file='$deep/a'/><target dev='vda' bus='virtio'/></disk>"
    chmod o-x "$deep"
    must_fail 7 vm-start --bindir "$T/fake-long" long
    contains "$err" "(try: chmod o+x $deep)" "... (try: seclabel --check)"
}

@test "a path that no system call takes is refused as too long" {
    disk "$HERE/$(printf 'n/%.0s' $(seq 2100))a"
    check 1
    same "$(jq -r '.[0].problem' <<<"$rows")" "File name too long"
}

@test "a home directory is called one, with what it may be used for" {
    requires system
    mkdir d/home
    echo "vmhome:x:64398:64398::$HERE/d/home:/bin/sh" >>/etc/passwd
    chown 64398 d/home
    chmod 700 d/home
    touch d/home/a.img
    disk "$HERE/d/home/a.img"
    check 7
    contains "$(jq -r '.[0].problem' <<<"$rows")" "directory $HERE/d/home, the home directory of 'vmhome', lacks search permission"
    same "$(jq -r '.[0].hint' <<<"$rows")" "run the guest as 'vmhome': -c qemu:///session"
    refused dac "$HERE/d/home" "chmod o+x $HERE/d/home"
}

@test "users and their supplementary groups are those of the user database" {
    requires system
    echo "vmq:x:64397:64397::/:/bin/sh" >>/etc/passwd
    printf 'vmq:x:64397:\nvmdisks:x:64396:vmq\n' >>/etc/group
    printf 'user = "vmq"\ngroup = "vmq"\ndynamic_ownership = 0\n' >"$ROOT/etc/qemu.conf"
    touch d/a.img
    chgrp 64396 d d/a.img
    chmod 750 d
    chmod 660 d/a.img
    disk "$T/d/a.img"
    ok seclabel --check web.xml
    chmod 640 d/a.img
    check 7
    contains "$(jq -r '.[0].has' <<<"$rows")" "rw-r----- root:vmdisks"
    ! command -v setfacl || refused dac "$HERE/d/a.img" "setfacl -m u:vmq:rw $HERE/d/a.img"
}

@test "--as asks for another user" {
    touch d/a.img
    chmod 700 d
    chown 64398 d
    disk "$T/d/a.img"
    must_fail 7 seclabel --check web.xml
    ok seclabel --check --as +64398 web.xml
    ok seclabel --check --as root web.xml
    must_fail 3 seclabel --check --as nobody-of-that-name web.xml
    must_fail 2 seclabel --as root web.xml
}

@test "--as: the directories of the root, too, would be that user's" {
    disk /dev/null
    domain web
    mkdir -p "$ROOT/lib/qemu"
    chown $U:$U "$ROOT/lib/qemu"
    ok seclabel --check web.xml
    must_fail 7 seclabel --check --json --as +64298:+64297 web.xml
    contains "$out" "chown 64298:64297 $ROOT/lib/qemu"
}

@test "--as takes a group" {
    conf "dynamic_ownership = 0"
    touch d/a.img
    chgrp 64396 d/a.img
    chmod 660 d/a.img
    disk "$T/d/a.img"
    must_fail 7 seclabel --check --as +64398 web.xml
    ok seclabel --check --as +64398:+64396 web.xml
}

@test "a log is made by QEMU: its directory must let it" {
    requires setfacl
    domain web "<serial type='file'><source path='$T/d/log'/></serial>"
    check 7
    same "$(jq -r '.[0].needs' <<<"$rows")" "-wx for user '$U'"
    refused dac "$HERE/d" "setfacl -m u:$U:wx $HERE/d"
}

# The file m, on a file system that has owners and modes only.
without_acls() {
    requires qemu-storage-daemon
    truncate -s 1M raw
    touch m
    qemu-storage-daemon --blockdev driver=file,node-name=f,filename=raw \
        --export type=fuse,id=e,node-name=f,mountpoint="$T/m",writable=on,allow-other=on --daemonize || skip "no FUSE here"
}

@test "a directory for logs that is not there: the command that makes it for QEMU's user" {
    mkdir -m 755 d/in
    ln -s in d/ln
    domain web "<serial type='file'><source path='$T/d/ln/no such/deep/a.log'/></serial>
        <serial type='file'><source path='$T/d/in/no such/other/b.log'/></serial>"
    check 3
    same "$(jq -r '.[].remedy' <<<"$rows")" "install -d -o $U -g $U '$HERE/d/in/no such/deep'
install -d -o $U -g $U '$HERE/d/in/no such/other'"
    mended
}

@test "a file system without ACLs: chown" {
    conf "dynamic_ownership = 0"
    without_acls
    chmod 600 m
    disk "$T/m"
    check 7
    refused dac "$HERE/m" "chown $U $HERE/m"
}

@test "a file system without ACLs: chown, and chmod where the owner has too little, too" {
    conf "dynamic_ownership = 0"
    without_acls
    chmod 400 m
    disk "$T/m"
    check 7
    refused dac "$HERE/m" "chown $U $HERE/m && chmod u+w $HERE/m"
}

@test "a FUSE file system that lets only its user in: allow_other" {
    requires qemu-storage-daemon
    conf "dynamic_ownership = 0"
    truncate -s 1M raw
    touch m
    serve() {
        qemu-storage-daemon --pidfile pid --blockdev driver=file,node-name=f,filename=raw \
            --export type=fuse,id=e,node-name=f,mountpoint="$T/m",writable=on,allow-other=$1 --daemonize || skip "no FUSE here"
    }
    serve off
    disk "$T/m"
    check 7
    same "$(jq -r '.[0] | .layer, .has, .hint' <<<"$rows")" "$(printf 'file system\nFUSE\nmount it with -o allow_other')"
    kill "$(cat pid)"
    gone() { ! mountpoint -q m; }
    wait_for gone
    serve on
    chmod 666 m
    ok seclabel --check web.xml
}

# mounted OPTIONS: a tmpfs at m, with a.img.
mounted() {
    mkdir m
    mount -t tmpfs -o size=1m,mode=755 none m || skip "nothing can be mounted here"
    touch m/a.img
    [ -z "${1:-}" ] || mount -o "remount,$1" m
}

@test "a read-only mount: remount,rw" {
    mounted bind,ro
    disk "$T/m/a.img"
    check 7
    contains "$(jq -r '.[0].hint' <<<"$rows")" "<readonly/>"
    refused mount "$HERE/m" "mount -o remount,bind,rw $HERE/m"
}

@test "a read-only file system: remount,rw" {
    mounted ro
    disk "$T/m/a.img"
    check 7
    refused mount "$HERE/m" "mount -o remount,rw $HERE/m"
}

@test "a read-only file system and a disk that need not be written: as the hint says" {
    conf "dynamic_ownership = 0"
    mounted ro
    disk "$T/m/a.img" "<readonly/>"
    ok seclabel --check web.xml
}

@test "a read-only disk on a read-only file system keeps its owner; what mends it stands between two remounts" {
    requires setfacl
    mounted
    chmod 600 m/a.img
    mount -o remount,ro m
    disk "$T/m/a.img" "<readonly/>"
    check 7
    refused dac "$HERE/m/a.img" "mount -o remount,rw $HERE/m && setfacl -m u:$U:r $HERE/m/a.img && mount -o remount,ro $HERE/m"
    findmnt -n -o OPTIONS m | grep -w ro
}

@test "a mount with a blank and a newline in its name" {
    mounted
    mkdir $'m/m x\ny'
    mount -t tmpfs -o size=1m,mode=755 none $'m/m x\ny'
    touch $'m/m x\ny/a.img'
    mount -o remount,bind,ro $'m/m x\ny'
    disk "$HERE"/$'m/m x\ny/a.img'
    check 7
    mended
    umount $'m/m x\ny'
}

@test "a device on a nodev mount: remount,dev" {
    conf "dynamic_ownership = 0"
    mounted
    mknod m/b b 7 200 || skip "block nodes cannot be made here"
    chmod 666 m/b
    mount -o remount,bind,nodev m
    domain web "<disk type='block'><source dev='$T/m/b'/><target dev='vda' bus='virtio'/></disk>"
    check 7
    refused mount "$HERE/m" "mount -o remount,bind,dev $HERE/m"
}

@test "an emulator on a noexec mount: remount,exec" {
    mounted
    cp /bin/true m/qemu
    mount -o remount,bind,noexec m
    EMULATOR=$T/m/qemu domain web
    check 7
    refused mount "$HERE/m" "mount -o remount,bind,exec $HERE/m"
}

@test "an emulator that QEMU's user may not run: setfacl" {
    requires setfacl
    cp /bin/true d/qemu
    chmod 744 d/qemu
    EMULATOR=$T/d/qemu domain web
    check 7
    refused dac "$HERE/d/qemu" "setfacl -m u:$U:rx $HERE/d/qemu"
}

@test "all that fails is told at once: layers, components, objects" {
    mounted bind,ro
    mkdir d/e
    chmod 700 d/e
    touch d/e/a.img
    ln -s gone d/link
    domain web "$(for i in d/e/a.img:a m/a.img:b d/link:c; do
        echo "<disk type='file'><source file='$T/${i%:*}'/><target dev='vd${i#*:}' bus='virtio'/></disk>"
    done)"
    check 7
    same "$(jq -r '.[] | .why + " " + .layer + " " + .state' <<<"$rows")" "$(printf '%s\n' "disk vda dac denied" \
        "disk vdb mount denied" "disk vdc file system missing")"
}

@test "root without capabilities is bound by mode bits" {
    printf 'dynamic_ownership = 0\nuser = "root"\ngroup = "root"\nclear_emulator_capabilities = 1\n' >"$ROOT/etc/qemu.conf"
    touch d/a.img
    chown 64398 d/a.img
    chmod 600 d/a.img
    disk "$T/d/a.img"
    check 7
    ! command -v setfacl || refused dac "$HERE/d/a.img" "setfacl -m u:root:rw $HERE/d/a.img"
}

@test "root with its capabilities is not" {
    printf 'dynamic_ownership = 0\nuser = "root"\ngroup = "root"\nclear_emulator_capabilities = 0\n' >"$ROOT/etc/qemu.conf"
    touch d/a.img
    chown 64398 d/a.img
    chmod 0 d/a.img
    disk "$T/d/a.img"
    ok seclabel --check web.xml
}

@test "the three directories of a root that are not QEMU's: each with its chown" {
    mkdir -p "$ROOT/lib/qemu" "$ROOT/cache/qemu" "$ROOT/run/qemu"
    domain web
    check 7
    same "$(jq -r '.[].remedy' <<<"$rows")" "$(for d in lib cache run; do echo "chown $U:$U $ROOT/$d/qemu"; done)"
    mended
}

@test "directories of QEMU that a start makes are its user's from the beginning" {
    rm -rf "${ROOT:?}/lib" "${ROOT:?}/run"
    guest web
    ok vm-start -q --paused web
    ok vm-stop --force web
    check 0
    chown "$U" "$ROOT/lib/qemu" "$ROOT/run/qemu"
    sed -i "s/^user.*/user = \"root\"/; s/^group.*/group = \"root\"/" "$ROOT/etc/qemu.conf"
    check 7
    same "$(jq -r '.[].remedy' <<<"$rows")" "$(for d in lib run; do echo "chown root:root $ROOT/$d/qemu"; done)"
}

@test "a user that this user namespace does not have" {
    touch d/a.img
    disk "$T/d/a.img"
    unshare --user --map-root-user true || skip "no user namespaces here"
    unshare --user --map-root-user seclabel --check --json web.xml >rows.json 2>/dev/null && false
    rows=$(jq -c 'map(select(.state != "ok"))' rows.json)
    contains "$(jq -r '.[] | .layer, .hint' <<<"$rows")" "user namespace" 'user = "root" and group = "root" in '"$ROOT/etc/qemu.conf"
    printf 'user = "root"\ngroup = "root"\n' >"$ROOT/etc/qemu.conf"
    unshare --user --map-root-user seclabel --check web.xml
}

@test "a file of a user that this user namespace does not have" {
    unshare --user --map-root-user true || skip "no user namespaces here"
    printf 'user = "root"\ngroup = "root"\n' >"$ROOT/etc/qemu.conf"
    touch d/a.img
    chown 64398 d/a.img
    disk "$T/d/a.img"
    unshare --user --map-root-user seclabel --check --json web.xml >rows.json 2>/dev/null && false
    rows=$(jq -c 'map(select(.state != "ok"))' rows.json)
    same "$(jq -r '.[].layer' <<<"$rows")" "user namespace"
    contains "$(jq -r '.[].hint' <<<"$rows")" "outside of the namespace, chown"
    chown 0 d/a.img
    unshare --user --map-root-user seclabel --check web.xml
}
