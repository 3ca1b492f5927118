#!/bin/sh
# Creates the users of the compose stack's broker, sets their passwords, and the limits of the queues: by the
# cookie that lets rabbitmqctl into the broker. Running it again sets the passwords that are in force.
#
#   waybill    the program: no tag, and the permissions of permissions.sh
#   doctor     reads the queues' policies for `waybill doctor`: the tag monitoring, access to the virtual host, and
#              permissions on nothing in it
#   admin      people
set -eu

# user NAME PASSWORD [TAG]
user() {
    rabbitmqctl -q add_user "$1" "$2" 2>/dev/null || rabbitmqctl -q change_password "$1" "$2"
    # shellcheck disable=SC2086  # none or one
    rabbitmqctl -q set_user_tags "$1" ${3-}
}

of() { cat "/secrets/passwords/$1"; }

user waybill "$(of waybill)"
user doctor "$(of doctor)" monitoring
rabbitmqctl -q set_permissions doctor '^$' '^$' '^$'
user admin "$(of rabbitmq)" administrator
rabbitmqctl -q set_permissions admin '.*' '.*' '.*'
sh /permissions.sh all waybill </dev/null
sh /permissions.sh -b 1073741824 policy
# Without RABBITMQ_DEFAULT_USER a new broker has it, and earlier versions of this file did not delete it.
rabbitmqctl -q delete_user guest 2>/dev/null || true
