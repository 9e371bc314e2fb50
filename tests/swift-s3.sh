#!/usr/bin/env bash
# One-node OpenStack Swift with its S3 API (s3api), for a test-suite.  No systemd.
#   apt-get install -y --no-install-recommends swift-proxy swift-account \
#       swift-container swift-object memcached curl
#   swift-s3.sh start DIR [PORT]     # DIR is made; everything lives there
#   swift-s3.sh stop  DIR            # ends it (leaves DIR: the data and logs)
# start leaves DIR/env (source it): S3_ENDPOINT S3_BUCKET AWS_ACCESS_KEY_ID
# AWS_SECRET_ACCESS_KEY AWS_REGION.  Listens on 127.0.0.1: PORT .. PORT+4.
set -eu
cmd=${1:?start|stop} D=${2:?DIR} P=${3:-18080}
KEY=${S3_TEST_KEY:-s3testkey} SECRET=${S3_TEST_SECRET:-s3testsecret/+AB} BUCKET=${S3_TEST_BUCKET:-testbucket}
OBJ=${SWIFT_OBJECT_SERVER:-mem_object}   # mem_object: in memory; object: files with xattrs

stat() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f"$2"; }   # 1: state, 20: start time
alive() { case $(stat "$1" 1) in ''|Z) return 1;; esac; }
stop() { # end what we started (a pid counts as ours only while its start time is the one we noted)
  local f p t
  for f in "$D"/run/*.pid; do
    [ -f "$f" ] || continue
    read -r p t <"$f" || :
    if alive "$p" && [ "$(stat "$p" 20)" = "$t" ]; then
      kill "$p" 2>/dev/null || :
      for _ in $(seq 600); do alive "$p" || break; sleep 0.05; done
      if alive "$p"; then kill -KILL "$p" 2>/dev/null || :; fi
    fi
    rm -f "$f"
  done
}
if [ "$cmd" = stop ]; then D=$(cd "$D" 2>/dev/null && pwd) || exit 0; stop; exit 0; fi
[ "$cmd" = start ] || exit 2

mkdir -p "$D"; D=$(cd "$D" && pwd); stop
for p in "$P" $((P+1)) $((P+2)) $((P+3)) $((P+4)); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "swift-s3: port $p is in use" >&2; exit 1; fi
done
rm -rf "${D:?}/etc" "${D:?}/srv" "${D:?}/run" "${D:?}/log"; mkdir -p "$D/etc" "$D/srv/d1" "$D/run" "$D/log" "$D/cache"
U=$(id -un)

cat >"$D/etc/swift.conf" <<E
[swift-hash]
swift_hash_path_prefix = p
swift_hash_path_suffix = s
[storage-policy:0]
name = one
default = yes
E
common() { cat <<E
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
swift_dir = $D/etc
devices = $D/srv
mount_check = false
user = $U
workers = 0
disable_fallocate = true
fallocate_reserve = 0
max_clients = 1024
log_level = ERROR
log_statsd_host =
recon_cache_path = $D/cache
E
}
for s in account container object; do
  case $s in account) o=1 egg=account;; container) o=2 egg=container;; object) o=3 egg=$OBJ;; esac
  { common $((P+o)); cat <<E
[pipeline:main]
pipeline = $s-server
[app:$s-server]
use = egg:swift#$egg
log_requests = false
conn_timeout = 5
E
  } >"$D/etc/$s-server.conf"
done
{ common "$P"; cat <<E
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api s3keys slo dlo copy proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((P+4))
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:s3keys]
paste.filter_factory = s3keys:filter_factory
access_key = $KEY
secret_key = $SECRET
E
} >"$D/etc/proxy-server.conf"
# Swift's tempauth, with an access key that has no colon in it
# (tempauth's own are "account:user", which curl --user cannot carry)
cat >"$D/etc/s3keys.py" <<'E'
from swift.common.middleware.tempauth import TempAuth
def filter_factory(global_conf, **local_conf):
    conf = dict(global_conf, **local_conf)
    key, secret = conf.pop('access_key'), conf.pop('secret_key')
    def factory(app):
        auth = TempAuth(app, conf)
        auth.users[key] = {'key': secret, 'groups': ['.admin'],
                           'url': '$HOST/v1/%stest' % auth.reseller_prefix}
        return auth
    return factory
E
run() { # NAME COMMAND...: in the background, in its own session, output to a log
  local n=$1; shift
  setsid "$@" >>"$D/log/$n.log" 2>&1 </dev/null &
  echo "$! $(stat $! 20)" >"$D/run/$n.pid"
}
run memcached memcached -u "$U" -l 127.0.0.1 -p $((P+4)) -U 0 -m 32 -t 1
# The servers are one program that is loaded once, and then four processes: that takes half of the time.
PYTHONPATH="$D/etc" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - "$D" "$P" "$OBJ" <<'E'
import importlib, os, sys
from swift.common import utils
utils.eventlet_monkey_patch()
from swift.common.ring import RingBuilder
from swift.common.wsgi import run_wsgi
from swift.obj import server as object_server
d, port, obj = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for i, name in enumerate(('account', 'container', 'object'), 1):
    b = RingBuilder(2, 1, 0)
    b.add_dev(dict(id=0, region=1, zone=1, weight=1, ip='127.0.0.1', port=port + i, device='d1'))
    b.rebalance()
    b.get_ring().save('%s/etc/%s.ring.gz' % (d, name))
for name in ('account.server', 'container.server', 'obj.mem_server' if obj == 'mem_object' else 'obj.server',
             'proxy.server'):
    importlib.import_module('swift.' + name)
for name in ('account', 'container', 'object', 'proxy'):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open('%s/log/%s.log' % (d, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(log, 1)
        os.dup2(log, 2)
        options = {'global_conf_callback': object_server.global_conf_callback} if name == 'object' else {}
        sys.exit(run_wsgi('%s/etc/%s-server.conf' % (d, name), name + '-server', **options))
    with open('/proc/%d/stat' % pid) as f, open('%s/run/%s.pid' % (d, name), 'w') as out:
        print(pid, f.read().rpartition(') ')[2].split()[19], file=out)
E
cat >"$D/env" <<E
export S3_ENDPOINT=http://127.0.0.1:$P S3_BUCKET=$BUCKET AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID='$KEY' AWS_SECRET_ACCESS_KEY='$SECRET'
E
# ready once it makes the bucket, and takes and deletes an object (the back ends may come up after the proxy)
req() { curl -s -m 60 -o "$D/log/ready" -w '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 --user "$KEY:$SECRET" \
  -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" || :; }
c=000
for _ in $(seq 600); do
  for f in "$D"/run/*.pid; do read -r p _ <"$f"; alive "$p" || { echo "swift-s3: ${f##*/} died" >&2; break 2; }; done
  c=$(req -X PUT "http://127.0.0.1:$P/$BUCKET")
  case $c in 200|409) c=$(req -T "$D/etc/swift.conf" "http://127.0.0.1:$P/$BUCKET/ready-check");; esac
  [ "$c" != 200 ] || c=$(req -X DELETE "http://127.0.0.1:$P/$BUCKET/ready-check")
  if [ "$c" = 204 ]; then echo "swift s3api: http://127.0.0.1:$P bucket $BUCKET"; exit 0; fi
  sleep 0.2
done
echo "swift-s3: not ready (last status $c)" >&2; tail -n 20 "$D"/log/*.log >&2; stop; exit 1
