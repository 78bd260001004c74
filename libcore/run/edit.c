/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "run/define.h"
#include "run/dump.h"
#include "run/editor.h"
#include "store/beside.h"
#include "store/defs.h"

/* The file's name ends in .xml so that editors know what it is. */
static char *write_copy(struct arena *a, const char *name, const struct str *text, struct err *e)
{
    char *file = arena_printf(a, "%s/%s.XXXXXX.xml", editor_dir(), name);
    autoclose int fd = mkostemps(file, 4, O_CLOEXEC);
    if (fd < 0) {
        err_errno(e, "%s: cannot make a copy to edit: %s", name, file);
        return NULL;
    }
    if (write_all(fd, text->p, text->len) < 0) {
        err_errno(e, "%s: cannot write the copy to edit: %s", name, file);
        unlink(file);
        return NULL;
    }
    return file;
}

struct session {
    struct edit *x;
    const char *name, *file;
    const char *before; /* the definition as it was stored */
    const char *shown;  /* ...and as it was shown */
    bool force;
};

static bool store(struct session *s, struct definer *d, const struct str *text, bool *changed, struct err *e)
{
    struct definition def;
    if (!define_check(d, &def, s->file, str_text(text), text->len, e))
        return false;
    if (!streq(def.name, s->name))
        return err_set(e, ST_FAILED, "%s: the name cannot be changed here, it is '%s' now", s->name, def.name);
    def.expect = s->force ? NULL : s->before;
    if (define_store(d, &def, 1, e) == 1)
        return true;
    *changed = e->status == ST_STATE && !s->force;
    return false;
}

/* One look at what the editor left. */
static bool take(struct session *s, bool *changed, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct definer d = { .notes = s->x->notes, .strict = s->x->strict, .wait_ms = s->x->wait_ms, .by = s->x->by, .etc = -1, .state = -1 };
    *changed = false;
    if (file_read_at(AT_FDCWD, s->file, DEF_MAX, false, &text) < 0)
        return err_errno(e, "%s: cannot read what was edited: %s", s->name, s->file);
    if (streq(str_text(&text), s->shown))
        return true;
    bool ok = definer_open(&d, s->x->root, s->x->arena, e) && store(s, &d, &text, changed, e);
    definer_close(&d);
    s->x->stored = ok;
    return ok;
}

/* Work that was put into the text is never thrown away. */
static bool kept(const struct session *s, struct err *e)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, s->file, DEF_MAX, false, &text) == 0 && streq(str_text(&text), s->shown)) {
        unlink(s->file);
        return false;
    }
    return err_add(e, " (your text is in %s)", s->file);
}

static bool edit_until_good(struct session *s, struct err *e)
{
    for (;;) {
        bool changed;
        if (!s->force && !editor_run(s->x->editor, strrchr(s->file, '/') + 1, e))
            return kept(s, e);
        if (take(s, &changed, e))
            return true;
        enum edit_answer answer = s->x->ask(s->x->data, changed, e);
        s->force = answer == EDIT_FORCE;
        if (answer == EDIT_LEAVE) {
            err_set(e, e->status, "%s: definition not changed", s->name);
            return kept(s, e);
        }
    }
}

bool edit_guest(struct edit *x, const char *name, struct err *e)
{
    autostr struct str before = STR_INIT, shown = STR_INIT;
    struct dump_options o = { .inactive = true, .secrets = true };
    /* Said before the work is done rather than after it. */
    if (!beside_root_free(x->root, e) || !beside_guest_free(x->root, name, e))
        return false;
    if (!def_read(x->root, name, &before, e) || !dump_domain(x->root, name, &o, &shown, e))
        return false;
    struct session s = { .x = x, .name = name, .before = str_text(&before), .shown = str_text(&shown) };
    if (!(s.file = write_copy(x->arena, name, &shown, e)))
        return false;
    if (!edit_until_good(&s, e))
        return false;
    unlink(s.file);
    return true;
}
