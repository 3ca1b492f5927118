#!/bin/sh
# Grants a user of RabbitMQ the permissions that its part needs, and nothing else. Creates the virtual host
# and the user if they are missing; a new user's password is read from the standard input.
#
# usage: permissions.sh [-p VHOST] PART USER [TENANT]   VHOST is / unless given
#        permissions.sh [-p VHOST] [-b BYTES] policy    BYTES is 10737418240 (10 GiB) unless given
#
#   all        Waybill with every role in one process, and its commands
#   worker     Waybill with the roles worker, relay and janitor
#   publisher  Waybill with the roles relay and janitor, or one of them: it only publishes
#   api        Waybill with the role api: it publishes what clients send
#   producer   a service that publishes events: with TENANT to that tenant's exchange, else to the shared one
#   consumer   a service that consumes completions and stages, those of TENANT alone if given, from queues
#              named USER.…, and replies from queues named reply.USER.…
#   tenant     all services of TENANT: its exchanges, and queues named waybill.tenant.TENANT.…
#   policy     limits of the queues. Of events: a message that crashes its consumer is delivered at most 20
#              times and then dead-lettered to waybill.dead, at least once; a queue with BYTES of bodies
#              rejects publishes, so that producers keep the events. Of waybill.dead: no delivery limit;
#              RabbitMQ from 4.0 on has one of 20 deliveries, after which a message is lost
#
# TENANT is written as `waybill tenant list` shows it in the exchange's name: every byte but letters, digits, -
# and _ as % and two digits.
#
# A worker declares its exchanges and queues whenever it connects, even if they exist already, and
# RabbitMQ requires `configure` for that; so a topology declared in advance needs the same permissions.
#
# $RABBITMQCTL is the command to run instead of rabbitmqctl, such as
# 'kubectl exec -i rabbitmq-0 -- rabbitmqctl'. With options of rabbitmqctl in it no user can be created;
# RABBITMQ_NODENAME has the same effect as -n.
set -eu

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# shellcheck disable=SC2086  # a command with its arguments
ctl() { ${RABBITMQCTL:-rabbitmqctl} -s "$@"; }

# known NAME COMMAND...     whether the first column of the command's list contains the name
known() {
    name=$1
    shift
    ctl "$@" </dev/null | cut -f 1 | grep -Fqx -- "$name"
}

vhost=/
bytes=10737418240
while getopts p:b: option; do
    case $option in
    p) vhost=$OPTARG ;;
    b) bytes=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))

nothing='^$'
case ${1-}/$# in
policy/1 | all/2 | worker/2 | publisher/2 | api/2 | producer/[23] | consumer/[23] | tenant/3) ;;
*) usage ;;
esac
own_exchanges=''
case ${3-} in
'') ;;
*[!A-Za-z0-9_%-]*)
    echo "permissions.sh: write tenant $3 as in the exchange's name, see \`waybill tenant list\`" >&2
    exit 2
    ;;
*) own_exchanges="tenant\\.$3\\." ;;
esac
exchanges='(completions|stages)(\.by_tenant)?|dead|internal\.events|tenant\.[^.]+\.(events|completions|stages)'
# With the exchanges before tenants' own queues, which have the same names.
queues='events\.([0-9]+|tenant\.[^.]+)'
# `waybill doctor` checks its permissions on queues and exchanges of its own.
doctors='doctor\..+'
topology="events\\.hash|$queues|$exchanges|$doctors"
# Replies go to the queue that an opening event names, through the default exchange.
replies='amq\.default'

case ${1-} in
policy)
    case $bytes in
    '' | *[!0-9]*) usage ;;
    esac
    # Before 4.0 there is no limit unless a policy sets one, and -1 is refused.
    case $(ctl version </dev/null) in
    3.*) unlimited='' ;;
    *) unlimited='"delivery-limit": -1, ' ;;
    esac
    events='"delivery-limit": 20, "dead-letter-strategy": "at-least-once"'
    # The priority puts these before general policies for all queues.
    ctl set_policy -p "$vhost" --priority 10 --apply-to queues waybill '^waybill\.events\.([0-9]+|tenant\.[^.]+)$' \
        "{$events, \"overflow\": \"reject-publish\", \"max-length-bytes\": $bytes}" </dev/null
    ctl set_policy -p "$vhost" --priority 10 --apply-to queues waybill-dead '^waybill\.dead$' \
        "{$unlimited\"overflow\": \"reject-publish\"}" </dev/null
    exit
    ;;
all)
    configure="^waybill\\.(events|$topology)\$"
    write="^(waybill\\.(events|$topology)|$replies)\$"
    read="^waybill\\.(events|$topology)\$"
    ;;
worker)
    configure="^waybill\\.(events|$topology)\$"
    write="^(waybill\\.(events|$topology)|$replies)\$"
    read="^waybill\\.(events|events\\.hash|$queues|$exchanges|$doctors)\$"
    ;;
publisher)
    configure=$nothing
    write="^(waybill\\.(completions|stages|internal\\.events)|$replies)\$"
    read=$nothing
    ;;
api)
    configure=$nothing
    write='^waybill\.internal\.events$'
    read=$nothing
    ;;
producer)
    configure=$nothing
    write="^waybill\\.${own_exchanges}events\$"
    read=$nothing
    ;;
tenant)
    configure="^waybill\\.$own_exchanges"
    write=$configure
    read=$configure
    ;;
consumer)
    own=$(printf '%s' "${2-}" | sed 's/[^A-Za-z0-9_-]/\\&/g')
    own="(reply\\.)?$own\\..+"
    configure="^$own\$"
    write="^$own\$"
    read="^(waybill\\.$own_exchanges(completions|stages)|$own)\$"
    ;;
esac
user=$2

known "$vhost" list_vhosts name || ctl add_vhost "$vhost" </dev/null
# With any other arguments, rabbitmqctl of RabbitMQ 3.13 and later reads no password and hangs.
# shellcheck disable=SC2086  # a command with its arguments
known "$user" list_users || ${RABBITMQCTL:-rabbitmqctl} add_user "$user" >/dev/null
ctl set_permissions -p "$vhost" "$user" "$configure" "$write" "$read" </dev/null
