/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_smbios.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

static const char directory[] = "/sys/class/dmi/id";
enum { VALUE_MAX = 4096 };

static const struct {
    const char *file, *name; /* in the kernel's directory; of <entry> */
    int table;               /* of SMBIOS: 0 BIOS, 1 system, 2 base board, 3 chassis */
} known[] = {
    { "bios_vendor", "vendor", 0 },           { "bios_version", "version", 0 },
    { "bios_date", "date", 0 },               { "bios_release", "release", 0 },
    { "sys_vendor", "manufacturer", 1 },      { "product_name", "product", 1 },
    { "product_version", "version", 1 },      { "product_serial", "serial", 1 },
    { "product_sku", "sku", 1 },              { "product_family", "family", 1 },
    { "board_vendor", "manufacturer", 2 },    { "board_name", "product", 2 },
    { "board_version", "version", 2 },        { "board_serial", "serial", 2 },
    { "board_asset_tag", "asset", 2 },        { "chassis_vendor", "manufacturer", 3 },
    { "chassis_version", "version", 3 },      { "chassis_serial", "serial", 3 },
    { "chassis_asset_tag", "asset", 3 },
};

static const char *value(struct arena *a, int dir, const char *file)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(dir, file, VALUE_MAX, true, &text) < 0)
        return NULL;
    size_t n = strcspn(str_text(&text), "\n");
    while (n && text.p[n - 1] == ' ')
        n--;
    return n ? arena_strndup(a, text.p, n) : NULL;
}

const struct sysinfo *plan_smbios(struct arena *a, const char *sysroot, struct err *e)
{
    struct sysinfo *s = arena_alloc(a, sizeof *s);
    struct baseboard *board = arena_alloc(a, sizeof *board);
    *s = (struct sysinfo){ .type = SYSINFO_SMBIOS };
    *board = (struct baseboard){ .entries = { 0 } };
    void *const lists[] = { &s->bios, &s->system, &board->entries, &s->chassis };
    autoclose int dir = open(arena_printf(a, "%s%s", sysroot ? sysroot : "", directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        err_set(e, ST_NOENT, "<smbios> mode 'host': this host has no SMBIOS tables (%s is not there)", directory);
        return NULL;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct sysinfo_entry *entry = arena_alloc(a, sizeof *entry);
        *entry = (struct sysinfo_entry){ .name = known[i].name, .value = value(a, dir, known[i].file) };
        if (entry->value)
            list_add_raw(a, lists[known[i].table], entry);
    }
    if (board->entries.n)
        list_add(a, &s->baseboards, board);
    return s;
}
