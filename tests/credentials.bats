#!/usr/bin/env bats
# Where credentials come from, compared with the AWS CLI's own rules: see credentials-check.c.
# shellcheck disable=SC2016,SC2030,SC2031 # messages name variables; each test has its own
bats_require_minimum_version 1.5.0
load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    local name
    for name in $(compgen -e AWS_); do unset "$name"; done
    export HOME=$PWD AWS_EC2_METADATA_DISABLED=true
    mkdir .aws
}
teardown() {
    tell_failure
    [ -z "${server-}" ] || kill "$server"
}

# find [PROFILE]: what is found.
find_credentials() {
    run_tool "$AUDIT_BUILD/tests/credentials-check" "$@"
}
# assert_found SOURCE ACCESS SECRET TOKEN REGION
assert_found() {
    assert_status 0
    [ "$(head -n 5 <<<"$output")" = "$(printf 'source %s\naccess %s\nsecret %s\ntoken %s\nregion %s' "$@")" ] ||
        { show "found otherwise"; return 1; }
}
assert_reason() {
    assert_status 1
    case $output in *"$1"*) ;; *) show "the reason lacks: $1"; return 1 ;; esac
}
start_metadata() { # [SECONDS]
    python3 "$AUDIT_TESTS/metadata-server.py" port requests "${1:-3600}" 3>&- &
    server=$!
    eventually test -s port
    url=http://127.0.0.1:$(<port)
}

@test "the environment comes first, with its session token and region" {
    printf '[default]\naws_access_key_id=FILE\naws_secret_access_key=file\nregion=file-1\n' >.aws/credentials
    export AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=s/e+c AWS_SESSION_TOKEN=tok AWS_DEFAULT_REGION=env-1
    find_credentials
    assert_found environment ENV s/e+c tok env-1
    AWS_REGION=env-2 AWS_SESSION_TOKEN='' find_credentials
    assert_found environment ENV s/e+c - env-2
}

@test "half of a pair in the environment is said, not filled up from elsewhere" {
    printf '[default]\naws_access_key_id=FILE\naws_secret_access_key=file\n' >.aws/credentials
    AWS_ACCESS_KEY_ID=ENV find_credentials
    assert_reason '$AWS_ACCESS_KEY_ID is set, $AWS_SECRET_ACCESS_KEY is not'
    AWS_SECRET_ACCESS_KEY=hidden find_credentials
    assert_reason '$AWS_SECRET_ACCESS_KEY is set, $AWS_ACCESS_KEY_ID is not'
    [[ $output != *hidden* ]]
}

@test "--profile passes the environment's credentials over, AWS_PROFILE does not" {
    printf '[acme]\naws_access_key_id=FILE\naws_secret_access_key=file\n' >.aws/credentials
    export AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=env
    find_credentials acme
    assert_found profile FILE file - -
    AWS_PROFILE=acme find_credentials
    assert_found environment ENV env - -
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    AWS_PROFILE=acme find_credentials
    assert_found profile FILE file - -
}

@test "both files are read as the AWS CLI reads them" {
    cat >.aws/credentials <<'EOF'
# a comment
; another

[default]
aws_access_key_id = DEFAULT
aws_secret_access_key: a=b:c#d ;e
   
[my profile]
  AWS_ACCESS_KEY_ID=SPACED
  aws_secret_access_key=s
  aws_session_token  =  t
[half]
aws_access_key_id=HALF
EOF
    cat >.aws/config <<'EOF'
[profile "my profile"]
region = eu-central-1
s3 =
    region = nested-1
    addressing_style = path
output = json
[default]
region=us-west-2
[half]
aws_secret_access_key=not-a-profile-here
[profile config]
aws_access_key_id=CONFIG
aws_secret_access_key=c
EOF
    find_credentials default
    assert_reason "profile 'default': the secret access key has a space, a control character"
    sed -i 's/ ;e//' .aws/credentials
    find_credentials
    assert_found profile DEFAULT a=b:c#d - us-west-2
    find_credentials 'my profile'
    assert_found profile SPACED s t eu-central-1
    find_credentials config
    assert_found profile CONFIG c - -
    find_credentials half
    assert_reason "profile 'half': the secret access key is empty"
}

@test "the credentials file wins over the config file, all three parts together" {
    printf '[default]\naws_access_key_id=A\naws_secret_access_key=a\n' >.aws/credentials
    printf '[default]\naws_access_key_id=B\naws_secret_access_key=b\naws_session_token=stale\n' >.aws/config
    find_credentials
    assert_found profile A a - -
}

@test "the files' names come from the environment" {
    mkdir elsewhere
    printf '[default]\naws_access_key_id=A\naws_secret_access_key=a\n' >elsewhere/keys
    printf '[default]\nregion=r-1\n' >elsewhere/settings
    # shellcheck disable=SC2088 # the tool expands it
    AWS_SHARED_CREDENTIALS_FILE='~/elsewhere/keys' AWS_CONFIG_FILE=$PWD/elsewhere/settings find_credentials
    assert_found profile A a - r-1
}

@test "a malformed or unreadable file is named with its line" {
    printf 'aws_access_key_id=A\n' >.aws/credentials
    find_credentials
    assert_reason "/.aws/credentials:1: a setting before the first [SECTION]"
    printf '[default]\nnonsense\n' >.aws/credentials
    find_credentials
    assert_reason "/.aws/credentials:2: neither [SECTION] nor NAME = VALUE"
    printf '[default\n' >.aws/credentials
    find_credentials
    assert_reason "/.aws/credentials:1: a section that is not [NAME]"
    printf '[default]\nregion=a\nregion=b\n' >.aws/credentials
    find_credentials
    assert_reason "/.aws/credentials:3: this setting appears twice"
    rm .aws/credentials
    mkdir .aws/credentials
    find_credentials
    assert_reason "/.aws/credentials: Is a directory"
}

@test "a profile that is not there is said, whichever way it was named" {
    find_credentials ghost
    assert_reason "there is no profile 'ghost' in $PWD/.aws/credentials or $PWD/.aws/config"
    AWS_PROFILE=ghost find_credentials
    assert_reason "there is no profile 'ghost'"
}

@test "ways that only the AWS CLI has are named, and what to do" {
    printf '[profile sso]\nsso_session=x\n[profile role]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=sso\n' >.aws/config
    find_credentials sso
    assert_reason "profile 'sso' gets its credentials by sso_session"
    assert_reason "aws configure export-credentials --profile 'sso'"
    find_credentials role
    assert_reason "by role_arn"
}

@test "where there are none the message lists every place" {
    find_credentials
    assert_reason '$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY'
    assert_reason "profile 'default' of $PWD/.aws/credentials and $PWD/.aws/config"
    assert_reason '$AWS_CONTAINER_CREDENTIALS_FULL_URI is not set'
    assert_reason '$AWS_EC2_METADATA_DISABLED is true'
}

@test "a container's credentials, with the token of a file or the environment" {
    start_metadata
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/container find_credentials
    assert_found container ASIATEST secret/of+role token-1 -
    [[ $output == *"expires 3"[56]??" renewal "[23]???* ]]
    echo 'let me in' >token
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/locked AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token \
        AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong find_credentials
    assert_found container ASIATEST secret/of+role token-2 -
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/locked AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong find_credentials
    assert_reason "the container's credentials: status 403"
    [ "$(tail -n 1 requests)" = "GET /locked wrong" ]
}

@test "a container's endpoint that does not do is an error, not a reason to look further" {
    start_metadata
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/refused
    find_credentials
    assert_reason "the container's credentials: the response's Code is AccessDenied"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/broken find_credentials
    assert_reason "the response is not JSON"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/x find_credentials
    assert_reason "neither https nor a host that the AWS tools trust"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.example.com/x find_credentials
    assert_reason "neither https nor a host that the AWS tools trust"
    AWS_CONTAINER_AUTHORIZATION_TOKEN=$'two\r\nX-Evil: lines' find_credentials
    assert_reason "authorization token has a line break"
}

@test "an instance's credentials come by version 2 of its metadata, unless that is disabled" {
    start_metadata 1200
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$url/
    find_credentials
    assert_reason '$AWS_EC2_METADATA_DISABLED is true'
    [ ! -e requests ]
    unset AWS_EC2_METADATA_DISABLED
    find_credentials
    assert_found instance ASIATEST secret/of+role token-1 -
    [[ $output =~ expires\ (1[12][0-9][0-9])\ renewal\ ([0-9]+)$ ]]
    # Credentials valid for less than 40 minutes are renewed in the last quarter of that time.
    [ "${BASH_REMATCH[2]}" -ge 880 ] && [ "${BASH_REMATCH[2]}" -le 900 ]
    [ "$(sed -n '1s/ -$//p' requests)" = "PUT /latest/api/token" ]
}

@test "metadata that does not respond takes a second an attempt" {
    start_metadata
    unset AWS_EC2_METADATA_DISABLED
    local began=$SECONDS
    AWS_EC2_METADATA_SERVICE_ENDPOINT=$url/slow-host find_credentials
    assert_reason "the instance's metadata: /latest/api/token: status 404"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/slow find_credentials
    assert_reason "the container's credentials: Timeout was reached"
    [ "$(grep -c 'GET /slow ' requests)" = 3 ]
    # Three attempts; each response would take ten minutes.
    [ $((SECONDS - began)) -le 300 ]
}
