#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# cmd/init/install.sh DESTDIR PREFIX B: what make install does. --list prints the files it would make instead,
# --remove removes them.
set -eu
mode=install
case $1 in --list | --remove) mode=${1#--}; shift ;; esac
destdir=$1 prefix=$2 build=$3
share=$prefix/share

put() { # mode, source, target; a source of "-> NAME" makes a link
    case $mode in
    list) echo "$3" ;;
    remove) rm -f "$destdir$3" ;;
    install)
        mkdir -p "$destdir$(dirname "$3")"
        case $2 in
        '-> '*) ln -sf "${2#-> }" "$destdir$3" ;;
        *) install -m "$1" "$2" "$destdir$3" ;;
        esac
        ;;
    esac
}

put_filled() { # the same, with the prefix filled in
    case $mode in
    install)
        filled=$(mktemp)
        sed "s|@PREFIX@|$prefix|g" "$2" >"$filled"
        put "$1" "$filled" "$3"
        rm -f "$filled"
        ;;
    *) put "$@" ;;
    esac
}

for program in cmd/*.c; do
    name=$(basename "$program" .c)
    put 755 "$build/bin/$name" "$prefix/bin/$name"
    put 644 "-> vmutils.bash" "$share/bash-completion/completions/$name"
    put 644 "-> vmutils.fish" "$share/fish/vendor_completions.d/$name.fish"
done
put 644 "$build/completions/vmutils.bash" "$share/bash-completion/completions/vmutils.bash"
put 644 "$build/completions/vmutils.fish" "$share/fish/vendor_completions.d/vmutils.fish"
put 644 "$build/completions/vmutils.zsh" "$share/zsh/site-functions/_vmutils"
for page in man/*.[157]; do
    [ -e "$page" ] || continue
    put 644 "$page" "$share/man/man${page##*.}/$(basename "$page")"
done
put 644 README "$share/doc/vmutils/README"
put 644 LICENSE "$share/doc/vmutils/LICENSE"
# Below names of their own: where libvirt's package is installed, its template counts.
put 644 cmd/apparmor/TEMPLATE.vmutils /etc/apparmor.d/libvirt/TEMPLATE.vmutils
put 644 cmd/apparmor/vmutils-qemu /etc/apparmor.d/abstractions/vmutils-qemu
put_filled 644 cmd/init/vmutils.service "$prefix/lib/systemd/system/vmutils.service"
put_filled 755 cmd/init/vmutils.init "$share/doc/vmutils/vmutils.init"

[ "$mode" != remove ] || rmdir "$destdir$share/doc/vmutils" 2>/dev/null || true
