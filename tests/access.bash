# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Words for tests/cli/access*.bats, after helpers.

U=64399 # a user of nobody's, whom QEMU runs as

setup() {
    helpers_setup
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc" d
    chmod 755 d
    conf ""
    HERE=$(realpath "$T")
}

teardown() {
    exec 9>&- # ends a file system that hangs
    [ ! -e "$T/d/a.img" ] || chattr -ia d/a.img d 2>/dev/null || true
    umount -l "$T/m" 2>/dev/null || true
    helpers_teardown
}

# conf LINES: qemu.conf with user U.
conf() {
    printf 'user = "+%s"\ngroup = "+%s"\n%s\n' $U $U "$1" >"$ROOT/etc/qemu.conf"
}

# disk PATH [EXTRA]: a domain with this disk.
disk() {
    domain web "<disk type='file'><source file='$(xml "$1")'/><target dev='vda' bus='virtio'/>${2:-}</disk>"
}
xml() { local nl='&#10;'; printf %s "${1//$'\n'/"$nl"}"; }

# check STATUS [OPTION...]: leaves the rows that are not ok in $rows.
check() {
    must_fail "$1" seclabel --check --json "${@:2}" web.xml
    rows=$(jq -c 'map(select(.state != "ok"))' <<<"$out")
}

# refused LAYER COMPONENT REMEDY: so it is, by this alone; what is printed mends it.
refused() {
    same "$(jq -r 'map([.layer, .component, .remedy] | join("|")) | unique[]' <<<"$rows")" "$1|$2|$3"
    mended
}
mended() {
    local command
    while IFS= read -r -d '' command; do bash -c "$command"; done < <(jq -j '.[] | select(.remedy) | .remedy + "\u0000"' <<<"$rows")
    ok seclabel --check web.xml
}
