/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "domain/filesystem.h"
#include "domain/iommu.h"
#include "domain/memory_device.h"
#include "qemu/argv_top.h"

/* Shared directories (9p), memory modules, IOMMUs, and sPAPR's NVRAM. */

static void fsdev(struct argv *a, const struct filesystem *f, const char *id)
{
    static const char *const models[4] = { "passthrough", "passthrough", "mapped", "none" };
    autostr struct str s = STR_INIT;
    if (f->driver == FS_DRIVER_HANDLE)
        str_add(&s, "handle");
    else
        str_addf(&s, "local,security_model=%s", models[f->accessmode]);
    if (f->multidevs > MULTIDEVS_DEFAULT)
        str_addf(&s, ",multidevs=%s", filesystem_multidevs_names[f->multidevs]);
    if (f->fmode)
        str_addf(&s, ",fmode=%s", f->fmode);
    if (f->dmode)
        str_addf(&s, ",dmode=%s", f->dmode);
    if (f->wrpolicy)
        str_add(&s, ",writeout=immediate");
    str_addf(&s, ",id=%s,path=%s", id, argv_escape(a, f->dir));
    if (f->readonly == TRI_YES)
        str_add(&s, ",readonly=on");
    argv_add(a, "-fsdev", arena_strdup(a->arena, str_text(&s)));
}

static const char *virtio_name(struct argv *a, const char *base, const struct filesystem *f)
{
    const char *name = argv_virtio(a, base, f->info.address);
    if (f->model == FLAVOUR_TRANSITIONAL)
        return arena_printf(a->arena, "%s-transitional", name);
    if (f->model == FLAVOUR_NON_TRANSITIONAL)
        return arena_printf(a->arena, "%s-non-transitional", name);
    return name;
}

/* virtiofsd does the work at the other end of a socket: one that runs already, or the guest's own. */
static bool share_virtiofs(struct argv *a, const struct filesystem *f)
{
    const char *id = arena_printf(a->arena, "chr-vu-%s", f->info.alias), *path = f->socket;
    struct props *p = props_new(a->arena);
    if (!f->target || (!f->dir && !f->socket))
        return argv_fail(a, &f->meta, "<filesystem> needs <source dir=> or <source socket=>, and <target dir=>");
    if (!path) {
        path = arena_printf(a->arena, "%s/%s-fs.sock", a->options->private_dir, f->info.alias);
        argv_beyond(a, "filesystem %s: virtiofsd is not started yet (try: <source socket=> of one that runs)", f->target);
    }
    argv_addf(a, "-chardev", "socket,id=%s,path=%s", id, argv_escape(a, path));
    props_str(p, "driver", argv_virtio(a, "vhost-user-fs", f->info.address));
    argv_virtio_options(p, f->virtio.iommu, f->virtio.ats, f->virtio.packed, f->virtio.page_per_vq);
    props_str(p, "id", f->info.alias);
    props_str(p, "chardev", id);
    props_num(p, "queue-size", f->queue);
    props_str(p, "tag", f->target);
    props_num(p, "bootindex", f->info.boot_order);
    if (!argv_address(a, p, &f->meta, f->info.address))
        return false;
    argv_device(a, p);
    return true;
}

static bool share_9p(struct argv *a, const struct filesystem *f)
{
    const char *id = arena_printf(a->arena, "fsdev-%s", f->info.alias);
    struct props *p = props_new(a->arena);
    if (f->type != FILESYSTEM_MOUNT && f->type != FILESYSTEM_UNSET)
        return argv_fail(a, &f->meta, "<filesystem type='%s'> is not supported by QEMU", filesystem_type_names[f->type]);
    if (f->driver > FS_DRIVER_HANDLE)
        return argv_fail(a, &f->meta, "<filesystem> driver '%s' is not supported yet", filesystem_driver_names[f->driver]);
    if (!f->dir || !f->target)
        return argv_fail(a, &f->meta, "<filesystem> needs <source dir=> and <target dir=>");
    fsdev(a, f, id);
    props_str(p, "driver", virtio_name(a, "virtio-9p", f));
    argv_virtio_options(p, f->virtio.iommu, f->virtio.ats, f->virtio.packed, f->virtio.page_per_vq);
    props_str(p, "id", f->info.alias);
    props_str(p, "fsdev", id);
    props_str(p, "mount_tag", f->target);
    if (!argv_address(a, p, &f->meta, f->info.address))
        return false;
    argv_device(a, p);
    return true;
}

bool argv_filesystems(struct argv *a)
{
    const struct devices *v = a->domain->devices;
    for (size_t i = 0; i < v->filesystems.n; i++)
        if (!(v->filesystems.v[i]->driver == FS_DRIVER_VIRTIOFS ? share_virtiofs : share_9p)(a, v->filesystems.v[i]))
            return false;
    return true;
}

/* sizes of struct memory_device are in KiB, QEMU's in bytes. */
static bool memory_backend(struct argv *a, const struct memory_device *m, const char *id)
{
    struct props *o = props_new(a->arena);
    uint64_t align = m->alignsize.v ? m->alignsize.v : 1;
    if (m->pagesize.set || m->nodemask)
        return argv_fail(a, &m->meta, "<memory> <source> with pagesize or nodemask is not supported yet");
    if (!m->path) {
        struct props *ram = argv_memory_backend(a, id, m->size.v, m->node.set ? (long)m->node.v : -1, (int)m->access,
                                                m->discard == TRI_YES, false);
        /* Most of it is never plugged in: nothing is set aside for it. */
        if (m->model == MEMORY_VIRTIO_MEM)
            props_bool(ram, "reserve", false);
        argv_object(a, ram);
        return true;
    }
    props_str(o, "qom-type", "memory-backend-file");
    props_str(o, "id", id);
    props_str(o, "mem-path", m->path);
    props_bool(o, "share", m->access == MEMORY_SHARED || m->model == MEMORY_VIRTIO_PMEM);
    if (m->model == MEMORY_NVDIMM)
        props_bool(o, "prealloc", true);
    props_uint(o, "size", (m->size.v + align - 1) / align * align * 1024);
    if (m->alignsize.set)
        props_uint(o, "align", m->alignsize.v * 1024);
    if (m->pmem == TRI_YES)
        props_str(o, "pmem", "on");
    argv_object(a, o);
    return true;
}

static const char *memory_driver(struct argv *a, const struct memory_device *m)
{
    switch (m->model) {
    case MEMORY_DIMM:
        return "pc-dimm";
    case MEMORY_NVDIMM:
        return "nvdimm";
    case MEMORY_VIRTIO_PMEM:
        return argv_virtio(a, "virtio-pmem", m->info.address);
    case MEMORY_VIRTIO_MEM:
        return argv_virtio(a, "virtio-mem", m->info.address);
    default:
        return NULL;
    }
}

static bool memory_device(struct argv *a, const struct memory_device *m)
{
    const char *driver = memory_driver(a, m);
    const char *id = arena_printf(a->arena, "mem%s", m->info.alias);
    if (!driver)
        return argv_fail(a, &m->meta, "<memory model='%s'> is not supported yet", enum_name(memory_model_names, m->model));
    if (!memory_backend(a, m, id))
        return false;
    struct props *p = props_new(a->arena);
    props_str(p, "driver", driver);
    if (m->model != MEMORY_VIRTIO_PMEM)
        props_num(p, "node", m->node);
    if (m->label_size.set)
        props_uint(p, "label-size", m->label_size.v * 1024);
    if (m->block.set)
        props_uint(p, "block-size", m->block.v * 1024);
    if (m->requested.set)
        props_uint(p, "requested-size", m->requested.v * 1024);
    if (m->model == MEMORY_NVDIMM && m->readonly == TRI_YES)
        props_bool(p, "unarmed", true);
    props_str(p, "memdev", id);
    props_str(p, "id", m->info.alias);
    const struct address *at = m->info.address;
    if (at && at->type == ADDRESS_DIMM) {
        props_num(p, "slot", at->slot);
        props_num(p, "addr", at->base);
    } else if (!argv_address(a, p, &m->meta, at)) {
        return false;
    }
    argv_device(a, p);
    return true;
}

bool argv_memory_devices(struct argv *a)
{
    const struct devices *v = a->domain->devices;
    for (size_t i = 0; i < v->memories.n; i++)
        if (!memory_device(a, v->memories.v[i]))
            return false;
    return true;
}

bool argv_iommu(struct argv *a)
{
    const struct iommu *m = a->domain->devices->iommu;
    if (!m)
        return true;
    struct props *p = props_new(a->arena);
    if (m->model == IOMMU_SMMUV3)
        return true; /* a property of the machine */
    props_str(p, "driver", m->model == IOMMU_VIRTIO ? "virtio-iommu" : "intel-iommu");
    props_str(p, "id", m->info.alias);
    if (m->model == IOMMU_INTEL) {
        props_onoff(p, "intremap", m->intremap);
        props_tri(p, "caching-mode", m->caching_mode);
        props_onoff(p, "eim", m->eim);
        props_tri(p, "device-iotlb", m->iotlb);
        props_num(p, "aw-bits", m->aw_bits);
    } else if (!argv_address(a, p, &m->meta, m->info.address)) {
        return false;
    }
    argv_device(a, p);
    return true;
}

bool argv_nvram(struct argv *a)
{
    const struct nvram_device *n = a->domain->devices->nvram;
    if (n && n->info.address && n->info.address->reg.set)
        argv_addf(a, "-global", "spapr-nvram.reg=0x%llx", (unsigned long long)n->info.address->reg.v);
    return true;
}
