#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/deps.sh PART...: finds what the parts (build check lsm demo bench lint ci) need and this machine
# lacks, says what and why, and installs it by the package manager; where it cannot, prints the exact
# command and stops. Nothing is printed when nothing is missing.
set -eu

# part     how   what                 Debian package           Fedora package        why
table='
build      cmd   pkg-config           pkg-config               pkgconf-pkg-config    finds the libraries
build      pkg   libxml-2.0           libxml2-dev              libxml2-devel         reads XML
build      pkg   jansson              libjansson-dev           jansson-devel         JSON: QMP, journal, --json
build      pkg   libselinux           libselinux1-dev          libselinux-devel      labels of guests and their files
build      pkg   libapparmor          libapparmor-dev          libapparmor-devel     changes into profiles of guests, removes them
build      pkg   libcap-ng            libcap-ng-dev            libcap-ng-devel       drops capabilities before QEMU runs
build      pkg   libseccomp           libseccomp-dev           libseccomp-devel      the filter that parses untrusted input
build      pkg   libbpf               libbpf-dev               libbpf-devel          device rules of cgroup version 2
check      pkg   check                check                    check-devel           tests of libcore
check      cmd   bats                 bats                     bats                  tests of the programs
check      cmd   qemu-system-x86_64   qemu-system-x86          qemu-system-x86-core  tests with a real emulator
check      cmd   qemu-img             qemu-utils               qemu-img              disks of test guests
check      cmd   strace               strace                   strace                shows single calls of programs, and breaks them
check      cmd   jq                   jq                       jq                    reads --json in tests
check      cmd   xmllint              libxml2-utils            libxml2               compares XML in tests
check      cmd   unshare              util-linux               util-linux            a process table of its own for each test file
check      cmd   ps                   procps                   procps-ng             the process list in tests
check      cmd   setfacl              acl                      acl                   ACLs that keep a guest from its files
check      cmd   setfattr             attr                     attr                  labels and remembered owners of test files
check      cmd   swtpm                swtpm                    swtpm                 guests with an emulated TPM
check      cmd   swtpm_setup          swtpm-tools              swtpm-tools           their state
check      file  /usr/share/OVMF/*.fd  ovmf                     edk2-ovmf             firmware of guests with UEFI
check      cmd   apparmor_parser      apparmor                 apparmor-parser       reads the profiles that are printed
check      cmd   dbus-daemon          dbus-daemon              dbus-daemon           the bus of a systemd that tests stand in for
check      pkg   libsystemd           libsystemd-dev           systemd-devel         scopes of systemd for guests (may be missing)
check      py    dbus                 python3-dbus             python3-dbus          the same
check      py    gi                   python3-gi               python3-gobject-base  the same
check      cmd   ip                   iproute2                 iproute               bridges of network tests
check      cmd   python3              python3                  python3               tests in which a stranger holds a lock
check      cmd   mandoc               mandoc                   mandoc                reads the examples of the pages
check      cmd   zsh                  zsh                      zsh                   tests its completion
check      cmd   fish                 fish                     fish                  tests its completion
lsm        cmd   qemu-system-x86_64   qemu-system-x86          qemu-system-x86-core  boots the guests with SELinux and AppArmor
lsm        cmd   qemu-img             qemu-utils               qemu-img              disks inside those guests
lsm        cmd   dpkg-deb             dpkg                     dpkg                  unpacks their kernel and policy
lsm        cmd   cpio                 cpio                     cpio                  packs the demo guest'"'"'s initramfs, made with it
lsm        cmd   mke2fs               e2fsprogs                e2fsprogs             their root file systems
lsm        cmd   semodule             policycoreutils          policycoreutils       builds the SELinux policy
lsm        cmd   setsebool            policycoreutils          policycoreutils       switches parts of that policy
lsm        cmd   getenforce           selinux-utils            libselinux-utils      asks for the state of SELinux in there
lsm        cmd   jq                   jq                       jq                    reads --json in there
lsm        cmd   getfattr             attr                     attr                  reads labels in there
lsm        file  /bin/busybox         busybox-static           busybox               their user space
demo       cmd   qemu-system-x86_64   qemu-system-x86          qemu-system-x86-core  the emulator that the demo starts
demo       cmd   qemu-img             qemu-utils               qemu-img              disks of the example guests
demo       cmd   cpio                 cpio                     cpio                  packs the demo guest'"'"'s initramfs
demo       cmd   dpkg-deb             dpkg                     dpkg                  unpacks the demo guest'"'"'s kernel
demo       cmd   pgrep                procps                   procps-ng             shows that nothing is left running
demo       file  /bin/busybox         busybox-static           busybox               the demo guest'"'"'s user space
bench      cmd   qemu-system-x86_64   qemu-system-x86          qemu-system-x86-core  the bare emulator to compare with
bench      cmd   xmllint              libxml2-utils            libxml2               the bare XML parser to compare with
lint       cmd   gcc                  gcc                      gcc                   warnings
lint       cmd   clang                clang                    clang                 warnings of a second compiler
lint       cmd   mandoc               mandoc                   mandoc                checks the pages
lint       cmd   shellcheck           shellcheck               ShellCheck            checks the scripts
ci         cmd   libvirtd             libvirt-daemon-system    libvirt-daemon        tests beside libvirt
ci         cmd   virsh                libvirt-clients          libvirt-client        tests beside libvirt
'
part_names='build check lsm demo bench lint ci'

has() { # how what
    case $1 in
    pkg) pkg-config --exists "$2" 2>/dev/null ;;
    cmd) command -v "$2" >/dev/null 2>&1 || [ -x "/usr/sbin/$2" ] ;;
    file) set -- $2 && [ -e "$1" ] ;; # may be a pattern
    py) /usr/bin/python3 -c "import $2" 2>/dev/null ;;
    esac
}

# Prints "debian fedora what why" for each thing that the parts lack.
missing() {
    echo "$table" | while read -r part how what debian fedora why; do
        case " $parts " in *" $part "*) ;; *) continue ;; esac
        [ -z "$part" ] || has "$how" "$what" || echo "$debian $fedora $what $why"
    done
}

packages() { missing | cut -d' ' -f"$1" | sort -u | tr '\n' ' '; }

stop() {
    echo "Please run:  $1" >&2
    echo "and then make again." >&2
    exit 1
}

# shellcheck disable=SC2086 # a list of words
install() { # command prefix
    # A fresh machine or container has no package lists yet.
    $1 apt-get -q install -y --no-install-recommends $wanted >&2 && return
    $1 apt-get -q update >&2
    $1 apt-get -q install -y --no-install-recommends $wanted >&2
}

parts=${*:-$part_names}
for p in $parts; do
    case " $part_names " in *" $p "*) ;; *) echo "deps.sh: no part '$p' (there are: $part_names)" >&2; exit 2 ;; esac
done
[ -n "$(missing)" ] || exit 0

echo "Missing for $parts:" >&2
missing | while read -r debian fedora what why; do
    echo "  $what (package $debian): $why" >&2
done

if command -v apt-get >/dev/null; then
    wanted=$(packages 1)
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    if [ "$(id -u)" = 0 ]; then
        echo "Installing: $wanted" >&2
        install "" || stop "apt-get update && apt-get install $wanted"
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        echo "Installing by sudo: $wanted" >&2
        install sudo || stop "sudo apt-get update && sudo apt-get install $wanted"
    else
        stop "su -c 'apt-get update && apt-get install -y $wanted'"
    fi
elif command -v dnf >/dev/null; then
    stop "sudo dnf install $(packages 2)"
else
    echo "deps.sh knows apt-get and dnf only; install these by your package manager" >&2
    stop "(your package manager) $(packages 2)"
fi

[ -z "$(missing)" ] && exit 0
echo "Still missing after the installation:" >&2
missing >&2
exit 1
