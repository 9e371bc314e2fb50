#!/usr/bin/env bats
# audit-post: no secret in any message, in whatever spelling a response contains it, nor on a
# command line, nor in clear text to another machine.
load common
load peer

teardown() {
    tell_failure
    stop_peers
}

# Secrets with bytes that each encoding changes.
token='Zq9/w+X=7b"k\Lm8'
password='p/W+d=9"\xQ4 r'
path='hook-K7/x+Y=z9Qw4t'

# spell SECRET: each spelling of it on a line: literally, percent-encoded in either case and twice,
# as in JSON, in base64, and as an XML entity.
spell() {
    python3 - "$1" <<'END'
import base64, html, json, re, sys, urllib.parse
s = sys.argv[1]
encoded = urllib.parse.quote(s, safe="")
lower = re.sub("%..", lambda m: m[0].lower(), encoded)
spellings = [s, encoded, lower, urllib.parse.quote_plus(s), urllib.parse.quote(encoded, safe=""),
             json.dumps(s)[1:-1], json.dumps(s)[1:-1].replace("/", "\\/"),
             "".join("\\u%04x" % ord(c) for c in s),
             base64.b64encode(s.encode()).decode(), base64.urlsafe_b64encode(s.encode()).decode(),
             html.escape(s)]
print("\n".join(dict.fromkeys(spellings)))
END
}

# assert_hidden SECRET TEXT: no spelling of the secret is in the text.
assert_hidden() {
    local spelling
    while IFS= read -r spelling; do
        case $2 in *"$spelling"*) show "it shows $spelling"; return 1 ;; esac
    done < <(spell "$1")
}

# The peer responds to each request with the next of these texts: "said" for all, from the file
# `said`.
answers() {
    jq -nRc --arg reply "$1" --argjson status "$2" '{reply:$reply, sequence:[inputs | {status:$status, body:.}]}' said
}

# each_answer SECRET REPLY STATUS OPTION...: the peer quotes the secret in each spelling, one after
# the other, and no message contains it.
each_answer() {
    local secret=$1 reply=$2 status=$3 count
    shift 3
    tell_peer "$(answers "$reply" "$status")"
    count=$(wc -l <said)
    seq "$count" | sed 's/.*/{"n":&}/' >in
    run_tool audit-post --parallel=1 --batch=none --retry-for=0s "$@" in
    [ "$(from_log 'sum(r["status"] == "literal" for r in log)')" -ge "$count" ]
    [ "${#stderr_lines[@]}" -ge 1 ]
    assert_hidden "$secret" "$stderr"
    : >"$peer/log"
}

@test "a response that contains a secret, in each spelling, of each kind of credential" {
    start_peer a
    spell "$token" | sed 's/.*/the token & is not valid/' >said
    printf '%s' "$token" >credential
    each_answer "$token" "" 400 --url="$url" --auth=bearer --credential-file=credential
    each_answer "$token" "" 400 --url="$url" --auth=header:X-Key --credential-file=credential
    each_answer "$token" "" 400 --url="$url" --auth=query:key --credential-file=credential
    printf 'X-Other: %s\n' "$token" >fields
    each_answer "$token" "" 400 --url="$url" --header=@fields
    printf 'Authorization: Token %s\n' "$token" >fields
    each_answer "$token" "" 400 --url="$url" --header=@fields
    { spell "$password" && spell "someone:$password"; } | sed 's/.*/& is wrong/' >said
    printf 'someone:%s' "$password" >credential
    each_answer "$password" "" 400 --url="$url" --auth=basic --credential-file=credential
    assert_hidden "someone:$password" "$stderr"
}

@test "a response that contains a part of a secret URL, in each spelling" {
    start_peer a
    local encoded
    encoded=$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe="/"))' "$path")
    spell "$path" | sed 's/.*/no hook & here/' >said
    printf '%s/%s' "${url%/in}" "$encoded" >file
    each_answer "$path" "" 400 --url-file=file
    printf '%s?key=%s' "$url" "$encoded" >file
    each_answer "$path" "" 400 --url-file=file
    each_answer "$path" "" 400 --url="$url?key=$encoded"
    spell "$encoded" | sed 's/.*/no hook & here/' >said
    each_answer "$encoded" "" 400 --url-file=file
}

@test "what Elasticsearch says of an item, and what a token endpoint says" {
    start_peer a
    spell "$token" | jq -Rc '{errors:true,items:[{create:{status:400,error:{reason:("bad " + .)}}}]}' >said
    printf '%s' "$token" >credential
    tell_peer "$(answers elastic 200)"
    seq "$(wc -l <said)" | sed 's/.*/{"n":&}/' >in
    run_tool audit-post --url="$url" --preset=elastic --batch-events=1 --parallel=1 --auth=bearer --credential-file=credential in
    assert_status 1
    [ "${#stderr_lines[@]}" -eq "$(wc -l <said)" ]
    assert_hidden "$token" "$stderr"
    printf 'somebody:%s' "$password" >credential
    local spelling
    while IFS= read -r spelling; do
        tell_peer "$(jq -nc --arg s "$spelling" '{token:{status:400,said:({error:"invalid_client",error_description:("not " + $s)} | tojson)}}')"
        run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%in}token" --credential-file=credential in
        assert_status 2
        assert_stderr_has invalid_client
        assert_hidden "$password" "$stderr"
    done < <(spell "$password")
}

@test "an OAuth2 token is hidden, also one from before its renewal" {
    start_peer a '{"token":{"seconds":0.6,"told":3600},"delay":0.01}'
    printf 'client:s3cret-of-it' >credential
    seq 200 | sed 's/.*/{"n":&}/' >in
    # The service then refuses events and quotes the first token that it granted.
    tell_peer '{"token":{"seconds":0.6,"told":3600},"delay":0.01,"poison":"\"n\":200","refusal":"token-1 was better"}'
    run_tool audit-post --url="$url" --parallel=1 --auth=oauth2 --token-url="${url%in}token" --credential-file=credential in
    assert_status 1
    [ "$(wc -l <"$peer/tokens")" -ge 2 ]
    assert_stderr_has "in:200: HTTP 400"
    [[ $stderr != *token-1* ]]
}

@test "libcurl's own words show no proxy's password" {
    local variable value
    echo '{}' >in
    for value in "http://u:s3cret-pw@127.0.0.1:99999" "u:s3cret-pw@127.0.0.1:99999" "nonsense://u:s3cret-pw@127.0.0.1:9"; do
        for variable in http_proxy all_proxy ALL_PROXY; do
            run_tool env "$variable=$value" audit-post --url=http://localhost.invalid/ --retry-for=0s in
            [ "$status" -ne 0 ]
            [ "${#stderr_lines[@]}" -ge 1 ]
            [[ $stderr != *s3cret-pw* && $stdout != *s3cret-pw* ]]
        done
    done
}

@test "a URL that is a secret is shown by its host alone" {
    start_peer a '{"faults":[[1,401]]}'
    echo '{}' >in
    AUDIT_POST_URL="$url/$path" run_tool audit-post in
    assert_status 2
    assert_stderr "audit-post: ${url%/in}: HTTP 401; nothing more is sent"
    AUDIT_POST_URL="${url%/in}" run_tool audit-post in
    assert_stderr "audit-post: ${url%/in}: HTTP 401; nothing more is sent"
}

@test "an abbreviated option that would take a secret for a file is refused, without its value" {
    local option
    for option in credential credential-f; do
        run_tool audit-post --url=http://127.0.0.1:9/ --"$option"=s3cret-of-it
        assert_status 2
        assert_output ""
        [[ $stderr != *s3cret-of-it* ]]
    done
}

@test "a credential that would not be used, or could not be, is a usage error" {
    echo '{}' >in
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url=http://127.0.0.1:9/ in
    assert_status 2
    assert_stderr_has 'AUDIT_POST_CREDENTIAL without a way to use it; give --auth'
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url=http://127.0.0.1:9/ --preset=loki in
    assert_status 2
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url=http://127.0.0.1:9/ --auth=basic in
    assert_status 2
    assert_stderr_has 'audit-post: the credential for --auth=basic must be user:password'
    start_peer a
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url="$url" --auth=none in
    assert_status 0
    [ "$(from_log '"Authorization" in log[0]["headers"]')" = False ]
}

@test "a credential in clear text to another machine is a warning; to this one it is none" {
    echo '{}' >in
    start_peer a
    local warning="audit-post: the credential goes to audit.example without encryption; use an https:// URL"
    # The peer takes the place of a proxy, so that nothing leaves this machine.
    AUDIT_POST_CREDENTIAL=s3cret-of-it http_proxy=${url%/in} run_tool audit-post --url=http://audit.example/in --auth=bearer in
    assert_status 0
    assert_stderr "$warning"
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url="$url" --auth=bearer in
    assert_stderr ""
    AUDIT_POST_CREDENTIAL=s3cret-of-it run_tool audit-post --url="${url/127.0.0.1/localhost}" --auth=bearer in
    assert_stderr ""
    http_proxy=${url%/in} run_tool audit-post --url=http://audit.example/in in
    assert_stderr ""
}

@test "--dry-run writes what it was given and nothing beside, however long" {
    echo '{"n":1}' >in
    local long
    long=$(printf 'x%.0s' {1..5000})
    run_tool audit-post --url=http://127.0.0.1:9/ --content-type="$long" --auth=header:"$long" --credential-file=<(echo s3cret-of-it) --dry-run in
    assert_status 0
    assert_output "POST http://127.0.0.1:9/
$long: ***
Content-Type: $long

{\"n\":1}"
}
