/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/os.h"

const char *const os_firmware_names[] = { NULL, "bios", "efi" };
const char *const loader_type_names[] = { NULL, "rom", "pflash" };
const char *const boot_dev_names[] = { NULL, "fd", "hd", "cdrom", "network" };
const char *const smbios_mode_names[] = { NULL, "emulate", "host", "sysinfo" };
const char *const sysinfo_type_names[] = { NULL, "smbios", "fwcfg" };

static const struct field os_boot_fields[] = {
    { "@dev", K_ENUM, AT(struct os_boot, dev), NAMES(boot_dev_names), .flags = F_REQUIRED },
};
static const struct element os_boot_element = { "boot", sizeof(struct os_boot), FIELDS(os_boot_fields) };

static const struct field firmware_feature_fields[] = {
    { "@enabled", K_YESNO, AT(struct firmware_feature, enabled), .flags = F_REQUIRED },
    { "@name", K_STR, AT(struct firmware_feature, name), .flags = F_REQUIRED },
};
static const struct element firmware_feature_element = { "feature", sizeof(struct firmware_feature), FIELDS(firmware_feature_fields) };

static const struct field initenv_fields[] = {
    { "@name", K_STR, AT(struct name_value, name), .flags = F_REQUIRED },
    { "", K_STR, AT(struct name_value, value) },
};
static const struct element initenv_element = { "initenv", sizeof(struct name_value), FIELDS(initenv_fields) };

static const struct field os_fields[] = {
    { "@firmware", K_ENUM, AT(struct domain_os, firmware), NAMES(os_firmware_names) },
    { "type@arch", K_STR, AT(struct domain_os, arch) },
    { "type@machine", K_STR, AT(struct domain_os, machine) },
    { "type", K_STR, AT(struct domain_os, type) },
    { "firmware/feature", K_LIST, AT(struct domain_os, firmware_features), .sub = &firmware_feature_element },
    { "init", K_STR, AT(struct domain_os, init) },
    { "initarg", K_STRS, AT(struct domain_os, initargs) },
    { "initenv", K_LIST, AT(struct domain_os, initenvs), .sub = &initenv_element },
    { "initdir", K_STR, AT(struct domain_os, initdir) },
    { "inituser", K_STR, AT(struct domain_os, inituser) },
    { "initgroup", K_STR, AT(struct domain_os, initgroup) },
    { "loader@readonly", K_YESNO, AT(struct domain_os, loader_readonly) },
    { "loader@secure", K_YESNO, AT(struct domain_os, loader_secure) },
    { "loader@type", K_ENUM, AT(struct domain_os, loader_type), NAMES(loader_type_names) },
    { "loader@stateless", K_YESNO, AT(struct domain_os, loader_stateless) },
    { "loader", K_STR, AT(struct domain_os, loader) },
    { "nvram@template", K_STR, AT(struct domain_os, nvram_template) },
    { "nvram@type", K_STR, AT(struct domain_os, nvram_type) },
    { "nvram/source", K_RAW, AT(struct domain_os, nvram_source) },
    { "nvram", K_STR, AT(struct domain_os, nvram), .flags = F_EMPTY_OK },
    { "kernel", K_STR, AT(struct domain_os, kernel) },
    { "initrd", K_STR, AT(struct domain_os, initrd) },
    { "cmdline", K_STR, AT(struct domain_os, cmdline) },
    { "dtb", K_STR, AT(struct domain_os, dtb) },
    { "root", K_STR, AT(struct domain_os, root) },
    { "acpi/table@type", K_STR, AT(struct domain_os, acpi_table_type) },
    { "acpi/table", K_STR, AT(struct domain_os, acpi_table) },
    { "boot", K_LIST, AT(struct domain_os, boots), .sub = &os_boot_element },
    { "bootmenu@enable", K_YESNO, AT(struct domain_os, bootmenu) },
    { "bootmenu@timeout", K_U32, AT(struct domain_os, bootmenu_timeout), .max = 65535 },
    { "smbios@mode", K_ENUM, AT(struct domain_os, smbios), NAMES(smbios_mode_names) },
    { "bios@useserial", K_YESNO, AT(struct domain_os, bios_useserial) },
    { "bios@rebootTimeout", K_I64, AT(struct domain_os, reboot_timeout) },
};
const struct element os_element = { "os", sizeof(struct domain_os), FIELDS(os_fields) };

static const struct field sysinfo_entry_fields[] = {
    { "@name", K_STR, AT(struct sysinfo_entry, name) },
    { "@file", K_STR, AT(struct sysinfo_entry, file) },
    { "", K_STR, AT(struct sysinfo_entry, value) },
};
static const struct element sysinfo_entry_element = { "entry", sizeof(struct sysinfo_entry), FIELDS(sysinfo_entry_fields) };

static const struct field baseboard_fields[] = {
    { "entry", K_LIST, AT(struct baseboard, entries), .sub = &sysinfo_entry_element },
};
static const struct element baseboard_element = { "baseBoard", sizeof(struct baseboard), FIELDS(baseboard_fields) };

static const struct field sysinfo_fields[] = {
    { "@type", K_ENUM, AT(struct sysinfo, type), NAMES(sysinfo_type_names), .flags = F_REQUIRED },
    { "bios/entry", K_LIST, AT(struct sysinfo, bios), .sub = &sysinfo_entry_element },
    { "system/entry", K_LIST, AT(struct sysinfo, system), .sub = &sysinfo_entry_element },
    { "baseBoard", K_LIST, AT(struct sysinfo, baseboards), .sub = &baseboard_element },
    { "chassis/entry", K_LIST, AT(struct sysinfo, chassis), .sub = &sysinfo_entry_element },
    { "oemStrings/entry", K_LIST, AT(struct sysinfo, oem_strings), .sub = &sysinfo_entry_element },
    { "entry", K_LIST, AT(struct sysinfo, fwcfg), .sub = &sysinfo_entry_element },
};
const struct element sysinfo_element = { "sysinfo", sizeof(struct sysinfo), FIELDS(sysinfo_fields) };
