/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/firmware.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_pull.h"

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

static void read_features(struct firmware *f, struct pull *p)
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
    struct span s;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s))
            for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (span_eq(s, names[i].name))
                    *(bool *)((char *)f + names[i].at) = true;
}

static void read_interfaces(struct firmware *f, struct pull *p)
{
    struct span s;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s)) {
            f->uefi |= span_eq(s, "uefi");
            f->bios |= span_eq(s, "bios");
        }
}

/* A file of flash: {"filename": …, "format": …}. */
static void read_file(struct arena *a, struct pull *p, const char **name, const char **format)
{
    struct span key;
    for (pull_object(p); pull_key(p, &key);)
        if (span_eq(key, "filename"))
            pull_text(p, a, name);
        else if (span_eq(key, "format"))
            pull_text(p, a, format);
        else
            pull_skip(p);
}

static void read_mapping(struct arena *a, struct firmware *f, struct pull *p)
{
    static const char *const devices[] = { "flash", "memory", "kernel" };
    const char *device = NULL, *code = NULL, *other = NULL;
    struct span key;
    for (pull_object(p); pull_key(p, &key);)
        if (span_eq(key, "device"))
            pull_text(p, a, &device);
        else if (span_eq(key, "filename"))
            pull_text(p, a, &other);
        else if (span_eq(key, "executable"))
            read_file(a, p, &code, &f->path_format);
        else if (span_eq(key, "nvram-template"))
            read_file(a, p, &f->nvram_template, &f->nvram_format);
        else
            pull_skip(p);
    int d = device ? name_index(devices, 3, device) : -1;
    if (d < 0)
        return;
    f->device = (enum firmware_device)d;
    f->path = f->device == FIRMWARE_FLASH ? code : other;
}

static void read_target(struct arena *a, struct firmware *f, struct pull *p)
{
    struct firmware_target *to = arena_alloc(a, sizeof *to);
    struct span key;
    const char *machine;
    for (pull_object(p); pull_key(p, &key);)
        if (span_eq(key, "architecture"))
            pull_text(p, a, &to->arch);
        else if (span_eq(key, "machines"))
            for (pull_array(p); pull_item(p);) {
                if (pull_text(p, a, &machine))
                    list_add(a, &to->machines, machine);
            }
        else
            pull_skip(p);
    if (to->arch)
        list_add(a, &f->targets, to);
}

static struct firmware *read_one(struct arena *a, const char *path, struct notes *notes)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, path, 1 << 20, false, &text) < 0) {
        note_add(notes, "firmware descriptor %s: %s", path, strerror(errno));
        return NULL;
    }
    if (!text.len)
        return NULL;
    struct firmware *f = arena_alloc(a, sizeof *f);
    struct pull p = pull_start(text.p, text.len);
    struct span key;
    f->file = path;
    for (pull_object(&p); pull_key(&p, &key);)
        if (span_eq(key, "mapping"))
            read_mapping(a, f, &p);
        else if (span_eq(key, "interface-types"))
            read_interfaces(f, &p);
        else if (span_eq(key, "features"))
            read_features(f, &p);
        else if (span_eq(key, "targets"))
            for (pull_array(&p); pull_item(&p);)
                read_target(a, f, &p);
        else
            pull_skip(&p);
    if (pull_end(&p) && f->path)
        return f;
    note_add(notes, "firmware descriptor %s: %s", path, pull_end(&p) ? "it names no firmware file" : "it is not JSON");
    return NULL;
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
        for (size_t j = 0; j < t->machines.n; j++)
            if (fnmatch(t->machines.v[j], machine, 0) == 0)
                return true;
    }
    return false;
}
