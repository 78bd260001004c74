/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/memory_device.h"

const char *const memory_model_names[6] = { NULL, "dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc" };

static const struct field fields[] = {
    { "@model", K_ENUM, AT(struct memory_device, model), NAMES(memory_model_names), .flags = F_REQUIRED },
    { "@access", K_ENUM, AT(struct memory_device, access), NAMES(memory_access_names) },
    { "@discard", K_YESNO, AT(struct memory_device, discard) },
    { "uuid", K_UUID, AT(struct memory_device, uuid) },
    { "source/nodemask", K_STR, AT(struct memory_device, nodemask) },
    { "source/pagesize", K_SIZE, AT(struct memory_device, pagesize) },
    { "source/path", K_STR, AT(struct memory_device, path) },
    { "source/alignsize", K_SIZE, AT(struct memory_device, alignsize) },
    { "source/pmem", K_FLAG, AT(struct memory_device, pmem) },
    { "target/size", K_SIZE, AT(struct memory_device, size), .flags = F_REQUIRED },
    { "target/node", K_U32, AT(struct memory_device, node) },
    { "target/label/size", K_SIZE, AT(struct memory_device, label_size) },
    { "target/readonly", K_FLAG, AT(struct memory_device, readonly) },
    { "target/block", K_SIZE, AT(struct memory_device, block) },
    { "target/requested", K_SIZE, AT(struct memory_device, requested) },
    { "target/current", K_SIZE, AT(struct memory_device, current), .flags = F_READONLY },
    DEVICE_FIELDS(struct memory_device),
};
const struct element memory_device_element = { "memory", sizeof(struct memory_device), FIELDS(fields) };
