/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/enter.h"
#include "guard/guard.h"
#include "guard/needs.h"

enum { FILTER_MAX = 1 << 16, SOCKET_TYPE = 0xf };

bool sockets_layer(struct guard *g, struct err *e)
{
    struct enter_sockets *s = &g->enter.sockets;
    const char *why = needs_unix_sockets(g->domain, g->arena);
    (void)e;
    if (enter_takes_label(&g->enter) && !g->root->privileged) {
        guard_add_process(g, "seccomp", NULL, "the label that QEMU takes on forbids it to a start by an ordinary user");
        return true;
    }
    s->no_io_uring = !needs_io_uring(g->domain);
    /* With io_uring a socket can be had past any filter. */
    s->no_unix = !why && s->no_io_uring;
    if (!s->no_io_uring && !why)
        why = "io='io_uring'";
    const char *label = s->no_unix ? "no AF_UNIX, no io_uring" : s->no_io_uring ? "no io_uring" : NULL;
    guard_add_process(g, "seccomp", label,
                      why ? arena_printf(g->arena, "sockets of this user are in reach: %s", why) : NULL);
    return true;
}

static bool fill(scmp_filter_ctx c, const struct enter_sockets *s)
{
    const uint32_t refuse = SCMP_ACT_ERRNO(EACCES);
    bool ok = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0;
    if (s->no_unix)
        /* Of a pair, only datagram sockets can be connected anew. */
        ok = ok && seccomp_rule_add(c, refuse, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) == 0 &&
             seccomp_rule_add(c, refuse, SCMP_SYS(socketpair), 2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
                              SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE, SOCK_DGRAM)) == 0;
    if (s->no_io_uring)
        ok = ok && seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0) == 0;
    return ok;
}

static bool export(scmp_filter_ctx c, struct enter_sockets *s)
{
    struct str text = STR_INIT;
    autoclose int fd = memfd_create("filter", MFD_CLOEXEC);
    bool ok = fd >= 0 && seccomp_export_bpf(c, fd) == 0 && lseek(fd, 0, SEEK_SET) == 0 && read_all(fd, FILTER_MAX, &text) >= 0;
    s->length = ok ? text.len / sizeof(struct sock_filter) : 0;
    s->filter = str_steal(&text);
    return ok && s->length;
}

bool sockets_prepare(struct enter *x, struct err *e)
{
    struct enter_sockets *s = &x->sockets;
    if (!s->no_unix && !s->no_io_uring)
        return true;
    scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = c && fill(c, s) && export(c, s);
    seccomp_release(c);
    return ok || err_set(e, ST_FAILED, "cannot make the seccomp filter of QEMU's sockets");
}

bool sockets_enter(const struct enter_sockets *s)
{
    struct sock_fprog program = { (unsigned short)s->length, (struct sock_filter *)(uintptr_t)s->filter };
    return !s->length || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

void sockets_release(struct enter_sockets *s)
{
    free((void *)(uintptr_t)s->filter);
    s->filter = NULL;
    s->length = 0;
}
