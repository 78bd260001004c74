/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/misc.h"

const char *const watchdog_model_names[5] = { NULL, "i6300esb", "ib700", "diag288", "itco" };
const char *const watchdog_action_names[8] = { NULL, "reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi" };
const char *const memballoon_model_names[6] = { NULL, "virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional" };
const char *const rng_backend_names[4] = { NULL, "random", "egd", "builtin" };
const char *const panic_model_names[6] = { NULL, "isa", "pseries", "hyperv", "s390", "pvpanic" };
const char *const shmem_model_names[4] = { NULL, "ivshmem", "ivshmem-plain", "ivshmem-doorbell" };

static const struct field hub_fields[] = {
    { "@type", K_STR, AT(struct hub, type), .flags = F_REQUIRED },
    DEVICE_FIELDS(struct hub),
};
const struct element hub_element = { "hub", sizeof(struct hub), FIELDS(hub_fields) };

static const struct field watchdog_fields[] = {
    { "@model", K_ENUM, AT(struct watchdog, model), NAMES(watchdog_model_names), .flags = F_REQUIRED },
    { "@action", K_ENUM, AT(struct watchdog, action), NAMES(watchdog_action_names) },
    DEVICE_FIELDS(struct watchdog),
};
const struct element watchdog_element = { "watchdog", sizeof(struct watchdog), FIELDS(watchdog_fields) };

static const struct field memballoon_fields[] = {
    { "@model", K_ENUM, AT(struct memballoon, model), NAMES(memballoon_model_names), .flags = F_REQUIRED },
    { "@autodeflate", K_ONOFF, AT(struct memballoon, autodeflate) },
    { "@freePageReporting", K_ONOFF, AT(struct memballoon, free_page_reporting) },
    { "stats@period", K_U32, AT(struct memballoon, stats_period) },
    VIRTIO_FIELDS(struct memballoon, virtio),
    DEVICE_FIELDS(struct memballoon),
};
const struct element memballoon_element = { "memballoon", sizeof(struct memballoon), FIELDS(memballoon_fields) };

static const struct field rng_source_fields[] = {
    { "@model", K_ENUM, AT(struct rng_source, model), NAMES(rng_backend_names), .flags = F_REQUIRED },
    { "@type", K_ENUM, AT(struct rng_source, host.type), NAMES(chardev_type_names) },
    { "", K_STR, AT(struct rng_source, path) },
    CHARDEV_HOST_FIELDS(struct rng_source),
};
static const struct element rng_source_element = { "backend", sizeof(struct rng_source), FIELDS(rng_source_fields) };

static const struct field rng_fields[] = {
    { "@model", K_ENUM, AT(struct rng, model), NAMES(virtio_flavour_names), .flags = F_REQUIRED },
    { "rate@bytes", K_U32, AT(struct rng, rate_bytes) },
    { "rate@period", K_U32, AT(struct rng, rate_period) },
    { "backend", K_STRUCT, AT(struct rng, backend), .sub = &rng_source_element },
    VIRTIO_FIELDS(struct rng, virtio),
    DEVICE_FIELDS(struct rng),
};
const struct element rng_element = { "rng", sizeof(struct rng), FIELDS(rng_fields) };

static const struct field panic_fields[] = {
    { "@model", K_ENUM, AT(struct panic, model), NAMES(panic_model_names) },
    DEVICE_FIELDS(struct panic),
};
const struct element panic_element = { "panic", sizeof(struct panic), FIELDS(panic_fields) };

static const struct field shmem_fields[] = {
    { "@name", K_STR, AT(struct shmem, name), .flags = F_REQUIRED },
    { "@role", K_STR, AT(struct shmem, role) },
    { "model@type", K_ENUM, AT(struct shmem, model), NAMES(shmem_model_names) },
    { "size", K_SIZE, AT(struct shmem, size), .unit = 1 << 20, .unit_name = "M" },
    { "server", K_FLAG, AT(struct shmem, server) },
    { "server@path", K_STR, AT(struct shmem, server_path) },
    { "msi", K_FLAG, AT(struct shmem, msi) },
    { "msi@vectors", K_U32, AT(struct shmem, vectors) },
    { "msi@enabled", K_ONOFF, AT(struct shmem, msi_enabled) },
    { "msi@ioeventfd", K_ONOFF, AT(struct shmem, msi_ioeventfd) },
    DEVICE_FIELDS(struct shmem),
};
const struct element shmem_element = { "shmem", sizeof(struct shmem), FIELDS(shmem_fields) };

static const struct field vsock_fields[] = {
    { "@model", K_ENUM, AT(struct vsock, model), NAMES(virtio_flavour_names) },
    { "cid@auto", K_YESNO, AT(struct vsock, cid_auto) },
    { "cid@address", K_U32, AT(struct vsock, cid) },
    VIRTIO_FIELDS(struct vsock, virtio),
    DEVICE_FIELDS(struct vsock),
};
const struct element vsock_element = { "vsock", sizeof(struct vsock), FIELDS(vsock_fields) };
