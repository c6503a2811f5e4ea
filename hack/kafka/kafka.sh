#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# Runs Apache Kafka (KRaft, combined broker and controller) from Maven Central, as plain processes.
set -euo pipefail

usage() {
  cat <<'TXT'
usage: kafka.sh COMMAND [options] [arguments of the console tool]

  install      fetch the jars (once per version)
  format       create the data directories of a new cluster
  start        install, format and start whatever is missing; returns at once
  wait         return when every node serves clients, or fail after --timeout seconds
  stop         stop gracefully; with --kill as a crash would
  restart      stop, start, wait
  status       one line a node
  bootstrap    print the bootstrap addresses for this machine; with --pods those for the cluster's pods
  clean        stop and delete the data
  topics | consume | produce | groups | configs | transactions
               Kafka's own console tools; what this script does not know goes to the tool, for example
               kafka.sh consume --topic orders --from-beginning --max 10

  --data DIR      data directory              (default ~/.cache/penstock/kafka-data)
  --port P        client port of node 1       (default 9092)
  --nodes 1|3     cluster size                (default 1)
  --host-ip IP    also listen on this address, which pods reach (10.250.0.1 for hack/cluster; none: no longer)
  --secure        beside the others a listener of each kind for --listener, with certificates of its own in DIR/certs,
                  and an authorizer: without an ACL, who has a name may do nothing, and who has none everything
  --listener L    bootstrap: of this listener: tls, mtls, saslssl (PLAIN and SCRAM over TLS), sasl (without TLS), or
                  otherhost, whose certificate is for another host
  --node N        start, stop, restart: only node N
  --timeout S     wait, restart: seconds      (default 60)

Node N uses three ports: P+10(N-1) for this machine, the next for controllers, the one after for --host-ip, and with
--secure five more. Their users are alice and bob, with the passwords alice-s3cret and bob-s3cret; certs/client.pem is carol's.
Port, nodes, host IP and --secure are remembered in the data directory: later commands need only --data.
TXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PENSTOCK_CACHE:-$HOME/.cache/penstock}
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/pom.xml")
jars=$cache/kafka-$version
data=$cache/kafka-data
port='' nodes='' host_ip='' secure='' listener='' node='' timeout=60 kill_now='' pods=''
tool_args=()

say() { echo "kafka: $*" >&2; }
die() { say "$*"; exit 1; }

parse() {
  while (($#)); do
    case $1 in
      --data | --port | --nodes | --host-ip | --listener | --node | --timeout | --max)
        (($# > 1)) || die "$1 needs a value" ;;&
      --data) data=$(realpath -m "$2"); shift 2 ;;
      --port) port=$2; shift 2 ;;
      --nodes) nodes=$2; shift 2 ;;
      --host-ip) host_ip=$2; shift 2 ;;
      --secure) secure=1; shift ;;
      --listener) listener=$2; shift 2 ;;
      --node) node=$2; shift 2 ;;
      --timeout) timeout=$2; shift 2 ;;
      --max) tool_args+=(--max-messages "$2"); shift 2 ;;
      --kill) kill_now=1; shift ;;
      --pods) pods=1; shift ;;
      *) tool_args+=("$1"); shift ;;
    esac
  done
}

# The settings of the cluster in $data: what was given before stands unless it is given again.
settings() {
  local want_port=$port want_nodes=$nodes want_host_ip=$host_ip want_secure=$secure
  port=9092 nodes=1 host_ip='' secure=''
  # shellcheck source=/dev/null
  [[ ! -f $data/settings ]] || . "$data/settings"
  if [[ -f $data/settings && -n $want_nodes && $want_nodes != "$nodes" ]]; then
    die "$data holds a cluster of $nodes node(s), not $want_nodes: choose another --data, or run clean first"
  fi
  port=${want_port:-$port} nodes=${want_nodes:-$nodes} host_ip=${want_host_ip:-$host_ip} secure=${want_secure:-$secure}
  [[ $nodes == 1 || $nodes == 3 ]] || die "--nodes is $nodes: give 1 or 3"
  [[ $host_ip != none ]] || host_ip=''
  if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65500)); then die "--port is $port: give a number from 1 to 65500"; fi
  if [[ -n $node && ! $node =~ ^[1-$nodes]$ ]]; then die "--node is $node: give a number from 1 to $nodes"; fi
}

save_settings() {
  printf 'port=%s\nnodes=%s\nhost_ip=%s\nsecure=%s\n' "$port" "$nodes" "$host_ip" "$secure" >"$data/settings"
}

each_node() { if [[ -n $node ]]; then echo "$node"; else seq "$nodes"; fi; }
client_port() { echo $((port + 10 * ($1 - 1))); }
join() { local IFS=,; echo "$*"; }

# The listeners of --secure, by how far their ports are from the client port.
declare -A secure_ports=([tls]=3 [mtls]=4 [saslssl]=5 [sasl]=6 [otherhost]=7)

bootstrap() {
  local list=() n
  for n in $(seq "$nodes"); do
    if [[ -n $listener ]]; then
      [[ -n $secure && -n ${secure_ports[$listener]:-} ]] || die "there is no listener $listener: start with --secure, and give one of ${!secure_ports[*]}"
      list+=("localhost:$(($(client_port "$n") + ${secure_ports[$listener]}))")
    elif [[ -n $pods ]]; then
      [[ -n $host_ip ]] || die "this cluster has no listener for pods: start it with --host-ip"
      list+=("$host_ip:$(($(client_port "$n") + 2))")
    else
      list+=("127.0.0.1:$(client_port "$n")")
    fi
  done
  join "${list[@]}"
}

need_programs() {
  local missing=()
  command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null || missing+=(maven)
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    die "java 17 or newer and mvn are needed: install ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } >/dev/null
}

install() {
  local stamp mvn_pid started=$SECONDS
  stamp=$(sha256sum <"$here/pom.xml")
  [[ $(cat "$jars/pom.sha256" 2>/dev/null) != "$stamp" ]] || return 0
  need_programs
  mkdir -p "$cache"
  exec 9>"$cache/kafka.lock"
  flock 9
  [[ $(cat "$jars/pom.sha256" 2>/dev/null) != "$stamp" ]] || return 0
  say "fetching the jars of Kafka $version from Maven Central"
  rm -rf "$jars" "$jars.part"
  mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars.part" >"$cache/kafka-install.log" 2>&1 9>&- &
  mvn_pid=$!
  while kill -0 $mvn_pid 2>/dev/null; do
    sleep 1
    (((SECONDS - started) % 15 != 14)) || say "still fetching, $((SECONDS - started)) s"
  done
  wait $mvn_pid || { tail -n 20 "$cache/kafka-install.log" >&2; die "mvn failed: see $cache/kafka-install.log"; }
  echo "$stamp" >"$jars.part/pom.sha256"
  mv "$jars.part" "$jars"
  exec 9>&-
  say "$(find "$jars" -name '*.jar' | wc -l) jars in $jars, $((SECONDS - started)) s"
}

# run_class CLASS ARG...: a short-lived JVM, tuned to start fast.
run_class() {
  java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$here/log4j2.xml" \
    -Dkafka.log.level="${KAFKA_LOG_LEVEL:-ERROR}" -cp "$jars/*" "$@"
}

properties() {
  local n=$1 client voters=() i replicas=$nodes in_sync=$(((nodes + 1) / 2)) listeners advertised
  client=$(client_port "$n")
  for i in $(seq "$nodes"); do voters+=("$i@127.0.0.1:$(($(client_port "$i") + 1))"); done
  advertised=LOCAL://127.0.0.1:$client
  listeners=$advertised,CONTROLLER://127.0.0.1:$((client + 1))
  if [[ -n $host_ip ]]; then
    listeners+=,PODS://$host_ip:$((client + 2))
    advertised+=,PODS://$host_ip:$((client + 2))
  fi
  if [[ -n $secure ]]; then
    for i in "${!secure_ports[@]}"; do
      listeners+=,${i^^}://localhost:$((client + secure_ports[$i]))
      advertised+=,${i^^}://localhost:$((client + secure_ports[$i]))
    done
  fi
  cat <<TXT
node.id=$n
process.roles=broker,controller
controller.quorum.voters=$(join "${voters[@]}")
controller.listener.names=CONTROLLER
inter.broker.listener.name=LOCAL
listeners=$listeners
advertised.listeners=$advertised
listener.security.protocol.map=LOCAL:PLAINTEXT,PODS:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$data/node$n/log

default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync

# Small, and without the waits that serve large clusters.
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
TXT
  [[ -z $secure ]] || secure_properties
}

secure_properties() {
  local login=org.apache.kafka.common.security users='user_alice="alice-s3cret" user_bob="bob-s3cret"' l
  cat <<TXT

listener.security.protocol.map=LOCAL:PLAINTEXT,PODS:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MTLS:SSL,SASLSSL:SASL_SSL,SASL:SASL_PLAINTEXT,OTHERHOST:SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=$data/certs/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$data/certs/ca.pem
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*\$/\$1/
listener.name.mtls.ssl.client.auth=required
listener.name.otherhost.ssl.keystore.type=PEM
listener.name.otherhost.ssl.keystore.location=$data/certs/otherhost.pem
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
TXT
  for l in sasl saslssl; do
    cat <<TXT
listener.name.$l.plain.sasl.jaas.config=$login.plain.PlainLoginModule required $users;
listener.name.$l.scram-sha-256.sasl.jaas.config=$login.scram.ScramLoginModule required;
listener.name.$l.scram-sha-512.sasl.jaas.config=$login.scram.ScramLoginModule required;
TXT
  done
}

# certificate NAME CN SAN issues a certificate: NAME.crt, NAME.key, and both with the authority's in NAME.pem.
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile <(echo "subjectAltName=$3") -out "$1.crt"
  cat "$1.key" "$1.crt" ca.pem >"$1.pem"
}

authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem"
}

certificates() {
  [[ ! -d $data/certs ]] || return 0
  command -v openssl >/dev/null || die "openssl is needed for --secure"
  rm -rf "$data/certs.part"
  mkdir -p "$data/certs.part"
  (
    cd "$data/certs.part"
    authority ca
    authority stranger # whose certificates nobody has
    certificate broker broker DNS:localhost,IP:127.0.0.1
    certificate otherhost broker DNS:kafka.example.com
    certificate client carol DNS:carol
  ) >"$data/certs.log" 2>&1 || { cat "$data/certs.log" >&2; die "making certificates failed"; }
  mv "$data/certs.part" "$data/certs"
}

format() {
  local n id pids=() users=() u m
  mkdir -p "$data"
  if [[ -n $secure ]]; then
    certificates
    for u in alice bob; do
      for m in SCRAM-SHA-256 SCRAM-SHA-512; do users+=(--add-scram "$m=[name=$u,password=$u-s3cret]"); done
    done
  fi
  # 16 random bytes in base64url; Kafka's command lines would take a leading minus for an option.
  [[ -f $data/cluster-id ]] || printf 'p%s' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d = | cut -c 2-22)" >"$data/cluster-id"
  id=$(cat "$data/cluster-id")
  for n in $(seq "$nodes"); do
    mkdir -p "$data/node$n"
    properties "$n" >"$data/node$n/server.properties.new"
    if pid_of "$n" >/dev/null && ! cmp -s "$data/node$n/server.properties" "$data/node$n/server.properties.new"; then
      die "node $n runs with other settings: use restart"
    fi
  done
  save_settings
  for n in $(seq "$nodes"); do
    mv "$data/node$n/server.properties.new" "$data/node$n/server.properties"
    [[ ! -f $data/node$n/log/meta.properties ]] || continue
    run_class kafka.tools.StorageTool format -t "$id" -c "$data/node$n/server.properties" "${users[@]}" >"$data/node$n/format.log" 2>&1 &
    pids+=("$!")
  done
  for n in "${pids[@]}"; do
    wait "$n" || { cat "$data"/node*/format.log >&2; die "formatting failed"; }
  done
}

# pid_of NODE prints the pid of a running node. A recorded pid counts only while it is still our process.
pid_of() {
  local pid
  pid=$(cat "$data/node$1/pid" 2>/dev/null) || return 1
  ! grep -qs '^State:.Z' "/proc/$pid/status" || return 1
  # Not grep -q, which ends early: with pipefail, tr would now and then fail for that.
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -xF "$data/node$1/server.properties" >/dev/null || return 1
  echo "$pid"
}

start() {
  local n dir
  install
  # Not piped into grep -q, which ends early: with pipefail, ip would now and then fail for that.
  if [[ -n $host_ip && -z $(ip -o addr show to "$host_ip") ]]; then
    die "no interface has the address $host_ip: start the cluster first, or leave --host-ip out"
  fi
  format
  for n in $(each_node); do
    ! pid_of "$n" >/dev/null || continue
    dir=$data/node$n
    [[ ! -f $dir/server.log ]] || mv "$dir/server.log" "$dir/server.log.1"
    setsid java -Xms256m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true -Dkafka.log.level=INFO \
      -Dlog4j2.configurationFile="$here/log4j2.xml" -cp "$jars/*" kafka.Kafka "$dir/server.properties" \
      >"$dir/server.log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    say "node $n started, pid $(cat "$dir/pid"), log $dir/server.log"
  done
}

# A node's last line at start-up is written once it is unfenced and takes requests; each start has a log of its own.
wait_ready() {
  local n deadline=$((SECONDS + timeout)) log
  for n in $(each_node); do
    log=$data/node$n/server.log
    while true; do
      pid_of "$n" >/dev/null || { tail -n 20 "$log" >&2 2>/dev/null || true; die "node $n is not running: its log is $log"; }
      ! grep -q 'Kafka Server started' "$log" || break
      ((SECONDS < deadline)) || { tail -n 5 "$log" >&2; die "node $n is not ready after $timeout s: see $log"; }
      sleep 0.1
    done
  done
}

stop() {
  local n pid pids=() deadline
  for n in $(each_node); do
    pid=$(pid_of "$n") || { rm -f "$data/node$n/pid"; continue; }
    if [[ -n $kill_now ]]; then kill -KILL "$pid"; else kill -TERM "$pid"; fi
    pids+=("$n")
  done
  deadline=$((SECONDS + 30))
  for n in "${pids[@]}"; do
    while pid=$(pid_of "$n"); do
      ((SECONDS < deadline)) || { say "node $n did not stop within 30 s: killing it"; kill -KILL "$pid" 2>/dev/null || true; deadline=$((SECONDS + 5)); }
      sleep 0.1
    done
    rm -f "$data/node$n/pid"
    say "node $n stopped"
  done
}

status() {
  local n pid
  for n in $(each_node); do
    if pid=$(pid_of "$n"); then echo "node $n running pid $pid 127.0.0.1:$(client_port "$n")"; else echo "node $n stopped"; fi
  done
}

clean() {
  node=''
  stop
  # Only what format made: --data may be wrong.
  rm -rf "$data"/node[1-3] "$data/settings" "$data/cluster-id" "$data/certs" "$data/certs.log"
  rmdir "$data" 2>/dev/null || true
}

tool() {
  install
  run_class "$1" --bootstrap-server "$(bootstrap)" "${@:2}"
}

main() {
  local command=${1:-help}
  (($# == 0)) || shift
  parse "$@"
  case $command in help | -h | --help) usage; exit ;; esac
  settings
  case $command in
    topics | consume | produce | groups | configs | transactions) ;;
    *) ((${#tool_args[@]} == 0)) || die "$command does not know ${tool_args[0]}: see kafka.sh help" ;;
  esac
  case $command in
    install | format | start | stop | status | bootstrap | clean) "$command" ;;
    wait) wait_ready ;;
    restart) stop; kill_now=''; start; wait_ready ;;
    topics) tool org.apache.kafka.tools.TopicCommand "${tool_args[@]}" ;;
    consume) tool org.apache.kafka.tools.consumer.ConsoleConsumer "${tool_args[@]}" ;;
    produce) tool org.apache.kafka.tools.ConsoleProducer "${tool_args[@]}" ;;
    groups) tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand "${tool_args[@]}" ;;
    configs) tool kafka.admin.ConfigCommand "${tool_args[@]}" ;;
    transactions) tool org.apache.kafka.tools.TransactionsCommand "${tool_args[@]}" ;;
    *) die "$command is not a command: see kafka.sh help" ;;
  esac
}

main "$@"
