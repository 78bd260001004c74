/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/domain.h"

extern const struct element disk_element, controller_element, lease_element, filesystem_element, hostdev_element,
    memory_device_element, iommu_element, nvram_element, interface_element, chardev_element, smartcard_element, input_element, tpm_element,
    graphics_element, sound_element, audio_element, video_element, redirdev_element, redirfilter_element, hub_element,
    watchdog_element, memballoon_element, rng_element, panic_element, shmem_element, vsock_element;

static const struct field devices_fields[] = {
    { "emulator", K_STR, AT(struct devices, emulator) },
    { "disk", K_LIST, AT(struct devices, disks), .sub = &disk_element },
    { "controller", K_LIST, AT(struct devices, controllers), .sub = &controller_element },
    { "lease", K_LIST, AT(struct devices, leases), .sub = &lease_element },
    { "filesystem", K_LIST, AT(struct devices, filesystems), .sub = &filesystem_element },
    { "interface", K_LIST, AT(struct devices, interfaces), .sub = &interface_element },
    { "smartcard", K_LIST, AT(struct devices, smartcards), .sub = &smartcard_element },
    { "serial", K_LIST, AT(struct devices, serials), .sub = &chardev_element },
    { "parallel", K_LIST, AT(struct devices, parallels), .sub = &chardev_element },
    { "console", K_LIST, AT(struct devices, consoles), .sub = &chardev_element },
    { "channel", K_LIST, AT(struct devices, channels), .sub = &chardev_element },
    { "input", K_LIST, AT(struct devices, inputs), .sub = &input_element },
    { "tpm", K_LIST, AT(struct devices, tpms), .sub = &tpm_element },
    { "graphics", K_LIST, AT(struct devices, graphics), .sub = &graphics_element },
    { "sound", K_LIST, AT(struct devices, sounds), .sub = &sound_element },
    { "audio", K_LIST, AT(struct devices, audios), .sub = &audio_element },
    { "video", K_LIST, AT(struct devices, videos), .sub = &video_element },
    { "hostdev", K_LIST, AT(struct devices, hostdevs), .sub = &hostdev_element },
    { "redirdev", K_LIST, AT(struct devices, redirdevs), .sub = &redirdev_element },
    { "redirfilter", K_STRUCT, AT(struct devices, redirfilter), .sub = &redirfilter_element },
    { "hub", K_LIST, AT(struct devices, hubs), .sub = &hub_element },
    { "watchdog", K_LIST, AT(struct devices, watchdogs), .sub = &watchdog_element },
    { "memballoon", K_LIST, AT(struct devices, memballoons), .sub = &memballoon_element },
    { "rng", K_LIST, AT(struct devices, rngs), .sub = &rng_element },
    { "nvram", K_STRUCT, AT(struct devices, nvram), .sub = &nvram_element },
    { "panic", K_LIST, AT(struct devices, panics), .sub = &panic_element },
    { "shmem", K_LIST, AT(struct devices, shmems), .sub = &shmem_element },
    { "memory", K_LIST, AT(struct devices, memories), .sub = &memory_device_element },
    { "iommu", K_STRUCT, AT(struct devices, iommu), .sub = &iommu_element },
    { "vsock", K_STRUCT, AT(struct devices, vsock), .sub = &vsock_element },
};
const struct element devices_element = { "devices", sizeof(struct devices), FIELDS(devices_fields) };
