# SPDX-License-Identifier: LGPL-2.1-or-later
load ../helpers

install_to() { (cd "$TOP" && sh cmd/init/install.sh "$@" "${B#"$TOP"/}"); }

@test "install puts programs, pages, completions and units below DESTDIR and PREFIX" {
    install_to "$T/dest" /usr
    for source in "$TOP"/cmd/*.c; do
        p=$(basename "$source" .c)
        [ -x "dest/usr/bin/$p" ]
        [ -s "dest/usr/share/man/man1/$p.1" ]
        [ -s "dest/usr/share/bash-completion/completions/$p" ]
        [ -s "dest/usr/share/fish/vendor_completions.d/$p.fish" ]
    done
    grep -q '^#compdef .*seclabel' dest/usr/share/zsh/site-functions/_vmutils
    grep -q '^ExecStart=/usr/bin/vm-autostart' dest/usr/lib/systemd/system/vmutils.service
}

@test "install makes just what it lists, and uninstall leaves nothing" {
    install_to "$T/dest" /opt/v
    same "$(cd dest && find . -not -type d | sed 's/^\.//' | sort)" "$(install_to --list "$T/dest" /opt/v | sort)"
    install_to --remove "$T/dest" /opt/v
    same "$(find dest -not -type d)" ""
}

@test "an installed program runs without the source tree" {
    install_to "$T/dest" /usr
    contains "$(env PATH=/usr/bin:/bin "$T/dest/usr/bin/seclabel" --version)" "seclabel (vmutils)"
}
