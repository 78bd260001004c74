/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/device.h"

#include <stddef.h>

#include "domain/chardev.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "domain/filesystem.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/iommu.h"
#include "domain/memory_device.h"
#include "domain/misc.h"
#include "domain/redirdev.h"
#include "domain/sound.h"
#include "domain/tpm.h"
#include "domain/video.h"

const char *const device_kind_names[DEVICE_KINDS] = {
    "disk",  "controller", "filesystem", "interface", "smartcard", "serial",     "parallel", "console", "channel",
    "input", "tpm",        "sound",      "video",     "hostdev",   "redirdev",   "hub",      "watchdog", "memballoon",
    "rng",   "nvram",      "panic",      "shmem",     "memory",    "iommu",      "vsock",
};

/* Where devices of a kind stand in struct devices, and their info in the device. */
static const struct {
    size_t at, info;
    bool single; /* a pointer, not a list */
} places[DEVICE_KINDS] = {
    [DEVICE_DISK] = { offsetof(struct devices, disks), offsetof(struct disk, info), false },
    [DEVICE_CONTROLLER] = { offsetof(struct devices, controllers), offsetof(struct controller, info), false },
    [DEVICE_FILESYSTEM] = { offsetof(struct devices, filesystems), offsetof(struct filesystem, info), false },
    [DEVICE_INTERFACE] = { offsetof(struct devices, interfaces), offsetof(struct interface, info), false },
    [DEVICE_SMARTCARD] = { offsetof(struct devices, smartcards), offsetof(struct smartcard, info), false },
    [DEVICE_SERIAL] = { offsetof(struct devices, serials), offsetof(struct chardev, info), false },
    [DEVICE_PARALLEL] = { offsetof(struct devices, parallels), offsetof(struct chardev, info), false },
    [DEVICE_CONSOLE] = { offsetof(struct devices, consoles), offsetof(struct chardev, info), false },
    [DEVICE_CHANNEL] = { offsetof(struct devices, channels), offsetof(struct chardev, info), false },
    [DEVICE_INPUT] = { offsetof(struct devices, inputs), offsetof(struct input, info), false },
    [DEVICE_TPM] = { offsetof(struct devices, tpms), offsetof(struct tpm, info), false },
    [DEVICE_SOUND] = { offsetof(struct devices, sounds), offsetof(struct sound, info), false },
    [DEVICE_VIDEO] = { offsetof(struct devices, videos), offsetof(struct video, info), false },
    [DEVICE_HOSTDEV] = { offsetof(struct devices, hostdevs), offsetof(struct hostdev, info), false },
    [DEVICE_REDIRDEV] = { offsetof(struct devices, redirdevs), offsetof(struct redirdev, info), false },
    [DEVICE_HUB] = { offsetof(struct devices, hubs), offsetof(struct hub, info), false },
    [DEVICE_WATCHDOG] = { offsetof(struct devices, watchdogs), offsetof(struct watchdog, info), false },
    [DEVICE_MEMBALLOON] = { offsetof(struct devices, memballoons), offsetof(struct memballoon, info), false },
    [DEVICE_RNG] = { offsetof(struct devices, rngs), offsetof(struct rng, info), false },
    [DEVICE_NVRAM] = { offsetof(struct devices, nvram), offsetof(struct nvram_device, info), true },
    [DEVICE_PANIC] = { offsetof(struct devices, panics), offsetof(struct panic, info), false },
    [DEVICE_SHMEM] = { offsetof(struct devices, shmems), offsetof(struct shmem, info), false },
    [DEVICE_MEMORY] = { offsetof(struct devices, memories), offsetof(struct memory_device, info), false },
    [DEVICE_IOMMU] = { offsetof(struct devices, iommu), offsetof(struct iommu, info), true },
    [DEVICE_VSOCK] = { offsetof(struct devices, vsock), offsetof(struct vsock, info), true },
};

bool device_at(const struct domain *d, enum device_kind kind, size_t number, struct device *out)
{
    char *place = (char *)d->devices + places[kind].at;
    void *dev = NULL;
    if (places[kind].single)
        dev = number ? NULL : *(void **)place;
    else if (number < ((struct list *)place)->n)
        dev = ((struct list *)place)->v[number];
    if (!dev)
        return false;
    *out = (struct device){ kind, number, dev, dev, (struct device_info *)((char *)dev + places[kind].info) };
    return true;
}

bool device_next(const struct domain *d, struct device_walk *at, struct device *out)
{
    while (at->kind < DEVICE_KINDS) {
        if (device_at(d, at->kind, at->number++, out))
            return true;
        at->kind++;
        at->number = 0;
    }
    return false;
}
