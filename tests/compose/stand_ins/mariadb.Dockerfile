FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends mariadb-server \
 && rm -rf /var/lib/apt/lists/* /var/lib/mysql/* \
 && install --directory --owner=mysql --group=mysql --mode=777 /var/lib/mysql /run/mysqld
COPY mariadb.sh /usr/local/bin/
ENTRYPOINT ["sh", "/usr/local/bin/mariadb.sh"]
