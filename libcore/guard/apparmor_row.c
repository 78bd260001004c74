/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/spawn.h"
#include "guard/apparmor.h"
#include "guard/apparmor_private.h"
#include "host/machine.h"

enum { PROFILE_MAX = 1 << 20, LOADING_MS = 60000 };

/* --- what the kernel has ------------------------------------------------------------------- */

/* One line for each profile: "NAME (MODE)". */
bool apparmor_loaded(const char *sysroot, const char *name, bool *loaded, struct err *e)
{
    char path[PATH_MAX];
    autostr struct str text = STR_INIT;
    *loaded = false;
    snprintf(path, sizeof path, "%s" APPARMOR_FS "/profiles", sysroot ? sysroot : "");
    if (file_read_at(AT_FDCWD, path, 16 << 20, false, &text) < 0)
        return err_errno(e, "cannot tell which AppArmor profiles are loaded: %s", path);
    size_t n = strlen(name);
    for (const char *p = str_text(&text); p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
        if (strncmp(p, name, n) == 0 && strncmp(p + n, " (", 2) == 0)
            *loaded = true;
    return true;
}

static bool remove_from_kernel(const char *sysroot, const char *name)
{
    /* Said to have this, the library (3.0) writes the name as it is; else it looks for policies in it and beyond. */
    static const char can[] = "policy {set_load {yes\n}\n}\n";
    char fs[PATH_MAX];
    aa_features *features = NULL;
    aa_kernel_interface *kernel = NULL;
    snprintf(fs, sizeof fs, "%s" APPARMOR_FS, sysroot ? sysroot : "");
    bool ok = aa_features_new_from_string(&features, can, sizeof can - 1) == 0 && aa_kernel_interface_new(&kernel, features, fs) == 0 &&
              (aa_kernel_interface_remove_policy(kernel, name) == 0 || errno == ENOENT);
    int error = errno;
    aa_kernel_interface_unref(kernel);
    aa_features_unref(features);
    errno = error;
    return ok;
}

/* --- profiles in the kernel ---------------------------------------------------------------- */

static const char *name_of(const struct row *row)
{
    return strrchr(row->object, '/') + 1;
}

/* The lock tells whether the parser is still at work, which may have outlived who ran it. */
static int lock_rules(const struct row *row, long long deadline)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.files", row->object);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EINTR && (errno != EWOULDBLOCK || ms_left(deadline) == 0)) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    return fd;
}

static bool load(const struct row *row, const struct row_context *c, struct err *e)
{
    char base[PATH_MAX], *env[] = { (char[]){ "LC_ALL=C" }, (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
    autoarena struct arena *a = arena_new();
    autostr struct str said = STR_INIT;
    const char *sysroot = root_sysroot(c->root), *parser = apparmor_parser(sysroot, a);
    long long deadline = now_ms() + LOADING_MS;
    bool loaded;
    if (!parser)
        return err_set(e, ST_FAILED, "apparmor_parser is not installed");
    snprintf(base, sizeof base, "%s/etc/apparmor.d", sysroot ? sysroot : "");
    autoclose int lock = lock_rules(row, deadline);
    if (lock < 0)
        return err_errno(e, "%s.files", row->object);
    /* No cache: a guest's rules are others the next time, and nothing is to be left. Nor is the profile made small, which
     * takes the parser two thirds of its time to save half of 100 KiB. */
    char *argv[] = { arena_strdup(a, parser), (char[]){ "--replace" }, (char[]){ "--skip-cache" }, (char[]){ "-Ono-expr-simplify" },
                     (char[]){ "-Ono-minimize" }, (char[]){ "--base" }, base, arena_strdup(a, row->object), NULL };
    int status = spawn_wait(argv, env, lock, deadline, &said);
    if (status < 0)
        return err_errno(e, "%s: apparmor_parser", row->object);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        autostr struct str shown = STR_INIT;
        str_add_shown(&shown, str_text(&said));
        return err_set(e, ST_FAILED, "%s: apparmor_parser refuses this profile: %.1000s", row->object, str_text(&shown));
    }
    if (!apparmor_loaded(sysroot, name_of(row), &loaded, e))
        return false;
    return loaded || err_set(e, ST_FAILED, "%s: there is no profile '%s' in it (try: remove that file, a new one is made)",
                             row->object, name_of(row));
}

static enum undo unload(const struct row *row, const struct row_context *c, struct err *e)
{
    /* What was loaded before is the administrator's, and no boot leaves anything. */
    if (!c->same_boot || streq(row->before, "loaded"))
        return UNDO_DONE;
    autoclose int lock = lock_rules(row, now_ms() + LOADING_MS);
    if (lock < 0 && errno != ENOENT) {
        err_errno(e, "%s.files", row->object);
        return UNDO_FAILED;
    }
    if (remove_from_kernel(root_sysroot(c->root), name_of(row)))
        return UNDO_DONE;
    err_errno(e, "cannot remove AppArmor's profile %s (try: aa-remove-unknown)", name_of(row));
    return UNDO_FAILED;
}

/* --- files --------------------------------------------------------------------------------- */

static int open_dir(const struct row *row, const char **name, struct err *e)
{
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", row->object);
    char *slash = strrchr(dir, '/');
    *slash = '\0';
    *name = strrchr(row->object, '/') + 1;
    return dir_open_trusted(dir, 0, 0, false, e);
}

static bool write_profile(const struct row *row, const struct row_context *c, struct err *e)
{
    const char *name;
    (void)c;
    autoclose int dir = open_dir(row, &name, e);
    if (dir < 0)
        return err_wrap(e, "%s", row->why);
    return file_replace_at(dir, name, row->wanted, strlen(row->wanted), 0644, true) == 0 || err_errno(e, "%s", row->object);
}

/* A death while it was written leaves this. */
static void remove_half(int dir, const char *name)
{
    char half[NAME_MAX + 1];
    snprintf(half, sizeof half, ".%.240s.new", name);
    unlinkat(dir, half, 0);
}

static enum undo restore_profile(const struct row *row, const struct row_context *c, struct err *e)
{
    const char *name;
    bool absent = streq(row->before, "absent");
    autostr struct str now = STR_INIT;
    (void)c;
    autoclose int dir = open_dir(row, &name, e);
    if (dir < 0)
        return e->status == ST_NOENT ? UNDO_DONE : UNDO_FAILED;
    remove_half(dir, name);
    bool there = file_read_at(dir, name, PROFILE_MAX, true, &now) == 0;
    if (!there && errno == ENOENT)
        return UNDO_DONE;
    if (there && streq(str_text(&now), row->before))
        return UNDO_DONE;
    if (!there || !streq(str_text(&now), row->wanted)) {
        err_set(e, ST_FAILED, "%s was edited since; kept", row->object);
        return UNDO_LEFT;
    }
    if (absent ? unlinkat(dir, name, 0) == 0 && fsync(dir) == 0
               : file_replace_at(dir, name, row->before, strlen(row->before), 0644, true) == 0)
        return UNDO_DONE;
    err_errno(e, "%s: cannot be put back", row->object);
    return UNDO_FAILED;
}

const struct row_kind apparmor_kinds[] = {
    { "profile", write_profile, restore_profile },
    { "apparmor", load, unload },
    { 0 },
};
