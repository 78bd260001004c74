#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/guest.sh DIR: makes DIR/vmlinuz and DIR/initrd, a guest that greets on its first serial port, gives
# a shell there and switches itself off when the power button is pressed: Debian's own cloud kernel,
# fetched and unpacked below DIR (nothing is installed), and busybox-static. Does nothing when both are there.
set -eu
dir=${1:?usage: tests/guest.sh DIR}
[ -s "$dir/vmlinuz" ] && [ -s "$dir/initrd" ] && exit 0
mkdir -p "$dir/deb" "$dir/kernel"
dir=$(cd "$dir" && pwd)
busybox=$(command -v busybox) || { echo "no busybox (package busybox-static)" >&2; exit 1; }

kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }'
}

fetch() {
    package=$(kernel_package)
    if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
        apt-get -q update >&2
        package=$(kernel_package)
    fi
    [ -n "$package" ] || { echo "apt knows no linux-image-cloud-amd64; please run: apt-get update" >&2; exit 1; }
    echo "Fetching $package (26 MB; unpacked below $dir, not installed)" >&2
    # apt's own unprivileged user may not enter this directory, which it says at length.
    (cd "$dir/deb" && apt-get -q -o APT::Sandbox::User=root download "$package" >&2)
}

ls "$dir"/deb/linux-image-*.deb >/dev/null 2>&1 || fetch
dpkg-deb -x "$dir"/deb/linux-image-*.deb "$dir/kernel"

tree=$dir/initramfs
rm -rf "$tree"
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/lib"
cp "$busybox" "$tree/bin/busybox"
for m in drivers/acpi/button drivers/input/evdev; do
    cp "$dir"/kernel/lib/modules/*/kernel/$m.ko "$tree/lib/"
done
cat >"$tree/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
insmod /lib/evdev.ko
insmod /lib/button.ko
for name in /sys/class/input/event*/device/name; do
    [ "$(cat "$name")" = "Power Button" ] || continue
    event=/dev/input/$(basename "${name%/device/name}")
    ( dd bs=24 count=1 <"$event" >/dev/null 2>&1
      echo "Goodbye: the power button was pressed."
      sync
      poweroff -f ) &
done
echo "Hello from $(uname -sr), $(nproc) CPU, $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB."
exec setsid cttyhack sh
EOF
chmod +x "$tree/init"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initrd.new"
mv "$dir/initrd.new" "$dir/initrd"
cp "$dir"/kernel/boot/vmlinuz-* "$dir/vmlinuz"
rm -rf "$tree" "$dir/kernel"
