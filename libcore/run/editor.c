/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/editor.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { MAX_WORDS = 32 };

struct outcome {
    bool ok;
    struct err err;
};

const char *editor_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && *tmp == '/' ? tmp : "/tmp";
}

/* $EDITOR may have options ("emacs -nw"): words between blanks, no shell. */
static void editor_words(struct arena *a, const char *file, char *words[MAX_WORDS + 2])
{
    const char *editor = getenv("VISUAL");
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !editor[strspn(editor, " \t")])
        editor = "vi";
    size_t n = 0;
    char *save, *copy = arena_strdup(a, editor);
    for (char *w = strtok_r(copy, " \t", &save); w && n < MAX_WORDS; w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    words[n++] = arena_strdup(a, file);
    words[n] = NULL;
}

/* ^C in the editor is the editor's: like system(3), who waits for it does not die by it. */
struct interrupts {
    struct sigaction old_int, old_quit;
};

static void ignore_interrupts(struct interrupts *i)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGINT, &ignore, &i->old_int);
    sigaction(SIGQUIT, &ignore, &i->old_quit);
}

static void heed_interrupts(const struct interrupts *i)
{
    sigaction(SIGINT, &i->old_int, NULL);
    sigaction(SIGQUIT, &i->old_quit, NULL);
}

static bool run(struct arena *a, const char *file, struct err *e)
{
    char *words[MAX_WORDS + 2];
    struct interrupts i;
    int status;
    editor_words(a, file, words);
    ignore_interrupts(&i);
    pid_t pid = fork();
    if (pid == 0) {
        heed_interrupts(&i);
        execvp(words[0], words);
        _exit(errno == ENOENT ? 127 : 126);
    }
    int error = errno;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    heed_interrupts(&i);
    errno = error;
    if (pid < 0)
        return err_errno(e, "cannot run the editor %s", words[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
        return err_set(e, ST_FAILED, "cannot run the editor %s (try: EDITOR=PROGRAM vm-edit …)", words[0]);
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           err_set(e, ST_FAILED, "the editor %s failed", words[0]);
}

/* Who asks has read what strangers wrote. */
static bool run_on(const char *base, struct err *e)
{
    autoarena struct arena *a = arena_new();
    const char *file = arena_printf(a, "%s/%s", editor_dir(), base);
    struct stat st;
    if (!*base || strchr(base, '/') || lstat(file, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return err_set(e, ST_FAILED, "%s: is no file of yours to edit", file);
    return run(a, file, e);
}

static _Noreturn void serve(int fd)
{
    char base[NAME_MAX + 1];
    for (;;) {
        struct outcome o = { 0 };
        ssize_t n = recv(fd, base, sizeof base - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        base[n] = '\0';
        o.ok = run_on(base, &o.err);
        send(fd, &o, sizeof o, MSG_NOSIGNAL);
    }
}

bool editor_open(struct editor *d, struct err *e)
{
    int pair[2];
    d->fd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "cannot make a socket pair");
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        serve(pair[1]);
    }
    int error = errno;
    close(pair[1]);
    d->fd = pair[0];
    errno = error;
    if (child > 0)
        return true;
    err_errno(e, "cannot fork");
    editor_close(d);
    return false;
}

void editor_close(struct editor *d)
{
    cleanup_close(&d->fd);
    d->fd = -1;
}

bool editor_run(const struct editor *d, const char *base, struct err *e)
{
    struct interrupts i;
    struct outcome o;
    ssize_t n;
    ignore_interrupts(&i);
    bool sent = send(d->fd, base, strlen(base), MSG_NOSIGNAL) > 0;
    while ((n = sent ? recv(d->fd, &o, sizeof o, 0) : 0) < 0 && errno == EINTR)
        ;
    heed_interrupts(&i);
    if (n != sizeof o)
        return err_set(e, ST_FAILED, "the process that runs the editor has gone");
    if (!o.ok)
        *e = o.err;
    return o.ok;
}
