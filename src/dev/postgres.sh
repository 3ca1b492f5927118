# Runs a PostgreSQL server in the current folder, after creating its data there the first time.
#
# $1 folder of PostgreSQL's programs  $2... the server's arguments
bin=$1
shift

# Created under another name and then renamed, so that an interrupted initdb leaves no data folder.
if [ ! -d data ]; then
    rm -rf data.new
    "$bin/initdb" -D data.new -U waybill --pwfile=password --auth=scram-sha-256 -E UTF8 --locale=C &&
        echo 'CREATE DATABASE waybill' | "$bin/postgres" --single -D data.new postgres &&
        mv data.new data || exit 1
fi
exec "$bin/postgres" -D "$PWD/data" "$@"
