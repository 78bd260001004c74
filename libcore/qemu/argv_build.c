/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/general.h"
#include "domain/os.h"
#include "domain/qemu_ns.h"
#include "qemu/argv_top.h"

/* "2-web": id and name in the directories of a guest. Names are cut, paths of sockets are short. */
static const char *short_name(struct arena *arena, const struct domain *d)
{
    char *s = arena_printf(arena, "%lld-%.20s", d->id.set ? (long long)d->id.v : -1LL, d->name ? d->name : "");
    for (char *c = s; *c; c++)
        if (*c == '/' || iscntrl((unsigned char)*c))
            *c = '_';
    return s;
}

static void environment(struct argv *a)
{
    if (a->options->standalone)
        return; /* whoever runs it has a home */
    const char *home = a->options->home ? a->options->home : a->options->private_dir;
    const char *path = a->options->path ? a->options->path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    list_add(a->arena, &a->command->env, "LC_ALL=C");
    list_add(a->arena, &a->command->env, arena_printf(a->arena, "PATH=%s", path));
    list_add(a->arena, &a->command->env, arena_printf(a->arena, "HOME=%s", home));
    list_add(a->arena, &a->command->env, arena_printf(a->arena, "XDG_DATA_HOME=%s/.local/share", home));
    list_add(a->arena, &a->command->env, arena_printf(a->arena, "XDG_CACHE_HOME=%s/.cache", home));
    list_add(a->arena, &a->command->env, arena_printf(a->arena, "XDG_CONFIG_HOME=%s/.config", home));
}

/* Since QEMU 6.0, which is also when object-add learnt types. */
static void deprecation(struct argv *a)
{
    switch (caps_json_object(a->caps) ? a->domain->qemu_deprecation : DEPRECATION_NONE) {
    case DEPRECATION_OMIT:
        argv_add(a, "-compat", "deprecated-output=hide");
        break;
    case DEPRECATION_REJECT:
        argv_add(a, "-compat", "deprecated-output=hide,deprecated-input=reject");
        break;
    case DEPRECATION_CRASH:
        argv_add(a, "-compat", "deprecated-output=hide,deprecated-input=crash");
        break;
    default:
        break;
    }
}

static bool begin(struct argv *a)
{
    argv_addf(a, "-name", "guest=%s,debug-threads=on", argv_escape(a, a->domain->name ? a->domain->name : ""));
    if (!a->options->standalone)
        argv_add(a, "-S", NULL);
    deprecation(a);
    return true;
}

static bool identity(struct argv *a)
{
    if (a->domain->uuid)
        argv_add(a, "-uuid", a->domain->uuid);
    return true;
}

static bool monitor(struct argv *a)
{
    argv_add(a, "-no-user-config", NULL);
    argv_add(a, "-nodefaults", NULL);
    if (a->options->standalone)
        return true;
    if (a->options->monitor_fd >= 0)
        argv_addf(a, "-chardev", "socket,id=charmonitor,fd=%d,server=on,wait=off", a->options->monitor_fd);
    else
        argv_addf(a, "-chardev", "socket,id=charmonitor,path=%s/monitor.sock,server=on,wait=off",
                  argv_escape(a, a->options->private_dir));
    argv_add(a, "-mon", "chardev=charmonitor,id=monitor,mode=control");
    return true;
}

static bool generation_id(struct argv *a)
{
    const char *id = a->domain->genid;
    if (!id)
        return true;
    if (!caps_device(a->caps, "vmgenid"))
        return argv_fail(a, &a->domain->meta, "<genid>: %s has no device vmgenid", a->command->emulator);
    struct props *p = props_new(a->arena);
    props_str(p, "driver", "vmgenid");
    props_str(p, "guid", *id ? id : "auto");
    props_str(p, "id", "vmgenid0");
    argv_device(a, p);
    return true;
}

static bool end(struct argv *a)
{
    if (a->options->sandbox && caps_option(a->caps, "sandbox", "spawn"))
        argv_add(a, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    argv_add(a, "-msg", "timestamp=on");
    return true;
}

static bool (*const steps[])(struct argv *) = {
    begin, argv_firmware, argv_machine, argv_cpu, argv_memory, argv_cpus, argv_iothreads, argv_numa,
    argv_memory_devices, identity, argv_smbios, monitor, argv_clock, argv_power, argv_boot, argv_iommu, argv_controllers,
    argv_smartcards, argv_hubs, argv_disks, argv_filesystems, argv_interfaces, argv_serials, argv_parallels, argv_channels,
    argv_consoles, argv_tpms, argv_inputs, argv_audios, argv_graphics, argv_videos, argv_sounds, argv_watchdogs,
    argv_redirdevs, argv_hostdevs, argv_memballoon, argv_rngs, argv_nvram, generation_id, argv_panics, argv_shmems,
    argv_launch_security, argv_passthrough, end, argv_vsock,
};

/* <qemu:capabilities>: forms of the command line that can be forced, by libvirt's names for them. */
static bool capabilities(struct argv *a)
{
    const struct qemu_capabilities *q = a->domain->qemu_capabilities;
    const struct { const char *name; bool *to; } known[] = {
        { "device.json", &a->json_device }, { "object.qapified", &a->json_object }, { "netdev.json", &a->json_netdev },
    };
    /* Names in documents of the past for what every emulator of today has: without effect. */
    static const char *const settled[] = { "blockdev", "chardev-fd-pass-commandline", "drive", "name", "uuid", "vnc-colon" };
    a->json_device = caps_json_device(a->caps);
    a->json_object = caps_json_object(a->caps);
    a->json_netdev = caps_json_netdev(a->caps);
    for (int del = 0; q && del < 2; del++) {
        size_t n = del ? q->del.n : q->add.n;
        for (size_t i = 0; i < n; i++) {
            const struct qemu_capability *c = del ? q->del.v[i] : q->add.v[i];
            bool found = false;
            for (size_t k = 0; k < sizeof known / sizeof *known; k++)
                if (streq(known[k].name, c->name)) {
                    *known[k].to = !del;
                    found = true;
                }
            if (!found && name_index(settled, sizeof settled / sizeof *settled, c->name) < 0)
                return argv_fail(a, &c->meta, "<qemu:%s> capability '%s': not one of device.json, object.qapified, netdev.json",
                                 del ? "del" : "add", c->name);
        }
    }
    return true;
}

bool argv_build(const struct domain *d, struct caps *caps, const struct argv_options *o, struct arena *arena,
                struct command *command, struct err *e)
{
    static const struct argv_options defaults = { .monitor_fd = -1, .sandbox = true };
    struct argv_options filled = o ? *o : defaults;
    struct argv a = { .arena = arena, .domain = d, .caps = caps, .options = &filled, .command = command, .err = e };
    struct notes *notes = command->notes;
    *command = (struct command){ .arena = arena, .notes = notes };
    command->emulator = d->devices->emulator ? d->devices->emulator : caps_fact(caps, "emulator");
    if (!command->emulator)
        return err_set(e, ST_FAILED, "<emulator> is missing");
    a.short_name = short_name(arena, d);
    if (!filled.lib_dir)
        filled.lib_dir = "/var/lib/libvirt/qemu";
    if (!filled.ram_dir)
        filled.ram_dir = arena_printf(arena, "%s/ram", filled.lib_dir);
    if (filled.standalone && !filled.private_dir)
        filled.private_dir = filled.channel_dir = ".";
    if (!filled.private_dir)
        filled.private_dir = arena_printf(arena, "%s/domain-%s", filled.lib_dir, a.short_name);
    if (!filled.channel_dir)
        filled.channel_dir = arena_printf(arena, "%s/channel/target/domain-%s", filled.lib_dir, a.short_name);
    environment(&a);
    if (!capabilities(&a))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!steps[i](&a))
            return false;
    return true;
}
