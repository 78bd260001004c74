/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_H
#define QEMU_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* What one emulator can do with one accelerator, as it said itself by QMP.
 *
 * The facts are a text file of sorted lines, "KEY<tab>VALUE", read in place by binary search: opening
 * one costs a system call or two, asking costs about half a microsecond, and no line is looked at
 * that nobody asks for. The text is untrusted: a wrong one gives wrong answers, never a wild access.
 * The kinds of lines (names never contain blanks):
 *
 *     !vmutils-caps 1                                first line; the format's version
 *     alias ALIAS             MACHINE
 *     command NAME            :ARGTYPE >RETTYPE $FEATURE…
 *     cpu NAME                usable=yes|no deprecated=… migratable=… static=… type=… alias=… missing=A,B
 *     device NAME             PROP=TYPE …            ("?" alone: exists, properties were not asked)
 *     event NAME              :TYPE $FEATURE…
 *     expansion MODEL         FEATURE=VALUE …         (query-cpu-model-expansion, "static")
 *     fact NAME               TEXT
 *     machine NAME            max=N alias=… cpu=… ram=… hotplug numa deprecated default acpi=yes|no
 *     model NAME              FEATURE …               (those on in its expansion; x86, without versions)
 *     option GROUP            PARAMETER=TYPE …        (query-command-line-options)
 *     qom NAME                PARENT                  (every type that is not abstract)
 *     type NAME               query-qmp-schema: .MEMBER:TYPE[?][$FEATURE…]  +VARIANT:TYPE  |ALTERNATIVE
 *                             =VALUE[$FEATURE…]  $FEATURE  ~TAG
 *
 * Strings that a function returns live as long as the struct caps. */
struct caps;

/* A copy of image (caps_load) or the file behind fd mapped privately (caps_map: fd stays the caller's,
 * and must be a file that nobody shortens: a cache file, a sealed memfd). NULL with err for anything that
 * does not begin as the format does. Free with caps_free; NULL is harmless. */
struct caps *caps_load(const void *image, size_t n, struct err *e);
struct caps *caps_map(int fd, struct err *e);
/* The file at path, read whole: what caps-probe --export wrote. Errors name the path. */
struct caps *caps_read(const char *path, struct err *e);
void caps_free(struct caps *c);
/* A descriptor, open for reading, of the file that caps_map mapped, for another process to map; the caller
 * closes it. -1 with errno if the facts are in memory only. */
int caps_dup_fd(const struct caps *c);
/* The image itself, to hand it on or to keep it. */
const char *caps_image(const struct caps *c, size_t *n);

/* Facts by name, NULL if the emulator did not say: arch (libvirt's name: x86_64, i686, armv7l, …),
 * target (QEMU's name: i386, arm, …), emulator (path), package, accel (kvm or tcg: what was asked),
 * accels (those that this binary has: "kvm tcg"), kvm ("enabled", "present", absent), machine (default). */
const char *caps_fact(struct caps *c, const char *name);
/* major * 1000000 + minor * 1000 + micro; 0 if unknown. */
unsigned caps_version(struct caps *c);
/* 32 or 64. */
unsigned caps_bits(struct caps *c);
bool caps_kvm(struct caps *c); /* the emulator was asked with KVM, and it worked */

/* -device DEVICE exists; it has property PROP; the type of that property as QEMU spells it ("bool", "str",
 * "link<iothread>", "OnOffAuto"), NULL without. Properties are known of the devices in caps_devices[]
 * (those that the builders ask about); of others caps_prop says false. */
bool caps_device(struct caps *c, const char *device);
bool caps_prop(struct caps *c, const char *device, const char *prop);
const char *caps_prop_type(struct caps *c, const char *device, const char *prop);
/* NULL-terminated and sorted. */
extern const char *const caps_devices[];
bool caps_device_is_asked(const char *device);

/* -object TYPE, or any other QOM type that is not abstract. */
bool caps_object(struct caps *c, const char *type);
bool caps_command(struct caps *c, const char *command);
bool caps_event(struct caps *c, const char *event);
/* Command line option group (machine, spice, sandbox, …) has the parameter; NULL asks for the group. */
bool caps_option(struct caps *c, const char *group, const char *parameter);

/* Walks the QMP schema (query-qmp-schema) from a command or event. PATH is NAME/STEP/STEP…:
 *     arg  ret       the command's arguments, its result; data: the event's data
 *     MEMBER         a member of an object; arrays and alternates on the way are passed through
 *     +VARIANT       the members that an object has besides if its tag has that value
 *     =VALUE         an enum has that value (last step)
 *     $FEATURE       the command, event, object, member or value reached so far has that feature (last step)
 * Examples: "blockdev-add/arg/+file/aio/=io_uring", "device_add/$json-cli",
 * "migrate-set-parameters/arg/downtime-limit". True if the whole path exists. */
bool caps_schema(struct caps *c, const char *path);
/* The values of a few named enums, wherever the schema shows them: AudiodevDriver, DisplayType,
 * ObjectType, NetClientDriver, BlockdevDriver, ChardevBackendKind, TpmModel, TpmType. An emulator too
 * old to show the enum (AudiodevDriver before 8.0) gives false for every value; caps_enum_known tells. */
bool caps_enum(struct caps *c, const char *name, const char *value);
bool caps_enum_known(struct caps *c, const char *name);

/* What the command line takes as JSON, by what came together with it: device_add's feature json-cli,
 * object-add's typed arguments (6.0), netdev dgram (7.2). No QEMU takes -chardev in JSON. */
bool caps_json_device(struct caps *c);
bool caps_json_object(struct caps *c);
bool caps_json_netdev(struct caps *c);

struct caps_machine {
    const char *name;     /* canonical: pc-i440fx-7.2 */
    const char *alias;    /* pc, NULL */
    const char *cpu_type; /* default CPU's type: qemu64-x86_64-cpu, NULL */
    const char *ram_id;   /* id of the memory backend that is its RAM: pc.ram, NULL */
    unsigned cpu_max;
    bool hotpluggable_cpus, numa_mem, deprecated, is_default;
    int acpi; /* 1, 0, -1: QEMU does not say (before 8.0) */
};
/* By name or alias; NULL name: the default machine. NULL if there is none. */
const struct caps_machine *caps_machine(struct caps *c, const char *name);

struct caps_cpu {
    const char *name, *type; /* qemu64, qemu64-x86_64-cpu */
    const char *alias_of;    /* Skylake-Client -> Skylake-Client-v1, NULL */
    const char *missing;     /* features this host or accelerator lacks, separated by commas, NULL */
    int usable;              /* 1, 0, -1: not told */
    bool deprecated, migratable, is_static;
};
const struct caps_cpu *caps_cpu(struct caps *c, const char *name);
/* The model by which users know a CPU type (caps_machine's cpu_type): of its names the shortest, "power9" for
 * "power9_v2.0-powerpc64-cpu". NULL if no model has that type. */
const char *caps_cpu_of_type(struct caps *c, const char *type);

/* Value of a feature in the expansion of model "host" (KVM) or "max" (TCG): "true", "false", a number or
 * a text; NULL if unknown. */
const char *caps_cpu_feature(struct caps *c, const char *model, const char *feature);

/* What the CPU of this host (KVM), or the most that TCG gives, is in terms of a named model: the model that
 * takes the fewest words, and the features to add to it or to take away. Names are QEMU's; libvirt spells a few
 * differently (caps_feature_libvirt). x86 only, else NULL. */
struct caps_host_feature {
    const char *name;
    bool require; /* else: disable */
};
struct caps_host_model {
    const char *model;
    const char *vendor; /* libvirt's name: AMD, Intel, Hygon */
    size_t n;
    const struct caps_host_feature *features;
};
const struct caps_host_model *caps_host_model(struct caps *c);
/* Vendor of an x86 model by libvirt's name, "unknown" if it has none. */
const char *caps_cpu_vendor(const char *model);
const char *caps_feature_libvirt(const char *qemu);

/* Walks all lines of one kind ("machine", "cpu", "device", "expansion" with "MODEL "…) in order of their
 * names. Start with *at = 0; false at the end. Name and value live as long as c. */
bool caps_each(struct caps *c, const char *kind, size_t *at, const char **name, const char **value);
/* Takes the next KEY[=VALUE] word from a value; false at the end. The buffer is the caller's; longer
 * words are passed over. */
bool caps_word(const char **value, char *key, size_t size, const char **of);

/* Writing. Lines in any order; caps_write sorts them, drops repeated keys, and gives the image. Bytes that
 * would break a line (control characters; blanks in names) make an entry be left out: false. */
struct caps_writer;
struct caps_writer *caps_writer_new(void);
void caps_writer_free(struct caps_writer *w);
bool caps_put(struct caps_writer *w, const char *kind, const char *name, const char *value);
void caps_write(struct caps_writer *w, struct str *image);

#endif
