# Does what the published image's entry point does with the variables and scripts that compose.yaml gives it.
set -eu
data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
    --skip-test-db > /dev/null
  mariadbd --no-defaults --datadir="$data" --socket="$socket" --skip-networking &
  until mariadb-admin --no-defaults --socket="$socket" --user=root ping > /dev/null 2>&1; do
    sleep 0.1
  done
  mariadb --no-defaults --socket="$socket" --user=root <<SQL
ALTER USER root@localhost IDENTIFIED BY '$(cat "$MARIADB_ROOT_PASSWORD_FILE")';
CREATE DATABASE $MARIADB_DATABASE;
CREATE USER $MARIADB_USER@'%' IDENTIFIED BY '$(cat "$MARIADB_PASSWORD_FILE")';
GRANT ALL PRIVILEGES ON $MARIADB_DATABASE.* TO $MARIADB_USER@'%';
SQL
  for script in /docker-entrypoint-initdb.d/*.sh; do
    "$script"
  done
  kill $!
  wait $!
fi
exec mariadbd --no-defaults --datadir="$data" --socket="$socket" --skip-name-resolve "$@"
