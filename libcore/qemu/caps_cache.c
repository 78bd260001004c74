/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/caps_env.h"
#include "qemu/caps_image.h"
#include "qemu/caps_probe.h"

/* A cache file is an image with one more line after its first, which sorts there: */
#define KEY_LINE "!vmutils-key\t"

/* Of a failure it has the first line, the key, "STATUS MILLISECONDS" (how long it was waited for) and the message. It may
 * have come of the moment (no memory, much load), hence believed for so long only: */
#define FAILED_MAGIC "!vmutils-failed 1\n"
enum { FAILED_S = 600, GIVEN_UP_S = 60, FAILED_MAX = 16384 };

long long caps_timeout(const struct caps_env *env)
{
    return env->timeout_ms ? env->timeout_ms : CAPS_TIMEOUT_MS;
}

/* --- the key ------------------------------------------------------------------------------- */

static void add_time(struct str *key, const char *what, struct timespec t)
{
    str_addf(key, " %s=%lld.%09ld", what, (long long)t.tv_sec, t.tv_nsec);
}

/* Where QEMU's own loader looks for modules, by distribution: a package that adds one changes what the emulator has. */
static void add_modules(struct str *key)
{
#ifdef __x86_64__
#define MULTIARCH "x86_64-linux-gnu"
#else
#define MULTIARCH "aarch64-linux-gnu"
#endif
    static const char *const dirs[] = { "/usr/lib/" MULTIARCH "/qemu", "/usr/lib/qemu", "/usr/lib64/qemu", "/usr/local/lib/qemu" };
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        struct stat st;
        if (stat(dirs[i], &st) == 0)
            add_time(key, "modules", st.st_mtim);
    }
}

static void add_file(struct str *key, const char *what, const char *path, size_t max)
{
    char text[512];
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, max < sizeof text ? max : sizeof text - 1);
    if (n <= 0)
        return;
    text[n] = 0;
    char *at = strstr(text, "microcode\t: ");
    at = at ? at + 12 : text;
    at[strcspn(at, "\n")] = 0;
    str_addf(key, " %s=%.64s", what, at);
}

/* The first processor's entry is enough, and the kernel makes no more of /proc/cpuinfo than is asked for. */
static void add_microcode(struct str *key)
{
    size_t before = key->len;
    add_file(key, "microcode", "/sys/devices/system/cpu/cpu0/microcode/version", 64);
    if (key->len == before)
        add_file(key, "cpu", "/proc/cpuinfo", 300);
}

static void add_kvm(struct str *key, const struct caps_env *env)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/dev/kvm", env->sysroot ? env->sysroot : "");
    if (stat(path, &st) == 0)
        str_addf(key, " kvm=%llx:%o:%u:%u", (unsigned long long)st.st_rdev, st.st_mode, st.st_uid, st.st_gid);
}

bool caps_key(const struct caps_env *env, const char *emulator, bool kvm, struct str *real, struct str *key, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    struct utsname u;
    if (!realpath(emulator, path) || stat(path, &st) < 0)
        return err_errno(e, "cannot use emulator %s", emulator);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ST_FAILED, "cannot use emulator %s: it is not a file", emulator);
    if (access(path, X_OK) < 0)
        return err_errno(e, "cannot run emulator %s", emulator);
    str_add(real, path);
    str_addf(key, "emulator=%s accel=%s size=%lld", path, kvm ? "kvm" : "tcg", (long long)st.st_size);
    add_time(key, "mtime", st.st_mtim);
    add_time(key, "ctime", st.st_ctim);
    add_modules(key);
    if (uname(&u) == 0)
        str_addf(key, " kernel=%s %s", u.release, u.version);
    add_kvm(key, env);
    if (kvm)
        add_microcode(key);
    for (size_t i = 0; i < key->len; i++)
        if ((unsigned char)key->p[i] < ' ')
            key->p[i] = '?';
    return true;
}

/* --- files --------------------------------------------------------------------------------- */

/* Readable by people who look into the directory; the hash tells paths of the same last part apart. */
static void file_name_of(char *out, size_t size, const char *real, bool kvm, const char *what)
{
    uint64_t h = 14695981039346656037u;
    for (const char *p = real; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    const char *base = strrchr(real, '/');
    snprintf(out, size, "%.100s-%016llx-%s.%s", base ? base + 1 : real, (unsigned long long)h, kvm ? "kvm" : "tcg", what);
}

static void file_name(char *out, size_t size, const char *real, bool kvm)
{
    file_name_of(out, size, real, kvm, "caps");
}

/* The key line stands in the first bytes, so one comparison tells. */
static bool key_matches(const struct caps *c, const char *key)
{
    static const size_t magic = sizeof CAPS_MAGIC - 1, word = sizeof KEY_LINE - 1;
    size_t n, k = strlen(key);
    const char *p = caps_image(c, &n);
    return n > magic + word + k && memcmp(p + magic, KEY_LINE, word) == 0 && memcmp(p + magic + word, key, k) == 0 &&
           p[magic + word + k] == '\n';
}

struct caps *caps_cache_open(const struct caps_env *env, const char *real, bool kvm, const char *key)
{
    char name[192], path[PATH_MAX];
    struct err ignored;
    struct stat st;
    if (!env->cache_dir || env->refresh)
        return NULL;
    file_name(name, sizeof name, real, kvm);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", env->cache_dir, name) >= sizeof path)
        return NULL;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    /* Whoever may write it could shorten it under us, or have us believe what it likes. */
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) || st.st_mode & 022)
        return NULL;
    struct caps *c = caps_map(fd, &ignored);
    if (c && !key_matches(c, key)) {
        caps_free(c);
        return NULL;
    }
    return c;
}

/* Made where it is missing. -1: there is none that others cannot write to. */
static int own_cache_dir(const struct caps_env *env)
{
    struct stat st;
    if (!env->cache_dir || mkdir_parents(env->cache_dir, 0700) < 0)
        return -1;
    autoclose int dir = dir_open_at(AT_FDCWD, env->cache_dir);
    if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || st.st_mode & 022)
        return -1;
    return steal_fd(&dir);
}

/* Where several miss the same answer, one asks and the others wait for it; no longer, though, than asking may take.
 * The lock is on the file that the answer replaces. */
static int wait_turn(const struct caps_env *env, const char *real, bool kvm)
{
    static const struct timespec moment = { 0, 2000000 };
    char name[192];
    autoclose int dir = own_cache_dir(env);
    file_name(name, sizeof name, real, kvm);
    int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    long long deadline = now_ms() + caps_timeout(env);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK && now_ms() < deadline)
        nanosleep(&moment, NULL);
    return fd;
}

/* What wait_turn made, when there is no answer to put there. */
static void drop_empty(const struct caps_env *env, const char *real, bool kvm)
{
    char name[192];
    struct stat st;
    autoclose int dir = own_cache_dir(env);
    file_name(name, sizeof name, real, kvm);
    if (dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == 0)
        unlinkat(dir, name, 0);
}

void caps_cache_keep(const struct caps_env *env, const char *real, bool kvm, const char *key, const struct str *image)
{
    static const size_t magic = sizeof CAPS_MAGIC - 1;
    char name[192], tmp[224];
    autoclose int dir = own_cache_dir(env);
    if (dir < 0)
        return;
    autostr struct str text = STR_INIT;
    str_addn(&text, image->p, magic);
    str_addf(&text, "%s%s\n", KEY_LINE, key);
    str_addn(&text, image->p + magic, image->len - magic);
    file_name(name, sizeof name, real, kvm);
    /* A name of our own for the new file: no lock is held, and several may be at it. The last one stands. */
    snprintf(tmp, sizeof tmp, "%s.%ld", name, (long)getpid());
    if (file_replace_at(dir, tmp, text.p, text.len, 0600, false) < 0 || renameat(dir, tmp, dir, name) < 0)
        unlinkat(dir, tmp, 0);
    file_name_of(name, sizeof name, real, kvm, "failed");
    unlinkat(dir, name, 0);
}

/* The next line of *at, cut off there; NULL: there is none. */
static char *cut_line(char **at)
{
    char *line = *at, *end = line ? strchr(line, '\n') : NULL;
    *at = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return end ? line : NULL;
}

bool caps_cache_failed(const struct caps_env *env, const char *real, bool kvm, const char *key, struct err *e)
{
    char name[192];
    struct stat st;
    autostr struct str text = STR_INIT;
    if (!env->cache_dir || env->refresh)
        return false;
    file_name_of(name, sizeof name, real, kvm, "failed");
    autoclose int dir = dir_open_at(AT_FDCWD, env->cache_dir);
    if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_uid != geteuid() && st.st_uid != 0) ||
        st.st_mode & 022)
        return false;
    long long age = (long long)time(NULL) - (long long)st.st_mtime;
    if (age < 0 || age > FAILED_S || file_read_at(dir, name, FAILED_MAX, true, &text) < 0 ||
        !str_starts(str_text(&text), FAILED_MAGIC))
        return false;
    char *at = text.p + sizeof FAILED_MAGIC - 1, *kept = cut_line(&at), *numbers = cut_line(&at), *message = cut_line(&at);
    int status;
    long long waited;
    if (!message || strcmp(kept, key) || sscanf(numbers, "%d %lld", &status, &waited) != 2 ||
        (status != ST_QEMU && status != ST_TIMEOUT) ||
        (status == ST_TIMEOUT && (waited < caps_timeout(env) || age > GIVEN_UP_S)))
        return false;
    err_set(e, (enum status)status, "%s (%lld min ago; caps-probe --refresh asks again)", message, age / 60);
    return true;
}

void caps_cache_keep_failure(const struct caps_env *env, const char *real, bool kvm, const char *key, const struct caps_job *job)
{
    char name[192];
    autostr struct str text = STR_INIT;
    if (!job->own_fault)
        return;
    autoclose int dir = own_cache_dir(env);
    if (dir < 0)
        return;
    file_name_of(name, sizeof name, real, kvm, "failed");
    str_addf(&text, FAILED_MAGIC "%s\n%d %lld\n%s\n", key, job->err.status, caps_timeout(env), job->err.text);
    file_replace_at(dir, name, text.p, text.len, 0600, false);
}

void caps_export(const char *image, size_t n, struct str *out)
{
    static const size_t magic = sizeof CAPS_MAGIC - 1, word = sizeof KEY_LINE - 1;
    const char *rest = image + magic, *end = image + n;
    if (n > magic + word && memcmp(rest, KEY_LINE, word) == 0) {
        const char *nl = memchr(rest, '\n', (size_t)(end - rest));
        rest = nl ? nl + 1 : end;
    }
    str_addn(out, image, magic);
    str_addn(out, rest, (size_t)(end - rest));
}

/* --- one emulator -------------------------------------------------------------------------- */

struct caps *caps_get(const struct caps_env *env, const char *emulator, bool kvm, struct err *e)
{
    autostr struct str real = STR_INIT, key = STR_INIT;
    if (!caps_may_run(env, emulator, e) || !caps_key(env, emulator, kvm, &real, &key, e))
        return NULL;
    struct caps *c = caps_cache_open(env, str_text(&real), kvm, str_text(&key));
    if (c)
        return c;
    if (caps_cache_failed(env, str_text(&real), kvm, str_text(&key), e))
        return NULL;
    const struct arch *guest = caps_arch_by_file(str_text(&real));
    if (kvm && guest && !arch_is_native(arch_host(), guest)) {
        err_set(e, ST_FAILED, "%s cannot use KVM: it is for '%s', not for this host's processor", emulator, guest->name);
        return NULL;
    }
    if (kvm && !caps_kvm_usable(env)) {
        err_set(e, ST_PERM, "cannot use KVM: /dev/kvm is not there or not permitted (try: type='qemu', or membership in group kvm)");
        return NULL;
    }
    autoclose int turn = wait_turn(env, str_text(&real), kvm);
    if (turn >= 0 && (c = caps_cache_open(env, str_text(&real), kvm, str_text(&key))))
        return c;
    if (turn >= 0 && caps_cache_failed(env, str_text(&real), kvm, str_text(&key), e)) {
        drop_empty(env, str_text(&real), kvm);
        return NULL;
    }
    struct caps_job job = { .emulator = str_text(&real), .kvm = kvm };
    caps_probe(&job, 1, 1, caps_timeout(env));
    if (job.ok) {
        caps_cache_keep(env, str_text(&real), kvm, str_text(&key), &job.image);
        c = caps_load(job.image.p, job.image.len, e);
    } else {
        *e = job.err;
        caps_cache_keep_failure(env, str_text(&real), kvm, str_text(&key), &job);
        drop_empty(env, str_text(&real), kvm);
    }
    str_release(&job.image);
    return c;
}
