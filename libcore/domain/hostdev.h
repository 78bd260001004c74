/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_HOSTDEV_H
#define DOMAIN_HOSTDEV_H

#include "domain/disk.h"
#include "domain/domain.h"
#include "domain/interface.h"
#include "domain/storage.h"

enum hostdev_mode { HOSTDEV_MODE_UNSET, HOSTDEV_SUBSYSTEM, HOSTDEV_CAPABILITIES };
extern const char *const hostdev_mode_names[3];
enum hostdev_type {
    HOSTDEV_UNSET,
    HOSTDEV_USB,
    HOSTDEV_PCI,
    HOSTDEV_SCSI,
    HOSTDEV_SCSI_HOST,
    HOSTDEV_MDEV,
    HOSTDEV_STORAGE, /* capabilities, from here */
    HOSTDEV_MISC,
    HOSTDEV_NET,
};
extern const char *const hostdev_type_names[9];
enum hostdev_model {
    HOSTDEV_MODEL_UNSET,
    HOSTDEV_VIRTIO,
    HOSTDEV_VIRTIO_TRANSITIONAL,
    HOSTDEV_VIRTIO_NON_TRANSITIONAL,
    HOSTDEV_VFIO_PCI,
    HOSTDEV_VFIO_CCW,
    HOSTDEV_VFIO_AP,
};
extern const char *const hostdev_model_names[7];
enum hostdev_guest_reset { GUEST_RESET_UNSET, GUEST_RESET_OFF, GUEST_RESET_UNINITIALIZED, GUEST_RESET_ON };
extern const char *const hostdev_guest_reset_names[4];

struct hostdev {
    struct meta meta;
    enum hostdev_mode mode;
    enum hostdev_type type;
    enum tri managed;
    enum hostdev_model model;
    enum tri display, ramfb; /* mdev */
    enum disk_sgio sgio;     /* scsi */
    enum tri rawio;
    const char *driver; /* vfio, kvm, xen */
    /* source */
    enum startup_policy startup_policy;
    enum hostdev_guest_reset guest_reset;
    enum tri write_filtering;
    enum tri missing;         /* live */
    struct num vendor, product; /* usb */
    struct address *source;   /* <address> of the host's device: pci, usb (bus, device), scsi, mdev (uuid) */
    const char *adapter;      /* scsi: scsi_hostN */
    const char *node;         /* its generic node, known while the guest is being started; not of the document */
    const char *protocol;     /* scsi: adapter, iscsi; scsi_host: vhost */
    const char *name;         /* iscsi: target and lun */
    LIST(struct storage_host) hosts;
    struct storage_auth *auth;
    const char *initiator_iqn;
    const char *wwpn;
    const char *block, *character, *interface; /* capabilities */
    LIST(struct ip) ips;
    LIST(struct route) routes;
    const char *teaming_type, *teaming_persistent;
    enum tri readonly, shareable;
    struct device_info info;
};
extern const struct element hostdev_element;

#endif
