#!/bin/sh
# Puts the passwords of the compose stack into its volumes: for each purpose one of its own, generated
# where none is given, and for each service only those that it reads. Running it again changes nothing,
# unless a password is given.
#
# usage: secrets.sh          POSTGRES_PASSWORD, RABBITMQ_PASSWORD and GRAFANA_PASSWORD may give those of people
#        secrets.sh show     those of people
set -eu

passwords=/secrets/passwords

# people NAME    the file of a password that people log in with
show() {
    printf '%-10s %-10s %s\n' \
        grafana admin "$(cat "$passwords/grafana")" \
        rabbitmq admin "$(cat "$passwords/rabbitmq")" \
        postgresql postgres "$(cat "$passwords/postgres")"
}

die() {
    echo "secrets.sh: $*" >&2
    exit 1
}

# password NAME [VARIABLE VALUE]    creates the file of a password, or replaces it by the value
password() {
    name=$1 variable=${2-} value=${3-}
    case $value in
    '') ;;
    *change-me*) die "$variable is still that of the example: choose another one, or leave it out of .env and one is generated" ;;
    *[!A-Za-z0-9_-]*) die "$variable: letters, digits, - and _ only, because it becomes part of a URL" ;;
    esac
    if [ -z "$value" ]; then
        [ ! -s "$passwords/$name" ] || return 0
        value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        echo "secrets.sh: generated the password $name"
    fi
    (umask 077 && printf '%s' "$value" >"$passwords/$name")
}

# put VOLUME/FILE TEXT    what one service reads
put() { printf '%s' "$2" >"/secrets/$1"; }

if [ "${1-}" = show ]; then
    show
    exit
fi
umask 022
password postgres POSTGRES_PASSWORD "${POSTGRES_PASSWORD-}"
password rabbitmq RABBITMQ_PASSWORD "${RABBITMQ_PASSWORD-}"
password grafana GRAFANA_PASSWORD "${GRAFANA_PASSWORD-}"
for name in waybill_owner waybill_run waybill_grafana waybill doctor; do
    password "$name"
done
of() { cat "$passwords/$1"; }
put postgres/password "$(of postgres)"
put rabbitmq/password "$(of rabbitmq)"
# Plain text stays on the stack's own network.
put owner/database-url "postgres://waybill_owner:$(of waybill_owner)@postgres:5432/waybill?sslmode=disable"
put waybill/database-url "postgres://waybill_run:$(of waybill_run)@postgres:5432/waybill?sslmode=disable"
put waybill/broker-url "amqp://waybill:$(of waybill)@rabbitmq:5672/%2f"
put waybill/management-url "http://doctor:$(of doctor)@rabbitmq:15672"
put grafana/admin "$(of grafana)"
put grafana/reader "$(of waybill_grafana)"
echo 'secrets.sh: `docker compose run --rm secrets show` prints the passwords of people'
