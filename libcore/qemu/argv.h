/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_ARGV_H
#define QEMU_ARGV_H

#include "base/err.h"
#include "domain/domain.h"
#include "qemu/caps.h"
#include "qemu/props.h"

/* From a complete domain (domain_expand, domain_assign_aliases) to QEMU's command line. Nothing is opened
 * or asked here: what the emulator can do comes from caps, what the host must provide is written into the
 * command as a list of descriptors that the starter opens. The same input gives the same command. */

/* A descriptor that QEMU finds open at `number`. xml-to-argv prints the number, vm-start provides it. */
enum passed_kind {
    PASSED_TAP,        /* tap or macvtap of interface `object`; `path` wanted name of the device, NULL: any */
    PASSED_VHOST_NET,  /* /dev/vhost-net */
    PASSED_VHOST_VSOCK,
    PASSED_VDPA,       /* the device at path */
    PASSED_DEVICE,     /* a device node at path, read and write (tpm passthrough) */
    PASSED_MONITOR,    /* listening or connected monitor socket */
};

struct passed {
    enum passed_kind kind;
    int number;
    const char *alias; /* of the device it is for */
    const char *path;
    const void *object; /* the interface, chardev … in the domain */
};

/* A file system of huge pages. */
struct huge_mount {
    const char *path;
    uint64_t kib; /* of one page */
    bool usual;   /* the size that the host uses where none is given */
};

struct argv_options {
    const char *file;       /* what messages call the document; NULL: they only tell the line */
    bool standalone;        /* a line that a person can run: no inherited descriptors, not paused */
    const char *lib_dir;     /* lib/qemu: file-backed memory in ram/ID-NAME */
    const char *ram_dir;     /* file-backed memory in ID-NAME below it; NULL: lib_dir/ram */
    const struct huge_mount *huge; /* where huge pages are; none: /dev/hugepages and the like, by libvirt's names */
    size_t n_huge;
    const char *private_dir; /* lib/qemu/domain-ID-NAME: sockets and keys of this guest */
    const char *channel_dir; /* where unnamed channel sockets go: lib/qemu/channel/target/domain-ID-NAME */
    const char *home;        /* HOME in the guest's environment */
    const char *path;        /* PATH */
    int monitor_fd;          /* connected or listening descriptor for the monitor, -1: a socket in private_dir */
    int first_fd;            /* number of the first descriptor passed; 0: 24 */
    bool dump_guest_core;    /* where the domain does not say */
    bool sandbox;            /* -sandbox on,… */
    const char *vnc_listen, *spice_listen; /* qemu.conf; NULL: 127.0.0.1 */
    const char *tls_dir_vnc, *tls_dir_spice, *tls_dir_chardev; /* NULL: the defaults below /etc/pki */
    const struct sysinfo *host_smbios; /* for <smbios mode='host'>; NULL: such a domain is refused */
    /* What QEMU gets in place of a socket's path, of which it takes 107 bytes; NULL: the path. Text of the arena. */
    const char *(*socket_path)(void *arg, const char *path);
    void *socket_arg;
    long long now;           /* seconds since 1970, for clocks with an offset; 0: ask the host */
};

struct command {
    struct arena *arena;
    const char *emulator;
    LIST(const char) env;  /* "NAME=value" */
    LIST(const char) args; /* without the emulator */
    LIST(struct passed) passed;
    LIST(const char) dirs;   /* directories of QEMU's own that must be there, and go with the guest */
    LIST(const char) setup;  /* QMP commands as JSON, for the starter to send before the guest runs */
    LIST(const char) beyond; /* what the domain wants that no line does: a starter that cannot do it either refuses */
    struct notes *notes;
};

/* One document's words: a shell line, a JSON list on one line, words ended by NUL or newline. */
enum command_format { COMMAND_SHELL, COMMAND_JSON, COMMAND_NUL, COMMAND_LINES, COMMAND_FORMATS };
extern const char *const command_format_names[COMMAND_FORMATS];
void command_print(const struct command *c, enum command_format as, struct str *out);

/* What builders get. */
struct argv {
    struct arena *arena;
    const struct domain *domain;
    struct caps *caps;
    const struct argv_options *options;
    struct command *command;
    struct err *err;
    int next_fd;
    unsigned next_node; /* libvirt-N-storage, -format */
    const char *short_name; /* "2-web": id and name, cut, as the guest's directories have it */
    bool json_device, json_object, json_netdev;
    bool pr_helper; /* the guest's own helper for persistent reservations is there */
    LIST(const struct qemu_override) overridden; /* <qemu:override>s that found their device */
};

/* Appends words. */
void argv_add(struct argv *a, const char *option, const char *value); /* value NULL: a bare option */
void argv_addf(struct argv *a, const char *option, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* -device, -object, -netdev as JSON or words by what the emulator takes; -blockdev always as JSON.
 * argv_device applies <qemu:override> of the alias (property "id"). argv_build fills in all directories
 * of the options, so that builders find no NULL there. */
void argv_device(struct argv *a, struct props *p);
void argv_object(struct argv *a, struct props *p);
void argv_netdev(struct argv *a, struct props *p);
void argv_blockdev(struct argv *a, struct props *p);
/* A descriptor for QEMU; returns its number. */
int argv_pass(struct argv *a, enum passed_kind kind, const char *alias, const char *path, const void *object);
/* Doubles commas, for values inside key=value words. */
const char *argv_escape(struct argv *a, const char *value);
/* A socket's path as QEMU is to get it: options->socket_path. */
const char *argv_socket(const struct argv *a, const char *path);
/* Adds a command to command->setup: "execute" with "arguments". */
void argv_setup(struct argv *a, const struct props *p);
/* Adds to command->beyond. */
void argv_beyond(struct argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A refusal: "<what>: message" with file:line when meta knows it; ST_FAILED. Returns false. */
bool argv_fail(struct argv *a, const struct meta *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Address properties by type: bus and addr for PCI ("pci.0", "0x2.0x1"), bus and port for USB, and so on;
 * finds the controller's alias. Used by every device builder. */
bool argv_address(struct argv *a, struct props *p, const struct meta *at, const struct address *address);
/* bootindex, romfile, rombar, acpi-index: what device_info says besides alias and address. */
void argv_info(struct argv *a, struct props *p, const struct device_info *info);
/* The alias of the controller of that type (enum controller_type) and index; NULL: there is none. */
const char *argv_controller(struct argv *a, int type, uint64_t index);
/* <boot order=>, or the place in <os><boot dev=> if the device is the first of that kind. */
struct num argv_boot_index(struct argv *a, const struct device_info *info);
/* "virtio-blk" → "virtio-blk-pci", "-ccw", "-device" by address type; transitional models by suffix. */
const char *argv_virtio(struct argv *a, const char *base, const struct address *address);
/* <driver iommu= ats= packed= page_per_vq=> of any virtio device. */
void argv_virtio_options(struct props *p, enum tri iommu, enum tri ats, enum tri packed, enum tri page_per_vq);

/* Device families, in the order that argv_build calls them; each false with a->err set. */
bool argv_controllers(struct argv *a);
bool argv_smartcards(struct argv *a);
bool argv_disks(struct argv *a);
bool argv_filesystems(struct argv *a);
bool argv_memory_devices(struct argv *a);
bool argv_interfaces(struct argv *a);
bool argv_serials(struct argv *a);
bool argv_parallels(struct argv *a);
bool argv_channels(struct argv *a);
bool argv_consoles(struct argv *a);
bool argv_tpms(struct argv *a);
bool argv_inputs(struct argv *a);
bool argv_audios(struct argv *a);
bool argv_graphics(struct argv *a);
bool argv_videos(struct argv *a);
bool argv_sounds(struct argv *a);
bool argv_watchdogs(struct argv *a);
bool argv_redirdevs(struct argv *a);
bool argv_hostdevs(struct argv *a);
bool argv_memballoon(struct argv *a);
bool argv_rngs(struct argv *a);
bool argv_panics(struct argv *a);
bool argv_shmems(struct argv *a);
bool argv_vsock(struct argv *a);
bool argv_iommu(struct argv *a);
bool argv_hubs(struct argv *a);
bool argv_nvram(struct argv *a);

/* The whole (libcore/qemu/argv_build.c). Fills *command in arena; NULL options are the defaults. */
bool argv_build(const struct domain *d, struct caps *caps, const struct argv_options *o, struct arena *arena,
                struct command *command, struct err *e);

#endif
