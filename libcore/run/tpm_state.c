/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/tpm_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "guard/enter.h"

enum { SETUP_MS = 60000, TREE_DEPTH = 2, SAID_MAX = 4096 };

struct maker {
    struct enter_user user;
    char version[8], banks[64], program[PATH_MAX], who[300];
    bool certificates;
};

static bool read_wanted(const struct row *row, const struct row_context *c, struct maker *m)
{
    unsigned uid, gid;
    int skip = 0;
    if (sscanf(row->wanted, "%u:%u %7s %63s %n", &uid, &gid, m->version, m->banks, &skip) != 4 || !skip)
        return false;
    snprintf(m->program, sizeof m->program, "%s", row->wanted + skip);
    snprintf(m->who, sizeof m->who, "%s", c->guest);
    m->user = (struct enter_user){ .change = uid != geteuid() || gid != getegid(), .uid = uid, .gid = gid };
    /* The authority that signs them is the host's; a root that is only a directory leaves it alone. */
    m->certificates = c->root->kind == ROOT_SYSTEM;
    return *m->program == '/';
}

static _Noreturn void become_setup(const struct maker *m, int dir, int out, pid_t parent)
{
    const char *argv[24] = { "swtpm_setup", "--tpmstate", ".", "--vmid", m->who, "--not-overwrite" };
    char *const env[] = { (char[]){ "PATH=/usr/bin:/bin:/usr/sbin:/sbin" }, (char[]){ "LC_ALL=C" }, (char[]){ "HOME=/nonexistent" }, NULL };
    size_t n = 6;
    sigset_t none;
    if (strcmp(m->version, "1.2"))
        argv[n++] = "--tpm2";
    if (strcmp(m->version, "1.2") || m->certificates)
        argv[n++] = "--createek";
    if (m->certificates) {
        argv[n++] = "--create-ek-cert";
        argv[n++] = "--create-platform-cert";
    }
    argv[n++] = "--lock-nvram";
    if (strcmp(m->banks, "-")) {
        argv[n++] = "--pcr-banks";
        argv[n++] = m->banks;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR);
    if (setsid() < 0 || fchdir(dir) < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
        close_range(3, ~0U, 0) < 0 || !user_enter(&m->user))
        _exit(126);
    umask(077);
    /* After the change of user, which would forget it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    execve(m->program, (char **)argv, env);
    _exit(127);
}

/* What went wrong is in its last lines, but not in the one by which it takes its leave. */
static void add_said(int out, struct err *e)
{
    enum { LINES = 3 };
    char said[SAID_MAX + 1], *line[LINES] = { NULL };
    off_t end = lseek(out, 0, SEEK_END);
    ssize_t n = pread(out, said, SAID_MAX, end > SAID_MAX ? end - SAID_MAX : 0);
    size_t lines = 0;
    autostr struct str shown = STR_INIT;
    said[n > 0 ? n : 0] = '\0';
    for (char *save, *p = strtok_r(said, "\r\n", &save); p; p = strtok_r(NULL, "\r\n", &save))
        if (!str_starts(p, "Ending vTPM manufacturing"))
            line[lines++ % LINES] = p;
    for (size_t i = lines > LINES ? lines - LINES : 0; i < lines; i++) {
        str_add(&shown, shown.len ? "; " : "");
        str_add_shown(&shown, line[i % LINES]);
    }
    if (shown.len)
        err_add(e, ": %s", str_text(&shown));
}

static bool run_setup(const struct maker *m, int dir, struct err *e)
{
    int status = 0;
    autoclose int out = memfd_create("swtpm_setup", MFD_CLOEXEC);
    pid_t parent = getpid(), child = out < 0 ? -1 : fork();
    if (child < 0)
        return err_errno(e, "cannot run %s", m->program);
    if (child == 0)
        become_setup(m, dir, out, parent);
    autoclose int pidfd = proc_open(proc_id_of(child));
    bool in_time = pidfd < 0 || proc_wait(pidfd, now_ms() + SETUP_MS);
    kill(-child, SIGKILL); /* what it may have left, too */
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (!in_time)
        err_set(e, ST_TIMEOUT, "%s: not done within %d s", m->program, SETUP_MS / 1000);
    else if (WIFSIGNALED(status))
        err_set(e, ST_FAILED, "%s: died by signal %d (%s)", m->program, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        err_set(e, ST_FAILED, "%s: ended with status %d", m->program, WEXITSTATUS(status));
    add_said(out, e);
    return false;
}

/* What a user kept who is swtpm's no longer. A file with a second name may be someone else's, too. */
static bool give_all(int dir, const struct enter_user *u)
{
    struct stat st;
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autodir DIR *d = again < 0 ? NULL : fdopendir(again);
    bool ok = d != NULL;
    for (struct dirent *f; ok && (f = readdir(d));) {
        autoclose int fd = openat(dir, f->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        ok = fd >= 0 && fstat(fd, &st) == 0;
        if (ok && !strcmp(f->d_name, ".."))
            continue;
        if (ok && (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1)))
            ok = fchownat(fd, "", u->uid, u->gid, AT_EMPTY_PATH) == 0;
    }
    return ok;
}

static bool give_state(const struct row *row, const struct maker *m, struct err *e)
{
    autoclose int dir = dir_walk(row->object, 0, e);
    if (dir < 0)
        return err_wrap(e, "%s", row->why);
    return !m->user.change || give_all(dir, &m->user) || err_errno(e, "%s: %s: cannot give it to swtpm's user", row->why, row->object);
}

/* Under another name until it is done: half a TPM would be taken for a whole one. */
static bool make_state(const struct row *row, const struct row_context *c, struct err *e)
{
    struct maker m;
    char above[PATH_MAX], new[NAME_MAX];
    const char *slash = strrchr(row->object, '/');
    if (!read_wanted(row, c, &m))
        return err_set(e, ST_FAILED, "%s: '%s' does not say how to make it", row->object, row->wanted);
    snprintf(above, sizeof above, "%.*s", (int)(slash - row->object), row->object);
    snprintf(new, sizeof new, "%.200s.new", slash + 1);
    autoclose int parent = dir_walk(above, 0711, e);
    if (parent < 0)
        return err_wrap(e, "%s", row->why);
    if (faccessat(parent, slash + 1, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return give_state(row, &m, e);
    if (!file_remove_tree(parent, new, TREE_DEPTH) || mkdirat(parent, new, 0700) < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    autoclose int dir = openat(parent, new, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || (m.user.change && fchown(dir, m.user.uid, m.user.gid) < 0))
        return err_errno(e, "%s: %s", row->why, row->object);
    if (!run_setup(&m, dir, e)) {
        file_remove_tree(parent, new, TREE_DEPTH);
        return err_wrap(e, "%s", row->why);
    }
    autoclose int readable = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable < 0 || fsync(dir) < 0 || renameat(parent, new, parent, slash + 1) < 0 || fsync(readable) < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    return true;
}

/* What a start that was killed has begun goes with the next one. */
static enum undo keep_state(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)row, (void)c, (void)e;
    return UNDO_DONE;
}

const struct row_kind tpm_kinds[] = { { "tpm", make_state, keep_state }, { 0 } };
