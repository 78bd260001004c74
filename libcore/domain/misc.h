/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_MISC_H
#define DOMAIN_MISC_H

#include "domain/chardev.h"
#include "domain/domain.h"
#include "domain/input.h"
#include "domain/virtio.h"

/* Small devices, one struct each. */
struct hub {
    struct meta meta;
    const char *type; /* usb */
    struct device_info info;
};
extern const struct element hub_element;

enum watchdog_model { WATCHDOG_UNSET, WATCHDOG_I6300ESB, WATCHDOG_IB700, WATCHDOG_DIAG288, WATCHDOG_ITCO };
extern const char *const watchdog_model_names[5];
enum watchdog_action {
    WATCHDOG_ACTION_UNSET,
    WATCHDOG_RESET,
    WATCHDOG_SHUTDOWN,
    WATCHDOG_POWEROFF,
    WATCHDOG_PAUSE,
    WATCHDOG_DUMP,
    WATCHDOG_NONE,
    WATCHDOG_INJECT_NMI,
};
extern const char *const watchdog_action_names[8];
struct watchdog {
    struct meta meta;
    enum watchdog_model model;
    enum watchdog_action action;
    struct device_info info;
};
extern const struct element watchdog_element;

enum memballoon_model { MEMBALLOON_UNSET, MEMBALLOON_VIRTIO, MEMBALLOON_XEN, MEMBALLOON_NONE, MEMBALLOON_TRANSITIONAL, MEMBALLOON_NON_TRANSITIONAL };
extern const char *const memballoon_model_names[6];
struct memballoon {
    struct meta meta;
    enum memballoon_model model;
    enum tri autodeflate, free_page_reporting;
    struct num stats_period; /* seconds */
    struct virtio_options virtio;
    struct device_info info;
};
extern const struct element memballoon_element;

enum rng_backend { RNG_UNSET, RNG_RANDOM, RNG_EGD, RNG_BUILTIN };
extern const char *const rng_backend_names[4];
struct rng_source {
    struct meta meta;
    enum rng_backend model;
    struct chardev_host host; /* egd: type and sources */
    const char *path;         /* random */
};
struct rng {
    struct meta meta;
    enum virtio_flavour model;
    struct num rate_bytes, rate_period; /* bytes per period in milliseconds */
    struct rng_source *backend;
    struct virtio_options virtio;
    struct device_info info;
};
extern const struct element rng_element;

enum panic_model { PANIC_UNSET, PANIC_ISA, PANIC_PSERIES, PANIC_HYPERV, PANIC_S390, PANIC_PVPANIC };
extern const char *const panic_model_names[6];
struct panic {
    struct meta meta;
    enum panic_model model;
    struct device_info info;
};
extern const struct element panic_element;

enum shmem_model { SHMEM_UNSET, SHMEM_IVSHMEM, SHMEM_PLAIN, SHMEM_DOORBELL };
extern const char *const shmem_model_names[4];
struct shmem {
    struct meta meta;
    const char *name;
    const char *role; /* master, peer */
    enum shmem_model model;
    struct num size; /* MiB */
    enum tri server;
    const char *server_path;
    struct num vectors;
    enum tri msi, msi_enabled, msi_ioeventfd;
    struct device_info info;
};
extern const struct element shmem_element;

struct vsock {
    struct meta meta;
    enum virtio_flavour model;
    enum tri cid_auto;
    struct num cid;
    struct virtio_options virtio;
    struct device_info info;
};
extern const struct element vsock_element;

#endif
