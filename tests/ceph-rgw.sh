#!/usr/bin/env bash
# One-node Ceph (mon + osd on memstore + radosgw), for a test-suite.  No systemd, no mgr, any user.
#   apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd curl
#   ceph-rgw.sh start DIR [PORT]      # DIR is made (emptied if a former run's); everything lives there
#   ceph-rgw.sh stop DIR
#   ceph-rgw.sh rgw-kill DIR ; ceph-rgw.sh rgw-start DIR   # an outage of the S3 side; the objects stay
# start leaves DIR/env (source it): S3_ENDPOINT S3_BUCKET AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION.
# Path style by 127.0.0.1 or localhost; virtual-host style as http://BUCKET.localhost:PORT (curl resolves it itself).
# 127.0.0.1 only: PORT = S3 over http, PORT+1 = mon, PORT+2 = S3 over https (S3_TLS=1), PORT+3..+20 = osd.
# Objects are in the osd's memory (OSD_STORE=bluestore: DIR/osd/block, a sparse file; slower).
# RGW_EXTRA: more lines for radosgw's configuration, e.g. 'rgw max concurrent requests = 2' (real 503 SlowDown).
set -eu
cmd=${1:?start|stop|rgw-kill|rgw-start} D=${2:?DIR} P=${3:-18180}
KEY=${S3_TEST_KEY:-s3testkey} SECRET=${S3_TEST_SECRET:-s3testsecret/+AB} BUCKET=${S3_TEST_BUCKET:-testbucket}

alive() { case $(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) in ''|Z) return 1;; esac; }
end() { # NAME...: ends what we started (a pid counts as ours only while its command line names our file)
  local n p          # by SIGKILL: nothing here outlives the test, and radosgw takes over 5 s to react to SIGTERM
  for n; do
    [ -f "$D/run/$n.pid" ] || continue
    p=$(cat "$D/run/$n.pid")
    if tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline" | grep -qF -- "$D/ceph.conf"; then
      kill -KILL "$p" 2>/dev/null || :
      for _ in $(seq 600); do alive "$p" || break; sleep 0.05; done
    fi
    rm -f "$D/run/$n.pid"
  done
}
run() { local n=$1; shift; setsid "$@" >>"$D/log/$n.out" 2>&1 </dev/null & echo $! >"$D/run/$n.pid"; }
rgw_start() { # and wait until it makes (or finds) the bucket
  local k s=000
  k=$(sed -n 's/^#key //p' "$D/ceph.conf") P=$(sed -n 's/^#port //p' "$D/ceph.conf") BUCKET=$(sed -n 's/^#bucket //p' "$D/ceph.conf")
  run rgw radosgw -f -n client.rgw --conf "$D/ceph.conf"
  for _ in $(seq 1200); do
    alive "$(cat "$D/run/rgw.pid")" || break
    s=$(curl -s -m 60 -o "$D/log/mkbucket" -w '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 --user "$k" \
      -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "http://127.0.0.1:$P/$BUCKET" || :)
    case $s in 200|409) echo "ceph radosgw: http://127.0.0.1:$P bucket $BUCKET"; return 0;; esac
    sleep 0.1
  done
  echo "ceph-rgw: not ready (last status $s)" >&2; tail -n 20 "$D"/log/setup "$D"/log/*.out "$D"/log/client.rgw.log >&2
  end rgw osd mon; return 1
}
if [ "$cmd" != start ]; then
  D=$(cd "$D" 2>/dev/null && pwd) || exit 0
  case $cmd in
    stop) end rgw osd mon;;
    rgw-kill) end rgw;;
    rgw-start) rgw_start;;
    *) echo "no such command: $cmd" >&2; exit 2;;
  esac
  exit
fi

mkdir -p "$D"; D=$(cd "$D" && pwd); end rgw osd mon
for p in "$P" $((P+1)) $((P+2)); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "ceph-rgw: port $p is in use" >&2; exit 1; fi
done
for n in mon osd run log rgw; do rm -rf "${D:?}/$n"; mkdir "$D/$n"; done
FRONT="beast endpoint=127.0.0.1:$P"
if [ "${S3_TLS:-0}" = 1 ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,DNS:'"$BUCKET"'.localhost,IP:127.0.0.1' \
    -keyout "$D/key.pem" -out "$D/cert.pem" 2>/dev/null
  FRONT="$FRONT ssl_endpoint=127.0.0.1:$((P+2)) ssl_certificate=$D/cert.pem ssl_private_key=$D/key.pem"
fi
FSID=$(cat /proc/sys/kernel/random/uuid) U=$(cat /proc/sys/kernel/random/uuid)
cat >"$D/ceph.conf" <<E
#key $KEY:$SECRET
#port $P
#bucket $BUCKET
[global]
fsid = $FSID
mon host = v2:127.0.0.1:$((P+1))
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = $((P+3))
ms bind port max = $((P+20))
auth cluster required = none
auth service required = none
auth client required = none
log file = $D/log/\$name.log
admin socket = $D/run/\$name.asok
run dir = $D/run
crash dir = $D/log
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
debug ms = 0/0
debug osd = 0/0
debug memstore = 0/0
debug bluestore = 0/0
debug rocksdb = 0/0
debug objclass = 0/0
debug rgw = 1/1
[mon]
mon data = $D/mon
mon cluster log file = $D/log/cluster.log
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
[osd]
osd data = $D/osd
osd objectstore = ${OSD_STORE:-memstore}
osd memory target = 939524096
osd min pg log entries = 100
osd max pg log entries = 200
osd pg log dups tracked = 200
memstore device bytes = 4294967296
bluestore block size = 4294967296
bluestore fsck on mkfs = false
osd class load list = *
osd class default list = *
[client]
ms mon client mode = crc
rgw data = $D/rgw
rgw frontends = $FRONT
rgw dns name = localhost
rgw thread pool size = 64
rgw run sync thread = false
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw enable lc threads = false
rgw enable gc threads = false
rgw enable quota threads = false
${RGW_EXTRA:-}
E
cat >"$D/env" <<E
export S3_ENDPOINT=http://127.0.0.1:$P S3_BUCKET=$BUCKET AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID='$KEY' AWS_SECRET_ACCESS_KEY='$SECRET'
E
[ "${S3_TLS:-0}" = 1 ] && echo "export S3_TLS_ENDPOINT=https://localhost:$((P+2)) S3_TLS_CA=$D/cert.pem" >>"$D/env"
trap '[ $? = 0 ] || { tail -n 20 "$D"/log/setup >&2; end rgw osd mon; }' EXIT
{
  monmaptool --create --clobber --fsid "$FSID" --set-min-mon-release pacific --addv a "[v2:127.0.0.1:$((P+1))]" "$D/monmap"
  ceph-mon -i a --conf "$D/ceph.conf" --mkfs --monmap "$D/monmap"
  run mon ceph-mon -f -i a --conf "$D/ceph.conf"
  timeout 60 ceph --conf "$D/ceph.conf" --connect-timeout 30 osd new "$U" 0
  ceph-osd -i 0 --conf "$D/ceph.conf" --mkfs --osd-uuid "$U"
  run osd ceph-osd -f -i 0 --conf "$D/ceph.conf"
  timeout 120 radosgw-admin --conf "$D/ceph.conf" user create --uid=test --display-name=test --access-key="$KEY" --secret="$SECRET"
} >"$D/log/setup" 2>&1
rgw_start
