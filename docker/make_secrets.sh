#!/bin/sh
# Writes secret files with random passwords of the database into a folder, for SECRETS_FOLDER of compose.yaml:
#   sh docker/make_secrets.sh /etc/banners
# Only you can enter the folder. The files in it can be read by everybody, since the services run as other
# users. It does not replace a file that exists.
set -eu

folder=${1:?"Name a folder, as in: sh docker/make_secrets.sh /etc/banners"}
mkdir -p "$folder"
chmod 700 "$folder"
set -o noclobber

new_password() {
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

of_root=$(new_password)
of_job=$(new_password)
of_web=$(new_password)
echo "$of_root" > "$folder/database_root_password"
echo "$of_job" > "$folder/database_password"
echo "$of_web" > "$folder/web_database_password"
echo "mysql+pymysql://banners:$of_job@mysql:3306/banners" > "$folder/database_url"
echo "mysql+pymysql://banners_web:$of_web@mysql:3306/banners" > "$folder/web_database_url"
chmod 644 "$folder"/*
echo "Name the folder in .env: SECRETS_FOLDER=$folder"
