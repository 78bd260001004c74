#!/usr/bin/env bats
# What is wrong, hostile or strange is refused with a line that says why, and harms nothing.
# bats file_tags=user
load ../helpers

@test "a document without <uuid> is expanded and converted" {
    domain web
    ok xml-expand web.xml
    contains "$out" "<uuid>"
    ok xml-to-argv web.xml
    contains "$out" " -uuid "
}
