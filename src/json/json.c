#include "config.h"

#include "json/json.h"
#include "json/json_scalar.h"
#include "json/json_string.h"

/* The class of a token, from its first byte. */
enum class {
    CLASS_OTHER, /* a number, a literal, or an invalid token */
    CLASS_STRING,
    CLASS_COLON,
    CLASS_COMMA,
    CLASS_OPEN_OBJECT,
    CLASS_CLOSE_OBJECT,
    CLASS_OPEN_ARRAY,
    CLASS_CLOSE_ARRAY,
    CLASSES
};

static const unsigned char class_of[256] = {
    ['"'] = CLASS_STRING,      [':'] = CLASS_COLON,        [','] = CLASS_COMMA,
    ['{'] = CLASS_OPEN_OBJECT, ['}'] = CLASS_CLOSE_OBJECT, ['['] = CLASS_OPEN_ARRAY,
    [']'] = CLASS_CLOSE_ARRAY,
};

static const unsigned char type_of[256] = {
    ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['"'] = JSON_STRING, ['t'] = JSON_TRUE,
    ['f'] = JSON_FALSE,  ['n'] = JSON_NULL,   ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER,
    ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER,
    ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER, ['8'] = JSON_NUMBER,
    ['9'] = JSON_NUMBER,
};

/* The grammar as a pushdown automaton over token classes.  In a state, a class leads to the next
 * state, or to an action of the skipping loop.  The bits in is_object are its stack. */
enum state {
    WANT_VALUE,       /* in an object, after ':' */
    WANT_ELEMENT,     /* in an array, after ',' */
    WANT_ELEMENT_END, /* in an array, after '[' */
    WANT_KEY,         /* in an object, after ',' */
    WANT_KEY_END,     /* in an object, after '{' */
    WANT_COLON,
    WANT_COMMA_OBJECT, /* after a member */
    WANT_COMMA_ARRAY,  /* after an element */
    STATES,
    IN_STRING = STATES, /* of json_whole(): in a string that is the whole text */
    OPEN_OBJECT,
    OPEN_ARRAY,
    CLOSE,
    SCALAR,
    WRONG,
};

#define ON_VALUE(after, close)                                                                     \
    {                                                                                              \
        SCALAR, after, WRONG, WRONG, OPEN_OBJECT, WRONG, OPEN_ARRAY, close                         \
    }

static const unsigned char next_state[STATES][CLASSES] = {
    [WANT_VALUE] = ON_VALUE(WANT_COMMA_OBJECT, WRONG),
    [WANT_ELEMENT] = ON_VALUE(WANT_COMMA_ARRAY, WRONG),
    [WANT_ELEMENT_END] = ON_VALUE(WANT_COMMA_ARRAY, CLOSE),
    [WANT_KEY] = {WRONG, WANT_COLON, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG},
    [WANT_KEY_END] = {WRONG, WANT_COLON, WRONG, WRONG, WRONG, CLOSE, WRONG, WRONG},
    [WANT_COLON] = {WRONG, WRONG, WANT_VALUE, WRONG, WRONG, WRONG, WRONG, WRONG},
    [WANT_COMMA_OBJECT] = {WRONG, WRONG, WRONG, WANT_KEY, WRONG, CLOSE, WRONG, WRONG},
    [WANT_COMMA_ARRAY] = {WRONG, WRONG, WRONG, WANT_ELEMENT, WRONG, WRONG, WRONG, CLOSE},
};

/* The error if a state gets a class that it does not want. */
static const unsigned char state_error[STATES] = {
    [WANT_VALUE] = JSON_ERROR_VALUE,         [WANT_ELEMENT] = JSON_ERROR_VALUE,
    [WANT_ELEMENT_END] = JSON_ERROR_VALUE,   [WANT_KEY] = JSON_ERROR_KEY,
    [WANT_KEY_END] = JSON_ERROR_KEY,         [WANT_COLON] = JSON_ERROR_COLON,
    [WANT_COMMA_OBJECT] = JSON_ERROR_MEMBER, [WANT_COMMA_ARRAY] = JSON_ERROR_ELEMENT,
};

static const unsigned char *text_end(const struct json *json)
{
    return json->index.text + json->index.len;
}

/* Notes the first error; false, for the caller to return. */
static bool fail(struct json *json, enum json_code code, const unsigned char *at)
{
    if (json->error.code == JSON_OK)
        json->error = (struct json_error){code, (size_t)(at - json->index.text)};
    return false;
}

/* The tokens have ended where another one must follow: because of a wrong byte, or at the end of
 * the text. */
static bool fail_at_end(struct json *json)
{
    if (json->index.error.code != JSON_OK)
        return fail(json, json->index.error.code, json->index.text + json->index.error.offset);
    return fail(json, json->index.string != 0 ? JSON_ERROR_STRING : JSON_ERROR_END, text_end(json));
}

/* Makes sure that the next token is available.  False: there is no further token. */
static inline bool have_token(struct json *json)
{
    return json->index.used < json->index.count || json_index_fill(&json->index);
}

static inline const unsigned char *peek_token(const struct json *json)
{
    return json->index.text + json->index.base + json->index.token[json->index.used];
}

/* Reads the next token into json->token. */
static inline bool read_token(struct json *json)
{
    if (json->error.code != JSON_OK)
        return false;
    if (!have_token(json))
        return fail_at_end(json);
    json->token = peek_token(json);
    json->index.used++;
    return true;
}

/* One past the number or literal at `at`; NULL after noting the error. */
static const unsigned char *read_scalar(struct json *json, const unsigned char *at)
{
    const unsigned char *end = text_end(json), *past = NULL;
    enum json_code code = JSON_ERROR_VALUE;
    switch (type_of[*at]) {
    case JSON_NUMBER:
        past = json_number_past(at, end, &code);
        break;
    case JSON_TRUE:
        past = json_literal_past(at, end, SPAN("true"));
        break;
    case JSON_FALSE:
        past = json_literal_past(at, end, SPAN("false"));
        break;
    case JSON_NULL:
        past = json_literal_past(at, end, SPAN("null"));
        break;
    default:
        break;
    }
    if (past == NULL)
        fail(json, code, at);
    return past;
}

/* The same, with a fast path for usual integers. */
static inline const unsigned char *scalar_past(struct json *json, const unsigned char *at)
{
    const unsigned char *past = json_integer_past(at, text_end(json));
    return past != NULL ? past : read_scalar(json, at);
}

/* One past the closing quote of the string that ends before `next`: between the two there can only
 * be white space. */
static inline const unsigned char *quote_before(const unsigned char *next)
{
    while (next[-1] != '"')
        next--;
    return next;
}

/* One past the closing quote of the string whose opening quote is json->token. */
static inline const unsigned char *string_past(struct json *json)
{
    const unsigned char *past = text_end(json);
    if (have_token(json)) {
        past = peek_token(json);
    } else if (json->index.error.code != JSON_OK || json->index.string != 0) {
        fail_at_end(json);
        return NULL;
    }
    return quote_before(past);
}

/* Begins with the tokens of the index. */
static void begin(struct json *json)
{
    json->error = (struct json_error){JSON_OK, 0};
    json->token = json->index.text;
    json->depth = 0;
    json->limit = JSON_DEPTH;
    json->fresh = false;
    json->state = WANT_ELEMENT;
}

void json_begin(struct json *json, const char *text, size_t len)
{
    json_index_begin(&json->index, text, len);
    begin(json);
}

void json_rewind(struct json *json)
{
    json_index_rewind(&json->index);
    begin(json);
}

void json_set_depth(struct json *json, unsigned depth)
{
    json->limit = depth < JSON_DEPTH_MAX ? depth : JSON_DEPTH_MAX;
}

const char *json_at(struct json *json)
{
    if (json->error.code != JSON_OK || !have_token(json))
        return NULL;
    return (const char *)peek_token(json);
}

const char *json_past(const struct json *json)
{
    return (const char *)json->token + 1;
}

enum json_type json_peek(struct json *json)
{
    const char *at = json_at(json);
    return at == NULL ? JSON_NONE : (enum json_type)type_of[*(const unsigned char *)at];
}

static inline bool in_object(const struct json *json)
{
    unsigned top = json->depth - 1;
    return json->is_object[top / 64] >> top % 64 & 1;
}

static inline bool push(struct json *json, bool object)
{
    if (json->depth == json->limit)
        return fail(json, JSON_ERROR_DEPTH, json->token);
    uint64_t bit = (uint64_t)1 << json->depth % 64;
    uint64_t *word = &json->is_object[json->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    json->depth++;
    return true;
}

static bool enter(struct json *json, unsigned char open)
{
    if (!read_token(json))
        return false;
    if (*json->token != open)
        return fail(json, open == '{' ? JSON_ERROR_OBJECT : JSON_ERROR_VALUE, json->token);
    json->fresh = true;
    return push(json, open == '{');
}

bool json_object(struct json *json)
{
    return enter(json, '{');
}

bool json_array(struct json *json)
{
    return enter(json, '[');
}

/* Reads the token between two members or elements.  False at the end and on an error. */
static inline bool next_item(struct json *json, unsigned char close, enum json_code missing)
{
    bool fresh = json->fresh;
    json->fresh = false;
    if (json->error.code != JSON_OK)
        return false;
    if (!have_token(json))
        return fail_at_end(json);
    const unsigned char *token = peek_token(json);
    if (*token == close) {
        json->token = token;
        json->index.used++;
        json->depth--;
        return false;
    }
    if (fresh)
        return true;
    if (*token != ',')
        return fail(json, missing, token);
    json->index.used++;
    return true;
}

/* The decoded name, if it has escapes. */
static __attribute__((noinline)) struct span decode_name(struct json *json, struct span text)
{
    size_t len;
    if (!json_string_decode(text, json->name, sizeof json->name, &len))
        return (struct span){NULL, 0};
    return (struct span){json->name, len};
}

/* Sets the member's name, between the quote before `name` and one past the closing quote. */
static inline void set_name(struct json *json, struct json_key *key, const unsigned char *name,
                            const unsigned char *past)
{
    struct span text = span_between((const char *)name, (const char *)past - 1);
    key->text = text;
    key->name = text; /* not key->text: reading back halves of what was just written stalls */
    if (json->index.backslash && memchr(name, '\\', key->text.len) != NULL)
        key->name = decode_name(json, key->text);
}

/* The tokens of the next member's name, colon and value and of what follows them, if all are in the
 * index and name and colon are valid; otherwise NULL. */
static inline const uint32_t *member_at_hand(const struct json *json)
{
    const struct json_index *index = &json->index;
    const unsigned char *base = index->text + index->base;
    const uint32_t *token = index->token + index->used;
    if (json->error.code != JSON_OK || index->count - index->used < 5)
        return NULL;
    if (!json->fresh && base[*token++] != ',')
        return NULL;
    return base[token[0]] == '"' && base[token[1]] == ':' ? token : NULL;
}

/* Reads the name and the colon that member_at_hand() has found. */
static inline void take_name(struct json *json, const uint32_t *token, struct json_key *key)
{
    const unsigned char *base = json->index.text + json->index.base;
    json->fresh = false;
    json->token = base + token[1];
    json->index.used = (unsigned)(token + 2 - json->index.token);
    set_name(json, key, base + token[0] + 1, quote_before(base + token[1]));
}

bool json_member(struct json *json, struct json_key *key)
{
    const uint32_t *token = member_at_hand(json);
    if (token != NULL) {
        take_name(json, token, key);
        return true;
    }
    if (!next_item(json, '}', JSON_ERROR_MEMBER) || !read_token(json))
        return false;
    if (*json->token != '"')
        return fail(json, JSON_ERROR_KEY, json->token);
    const unsigned char *name = json->token + 1, *past = string_past(json);
    if (past == NULL)
        return false;
    if (!read_token(json))
        return false;
    if (*json->token != ':')
        return fail(json, JSON_ERROR_COLON, json->token);
    set_name(json, key, name, past);
    return true;
}

/* The slow path of json_member_value(). */
static __attribute__((noinline)) bool member_value(struct json *json, struct json_key *key,
                                                   struct json_value *value)
{
    if (!json_member(json, key))
        return false;
    value->type = json_peek(json);
    return !json_is_scalar(value->type) || json_value(json, value);
}

bool json_member_value(struct json *json, struct json_key *key, struct json_value *value)
{
    const uint32_t *token = member_at_hand(json);
    if (token == NULL)
        return member_value(json, key, value);
    const unsigned char *base = json->index.text + json->index.base;
    const unsigned char *at = base + token[2], *past;
    value->type = (enum json_type)type_of[*at];
    take_name(json, token, key);
    if (!json_is_scalar(value->type))
        return true;
    json->token = at;
    json->index.used++;
    past = value->type == JSON_STRING ? quote_before(base + token[3]) : scalar_past(json, at);
    value->text = span_between((const char *)at, (const char *)past);
    return past != NULL;
}

bool json_element(struct json *json)
{
    return next_item(json, ']', JSON_ERROR_ELEMENT);
}

/* Leaves the innermost object or array; returns the state after it. */
static inline unsigned leave(struct json *json)
{
    json->depth--;
    return json->depth > 0 && in_object(json) ? WANT_COMMA_OBJECT : WANT_COMMA_ARRAY;
}

/* Takes the automaton's action at json->token; returns the state after it, or WRONG. */
static inline unsigned act(struct json *json, unsigned action, unsigned state)
{
    switch (action) {
    case OPEN_OBJECT:
        return push(json, true) ? WANT_KEY_END : WRONG;
    case OPEN_ARRAY:
        return push(json, false) ? WANT_ELEMENT_END : WRONG;
    case CLOSE:
        return leave(json);
    case SCALAR:
        if (scalar_past(json, json->token) == NULL)
            return WRONG;
        return state == WANT_VALUE ? WANT_COMMA_OBJECT : WANT_COMMA_ARRAY;
    default:
        fail(json, (enum json_code)state_error[state], json->token);
        return WRONG;
    }
}

/* Leaves the objects that end at `token`, up to depth `floor`, and moves past the tokens between
 * the last of them and a member, or an element that is an object. */
static inline const uint32_t *leave_objects(struct json *json, const uint32_t *token,
                                            const uint32_t *end, unsigned floor, unsigned *state)
{
    const unsigned char *base = json->index.text + json->index.base;
    *state = WANT_COMMA_OBJECT;
    while (*state == WANT_COMMA_OBJECT && token < end && base[*token] == '}') {
        json->token = base + *token++;
        *state = leave(json);
        if (json->depth == floor)
            *state = CLOSE;
    }
    if (*state == CLOSE || end - token < 2 || base[*token] != ',')
        return token;
    if (*state == WANT_COMMA_OBJECT) {
        *state = WANT_KEY;
        return token + 1;
    }
    if (base[token[1]] != '{')
        return token;
    json->token = base + token[1];
    *state = act(json, OPEN_OBJECT, *state);
    return token + 2;
}

/* Does what the automaton does in the states WANT_KEY and WANT_KEY_END, with all tokens of a member
 * in one step and without dependencies between them: most skipped text is members.  Returns the
 * first token that is left to the automaton; *state is CLOSE after the end of the value at depth
 * `floor`. */
static inline const uint32_t *skip_members(struct json *json, const uint32_t *token,
                                           const uint32_t *end, unsigned floor, unsigned *state)
{
    const unsigned char *base = json->index.text + json->index.base;
    while ((*state == WANT_KEY || *state == WANT_KEY_END) && end - token > 4) {
        const unsigned char *value = base + token[2];
        if (base[token[0]] != '"' || base[token[1]] != ':')
            break;
        if (class_of[*value] > CLASS_STRING) {
            if (*value != '{')
                break;
            json->token = value;
            *state = act(json, OPEN_OBJECT, *state);
            token += 3;
            continue;
        }
        if (*value != '"' && scalar_past(json, value) == NULL) {
            *state = WRONG;
            break;
        }
        if (base[token[3]] == ',') {
            token += 4;
            *state = WANT_KEY;
            continue;
        }
        token = leave_objects(json, token + 3, end, floor, state);
    }
    return token;
}

/* Runs the automaton until the depth is `floor`. */
static enum json_progress skip(struct json *json, unsigned floor)
{
    struct json_index *index = &json->index;
    unsigned state = json->state;
    do {
        const unsigned char *base = index->text + index->base;
        const uint32_t *token = index->token + index->used, *end = index->token + index->count;
        while (token < end) {
            bool close = false;
            if (state == WANT_KEY || state == WANT_KEY_END) {
                token = skip_members(json, token, end, floor, &state);
                close = state == CLOSE;
            }
            if (state < STATES && token < end) {
                const unsigned char *at = base + *token++;
                unsigned next = next_state[state][class_of[*at]];
                if (next >= STATES) {
                    json->token = at;
                    close = next == CLOSE && json->depth == floor + 1;
                    next = act(json, next, state);
                }
                state = next;
            }
            if (close) {
                index->used = (unsigned)(token - index->token);
                return JSON_WHOLE;
            }
            if (state == WRONG)
                return JSON_WRONG;
        }
        index->used = index->count;
    } while (json_index_fill(index));
    json->state = state;
    return JSON_MORE;
}

bool json_value(struct json *json, struct json_value *value)
{
    if (!read_token(json))
        return false;
    const unsigned char *at = json->token, *past = NULL;
    enum json_type type = (enum json_type)type_of[*at];
    switch (type) {
    case JSON_OBJECT:
    case JSON_ARRAY: {
        unsigned floor = json->depth;
        if (!push(json, type == JSON_OBJECT))
            return false;
        json->state = type == JSON_OBJECT ? WANT_KEY_END : WANT_ELEMENT_END;
        enum json_progress progress = skip(json, floor);
        if (progress == JSON_MORE)
            fail_at_end(json);
        past = progress == JSON_WHOLE ? json->token + 1 : NULL;
        break;
    }
    case JSON_STRING:
        past = string_past(json);
        break;
    default:
        past = scalar_past(json, at);
    }
    if (past == NULL)
        return false;
    if (value != NULL)
        *value = (struct json_value){type, span_between((const char *)at, (const char *)past)};
    return true;
}

bool json_end(struct json *json)
{
    if (json->error.code != JSON_OK)
        return false;
    if (json->depth > 0)
        return fail_at_end(json);
    if (have_token(json))
        return fail(json, JSON_ERROR_AFTER, peek_token(json));
    if (json->index.error.code != JSON_OK)
        return fail_at_end(json);
    return true;
}

void json_reject(struct json *json, enum json_code code, const char *at)
{
    fail(json, code, (const unsigned char *)at);
}

struct json_error json_error(const struct json *json)
{
    return json->error;
}

bool json_has_space(const struct json *json)
{
    return json->index.space;
}

bool json_has_escape(const struct json *json)
{
    return json->index.backslash;
}

/* The text has ended inside the value: it is truncated, or a byte is wrong. */
static enum json_progress ran_out(struct json *json)
{
    if (json->index.error.code == JSON_OK) {
        json->token_offset = (size_t)(json->token - json->index.text);
        return JSON_MORE;
    }
    fail_at_end(json);
    return JSON_WRONG;
}

/* Continues in a string, a number or a literal that is the whole text, and whose beginning was
 * read. */
static enum json_progress whole_scalar(struct json *json)
{
    const unsigned char *past;
    if (*json->token == '"') {
        if (!have_token(json) && json->index.string != 0)
            return ran_out(json);
        past = string_past(json);
    } else {
        past = read_scalar(json, json->token);
    }
    if (past == NULL)
        return JSON_WRONG;
    json->token = past - 1;
    return JSON_WHOLE;
}

enum json_progress json_whole(struct json *json)
{
    if (json->state != IN_STRING && json->depth == 0) {
        if (!have_token(json))
            return ran_out(json);
        if (class_of[*peek_token(json)] <= CLASS_STRING) {
            json->token = peek_token(json);
            json->index.used++;
            json->state = IN_STRING;
        }
    }
    if (json->state == IN_STRING)
        return whole_scalar(json);
    enum json_progress progress = skip(json, 0);
    return progress == JSON_MORE ? ran_out(json) : progress;
}

void json_no_more(struct json *json)
{
    fail_at_end(json);
}

void json_extend(struct json *json, const char *text, size_t len)
{
    json->token = (const unsigned char *)text + json->token_offset;
    json_index_extend(&json->index, text, len);
}
