#!/bin/sh
# Creates the roles of the compose stack's database and sets their passwords: as the superuser, by the
# server's socket. Running it again sets the passwords that are in force.
set -eu

set_password() {
    password=$(cat "/secrets/passwords/$1") psql --quiet --set=ON_ERROR_STOP=1 --set=role="$1" <<'SQL'
\getenv password password
alter role :"role" password :'password';
SQL
}

psql --quiet --set=ON_ERROR_STOP=1 --file=/roles.sql
for role in postgres waybill_owner waybill_run; do
    set_password "$role"
done
