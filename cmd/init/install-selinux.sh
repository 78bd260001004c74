#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# cmd/init/install-selinux.sh DESTDIR PREFIX: what make install-selinux does: installs the policy module of vmutils and labels the
# programs and directories. With a DESTDIR only the policy store below that is changed. --remove takes the module out, --label labels
# only.
set -eu
mode=install
case $1 in --remove | --label) mode=${1#--} && shift ;; esac
destdir=$1 prefix=$2
here=$(dirname "$0")
PATH=$PATH:/usr/sbin:/sbin

policy() {
    if ! command -v semodule >/dev/null; then
        echo "install-selinux: no semodule (package policycoreutils)" >&2
        exit 1
    fi
    set --
    [ -z "$destdir" ] || set -- -p "$destdir" -n
    if [ "$mode" = remove ]; then
        semodule "$@" -r vmutils
        return
    fi
    module=$(mktemp -d)
    trap 'rm -rf "$module"' EXIT
    # In a file context it is a regular expression.
    pattern=$(printf '%s' "$prefix" | sed -e 's/[]^$*+?(){}|.[]/\\&/g' -e 's/[\\&|]/\\&/g')
    sed "s|@PREFIX@|$pattern|g" "$here/vmutils.cil" >"$module/vmutils.cil"
    semodule "$@" -X 400 -i "$module/vmutils.cil"
}

label() {
    mkdir -p /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt
    restorecon -RF "$prefix/bin" /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt
}

[ "$mode" = label ] || policy
[ -n "$destdir" ] || label
