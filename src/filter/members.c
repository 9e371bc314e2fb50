#include "config.h"

#include "filter/members.h"

#include <stdlib.h>

/* The number of a new member; 0: no memory. */
static size_t append(struct members *members, struct member member)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity == 0 ? 16 : 2 * members->capacity;
        struct member *grown = realloc(members->member, capacity * sizeof *grown);
        if (grown == NULL)
            return 0;
        members->member = grown;
        members->capacity = capacity;
    }
    if (members->count == 0)
        members->member[members->count++] = (struct member){.parent = 0};
    members->member[members->count] = member;
    return members->count++;
}

/* The member of that name in the parent; 0 if it is not wanted. */
static size_t find(const struct members *members, size_t parent, const struct json_key *key)
{
    size_t at = members->member[parent].child;
    while (at != 0 && !json_key_is(key, members->member[at].name))
        at = members->member[at].sibling;
    return at;
}

static size_t find_or_add(struct members *members, size_t parent, struct span name,
                          struct span path)
{
    size_t found = members->count > 0 ? find(members, parent, &(struct json_key){name, name}) : 0;
    if (found != 0)
        return found;
    size_t added = append(members, (struct member){.name = name, .path = path, .parent = parent});
    if (added != 0) {
        members->member[added].sibling = members->member[parent].child;
        members->member[parent].child = added;
    }
    return added;
}

size_t members_add(struct members *members, struct span path)
{
    const char *name = path.at, *end = span_end(path);
    size_t member = 0;
    do {
        const char *dot = memchr(name, '.', (size_t)(end - name));
        const char *past = dot != NULL ? dot : end;
        member =
            find_or_add(members, member, span_between(name, past), span_between(path.at, past));
        name = past + 1;
    } while (member != 0 && name <= end);
    return member;
}

bool members_copy(struct members *copy, const struct members *members)
{
    *copy = (struct members){.count = members->count, .capacity = members->count};
    if (members->count == 0)
        return true;
    copy->member = malloc(members->count * sizeof *copy->member);
    if (copy->member == NULL)
        return false;
    memcpy(copy->member, members->member, members->count * sizeof *copy->member);
    return true;
}

void members_free(struct members *members)
{
    free(members->member);
    *members = (struct members){0};
}

void members_begin(struct members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        members->member[i].value.type = JSON_NONE;
        members->member[i].differing = false;
    }
}

static void note(struct member *member, struct json_value value)
{
    if (member->value.type == JSON_NONE)
        member->value = value;
    else if (!span_equal(member->value.text, value.text))
        member->differing = true;
}

/* Enters the member whose value is next, if that is an object and more is wanted from it.  False:
 * it is not, and the value has been read and noted. */
static bool enter(struct json *json, struct member *member, struct json_value *value)
{
    if (member->child != 0 && json_peek(json) == JSON_OBJECT) {
        member->start = json_at(json);
        return json_object(json);
    }
    if (json_value(json, value))
        note(member, *value);
    return false;
}

/* Reads the next value, the member's, and notes what is wanted from it. */
static void read_member(struct members *members, struct json *json, size_t top,
                        struct json_value *value)
{
    struct member *member = members->member;
    struct json_key key;
    size_t at = top;
    bool open = enter(json, &member[top], value);
    while (open) {
        if (json_member(json, &key)) {
            size_t child = find(members, at, &key);
            if (child == 0)
                json_value(json, NULL);
            else if (enter(json, &member[child], value))
                at = child;
            continue;
        }
        if (json_error(json).code != JSON_OK)
            return;
        *value = (struct json_value){JSON_OBJECT, span_between(member[at].start, json_past(json))};
        note(&member[at], *value);
        open = at != top;
        at = member[at].parent;
    }
}

bool members_visit(void *context, struct json *json, const struct json_key *key,
                   enum event_field field, struct json_value *value)
{
    struct members *members = context;
    (void)field;
    size_t member = find(members, 0, key);
    if (member == 0)
        return false;
    read_member(members, json, member, value);
    return true;
}

const struct member *members_differing(const struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->member[i].differing)
            return &members->member[i];
    return NULL;
}
