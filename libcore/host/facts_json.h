/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_FACTS_JSON_H
#define HOST_FACTS_JSON_H

#include <jansson.h>

#include "host/facts.h"

/* The host's facts as JSON, by the names of the struct's members; NULL if a text is not UTF-8. A new reference. */
json_t *host_facts_json(const struct host_facts *h);

#endif
