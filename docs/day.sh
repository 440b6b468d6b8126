#!/bin/sh
# A day's work with the retail system. Run it in the project's folder:
#
#   sh docs/day.sh [FOLDER]      keeps the day's files, state and logs in FOLDER (default .local/day)
#
# It uses the services that the environment names, else the local ones (npm run local -- start). Their brokers should be fresh, or last run
# by this script: it resets the application. It ends with exit code 0 if every step came out as it says here.
set -eu

day=${1:-.local/day}
graph1=$day/graph-1
graph2=$day/graph-2
edge=$day/edge
lock=$day/topology.lock.json
pids=''

say() { echo "== $*"; }
fail() { say "NOT AS EXPECTED: $*"; exit 1; }

# NAME OPTIONS...: runs a part of the system in the background
start() {
  log=$day/$1.log
  shift
  npx store-sku run "$@" >> "$log" 2>&1 &
  pids="$pids $!"
}

# ends all parts, or those given: each commits, closes and leaves its group
stop() {
  for pid in $pids; do kill "$pid" 2> /dev/null || true; done
  for pid in $pids; do wait "$pid" || true; done
  pids=''
}
trap stop EXIT

settle() { npx store-sku lag --wait 300 > "$day/lag.txt" || fail "there is work left: $(cat "$day/lag.txt")"; }

# COMMAND...: tries until it succeeds, for five minutes
eventually() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || fail "$*"
    sleep 1
  done
}

rejects() { npx store-sku replay-dlq --source sku-gb/day-1/ | grep -q "$1"; }
# STATE: what the ledger of a stopped replica has of the corrected day
ledger() { npx store-sku state get sku-days GB/tea/GB/2026-03-02 --state "$1" 2> /dev/null | sed 's/.*"value"://'; }

# WHAT: fails unless the ledger is what it was before
same() {
  ledger "$graph1" > "$day/after.txt"
  cmp "$day/before.txt" "$day/after.txt" || fail "$1: $(cat "$day/after.txt")"
}

mkdir -p "$day/data/sku-gb/day-1"
cp topology/retail/topology.lock.json "$lock"

say 'Morning: two replicas of the graph, and a process for files and sinks'
start graph-1 --role graph --state "$graph1" --file "$lock"
start graph-2 --role graph --state "$graph2" --file "$lock"
start edge --role ingest,sinks --state "$edge" --bucket sku-gb --scan-every 3600
eventually grep -q running: "$day/edge.log"
eventually grep -q running: "$day/graph-1.log"
eventually grep -q running: "$day/graph-2.log"

say 'The first files arrive'
cat > "$day/data/sku-gb/day-1/2026-03-01.csv" << 'CSV'
sold_at,sku,quantity,amount,promotion_id
2026-03-01,tea,2,5.00,spring
2026-03-01,milk,1,1.20,
CSV
npx store-sku upload "$day/data" --announce
settle

say 'A file with a broken row: it is in the dead letters, with file, row and reason'
cat > "$day/data/sku-gb/day-1/2026-03-02.csv" << 'CSV'
sold_at,sku,quantity,amount,promotion_id
2026-03-02,tea,1,2.50,spring
2026-03-02,tea,3,much,
CSV
npx store-sku upload "$day/data" --announce
eventually rejects much
npx store-sku replay-dlq --source sku-gb/day-1/

say 'It is corrected in the bucket, and replayed'
cat > "$day/data/sku-gb/day-1/2026-03-02.csv" << 'CSV'
sold_at,sku,quantity,amount,promotion_id
2026-03-02,tea,1,2.50,spring
2026-03-02,tea,3,7.50,
CSV
npx store-sku upload "$day/data"
npx store-sku replay-dlq --source sku-gb/day-1/ --yes
gone() { ! rejects 2026-03-02; }
eventually gone
settle

say 'Noon: a store that is not trusted is rebuilt from its changelog'
stop
# the group decides which replica gets which tasks: from here on, the first is the one that has the article
[ -n "$(ledger "$graph1")" ] || { mv "$graph1" "$day/second"; mv "$graph2" "$graph1"; mv "$day/second" "$graph2"; }
npx store-sku rebuild sku-days --state "$graph1"
{ ledger "$graph1"; ledger "$graph2"; } | sort -u > "$day/before.txt"
grep -q '"units":40000' "$day/before.txt" || fail "the ledger has not sold 4 of tea: $(cat "$day/before.txt")"
npx store-sku rebuild sku-days --state "$graph1" --yes
[ -z "$(ledger "$graph1")" ] || fail 'the store is still there'
start graph-1 --role graph --state "$graph1" --file "$lock"
start edge --role ingest,sinks --state "$edge" --bucket sku-gb --scan-every 3600
cat > "$day/data/sku-gb/day-1/2026-03-03.csv" << 'CSV'
sold_at,sku,quantity,amount,promotion_id
2026-03-03,tea,1,2.50,
CSV
npx store-sku upload "$day/data" --announce
settle
stop
same 'the rebuilt store'

say 'Afternoon: the application starts over; its ledgers come out the same'
npx store-sku reset --state "$graph1"
npx store-sku reset --state "$graph1" --yes
start graph-1 --role graph --state "$graph1" --file "$lock"
start edge --role ingest,sinks --state "$edge" --bucket sku-gb --scan-every 3600
settle
stop
same 'the ledger after the reset'

say 'Evening: an upgrade that the lock file calls compatible'
npx store-sku diff --graph docs/day/upgraded-graph.ts#upgradedGraph --file "$lock"
npx store-sku lock --graph docs/day/upgraded-graph.ts#upgradedGraph --file "$lock"
start graph-1 --role graph --state "$graph1" --graph docs/day/upgraded-graph.ts#upgradedGraph --file "$lock"
eventually grep -q 'running: graph' "$day/graph-1.log"
npx store-sku lag --wait 300 --graph docs/day/upgraded-graph.ts#upgradedGraph > /dev/null || fail 'the upgraded graph has work left'
stop

say 'And one that it does not: it says so before anything is touched, and does not start'
code=0
npx store-sku diff --graph docs/day/other-graph.ts#otherGraph --file "$lock" || code=$?
[ "$code" = 1 ] || fail "diff ended with $code"
code=0
npx store-sku run --role graph --state "$graph1" --graph docs/day/other-graph.ts#otherGraph --file "$lock" || code=$?
[ "$code" = 3 ] || fail "run ended with $code"

say 'A good day'
