#include "config.h"

#include "json/json_error.h"

#include <stdio.h>

const char *json_error_text(enum json_code code)
{
    switch (code) {
    case JSON_OK:
        return "no error";
    case JSON_ERROR_END:
        return "the text ends inside a value";
    case JSON_ERROR_STRING:
        return "the text ends inside a string";
    case JSON_ERROR_VALUE:
        return "a value is expected here";
    case JSON_ERROR_KEY:
        return "a member name in double quotes is expected here";
    case JSON_ERROR_COLON:
        return "a ':' must follow a member name";
    case JSON_ERROR_MEMBER:
        return "a ',' or '}' must follow a member";
    case JSON_ERROR_ELEMENT:
        return "a ',' or ']' must follow an element";
    case JSON_ERROR_NUMBER:
        return "this is not a number";
    case JSON_ERROR_ZERO:
        return "a number may not begin with a zero and another digit";
    case JSON_ERROR_CONTROL:
        return "a control character in a string must be escaped";
    case JSON_ERROR_ESCAPE:
        return "this escape is unknown or incomplete";
    case JSON_ERROR_UTF8:
        return "this is not UTF-8";
    case JSON_ERROR_DEPTH:
        return "values are nested more than 1,024 deep";
    case JSON_ERROR_AFTER:
        return "nothing may follow the value";
    case JSON_ERROR_EMPTY:
        return "a value is missing";
    case JSON_ERROR_OBJECT:
        return "an object is expected here";
    case JSON_ERROR_LAST_MEMBER:
        return "no further member may follow here";
    }
    return "unknown error";
}

const char *json_error_message(struct json_error error, char buffer[JSON_MESSAGE])
{
    snprintf(buffer, JSON_MESSAGE, "byte %zu: %s", error.offset + 1, json_error_text(error.code));
    return buffer;
}
