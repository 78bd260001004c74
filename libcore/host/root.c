/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/root.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"

/* Where each directory is, below the bases that a kind of root has. */
enum base { CONFIG, STATE, RUNTIME, CACHE, N_BASES };

struct place {
    const char *system;
    enum base base;      /* of a session */
    const char *session; /* below that base */
    const char *embed;   /* below its root */
    mode_t mode;         /* in roots of root; users' directories are always 0700 */
    bool trusted, closed;
};

static const struct place places[ROOT_DIRS] = {
    [ROOT_ETC] = { "/etc/libvirt/qemu", CONFIG, "libvirt/qemu", "etc/qemu", 0755, true, false },
    [ROOT_AUTOSTART] = { "/etc/libvirt/qemu/autostart", CONFIG, "libvirt/qemu/autostart", "etc/qemu/autostart", 0755,
                         true, false },
    [ROOT_LIB] = { "/var/lib/libvirt/qemu", CONFIG, "libvirt/qemu/lib", "lib/qemu", 0751, false, false },
    [ROOT_NVRAM] = { "/var/lib/libvirt/qemu/nvram", CONFIG, "libvirt/qemu/nvram", "lib/qemu/nvram", 0751, false,
                     false },
    [ROOT_RUN] = { "/run/libvirt/qemu", RUNTIME, "libvirt/qemu/run", "run/qemu", 0755, false, false },
    [ROOT_CACHE] = { "/var/cache/libvirt/qemu", CACHE, "libvirt/qemu/cache", "cache/qemu", 0755, false, false },
    [ROOT_LOG] = { "/var/log/libvirt/qemu", CACHE, "libvirt/qemu/log", "log/qemu", 0755, false, false },
    [ROOT_STATE] = { "/var/lib/libvirt/vmutils", STATE, "vmutils", "lib/vmutils", 0700, true, true },
    /* A claim stands for a thing of the host, so embed roots share those of the system or session. */
    [ROOT_CLAIMS] = { "/run/libvirt/vmutils/claims", RUNTIME, "vmutils/claims", NULL, 0700, true, true },
    [ROOT_PROBES] = { "/var/cache/libvirt/vmutils", CACHE, "vmutils", "cache/vmutils", 0700, true, true },
    [ROOT_LOG_SWTPM] = { "/var/log/swtpm/libvirt/qemu", CACHE, "libvirt/qemu/log/swtpm", "log/swtpm", 0751, false,
                         false },
    [ROOT_RUN_SWTPM] = { "/run/libvirt/qemu/swtpm", RUNTIME, "libvirt/qemu/run/swtpm", "run/swtpm", 0751, false,
                         false },
    [ROOT_LIB_SWTPM] = { "/var/lib/libvirt/swtpm", CONFIG, "libvirt/qemu/swtpm", "lib/swtpm", 0751, false, false },
    [ROOT_PKI] = { "/etc/pki/qemu", CONFIG, "pki/qemu", "etc/pki/qemu", 0755, false, false },
};

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *uri_decode(struct arena *a, const char *text, size_t n)
{
    char *out = arena_alloc(a, n + 1), *p = out;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '%') {
            *p++ = text[i];
            continue;
        }
        int high = i + 2 < n ? hex(text[i + 1]) : -1;
        int low = i + 2 < n ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return NULL;
        *p++ = (char)(high << 4 | low);
        i += 2;
    }
    return out;
}

static const char *home_dir(struct arena *a)
{
    const char *home = getenv("HOME");
    if (home && *home == '/')
        return home;
    const struct passwd *pw = getpwuid(geteuid());
    return pw && pw->pw_dir && *pw->pw_dir == '/' ? arena_strdup(a, pw->pw_dir) : "/";
}

static const char *xdg(struct arena *a, const char *variable, const char *fallback)
{
    const char *v = getenv(variable);
    return v && *v == '/' ? v : arena_printf(a, "%s/%s", home_dir(a), fallback);
}

static const char *runtime_dir(struct arena *a, const char *cache)
{
    const char *v = getenv("XDG_RUNTIME_DIR");
    if (v && *v == '/')
        return v;
    const char *path = arena_printf(a, "/run/user/%u", (unsigned)geteuid());
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid())
        return path;
    return cache;
}

static void fill(struct root *r, struct arena *a)
{
    const char *base[N_BASES];
    base[CONFIG] = xdg(a, "XDG_CONFIG_HOME", ".config");
    base[STATE] = xdg(a, "XDG_STATE_HOME", ".local/state");
    base[CACHE] = xdg(a, "XDG_CACHE_HOME", ".cache");
    base[RUNTIME] = runtime_dir(a, base[CACHE]);
    for (int i = 0; i < ROOT_DIRS; i++) {
        const struct place *p = &places[i];
        bool system = r->kind == ROOT_SYSTEM || (r->kind == ROOT_EMBED && r->privileged);
        if (r->kind == ROOT_EMBED && p->embed)
            r->dir[i] = arena_printf(a, "%s/%s", r->base, p->embed);
        else if (system)
            r->dir[i] = p->system;
        else
            r->dir[i] = arena_printf(a, "%s/%s", base[p->base], p->session);
    }
    r->conf = r->kind == ROOT_SYSTEM    ? "/etc/libvirt/qemu.conf"
              : r->kind == ROOT_SESSION ? arena_printf(a, "%s/libvirt/qemu.conf", base[CONFIG])
                                        : arena_printf(a, "%s/etc/qemu.conf", r->base);
}

/* The value of root= in a query "a=b&root=/x", decoded. Other parameters (libvirt's mode=, socket=)
 * choose a daemon and mean nothing here. */
static bool embed_base(struct root *r, struct arena *a, const char *uri, const char *query, struct err *e)
{
    for (const char *p = query; p && *p;) {
        size_t n = strcspn(p, "&;");
        if (strncmp(p, "root=", 5) == 0) {
            char *base = uri_decode(a, p + 5, n - 5);
            if (!base)
                return err_set(e, ST_USAGE, "URI '%s': broken %%XX in the embed root", uri);
            if (*base != '/')
                return err_set(e, ST_USAGE,
                               "URI '%s': the embed root '%s' is not an absolute path "
                               "(try: qemu:///embed?root=/absolute/directory)",
                               uri, base);
            size_t len = strlen(base);
            while (len > 1 && base[len - 1] == '/')
                base[--len] = '\0';
            /* "/" itself as root: paths then begin with one slash. */
            r->base = len == 1 ? "" : base;
            return true;
        }
        p += n + (p[n] != '\0');
    }
    return err_set(e, ST_USAGE, "URI '%s': no root is named (try: qemu:///embed?root=/absolute/directory)", uri);
}

static bool remote_refused(const char *uri, const char *transport, size_t n, const char *host, struct err *e)
{
    size_t len = strcspn(host, "/?#");
    if (n == 3 && strncmp(transport, "ssh", 3) == 0)
        return err_set(e, ST_USAGE, "URI '%s': guests of another host are not reached from here yet "
                                    "(try the program there, through ssh)", uri);
    return err_set(e, ST_USAGE,
                   "URI '%s': a connection to a daemon on another host is not supported, there is no daemon "
                   "(try: qemu+ssh://%.*s/system)",
                   uri, (int)len, host);
}

static bool parse_uri(struct root *r, struct arena *a, const char *uri, struct err *e)
{
    size_t scheme = strcspn(uri, ":/?#");
    if (strncmp(uri + scheme, "://", 3) != 0 || strncmp(uri, "qemu", 4) != 0 || (uri[4] != '+' && scheme != 4))
        return err_set(e, ST_USAGE, "URI '%s': not a QEMU one (try: qemu:///system, qemu:///session or "
                                    "qemu:///embed?root=/directory)",
                       uri);
    const char *transport = uri[4] == '+' ? uri + 5 : "";
    size_t n = uri[4] == '+' ? scheme - 5 : 0;
    const char *path = uri + scheme + 3;
    bool local = n == 0 || (n == 4 && strncmp(transport, "unix", 4) == 0);
    if (!local || *path != '/')
        return remote_refused(uri, transport, n, path, e);
    size_t len = strcspn(path, "?#");
    const char *query = path[len] == '?' ? path + len + 1 : NULL;
    if (len == 7 && strncmp(path, "/system", 7) == 0) {
        r->kind = ROOT_SYSTEM;
        r->uri = "qemu:///system";
    } else if (len == 8 && strncmp(path, "/session", 8) == 0) {
        r->kind = ROOT_SESSION;
        r->uri = "qemu:///session";
    } else if (len == 6 && strncmp(path, "/embed", 6) == 0) {
        r->kind = ROOT_EMBED;
        r->uri = arena_strdup(a, uri);
        return embed_base(r, a, uri, query, e);
    } else {
        return err_set(e, ST_USAGE, "URI '%s': no such path (try: qemu:///system, qemu:///session or "
                                    "qemu:///embed?root=/directory)",
                       uri);
    }
    return true;
}

bool root_init(struct root *r, struct arena *a, const char *uri, struct err *e)
{
    memset(r, 0, sizeof *r);
    r->privileged = geteuid() == 0;
    if (!uri || !*uri)
        uri = getenv("LIBVIRT_DEFAULT_URI");
    if (!uri || !*uri)
        uri = r->privileged ? "qemu:///system" : "qemu:///session";
    if (!parse_uri(r, a, uri, e))
        return false;
    fill(r, a);
    return true;
}

static int open_place(const struct root *r, enum root_dir which, bool make, struct err *e)
{
    const struct place *p = &places[which];
    const char *path = r->dir[which];
    bool open = r->privileged && r->kind != ROOT_SESSION;
    mode_t mode = open ? p->mode : 0700;
    if (p->trusted)
        return dir_open_trusted(path, make ? mode : 0, open ? 0755 : 0700, p->closed, e);
    if (make && mkdir_parents(path, mode) < 0) {
        err_errno(e, "cannot make directory %s", path);
        return -1;
    }
    int fd = dir_open_at(AT_FDCWD, path);
    if (fd < 0)
        err_errno(e, "cannot open directory %s", path);
    return fd;
}

int root_open(const struct root *r, enum root_dir which, bool make, struct err *e)
{
    int fd = open_place(r, which, make, e);
    if (fd < 0 && e->status == ST_PERM && r->kind == ROOT_SYSTEM && !r->privileged)
        err_add(e, " (try: sudo, or -c qemu:///session)");
    return fd;
}

bool root_make_for(const struct root *r, enum root_dir which, uid_t uid, gid_t gid, struct err *e)
{
    struct stat st;
    if (!r->privileged || lstat(r->dir[which], &st) == 0 || errno != ENOENT)
        return true;
    autoclose int fd = root_open(r, which, true, e);
    return fd >= 0 && (fchown(fd, uid, gid) == 0 || err_errno(e, "%s: cannot give it to QEMU's user", r->dir[which]));
}
