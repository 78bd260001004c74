/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/storage.h"

const char *const storage_type_names[8] = { NULL, "file", "block", "dir", "network", "volume", "nvme", "vhostuser" };
const char *const storage_format_names[19] = {
    NULL,  "raw",   "dir",  "bochs", "cloop", "dmg",   "iso", "vpc",  "vdi", "fat",
    "vhd", "ploop", "luks", "cow",   "qcow",  "qcow2", "qed", "vmdk", "aio",
};
const char *const storage_protocol_names[14] = {
    NULL, "nbd", "rbd", "sheepdog", "gluster", "iscsi", "http", "https", "ftp", "ftps", "tftp", "ssh", "vxhs", "nfs",
};
const char *const host_transport_names[4] = { NULL, "tcp", "unix", "rdma" };
const char *const startup_policy_names[4] = { NULL, "mandatory", "requisite", "optional" };
const char *const encryption_format_names[5] = { NULL, "default", "qcow", "luks", "luks2" };

static const struct field host_fields[] = {
    { "@transport", K_ENUM, AT(struct storage_host, transport), NAMES(host_transport_names) },
    { "@name", K_STR, AT(struct storage_host, name) },
    { "@port", K_STR, AT(struct storage_host, port) },
    { "@socket", K_STR, AT(struct storage_host, socket) },
};
const struct element storage_host_element = { "host", sizeof(struct storage_host), FIELDS(host_fields) };

static bool secret_parsed(void *self, struct parse *p)
{
    const struct secret_ref *s = self;
    if (!s->uuid == !s->usage)
        return parse_error(p, s->meta.line, "<secret>: %s", s->uuid ? "both uuid and usage are given, one is enough"
                                                                      : "neither uuid nor usage is given");
    return true;
}

static const struct field secret_fields[] = {
    { "@type", K_STR, AT(struct secret_ref, type) },
    { "@uuid", K_UUID, AT(struct secret_ref, uuid) },
    { "@usage", K_STR, AT(struct secret_ref, usage) },
};
static const struct element secret_element = {
    "secret", sizeof(struct secret_ref), FIELDS(secret_fields), .parsed = secret_parsed,
};

static const struct field encryption_fields[] = {
    { "@format", K_ENUM, AT(struct encryption, format), NAMES(encryption_format_names), .flags = F_REQUIRED },
    { "@engine", K_STR, AT(struct encryption, engine) },
    { "secret", K_LIST, AT(struct encryption, secrets), .sub = &secret_element },
    { "cipher@name", K_STR, AT(struct encryption, cipher) },
    { "cipher@size", K_U32, AT(struct encryption, cipher_size) },
    { "cipher@mode", K_STR, AT(struct encryption, cipher_mode) },
    { "cipher@hash", K_STR, AT(struct encryption, cipher_hash) },
    { "ivgen@name", K_STR, AT(struct encryption, ivgen) },
    { "ivgen@hash", K_STR, AT(struct encryption, ivgen_hash) },
};
const struct element encryption_element = { "encryption", sizeof(struct encryption), FIELDS(encryption_fields) };

static const struct field auth_fields[] = {
    { "@username", K_STR, AT(struct storage_auth, username), .flags = F_REQUIRED },
    { "secret", K_STRUCT, AT(struct storage_auth, secret), .sub = &secret_element },
};
const struct element storage_auth_element = { "auth", sizeof(struct storage_auth), FIELDS(auth_fields) };

static const struct field slice_fields[] = {
    { "@type", K_STR, AT(struct storage_slice, type) },
    { "@offset", K_U64, AT(struct storage_slice, offset), .flags = F_REQUIRED },
    { "@size", K_U64, AT(struct storage_slice, size), .flags = F_REQUIRED },
};
static const struct element slice_element = { "slice", sizeof(struct storage_slice), FIELDS(slice_fields) };

static const struct field reservations_fields[] = {
    { "@managed", K_YESNO, AT(struct reservations, managed) },
    { "source@type", K_STR, AT(struct reservations, socket_type) },
    { "source@path", K_STR, AT(struct reservations, path) },
    { "source@mode", K_STR, AT(struct reservations, mode) },
    { "source/reconnect@enabled", K_YESNO, AT(struct reservations, reconnect) },
    { "source/reconnect@timeout", K_U32, AT(struct reservations, reconnect_timeout) },
};
static const struct element reservations_element = {
    "reservations", sizeof(struct reservations), FIELDS(reservations_fields),
};

static const struct field cookie_fields[] = {
    { "@name", K_STR, AT(struct cookie, name), .flags = F_REQUIRED },
    { "", K_STR, AT(struct cookie, value) },
};
static const struct element cookie_element = { "cookie", sizeof(struct cookie), FIELDS(cookie_fields) };

static const struct field source_fields[] = {
    { "@type", K_STR, AT(struct storage_source, type) },
    { "@file", K_STR, AT(struct storage_source, file) },
    { "@fdgroup", K_STR, AT(struct storage_source, fdgroup) },
    { "@dev", K_STR, AT(struct storage_source, dev) },
    { "@dir", K_STR, AT(struct storage_source, dir) },
    { "@path", K_STR, AT(struct storage_source, path) },
    { "@managed", K_YESNO, AT(struct storage_source, managed) },
    { "@namespace", K_U64, AT(struct storage_source, nvme_namespace) },
    { "@protocol", K_ENUM, AT(struct storage_source, protocol), NAMES(storage_protocol_names) },
    { "@name", K_STR, AT(struct storage_source, name) },
    { "@query", K_STR, AT(struct storage_source, query) },
    { "@tls", K_YESNO, AT(struct storage_source, tls) },
    { "@tlsHostname", K_STR, AT(struct storage_source, tls_hostname) },
    { "@pool", K_STR, AT(struct storage_source, pool) },
    { "@volume", K_STR, AT(struct storage_source, volume) },
    { "@mode", K_STR, AT(struct storage_source, mode) },
    { "@startupPolicy", K_ENUM, AT(struct storage_source, startup_policy), NAMES(startup_policy_names) },
    { "@index", K_U32, AT(struct storage_source, index), .flags = F_READONLY },
    { "host", K_LIST, AT(struct storage_source, hosts), .sub = &storage_host_element },
    { "snapshot@name", K_STR, AT(struct storage_source, snapshot) },
    { "config@file", K_STR, AT(struct storage_source, config) },
    { "initiator/iqn@name", K_STR, AT(struct storage_source, initiator_iqn) },
    { "ssl@verify", K_YESNO, AT(struct storage_source, ssl_verify) },
    { "cookies/cookie", K_LIST, AT(struct storage_source, cookies), .sub = &cookie_element },
    { "readahead@size", K_U64, AT(struct storage_source, readahead) },
    { "timeout@seconds", K_U64, AT(struct storage_source, timeout) },
    { "identity@user", K_STR, AT(struct storage_source, nfs_user) },
    { "identity@group", K_STR, AT(struct storage_source, nfs_group) },
    { "reconnect@enabled", K_YESNO, AT(struct storage_source, reconnect) },
    { "reconnect@timeout", K_U32, AT(struct storage_source, reconnect_timeout) },
    { "address", K_STRUCT, AT(struct storage_source, address), .sub = &address_element },
    { "slices/slice", K_LIST, AT(struct storage_source, slices), .sub = &slice_element },
    { "seclabel", K_LIST, AT(struct storage_source, seclabels), .sub = &seclabel_element },
    { "auth", K_STRUCT, AT(struct storage_source, auth), .sub = &storage_auth_element },
    { "encryption", K_STRUCT, AT(struct storage_source, encryption), .sub = &encryption_element },
    { "reservations", K_STRUCT, AT(struct storage_source, reservations), .sub = &reservations_element },
};
const struct element storage_source_element = { "source", sizeof(struct storage_source), FIELDS(source_fields) };

static const struct field backing_fields[] = {
    { "@type", K_ENUM, AT(struct backing_store, type), NAMES(storage_type_names) },
    { "@index", K_U32, AT(struct backing_store, index), .flags = F_READONLY },
    { "format@type", K_ENUM, AT(struct backing_store, format), NAMES(storage_format_names) },
    { "format/metadata_cache/max_size", K_SIZE, AT(struct backing_store, metadata_cache), .unit = 1, .unit_name = "bytes" },
    { "source", K_STRUCT, AT(struct backing_store, source), .sub = &storage_source_element },
    { "backingStore", K_STRUCT, AT(struct backing_store, backing), .sub = &backing_store_element },
};
const struct element backing_store_element = { "backingStore", sizeof(struct backing_store), FIELDS(backing_fields) };
