# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# Runs the examples of pages, as tests/README describes; tests/run writes a test for each page.

# The commands of a page's EXAMPLES, as its reader sees them.
examples_of() {
    mandoc -T ascii -O width=900 "$1" | sed 's/.\x08//g' | awk '/^[A-Z]/ { on = /^EXAMPLES/ } on && /^ +\$ / { sub(/^ +\$ /, ""); print }'
}

examples() {
    local page=$1 line status
    # These have no --bindir.
    case $page in */vm-autostart.1 | */vm-edit.1) requires trust ;; esac
    EMULATOR=$FAKE_QEMU guest web "<serial type='pty'/>"
    EMULATOR=$FAKE_QEMU domain db
    truncate -s 8M disk.img
    while IFS= read -r line; do
        status=0
        timeout -k 1 "${EXAMPLE_TIMEOUT:-30}" bash -c "$line" >example.out 2>&1 </dev/null || status=$?
        if [ $status != 0 ]; then
            echo "$page: exit status $status: $line"
            head -n 20 example.out
            return 1
        fi
    done < <(examples_of "$TOP/$page")
}
