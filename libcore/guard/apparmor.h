/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_APPARMOR_H
#define GUARD_APPARMOR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "guard/driver.h"
#include "guard/guard.h"
#include "guard/kind.h"

/* AppArmor: each guest of root's under a profile of its own, libvirt-UUID, in /etc/apparmor.d/libvirt/. The profile is
 * made from the template there unless there is one already, which is the administrator's; the file beside it,
 * libvirt-UUID.files, has the rules for the guest's own files and is written anew at each start. */

/* The layer: rules, rows and the profile to change into. Where AppArmor is not in force for this guest it adds a line
 * that says why, and nothing else. */
bool apparmor_layer(struct guard *g, struct err *e);

/* Rows of kind
 *   profile    a file below /etc/apparmor.d/libvirt: absent or its text before -> its text. A profile that was edited
 *              since is kept.
 *   apparmor   a profile file whose profile is loaded into the kernel: absent -> loaded */
extern const struct row_kind apparmor_kinds[];

/* The step at exec: the next program that this process executes runs under that profile. NULL: nothing to do. */
bool apparmor_enter(const char *profile);

/* What can be asked without the layer. */

enum { APPARMOR_NAME = 46 };
/* "libvirt-UUID". False with e where the domain has no UUID. */
bool apparmor_name(const struct domain *d, char out[APPARMOR_NAME], struct err *e);

/* Whether this host can confine guests of this root by profiles: the kernel has AppArmor and its file system is
 * mounted, apparmor_parser and a template are installed, and the caller is root. *why says what is missing, else which
 * template it is. Texts live in a. */
bool apparmor_usable(const struct mac_driver *m, const struct root *r, struct arena *a, const char **why);

/* The profile as one text that apparmor_parser takes: what is or would be libvirt-UUID, with the rules for the guest's
 * own files in place of the line that includes them. Needs no privilege. */
bool apparmor_profile(struct guard *g, struct str *out, struct err *e);

/* Appends the rule `VERB"path+tail" access,` ("" or "deny ") such that it means that very path, whatever is in it: glob characters, quotes,
 * backslashes, blanks and variables are escaped (apparmor.d(5)), a newline is refused. tail is appended as it is
 * ("**"). */
bool apparmor_rule(struct str *out, const char *verb, const char *path, const char *tail, const char *access, struct err *e);

/* Makes a profile from a template's text: LIBVIRT_TEMPLATE becomes name, and the rules are included at the end of that
 * profile. file names the template in messages. */
bool apparmor_from_template(struct str *out, const char *text, const char *file, const char *name, struct err *e);

#endif
