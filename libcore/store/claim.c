/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/claim.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* The one file that stays: whoever has opened it may be about to lock a byte. */
#define OBJECTS "objects"

/* How long the one who sweeps is waited for at most: it needs microseconds. */
enum { SWEEP_MS = 2000 };

static uint64_t fnv(uint64_t h, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text;; p++) {
        h = (h ^ *p) * 0x100000001b3ULL;
        if (!*p)
            return h;
    }
}

static void hash_guest(unsigned long long h[2], const char *state_dir, const char *guest)
{
    h[0] = fnv(fnv(0xcbf29ce484222325ULL, state_dir), guest);
    h[1] = fnv(fnv(0x9ae16a3b2f90404fULL, guest), state_dir);
}

void claim_guest_name(char out[CLAIM_NAME], const char *state_dir, const char *guest)
{
    unsigned long long h[2];
    hash_guest(h, state_dir, guest);
    snprintf(out, CLAIM_NAME, "guest-%016llx%016llx", h[0], h[1]);
}

static bool lock_file(int fd, bool shared)
{
    struct flock whole = { .l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

/* What was locked must still be what the name means: the one before may have removed it. */
static bool still_there(int dir, const char *name, int fd)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* Whoever sweeps holds what it looks at for a moment, and by a lock of the process: such a lock has a pid, a claim's
 * has none. */
static bool swept_now(int fd)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_GETLK, &l) == 0 && (l.l_type == F_UNLCK || l.l_pid != -1);
}

int claim_take(int dir, const char *name, bool shared, long long deadline, bool *busy, struct err *e)
{
    long long sweepers = now_ms() + SWEEP_MS;
    *busy = false;
    for (;;) {
        autoclose int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
            err_errno(e, "claim %s", name);
            return -1;
        }
        if (lock_file(fd, shared)) {
            if (still_there(dir, name, fd))
                return steal_fd(&fd);
            continue;
        }
        if (errno != EAGAIN && errno != EACCES) {
            err_errno(e, "claim %s", name);
            return -1;
        }
        if (ms_left(deadline) == 0 && (ms_left(sweepers) == 0 || !swept_now(fd))) {
            *busy = true;
            err_set(e, ST_BUSY, "claim %s is held by another process", name);
            return -1;
        }
        poll(NULL, 0, ms_left(deadline) == 0 ? 1 : 5);
    }
}

void claim_drop(int dir, const char *name, int fd)
{
    if (fd < 0)
        return;
    if (lock_file(fd, false) && still_there(dir, name, fd))
        unlinkat(dir, name, 0);
    close(fd);
}

static void sweep_one(int dir, const char *name)
{
    struct stat st;
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    autoclose int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fcntl(fd, F_SETLK, &whole) == 0 &&
        still_there(dir, name, fd))
        unlinkat(dir, name, 0);
}

bool claim_sweep(int dir, struct err *e)
{
    int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autodir DIR *d = own < 0 ? NULL : fdopendir(own);
    if (!d)
        return err_errno(e, "cannot read the claims");
    for (struct dirent *f; (f = readdir(d));)
        if (*f->d_name != '.' && strcmp(f->d_name, OBJECTS))
            sweep_one(dir, f->d_name);
    return true;
}

static bool port_free(const char *address, int port)
{
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    if (getaddrinfo(address, service, &hints, &list) != 0)
        return true; /* QEMU will say what is wrong with the address */
    bool ok = true;
    for (struct addrinfo *a = list; a && ok; a = a->ai_next) {
        autoclose int s = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int one = 1;
        if (s < 0)
            continue;
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (a->ai_family == AF_INET6)
            setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
        ok = bind(s, a->ai_addr, a->ai_addrlen) == 0 || errno != EADDRINUSE;
    }
    freeaddrinfo(list);
    return ok;
}

int claim_port(int dir, const char *address, int from, int to, int *port, struct err *e)
{
    for (*port = from; *port <= to; ++*port) {
        char name[CLAIM_NAME];
        bool busy;
        snprintf(name, sizeof name, "port-%d", *port);
        long long deadline = now_ms() + (from == to ? CLAIM_DYING_MS : 0);
        int fd = claim_take(dir, name, false, deadline, &busy, e);
        bool ours = fd >= 0 && port_free(address, *port);
        while (fd >= 0 && !ours && ms_left(deadline) > 0) {
            poll(NULL, 0, 5);
            ours = port_free(address, *port);
        }
        if (ours)
            return fd;
        if (fd >= 0)
            claim_drop(dir, name, fd);
        else if (!busy)
            return -1;
    }
    if (from == to)
        err_set(e, ST_BUSY, "port %d is taken", from);
    else
        err_set(e, ST_BUSY, "no port from %d to %d is free", from, to);
    return -1;
}

/* Two bytes for each object: its users, and the one who is changing it. Birth times are left out: the same object has the
 * same number for everyone who can see it. */
static off_t byte_of(const struct identity *id, int which)
{
    uint64_t h = 0xcbf29ce484222325ULL;
    const unsigned long long parts[2] = { id->dev, id->ino };
    const unsigned char *p = (const unsigned char *)parts;
    for (size_t i = 0; i < sizeof parts; i++)
        h = (h ^ p[i]) * 0x100000001b3ULL;
    h ^= h >> 29;
    return (off_t)((h >> 2 << 1) + (uint64_t)which) & INT64_MAX;
}

static struct flock one_byte(const struct identity *id, int which, short type)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte_of(id, which), .l_len = 1 };
}

int claim_objects(int dir, struct err *e)
{
    int fd = openat(dir, OBJECTS, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        err_errno(e, "claim objects");
    return fd;
}

static bool lock_byte(int fd, const struct identity *id, int which, short type, long long deadline, bool *busy, struct err *e)
{
    struct flock l = one_byte(id, which, type);
    *busy = false;
    while (fcntl(fd, F_OFD_SETLK, &l) < 0) {
        if (errno != EAGAIN && errno != EACCES)
            return err_errno(e, "claim on an object");
        if (ms_left(deadline) == 0) {
            *busy = true;
            return err_set(e, ST_BUSY, "another command is working on it");
        }
        poll(NULL, 0, 2);
    }
    return true;
}

bool claim_object_use(int fd, const struct identity *id, long long deadline, struct err *e)
{
    bool busy;
    return lock_byte(fd, id, 0, F_RDLCK, deadline, &busy, e);
}

bool claim_object_alone(int fd, const struct identity *id, long long deadline, bool *busy, struct err *e)
{
    for (;;) {
        struct flock l = one_byte(id, 0, F_RDLCK);
        if (lock_byte(fd, id, 0, F_WRLCK, now_ms(), busy, e))
            return true;
        if (!*busy || ms_left(deadline) == 0 || fcntl(fd, F_OFD_GETLK, &l) < 0)
            return false;
        /* No reader is kept out: it is used. */
        if (l.l_type == F_UNLCK && !lock_byte(fd, id, 0, F_WRLCK, now_ms(), busy, e))
            return false;
        if (l.l_type == F_UNLCK)
            return true;
        poll(NULL, 0, 2);
    }
}

bool claim_object_used(int fd, const struct identity *id)
{
    struct flock l = one_byte(id, 0, F_WRLCK);
    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

struct identity claim_object_guest(const char *state_dir, const char *guest)
{
    unsigned long long h[2];
    hash_guest(h, state_dir, guest);
    return (struct identity){ .known = true, .dev = h[0], .ino = h[1] };
}

bool claim_objects_left(int dir, const struct identity *guest, long long deadline, bool *busy, struct err *e)
{
    autoclose int fd = claim_objects(dir, e);
    *busy = false;
    while (fd >= 0 && claim_object_used(fd, guest)) {
        if (ms_left(deadline) == 0) {
            *busy = true;
            return err_set(e, ST_BUSY, "another process uses its objects");
        }
        poll(NULL, 0, 2);
    }
    return fd >= 0;
}

void claim_object_leave(int fd, const struct identity *id)
{
    struct flock l = one_byte(id, 0, F_UNLCK);
    fcntl(fd, F_OFD_SETLK, &l);
}

bool claim_object_begin(int fd, const struct identity *id, long long deadline, struct err *e)
{
    bool busy;
    return lock_byte(fd, id, 1, F_WRLCK, deadline, &busy, e);
}

void claim_object_done(int fd, const struct identity *id)
{
    struct flock l = one_byte(id, 1, F_UNLCK);
    fcntl(fd, F_OFD_SETLK, &l);
}
