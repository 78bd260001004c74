/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_OS_H
#define DOMAIN_OS_H

#include "xml/vocab.h"

/* <os> and <sysinfo>: what boots, from where, and what the firmware tells. */

enum os_firmware { FIRMWARE_UNSET, FIRMWARE_BIOS, FIRMWARE_EFI, OS_FIRMWARES };
extern const char *const os_firmware_names[OS_FIRMWARES];
enum loader_type { LOADER_UNSET, LOADER_ROM, LOADER_PFLASH, LOADER_TYPES };
extern const char *const loader_type_names[LOADER_TYPES];
enum boot_dev { BOOT_UNSET, BOOT_FD, BOOT_HD, BOOT_CDROM, BOOT_NETWORK, BOOT_DEVS };
extern const char *const boot_dev_names[BOOT_DEVS];
enum smbios_mode { SMBIOS_UNSET, SMBIOS_EMULATE, SMBIOS_HOST, SMBIOS_SYSINFO, SMBIOS_MODES };
extern const char *const smbios_mode_names[SMBIOS_MODES];

struct os_boot {
    struct meta meta;
    enum boot_dev dev;
};
struct firmware_feature {
    struct meta meta;
    enum tri enabled;
    const char *name; /* enrolled-keys, secure-boot */
};
struct name_value {
    struct meta meta;
    const char *name, *value;
};

struct domain_os {
    struct meta meta;
    enum os_firmware firmware;
    const char *type, *arch, *machine; /* hvm, x86_64, pc-q35-7.2 */
    LIST(struct firmware_feature) firmware_features;
    const char *init, *initdir, *inituser, *initgroup; /* containers */
    LIST(const char) initargs;
    LIST(struct name_value) initenvs;
    const char *loader;
    enum tri loader_readonly, loader_secure, loader_stateless;
    enum loader_type loader_type;
    const char *nvram;        /* "": <nvram> stands there without a path */
    const char *nvram_template;
    const char *nvram_type;   /* file, block, network …: then nvram_source says where */
    const char *nvram_source; /* its XML */
    const char *kernel, *initrd, *cmdline, *root, *dtb;
    const char *acpi_table, *acpi_table_type;
    LIST(struct os_boot) boots;
    enum tri bootmenu;
    struct num bootmenu_timeout; /* ms */
    enum smbios_mode smbios;
    enum tri bios_useserial;
    struct inum reboot_timeout; /* ms, -1: never */
};
extern const struct element os_element;

/* <sysinfo> */
enum sysinfo_type { SYSINFO_UNSET, SYSINFO_SMBIOS, SYSINFO_FWCFG, SYSINFO_TYPES };
extern const char *const sysinfo_type_names[SYSINFO_TYPES];
struct sysinfo_entry {
    struct meta meta;
    const char *name, *file, *value;
};
struct baseboard {
    struct meta meta;
    LIST(struct sysinfo_entry) entries;
};
struct sysinfo {
    struct meta meta;
    enum sysinfo_type type;
    LIST(struct sysinfo_entry) bios;
    LIST(struct sysinfo_entry) system;
    LIST(struct baseboard) baseboards;
    LIST(struct sysinfo_entry) chassis;
    LIST(struct sysinfo_entry) oem_strings;
    LIST(struct sysinfo_entry) fwcfg;
};
extern const struct element sysinfo_element;

#endif
