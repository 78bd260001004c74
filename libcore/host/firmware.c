/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/firmware.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <jansson.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct entry {
    const char *name, *path;
};
typedef LIST(struct entry) entries;

static void list_dir(struct arena *a, const char *dir, entries *found)
{
    autodir DIR *d = opendir(dir);
    struct dirent *de;
    while (d && (de = readdir(d))) {
        if (de->d_name[0] == '.' || !str_ends(de->d_name, ".json"))
            continue;
        size_t i = 0;
        while (i < found->n && !streq(found->v[i]->name, de->d_name))
            i++;
        if (i == found->n) {
            struct entry *fresh = arena_alloc(a, sizeof *fresh);
            fresh->name = arena_strdup(a, de->d_name);
            list_add(a, found, fresh);
        }
        found->v[i]->path = arena_printf(a, "%s/%s", dir, de->d_name);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct entry *const *)a)->name, (*(struct entry *const *)b)->name);
}

static const char *string(struct arena *a, json_t *object, const char *key)
{
    return arena_strdup(a, json_string_value(json_object_get(object, key)));
}

static bool has(json_t *array, const char *word)
{
    size_t i;
    json_t *v;
    json_array_foreach(array, i, v)
        if (streq(json_string_value(v), word))
            return true;
    return false;
}

static void read_features(struct firmware *f, json_t *features)
{
    static const struct {
        const char *name;
        size_t at;
    } names[] = {
        { "secure-boot", offsetof(struct firmware, secure_boot) },
        { "enrolled-keys", offsetof(struct firmware, enrolled_keys) },
        { "requires-smm", offsetof(struct firmware, requires_smm) },
        { "acpi-s3", offsetof(struct firmware, acpi_s3) },
        { "acpi-s4", offsetof(struct firmware, acpi_s4) },
        { "amd-sev", offsetof(struct firmware, amd_sev) },
        { "amd-sev-es", offsetof(struct firmware, amd_sev_es) },
        { "verbose-static", offsetof(struct firmware, verbose_static) },
        { "verbose-dynamic", offsetof(struct firmware, verbose_dynamic) },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        *(bool *)((char *)f + names[i].at) = has(features, names[i].name);
}

static bool read_mapping(struct arena *a, struct firmware *f, json_t *mapping)
{
    static const char *const devices[] = { "flash", "memory", "kernel" };
    const char *device = json_string_value(json_object_get(mapping, "device"));
    int d = device ? name_index(devices, 3, device) : -1;
    if (d < 0)
        return false;
    f->device = (enum firmware_device)d;
    if (f->device != FIRMWARE_FLASH) {
        f->path = string(a, mapping, "filename");
        return f->path;
    }
    json_t *code = json_object_get(mapping, "executable"), *vars = json_object_get(mapping, "nvram-template");
    f->path = string(a, code, "filename");
    f->path_format = string(a, code, "format");
    f->nvram_template = string(a, vars, "filename");
    f->nvram_format = string(a, vars, "format");
    return f->path;
}

static void read_targets(struct arena *a, struct firmware *f, json_t *targets)
{
    size_t i, j;
    json_t *t, *m;
    json_array_foreach(targets, i, t) {
        json_t *machines = json_object_get(t, "machines");
        struct firmware_target *to = arena_alloc(a, sizeof *to);
        to->arch = string(a, t, "architecture");
        to->machines = arena_array(a, json_array_size(machines) + 1, sizeof *to->machines);
        json_array_foreach(machines, j, m)
            if (json_is_string(m))
                to->machines[to->n++] = arena_strdup(a, json_string_value(m));
        if (to->arch)
            list_add(a, &f->targets, to);
    }
}

static struct firmware *read_one(struct arena *a, const char *path, struct notes *notes)
{
    autostr struct str text = STR_INIT;
    json_error_t error;
    if (file_read_at(AT_FDCWD, path, 1 << 20, false, &text) < 0) {
        note_add(notes, "firmware descriptor %s: %s", path, strerror(errno));
        return NULL;
    }
    if (!text.len)
        return NULL;
    json_t *root = json_loadb(text.p, text.len, 0, &error);
    struct firmware *f = arena_alloc(a, sizeof *f);
    f->file = path;
    if (!root || !read_mapping(a, f, json_object_get(root, "mapping"))) {
        note_add(notes, "firmware descriptor %s: %s", path, root ? "it names no firmware file" : error.text);
        json_decref(root);
        return NULL;
    }
    json_t *types = json_object_get(root, "interface-types");
    f->uefi = has(types, "uefi");
    f->bios = has(types, "bios");
    read_features(f, json_object_get(root, "features"));
    read_targets(a, f, json_object_get(root, "targets"));
    json_decref(root);
    return f;
}

void firmware_find(struct arena *a, const char *sysroot, struct firmwares *found, struct notes *notes)
{
    const char *root = sysroot ? sysroot : "", *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    entries e = { 0, NULL };
    list_dir(a, arena_printf(a, "%s/usr/share/qemu/firmware", root), &e);
    list_dir(a, arena_printf(a, "%s/etc/qemu/firmware", root), &e);
    if (!*root && geteuid() != 0 && config && *config == '/')
        list_dir(a, arena_printf(a, "%s/qemu/firmware", config), &e);
    else if (!*root && geteuid() != 0 && home && *home == '/')
        list_dir(a, arena_printf(a, "%s/.config/qemu/firmware", home), &e);
    if (e.n)
        qsort(e.v, e.n, sizeof *e.v, by_name);
    for (size_t i = 0; i < e.n; i++) {
        struct firmware *f = read_one(a, e.v[i]->path, notes);
        if (f)
            list_add(a, &found->list, f);
    }
}

bool firmware_fits(const struct firmware *f, const char *target, const char *machine)
{
    for (size_t i = 0; i < f->targets.n; i++) {
        const struct firmware_target *t = f->targets.v[i];
        if (!streq(t->arch, target))
            continue;
        for (size_t j = 0; j < t->n; j++)
            if (fnmatch(t->machines[j], machine, 0) == 0)
                return true;
    }
    return false;
}
