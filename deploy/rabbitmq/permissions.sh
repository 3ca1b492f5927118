#!/bin/sh
# Lets a user of RabbitMQ do what its part needs, and nothing else. Makes the virtual host and the user
# where they lack; a new user's password is read from the standard input.
#
# usage: permissions.sh [-p VHOST] PART USER      VHOST is / unless given
#        permissions.sh [-p VHOST] policy
#
#   all        Waybill with every role in one process, and its commands
#   worker     Waybill with the roles worker, relay and janitor
#   publisher  Waybill with the roles relay and janitor, or one of them: it only publishes
#   api        Waybill with the role api: it publishes what clients send
#   producer   a service that publishes events
#   consumer   a service that waits for completions and stages in queues called USER.…
#   policy     limits of the queues of events: a message that ends its consumer comes back 20 times at
#              most, where RabbitMQ before 4.0 has no limit of its own
#
# A worker declares its exchanges and queues whenever it connects, also where they are there already, and
# RabbitMQ asks for `configure` then; so a topology that somebody else declared needs the same rights.
#
# $RABBITMQCTL is the command to run instead of rabbitmqctl, such as
# 'kubectl exec -i rabbitmq-0 -- rabbitmqctl'.
set -eu

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# shellcheck disable=SC2086  # a command with its arguments
ctl() { ${RABBITMQCTL:-rabbitmqctl} -s "$@"; }

# known NAME COMMAND...     whether the first column of what it lists has the name
known() {
    name=$1
    shift
    ctl "$@" </dev/null | cut -f 1 | grep -Fqx -- "$name"
}

vhost=/
while getopts p: option; do
    case $option in
    p) vhost=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))

nothing='^$'
exchanges='completions|stages|dead'
queues='events\.[0-9]+'
# `waybill doctor` tries its rights on things of its own.
doctors='doctor\..+'
topology="events\\.hash|$queues|$exchanges|$doctors"
# Replies go to the queue that an opening event names, through the default exchange.
replies='amq\.default'

case ${1-} in
policy)
    [ $# = 1 ] || usage
    ctl set_policy -p "$vhost" waybill '^waybill\.events\.' '{"delivery-limit": 20}' --apply-to queues
    exit
    ;;
all)
    configure="^waybill\\.(events|$topology)\$"
    write="^(waybill\\.(events|$topology)|$replies)\$"
    read="^waybill\\.(events|$topology)\$"
    ;;
worker)
    configure="^waybill\\.(events|$topology)\$"
    write="^(waybill\\.($topology)|$replies)\$"
    read="^waybill\\.(events|events\\.hash|$queues|dead|$doctors)\$"
    ;;
publisher)
    configure=$nothing
    write="^(waybill\\.(completions|stages)|$replies)\$"
    read=$nothing
    ;;
api | producer)
    configure=$nothing
    write='^waybill\.events$'
    read=$nothing
    ;;
consumer)
    own=$(printf '%s' "${2-}" | sed 's/[^A-Za-z0-9_-]/\\&/g')
    configure="^$own\\..+\$"
    write="^$own\\..+\$"
    read="^(waybill\\.(completions|stages)|$own\\..+)\$"
    ;;
*) usage ;;
esac
[ $# = 2 ] || usage
user=$2

known "$vhost" list_vhosts name || ctl add_vhost "$vhost" </dev/null
known "$user" list_users || ctl add_user "$user"
ctl set_permissions -p "$vhost" "$user" "$configure" "$write" "$read" </dev/null
