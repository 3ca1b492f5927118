# Runs one server and stops it when the program that started this guard has ended.
#
# Standard input is a pipe that only that program has open: it closes when the program ends, however
# it ends. Standard error is the folder's lock file, which the server inherits and so keeps locked
# while it runs. Standard output gets one line: the server's process id.
#
# $1 log file  $2 the server's folder  $3 signal to stop it  $4 tenths of a second before KILL
# $5 folder to remove afterwards, or empty  $6... the server's command
log=$1 home=$2 signal=$3 patience=$4 remove=$5
shift 5

exec 3<&0 4>&2 </dev/null 2>>"$log"
(cd "$home" && exec "$@") 3<&- >>"$log" 2>&1 &
server=$!
exec 4>&-
trap '' HUP INT TERM
echo "$server"
exec >/dev/null

# The server and its children, which may be suspended (SIGSTOP) and then receive no other signal.
family() {
    echo "$server"
    for stat in /proc/[0-9]*/stat; do
        read -r line 2>/dev/null <"$stat" || continue
        # The second field, the name, is in parentheses and may contain anything.
        set -- ${line##*) }
        if [ "$2" = "$server" ]; then
            stat=${stat#/proc/}
            echo "${stat%/stat}"
        fi
    done
}

# Nothing but "keep" is ever written; the end of the pipe means stop and clean up.
order=
read -r order <&3

waited=0
while kill -s 0 "$server" 2>/dev/null; do
    if [ "$waited" -ge "$patience" ]; then
        kill -s KILL $(family) 2>/dev/null
    elif [ $((waited % 10)) -eq 0 ]; then
        # Sent again every second: a server that is still starting ignores it.
        kill -s "$signal" "$server" 2>/dev/null
        kill -s CONT $(family) 2>/dev/null
    fi
    sleep 0.1
    waited=$((waited + 1))
done
wait "$server" 2>/dev/null

if [ -n "$remove" ] && [ "$order" != keep ]; then
    rm -rf "$remove"
    # Removes the parent folder if it is empty.
    rmdir "${remove%/*}" 2>/dev/null
fi
