/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "guard/selinux_kernel.h"

/* By the magic numbers of statfs(2). The booleans are those of the reference policy. */
static const struct {
    unsigned long magic;
    const char *name;
    bool shared;
    const char *boolean;
} types[] = {
    { 0x6969, "nfs", true, "virt_use_nfs" },
    { 0xff534d42, "cifs", true, "virt_use_samba" },
    { 0xfe534d42, "smb2", true, "virt_use_samba" },
    { 0x517b, "smbfs", true, "virt_use_samba" },
    { 0x65735546, "fuse", false, "virt_use_fusefs" },
    { 0x00c36400, "ceph", true, NULL },
    { 0x4d44, "fat", false, NULL },
    { 0x2011bab0, "exfat", false, NULL },
    { 0x5346544e, "ntfs", false, NULL },
    { 0x7366746e, "ntfs3", false, NULL },
    { 0x9660, "iso9660", false, NULL },
    { 0x01021997, "9p", false, NULL },
};

static bool mount_id(int fd, char id[16])
{
    char path[40];
    autostr struct str text = STR_INIT;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    if (file_read_at(AT_FDCWD, path, 1 << 16, false, &text) < 0)
        return false;
    const char *at = strstr(str_text(&text), "mnt_id:");
    return at && sscanf(at + strlen("mnt_id:"), "%15s", id) == 1;
}

/* The kernel shows "seclabel" among the options of a mount whose files have labels of their own. 1, 0, -1: it does not tell. */
static int mounted_with_labels(int fd)
{
    char id[16];
    autostr struct str text = STR_INIT;
    if (!mount_id(fd, id) || file_read_at(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, false, &text) < 0)
        return -1;
    for (char *line = text.p, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        size_t n = strlen(id);
        if (strncmp(line, id, n) || line[n] != ' ')
            continue;
        const char *options = strstr(line, " - ");
        return options && strstr(options, "seclabel") != NULL;
    }
    return -1;
}

static bool has_attribute(int fd)
{
    char self[40], value[1];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return getxattr(self, "security.selinux", value, 0) >= 0 || (errno != ENOTSUP && errno != ENOSYS);
}

void selinux_fs(int fd, struct selinux_fs *fs)
{
    struct statfs st;
    *fs = (struct selinux_fs){ .name = "this file system" };
    int labels = selinux_at_work() ? mounted_with_labels(fd) : -1;
    fs->carries = labels < 0 ? has_attribute(fd) : labels;
    if (fstatfs(fd, &st) < 0)
        return;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].magic == ((unsigned long)st.f_type & 0xffffffff)) {
            fs->name = types[i].name;
            fs->shared = types[i].shared;
            fs->boolean = types[i].boolean;
        }
}
