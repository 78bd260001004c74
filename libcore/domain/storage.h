/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_STORAGE_H
#define DOMAIN_STORAGE_H

#include "domain/domain.h"
#include "domain/seclabel.h"

/* What a disk, a backing image or a mirror reads from and writes to: <source> and what stands in it. */

enum storage_type {
    STORAGE_UNSET,
    STORAGE_FILE,
    STORAGE_BLOCK,
    STORAGE_DIR,
    STORAGE_NETWORK,
    STORAGE_VOLUME,
    STORAGE_NVME,
    STORAGE_VHOST_USER,
};
extern const char *const storage_type_names[8];

enum storage_format {
    FORMAT_UNSET,
    FORMAT_RAW,
    FORMAT_DIR,
    FORMAT_BOCHS,
    FORMAT_CLOOP,
    FORMAT_DMG,
    FORMAT_ISO,
    FORMAT_VPC,
    FORMAT_VDI,
    FORMAT_FAT,
    FORMAT_VHD,
    FORMAT_PLOOP,
    FORMAT_LUKS,
    FORMAT_COW,
    FORMAT_QCOW,
    FORMAT_QCOW2,
    FORMAT_QED,
    FORMAT_VMDK,
    FORMAT_AIO, /* an old word for raw */
};
extern const char *const storage_format_names[19];

enum storage_protocol {
    PROTOCOL_UNSET,
    PROTOCOL_NBD,
    PROTOCOL_RBD,
    PROTOCOL_SHEEPDOG,
    PROTOCOL_GLUSTER,
    PROTOCOL_ISCSI,
    PROTOCOL_HTTP,
    PROTOCOL_HTTPS,
    PROTOCOL_FTP,
    PROTOCOL_FTPS,
    PROTOCOL_TFTP,
    PROTOCOL_SSH,
    PROTOCOL_VXHS,
    PROTOCOL_NFS,
};
extern const char *const storage_protocol_names[14];

enum host_transport { TRANSPORT_UNSET, TRANSPORT_TCP, TRANSPORT_UNIX, TRANSPORT_RDMA };
extern const char *const host_transport_names[4];

enum startup_policy { STARTUP_UNSET, STARTUP_MANDATORY, STARTUP_REQUISITE, STARTUP_OPTIONAL };
extern const char *const startup_policy_names[4];

enum encryption_format { ENCRYPTION_UNSET, ENCRYPTION_DEFAULT, ENCRYPTION_QCOW, ENCRYPTION_LUKS, ENCRYPTION_LUKS2 };
extern const char *const encryption_format_names[5];

struct storage_host {
    struct meta meta;
    enum host_transport transport;
    const char *name, *port, *socket;
};

/* <secret type= uuid= usage=> of encryption and authentication. */
struct secret_ref {
    struct meta meta;
    const char *type; /* passphrase, ceph, iscsi */
    const char *uuid, *usage;
};

struct encryption {
    struct meta meta;
    enum encryption_format format;
    const char *engine; /* qemu, librbd; NULL: qemu */
    LIST(struct secret_ref) secrets;
    const char *cipher, *cipher_mode, *cipher_hash;
    struct num cipher_size; /* bits */
    const char *ivgen, *ivgen_hash;
};
extern const struct element encryption_element;

struct storage_auth {
    struct meta meta;
    const char *username;
    struct secret_ref *secret;
};
extern const struct element storage_auth_element;

struct storage_slice {
    struct meta meta;
    const char *type;         /* storage */
    struct num offset, size; /* bytes */
};

struct reservations {
    struct meta meta;
    enum tri managed;
    const char *socket_type, *path, *mode;
    enum tri reconnect;
    struct num reconnect_timeout; /* seconds */
};

struct cookie {
    struct meta meta;
    const char *name, *value;
};

/* Which members count depends on the storage_type, which stands in the element around it. */
struct storage_source {
    struct meta meta;
    const char *file, *fdgroup;        /* file */
    const char *dev;                   /* block */
    const char *dir;                   /* dir */
    enum storage_protocol protocol;    /* network, from here … */
    const char *name, *query;
    enum tri tls;
    const char *tls_hostname;
    LIST(struct storage_host) hosts;
    const char *snapshot, *config;     /* rbd */
    const char *initiator_iqn;         /* iscsi */
    LIST(struct cookie) cookies;       /* http */
    enum tri ssl_verify;
    struct num readahead;              /* bytes */
    struct num timeout;                /* seconds */
    const char *nfs_user, *nfs_group;  /* … to here */
    const char *pool, *volume, *mode;  /* volume */
    const char *type;                  /* nvme: pci, vhostuser: unix */
    enum tri managed;                  /* nvme */
    struct num nvme_namespace;
    struct address *address;           /* nvme: the host's PCI device */
    const char *path;                  /* vhostuser */
    enum tri reconnect;
    struct num reconnect_timeout;      /* seconds */
    enum startup_policy startup_policy;
    struct num index;                  /* live: N of libvirt-N-storage */
    LIST(struct storage_slice) slices;
    struct reservations *reservations;
    struct encryption *encryption;
    struct storage_auth *auth;
    LIST(struct seclabel) seclabels;
};
extern const struct element storage_source_element, storage_host_element;

/* <backingStore>; without a type it ends the chain. */
struct backing_store {
    struct meta meta;
    enum storage_type type;
    struct num index;
    enum storage_format format;
    struct num metadata_cache; /* bytes */
    struct storage_source *source;
    struct backing_store *backing;
};
extern const struct element backing_store_element;

#endif
