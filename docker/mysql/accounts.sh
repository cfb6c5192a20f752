#!/bin/sh
# Gives each account of the database the password of its secret file, and creates the account of the web
# application, which may read everything, write the tables of the catalogue, and choose which of the published
# generations is live.
#
# The image of MariaDB runs this after it has created its data. Run it by hand for data of an earlier release,
# and after you have changed a secret file:
#   docker compose exec mysql sh /docker-entrypoint-initdb.d/accounts.sh
# It may run any number of times, also while the other services are running.
set -eu

secrets=${SECRETS_FOLDER:-/run/secrets}
database=${MARIADB_DATABASE:-banners}
catalogue="catalogue_versions catalogue_active catalogue_campaigns catalogue_banners catalogue_images"

# Runs the SQL of standard input as root, with the password of this secret file.
as_root() {
  MYSQL_PWD="$(cat "$secrets/$1")" mariadb --protocol=socket ${SOCKET:+"--socket=$SOCKET"} --user=root
}

# Writes SQL that sets a variable to the password of a secret file. A statement that fails is shown, so the
# statements that can fail contain no password.
set_password() {
  printf "SET @password = '%s';\n" "$(sed "s/[\\\\']/\\\\&/g" "$secrets/$1")"
}

# Writes SQL that does something with an account and the password that is set.
with_password() {
  echo "EXECUTE IMMEDIATE CONCAT('$1 IDENTIFIED BY ', QUOTE(@password));"
}

# Earlier releases gave root the same password as the job.
for login in database_root_password database_password none; do
  if [ "$login" = none ]; then
    echo "Root cannot log in to the database with the password of the secret database_root_password: $answer." >&2
    echo "Write root's present password to that file, and run this again." >&2
    exit 1
  fi
  answer=$(echo "SELECT 1" | as_root "$login" 2>&1) && break
done

{
  set_password web_database_password
  with_password "CREATE USER IF NOT EXISTS banners_web@''%''"
  with_password "ALTER USER banners_web@''%''"
  echo "GRANT SELECT ON \`$database\`.* TO banners_web@'%';"
  # A right to a table that does not exist yet is allowed if it includes CREATE.
  for table in $catalogue; do
    echo "GRANT INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX ON \`$database\`.$table TO banners_web@'%';"
  done
  echo "GRANT UPDATE, CREATE ON \`$database\`.active_generations TO banners_web@'%';"
  echo "GRANT INSERT, UPDATE, DELETE, CREATE ON \`$database\`.held_quarters TO banners_web@'%';"
  set_password database_password
  with_password "ALTER USER banners@''%''"
  set_password database_root_password
  with_password "ALTER USER root@localhost"
} | as_root "$login"
echo "The accounts of the database have the passwords of their secret files."
