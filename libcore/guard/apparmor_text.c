/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <string.h>

#include "guard/apparmor.h"

#define PLACEHOLDER "LIBVIRT_TEMPLATE"

/* Inside quotes a backslash takes the meaning from a glob character and from a brace, and with it from @{VARIABLE}.
 * Quotes, backslashes (of two, the parser joins the second to a quote that follows, and so goes on to the next rule) and
 * control characters are written as numbers; not the newline, which no rule can hold. */
static bool add_quoted(struct str *out, const char *path, struct err *e)
{
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (*p == '\n')
            return err_set(e, ST_FAILED, "an AppArmor rule cannot name a path with a newline in it");
        if (*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\')
            str_addf(out, "\\%03o", *p);
        else if (strchr("[]{}*?^", *p))
            str_addf(out, "\\%c", *p);
        else
            str_addc(out, (char)*p);
    }
    return true;
}

bool apparmor_rule(struct str *out, const char *verb, const char *path, const char *tail, const char *access, struct err *e)
{
    if (*path != '/')
        return err_set(e, ST_FAILED, "an AppArmor rule needs an absolute path, not '%s'", path);
    str_addf(out, "  %s\"", verb);
    if (!add_quoted(out, path, e))
        return false;
    str_addf(out, "%s\" %s,\n", tail, access);
    return true;
}

/* The end of the line, without its comment, that begins at p. */
static const char *code_end(const char *p, const char *end)
{
    bool quoted = false;
    for (; p < end && *p != '\n' && (quoted || *p != '#'); p++)
        if (*p == '"')
            quoted = !quoted;
    return p;
}

/* The brace that closes the profile whose name is at p: braces of comments, and of rules' globs, come in pairs or not
 * at all, and "#include" is no comment that could hold one. */
static const char *closing_brace(const char *p, const char *end)
{
    int depth = 0;
    bool quoted = false;
    for (; p < end; p++) {
        if (*p == '#' && !quoted)
            p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return NULL;
        if (*p == '\\' && p + 1 < end)
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == '{' && !quoted)
            depth++;
        else if (*p == '}' && !quoted && --depth == 0)
            return p;
    }
    return NULL;
}

/* The placeholder outside comments, as a word. */
static const char *find_placeholder(const char *text, const char *end)
{
    for (const char *line = text; line < end; line++) {
        const char *stop = code_end(line, end);
        const char *p = memmem(line, (size_t)(stop - line), PLACEHOLDER, strlen(PLACEHOLDER));
        if (p && (p == text || isspace((unsigned char)p[-1]) || p[-1] == '"'))
            return p;
        line = memchr(line, '\n', (size_t)(end - line));
        if (!line)
            return NULL;
    }
    return NULL;
}

bool apparmor_from_template(struct str *out, const char *text, const char *file, const char *name, struct err *e)
{
    const char *end = text + strlen(text), *place = find_placeholder(text, end);
    if (!place)
        return err_set(e, ST_FAILED, "%s: there is no profile " PLACEHOLDER " in it, which stands for a guest's", file);
    const char *rest = place + strlen(PLACEHOLDER), *close = closing_brace(rest, end);
    if (!close)
        return err_set(e, ST_FAILED, "%s: the profile " PLACEHOLDER " does not end", file);
    str_addn(out, text, (size_t)(place - text));
    str_add(out, name);
    str_addn(out, rest, (size_t)(close - rest));
    str_addf(out, "%s  #include <libvirt/%s.files>\n", close[-1] == '\n' ? "" : "\n", name);
    str_add(out, close);
    return true;
}
