/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include "base/arena.h"
#include "xml/vocab.h"

/* The domain: what a document says, element family by element family. Each family has a header with
 * its structs and enums and a source file with its tables. This struct only joins them. */

struct domain_os;       /* domain/os.h: <os> */
struct sysinfo;         /* domain/os.h */
struct domain_features; /* domain/features.h */
struct domain_cpu;      /* domain/cpu.h: with topology, features, NUMA cells */
struct domain_clock;    /* domain/clock.h */
struct memory_backing;  /* domain/general.h, as are all to iothread and below */
struct numatune;
struct cputune;
struct memtune;
struct blkiotune;
struct vcpu;
struct iothread;
struct perf_event;
struct idmap_range;
struct keywrap_cipher;
struct launch_security;
struct seclabel;         /* domain/seclabel.h */
struct qemu_commandline; /* domain/qemu_ns.h */
struct qemu_capabilities;
struct qemu_overrides;

struct disk;       /* domain/disk.h */
struct controller; /* domain/controller.h */
struct lease;      /* domain/iommu.h */
struct filesystem; /* domain/filesystem.h */
struct interface;  /* domain/interface.h */
struct chardev;    /* domain/chardev.h: serial, parallel, console, channel */
struct smartcard;  /* domain/chardev.h */
struct input;      /* domain/input.h */
struct tpm;        /* domain/tpm.h */
struct graphics;   /* domain/graphics.h */
struct sound;      /* domain/sound.h */
struct audio;      /* domain/sound.h */
struct video;      /* domain/video.h */
struct hostdev;    /* domain/hostdev.h */
struct redirdev;   /* domain/redirdev.h */
struct redirfilter;
struct hub;        /* domain/misc.h, as are all below but those with another name behind */
struct watchdog;
struct memballoon;
struct rng;
struct panic;
struct shmem;
struct memory_device; /* domain/memory_device.h */
struct iommu;      /* domain/iommu.h */
struct vsock;
struct nvram_device; /* domain/iommu.h */

struct devices {
    struct meta meta;
    const char *emulator;
    LIST(struct disk) disks;
    LIST(struct controller) controllers;
    LIST(struct lease) leases;
    LIST(struct filesystem) filesystems;
    LIST(struct interface) interfaces;
    LIST(struct smartcard) smartcards;
    LIST(struct chardev) serials;
    LIST(struct chardev) parallels;
    LIST(struct chardev) consoles;
    LIST(struct chardev) channels;
    LIST(struct input) inputs;
    LIST(struct tpm) tpms;
    LIST(struct graphics) graphics;
    LIST(struct sound) sounds;
    LIST(struct audio) audios;
    LIST(struct video) videos;
    LIST(struct hostdev) hostdevs;
    LIST(struct redirdev) redirdevs;
    struct redirfilter *redirfilter;
    LIST(struct hub) hubs;
    LIST(struct watchdog) watchdogs;
    LIST(struct memballoon) memballoons; /* one at most; a list so that two are refused, not lost */
    LIST(struct rng) rngs;
    struct nvram_device *nvram;
    LIST(struct panic) panics;
    LIST(struct shmem) shmems;
    LIST(struct memory_device) memories;
    struct iommu *iommu;
    struct vsock *vsock;
};

/* Where a device hangs; every device struct has `struct address *address` (NULL: none given). */
enum address_type {
    ADDRESS_UNSET,
    ADDRESS_NONE,
    ADDRESS_PCI,
    ADDRESS_DRIVE,
    ADDRESS_VIRTIO_SERIAL,
    ADDRESS_CCID,
    ADDRESS_USB,
    ADDRESS_SPAPR_VIO,
    ADDRESS_VIRTIO_S390,
    ADDRESS_CCW,
    ADDRESS_VIRTIO_MMIO,
    ADDRESS_ISA,
    ADDRESS_DIMM,
    ADDRESS_UNASSIGNED,
};

struct address {
    struct meta meta;
    enum address_type type;
    struct num domain, bus, slot, function; /* pci */
    enum tri multifunction;
    struct num zpci_uid, zpci_fid;
    struct num controller, target, unit;    /* drive (with bus); controller: virtio-serial, ccid too */
    struct num port;                        /* virtio-serial, ccid slot stands in slot */
    const char *usb_port;                   /* "1.2.3", with bus */
    struct num reg, iobase, irq;            /* spapr-vio, isa */
    struct num cssid, ssid, devno;          /* ccw */
    struct num base;                        /* dimm, with slot */
    struct num device;                      /* usb on the host, with bus; only in <source> */
    const char *uuid;                       /* mdev on the host; only in <source> */
};
extern const char *const address_type_names[14];
extern const struct element address_element;

/* What every device carries: <address>, <alias name=>, <boot order=>. Included in each table by DEVICE_FIELDS. */
struct device_info {
    struct address *address;
    const char *alias; /* printed live, or always when it is the user's own (ua-) */
    struct num boot_order;
    const char *loadparm;
    const char *acpi_index; /* decimal text of <acpi index=> */
    enum tri rom_enabled, rom_bar;
    const char *rom_file;
};
#define DEVICE_FIELDS(type)                                                                        \
    { "boot@order", K_U32, AT(type, info.boot_order) },                                            \
    { "boot@loadparm", K_STR, AT(type, info.loadparm) },                                           \
    { "rom@enabled", K_YESNO, AT(type, info.rom_enabled) },                                        \
    { "rom@bar", K_ONOFF, AT(type, info.rom_bar) },                                                \
    { "rom@file", K_STR, AT(type, info.rom_file) },                                                \
    { "acpi@index", K_STR, AT(type, info.acpi_index) },                                            \
    { "alias@name", K_STR, AT(type, info.alias), .flags = F_USER_ID },                                                 \
    { "address", K_STRUCT, AT(type, info.address), .sub = &address_element }

/* The whole. os, features, clock and devices are never NULL in a domain that domain_parse or domain_new
 * made; all other pointers are NULL when the document says nothing. Enums named by int: their headers. */
struct domain {
    struct meta meta;
    int type;          /* enum domain_type */
    struct inum id;    /* of a running guest */
    const char *xmlns_qemu;
    const char *name, *uuid;
    const char *genid; /* "": a new one at each start */
    const char *title, *description, *metadata; /* metadata: XML as it stood */
    struct num max_memory, memory_slots, memory, current_memory; /* KiB */
    enum tri dump_core;
    struct blkiotune *blkiotune;
    struct memtune *memtune;
    struct memory_backing *memory_backing;
    struct num vcpus, vcpus_current;
    int vcpu_placement; /* enum placement */
    const char *vcpu_cpuset;
    LIST(struct vcpu) vcpu_list;
    struct num iothreads;
    LIST(struct iothread) iothread_ids;
    struct inum default_pool_min, default_pool_max;
    struct cputune *cputune;
    struct numatune *numatune;
    const char *partition, *fibrechannel_appid;
    LIST(struct sysinfo) sysinfos;
    const char *bootloader, *bootloader_args;
    struct domain_os *os;
    LIST(struct idmap_range) idmap_uids;
    LIST(struct idmap_range) idmap_gids;
    struct domain_features *features;
    struct domain_cpu *cpu;
    struct domain_clock *clock;
    int on_poweroff, on_reboot, on_crash; /* enum lifecycle_action */
    int on_lockfailure;                   /* enum lockfailure_action */
    enum tri suspend_to_mem, suspend_to_disk;
    LIST(struct perf_event) perf_events;
    struct devices *devices;
    LIST(struct seclabel) seclabels;
    LIST(struct keywrap_cipher) keywrap;
    struct launch_security *launch_security;
    struct qemu_commandline *qemu_commandline;
    struct qemu_capabilities *qemu_capabilities;
    int qemu_deprecation; /* enum qemu_deprecation */
    struct qemu_overrides *qemu_overrides;
};
extern const struct element devices_element, domain_element;

/* Reads a <domain> document. Everything lives in p->arena; NULL with p->err. */
struct domain *domain_parse(const char *text, size_t n, struct parse *p);

/* An empty domain: devices, os, features and clock are there and empty. */
struct domain *domain_new(struct arena *a);

/* Appends the document; flags are those of xml_print. */
void domain_print(const struct domain *d, struct str *out, unsigned flags);

/* Sets of CPUs or nodes as documents spell them: "0-3,^2,8". cpuset_next starts with *at = -1 and gives
 * the members in ascending order, -1 at the end and for text that is no set. */
bool cpuset_valid(const char *text);
long cpuset_next(const char *text, long at);
/* The same set in libvirt's spelling ("0-1,3,8"); NULL if it is none. */
const char *cpuset_normal(struct arena *a, const char *text);

#endif
