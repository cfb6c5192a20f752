"""Every setting: its name, its default and what it does. ``docs/settings.md`` is made from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from banners.core.hadoop_address import HadoopAddress
from banners.core.model import FillPolicy
from banners.core.policy import PolicyName
from banners.core.proxies import NO_PROXIES, TrustedProxies
from banners.settings.values import (
    ahead,
    amount,
    count,
    days,
    engine,
    fill_policy,
    folder_of_hadoop,
    generations,
    holdout,
    host_name,
    log_format,
    memory,
    on_or_off,
    operators,
    policy_name,
    ratio,
    redis_url,
    seconds,
    share,
    shared,
    slots,
    time_zone,
    uploads,
    url,
    web_url,
    yes_or_no,
)


def _setting(
    default: Any,
    parse: Callable[[str], Any],
    text: str,
    *,
    secret: bool = False,
    may_be_empty: bool = True,
    option: str | None = None,
) -> Any:
    """Return a row of the table.

    Args:
        default: its default.
        parse: converts text to a value; its ValueError says what was expected.
        text: what the setting does, in Markdown.
        secret: whether messages must not show its value.
        may_be_empty: whether an empty variable stands for the default.
        option: the command-line option that overrides it.
    """
    about = {
        "parse": parse,
        "help": text,
        "secret": secret,
        "may_be_empty": may_be_empty,
        "option": option,
    }
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, with their defaults."""

    database_url: str = _setting(
        "sqlite:///var/banners.db",
        url,
        "Database that results are published to and served from, as an SQLAlchemy URL. For MySQL "
        "and MariaDB: `mysql+pymysql://user:password@host:3306/database`, which needs PyMySQL.",
        secret=True,
        # If empty by mistake, the results would be published to another database than intended.
        may_be_empty=False,
        option="--database",
    )
    redis_url: str = _setting(
        "",
        redis_url,
        "Redis that the workers of the web application share as a cache, such as "
        "`redis://localhost:6379/0`; needs redis-py. If empty, no Redis is used. Use a separate "
        "Redis database (the number at the end) for each database of results. The options of "
        "redis-py may follow: `unix:///run/redis.sock?db=2`, or "
        "`rediss://host:6379/0?ssl_ca_certs=/etc/ca.pem`.",
        secret=True,
    )
    redis_seconds: int = _setting(
        3_600, seconds, "Seconds that Redis keeps a generation after it was last served."
    )
    shared: str = _setting(
        "",
        shared,
        "Folder for the copies of the live generations that all workers on a host share, about "
        "0.7 kB for a lineup with 50 banners. The operating system caches in memory what is read. "
        "If empty: `banners-<user id>` in the folder for temporary files (`TMPDIR`). `off`: each "
        "worker loads or reads lineups by itself, as it also does if the folder cannot be "
        "written.",
    )
    memory_lineups: int = _setting(
        200_000,
        count,
        "Where workers share no copy: maximum number of lineups that each worker of the web "
        "application holds in memory, about 0.9 kB each with 50 banners (a larger one counts as "
        "several). A generation that fits is loaded completely; of a larger one, lineups are read "
        "through Redis when they are requested.",
    )
    images: Path = _setting(
        Path("var/images"),
        Path,
        "Folder with the images of the banners: `image_<banner id>.png` (or jpg, webp, gif, svg).",
    )
    uploads: str = _setting(
        "var/uploads",
        uploads,
        "Where uploaded images are kept: a folder, or `database` where several hosts serve, or "
        "where the web application has no disk of its own. Before you change it, copy the images "
        "to the new place, since they are read only from there.",
    )
    timezone: ZoneInfo = _setting(
        ZoneInfo("UTC"),
        time_zone,
        "Time zone that determines the current quarter of the hour, such as `Asia/Kolkata`.",
    )
    fill: FillPolicy | None = _setting(
        None,
        fill_policy,
        "Where the fill comes from when a lineup has fewer than five banners: `inventory` (the "
        "campaign's other banners, then any banner of the quarter or, with a catalogue, any banner "
        "of it that is on), `campaign` (the campaign's other banners only) or `none`. If empty: "
        "`campaign` where there is a catalogue, otherwise `inventory`.",
    )
    wait_seconds: int = _setting(
        60,
        count,
        "Seconds that a crunch or a rollback waits for a database server that is still starting, "
        "and that a crunch, the loop or `banners close` waits for another process of its kind to "
        "finish; 0 to fail immediately.",
    )
    engine: str = _setting(
        "duckdb",
        engine,
        "Engine that crunches event files and closes slots: `duckdb` (in this process) or `spark`.",
        option="--engine",
    )
    spark_master: str = _setting(
        "",
        str,
        "Spark master, such as `local[2]` or `spark://host:7077`. If empty, `spark-submit` "
        "determines it; without `spark-submit`, Spark uses all cores of this machine.",
    )
    spark_tables: HadoopAddress | None = _setting(
        None,
        folder_of_hadoop,
        "Folder in a file system of Hadoop, such as `hdfs://namenode/tmp/banners`, where Spark's "
        "executors write what the driver reads. If empty, it is `TMPDIR` for a crunch, and the "
        "folder `closing` in `BANNERS_EVENTS` for closing slots. Driver and executors must share "
        "it.",
    )
    memory: str = _setting(
        "2GB",
        memory,
        "Memory that the engine may use, in `MB` or `GB`; data that does not fit goes to temporary "
        "files. With Spark, the limit applies to the driver and to each executor; under "
        "`spark-submit`, the options of `spark-submit` apply instead.",
    )
    public_url: str = _setting(
        "",
        web_url,
        "Public URL of the web application, such as `https://banners.example.com`. Below a prefix "
        "of a host, such as `https://example.com/ads`, all links, redirects, images and cookies "
        "begin with the prefix; if it is https, cookies are only sent over https. If empty, the "
        "address that it listens on.",
    )
    trusted_proxies: TrustedProxies = _setting(
        NO_PROXIES,
        TrustedProxies.parse,
        "Proxies whose `X-Forwarded-For` names the client: addresses or networks, separated by "
        "commas, such as `127.0.0.1,10.0.0.0/8`, and `unix` for a Unix socket. In requests "
        "of others the header is ignored. If empty, the client is whoever connects.",
    )
    indexed: str = _setting(
        "no",
        yes_or_no,
        "Whether search engines may index the pages of campaigns: `yes` or `no`. They may never "
        "index the pages for operators.",
    )
    operators: str = _setting(
        "signed-in",
        operators,
        "Who may use the addresses for operators (figures, reports, status, metrics, catalogue): "
        "`signed-in` for operators who have signed in, or `open` for everybody who reaches the web "
        "application, on networks where that is intended.",
    )
    operator_password_file: str = _setting(
        "",
        str,
        "File of the operators' passwords, one line each: `name password [role] [campaigns]`. The "
        "role is `operator` (the default) or `reader`, who sees the reports of the campaigns "
        "listed (`7,27`) and nothing else. If the file contains only a password, it is that of one "
        "operator. "
        "If empty, a password is generated in `var/operator_password` at the first start.",
    )
    log_format: str = _setting(
        "text",
        log_format,
        "Log format of the web application and of the loop: `text`, or `json` (one object a line).",
    )
    rejects: Path = _setting(
        Path("var/rejects"),
        Path,
        "Folder for the files that list the rows that a crunch did not accept.",
    )
    events: str = _setting(
        "",
        str,
        "Folder of the event log, where the web application records views, clicks and "
        "conversions, and of the event files that `banners close` makes from it; see "
        "[the event log](live.md). If empty, nothing is recorded.",
    )
    host: str = _setting(
        "main",
        host_name,
        "Name of this host, and of its folder in the event log. If several hosts record, each "
        "needs a name of its own, which must not change.",
    )
    window: int = _setting(
        72,
        slots,
        "How many slots of each quarter of the hour count for the next lineups; 24 are a day. The "
        "event files of older ones are moved to the archive.",
    )
    policy: PolicyName = _setting(
        PolicyName.RULE,
        policy_name,
        "What picks the lineups of campaigns for which the catalogue names no policy: `rule`, "
        "`learning`, or `trial`, which gives half of the pages to each of the two; see "
        "[policies](policies.md). Without a catalogue, the rule picks all.",
    )
    holdout: int = _setting(
        6,
        holdout,
        "How many of the 64 lineups of a campaign are the rule's own under the policy `learning`, "
        "0 to 32. They show whether learning pays.",
    )
    theta: Decimal = _setting(
        Decimal("0.333333333"),
        ratio,
        "Under the policy `learning`, a lineup has a sixth or later place if its banner is "
        "expected to earn at least this share of the mean of the banners before it; with 0, there "
        "are always ten places.",
    )
    keep_events: int = _setting(
        30,
        days,
        "Days after which a segment of the event log may be removed, if all slots of which it "
        "holds records are archived.",
    )
    publish_ahead: int = _setting(
        120,
        ahead,
        "Seconds before a quarter comes back at which the loop publishes it. If the last publish "
        "took more than half of this time, the loop begins earlier by itself.",
    )
    keep_generations: int | None = _setting(
        None,
        generations,
        "How many of the newest generations of each quarter are kept, to roll back to. If empty: "
        "3, or 24 where the loop publishes.",
    )
    token_keys_file: str = _setting(
        "",
        str,
        "File of the keys that sign the links of views and clicks: one on each line, of 32 "
        "characters or more. The first key signs, and all are accepted, so add a new key on every "
        "host before it becomes the first. If empty, a key is generated in `token_keys` in the "
        "folder of the event log; several hosts need the same file.",
    )
    conversion_keys_file: str = _setting(
        "",
        str,
        "File of the senders who may report conversions, one line each: `name key campaigns`. The "
        "key has 32 characters or more; campaigns are ids such as `7,27`, or `*` for all.",
    )
    most_revenue: Decimal = _setting(
        Decimal(10_000),
        amount,
        "The largest revenue of one conversion, and the largest refund; a larger one is refused.",
    )
    flood: int = _setting(
        600,
        count,
        "Maximum number of views from one network address that count in a minute, and likewise of "
        "clicks. Further ones are recorded as a flood, and do not count. 0 for no limit. See "
        "[what counts](live.md#what-counts).",
    )
    honour_opt_out: str = _setting(
        "on",
        on_or_off,
        "If `on`, nothing is recorded of visitors whose browser sends `Sec-GPC: 1` or `DNT: 1`; if "
        "`off`, they are recorded like all others.",
    )
    gate_bad_rows: Decimal = _setting(
        Decimal("0.01"),
        share,
        "A quarter is refused, or a closed slot left out, when more than this share of its rows is "
        "rejected or quarantined.",
    )
    gate_orphans: Decimal = _setting(
        Decimal("0.05"),
        share,
        "A quarter is refused, or a closed slot left out, when more than this share of its "
        "conversions has no click.",
    )
    gate_least_rows: Decimal = _setting(
        Decimal("0.5"),
        share,
        "A quarter is refused when it has fewer rows than this share of the rows of the live "
        "generation. A closed slot is left out when it has fewer than this share of the smallest "
        "number of rows in the 24 slots of its quarter before it.",
    )
