/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "qemu/argv_blockdev.h"

/* <iotune>: QEMU takes limits of a device that uses -blockdev by QMP only; a line that a person runs gets a
 * filter node and a throttle group instead. */

enum { LIMITS = 19 };

struct limit {
    const char *qmp, *group; /* argument of block_set_io_throttle, property of a throttle group */
    const struct num *value;
};

static void limits_of(const struct iotune *t, struct limit to[LIMITS])
{
    const struct limit all[LIMITS] = {
        { "bps", "bps-total", &t->total_bytes },
        { "bps_rd", "bps-read", &t->read_bytes },
        { "bps_wr", "bps-write", &t->write_bytes },
        { "iops", "iops-total", &t->total_iops },
        { "iops_rd", "iops-read", &t->read_iops },
        { "iops_wr", "iops-write", &t->write_iops },
        { "bps_max", "bps-total-max", &t->total_bytes_max },
        { "bps_rd_max", "bps-read-max", &t->read_bytes_max },
        { "bps_wr_max", "bps-write-max", &t->write_bytes_max },
        { "iops_max", "iops-total-max", &t->total_iops_max },
        { "iops_rd_max", "iops-read-max", &t->read_iops_max },
        { "iops_wr_max", "iops-write-max", &t->write_iops_max },
        { "iops_size", "iops-size", &t->size_iops },
        { "bps_max_length", "bps-total-max-length", &t->total_bytes_max_length },
        { "bps_rd_max_length", "bps-read-max-length", &t->read_bytes_max_length },
        { "bps_wr_max_length", "bps-write-max-length", &t->write_bytes_max_length },
        { "iops_max_length", "iops-total-max-length", &t->total_iops_max_length },
        { "iops_rd_max_length", "iops-read-max-length", &t->read_iops_max_length },
        { "iops_wr_max_length", "iops-write-max-length", &t->write_iops_max_length },
    };
    for (size_t i = 0; i < LIMITS; i++)
        to[i] = all[i];
}

static bool limited(const struct iotune *t, struct limit l[LIMITS])
{
    bool any = t && t->group_name;
    if (t)
        limits_of(t, l);
    for (size_t i = 0; t && i < LIMITS; i++)
        any = any || l[i].value->v;
    return any;
}

/* The object that has the drive: below the device that the guest sees, where that is a frame for another one. */
static const char *backend_owner(struct argv *a, const struct disk *d)
{
    const char *id = d->info.alias;
    if (d->bus == BUS_VIRTIO)
        return arena_printf(a->arena, "/machine/peripheral/%s/virtio-backend", id);
    if (d->bus == BUS_USB)
        return arena_printf(a->arena, "/machine/peripheral/%s/%s.0/legacy[0]", id, id);
    return id;
}

void argv_iotune(struct argv *a, const struct disk *d)
{
    struct limit l[LIMITS];
    if (a->options->standalone || !limited(d->iotune, l))
        return;
    struct props *p = props_new(a->arena), *args = props_obj(p, "arguments");
    props_str(p, "execute", "block_set_io_throttle");
    props_str(args, "id", backend_owner(a, d));
    for (size_t i = 0; i < LIMITS; i++)
        if (i < 6 || l[i].value->v) /* the first six are mandatory */
            props_uint(args, l[i].qmp, l[i].value->v);
    props_str(args, "group", d->iotune->group_name);
    argv_setup(a, p);
}

const char *argv_throttle(struct argv *a, const struct disk *d, const char *node)
{
    struct limit l[LIMITS];
    if (!a->options->standalone || !limited(d->iotune, l))
        return node;
    const char *group = arena_printf(a->arena, "throttle-%s", d->iotune->group_name ? d->iotune->group_name : d->info.alias);
    bool known = false;
    for (const struct disk *const *i = (const struct disk *const *)a->domain->devices->disks.v; *i != d; i++)
        known = known || ((*i)->iotune && d->iotune->group_name && streq((*i)->iotune->group_name, d->iotune->group_name));
    if (!known) {
        struct props *o = props_new(a->arena);
        props_str(o, "qom-type", "throttle-group");
        props_str(o, "id", group);
        struct props *limits = props_obj(o, "limits");
        for (size_t i = 0; i < LIMITS; i++)
            if (l[i].value->v)
                props_uint(limits, l[i].group, l[i].value->v);
        argv_object(a, o);
    }
    struct props *p = props_new(a->arena);
    const char *filter = arena_printf(a->arena, "libvirt-%s-throttle", d->info.alias);
    props_str(p, "driver", "throttle");
    props_str(p, "node-name", filter);
    props_str(p, "throttle-group", group);
    props_str(p, "file", node);
    argv_blockdev(a, p);
    return filter;
}
