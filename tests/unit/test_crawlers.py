"""Crawlers and monitors are told from browsers by what they call themselves."""

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from banners.web.recording.crawlers import MOST_READ, is_crawler

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
ANDROID = "Mozilla/5.0 (Linux; Android {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) "
)
VISITORS = [
    CHROME,
    f"{CHROME} Edg/142.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
    f"{IPHONE}Version/18.1 Mobile/15E148 Safari/604.1",
    f"{IPHONE}GSA/277.0.555192628 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16",
    "UCWEB/2.0 (Java; U; MIDP-2.0; Nokia203/20.37) U2/1.0.0 UCBrowser/8.7.0.218 U2/1.0.0 Mobile",
    "Mozilla/5.0 (PlayStation 4 11.02) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    # Makers and models that contain a word of crawlers.
    f"{ANDROID.format('9; CUBOT_X18_Plus')} Mobile Safari/537.36",
    f"{ANDROID.format('10; CUBOT KINGKONG 5 Pro')} Mobile Safari/537.36",
    f"{ANDROID.format('8.1.0; CUBOT')} Mobile Safari/537.36",
    f"{ANDROID.format('7.0; CUBOT_NOTE_S Build/CUBOT_NOTE_S')} Mobile Safari/537.36",
    f"{ANDROID.format('8.1.0;CUBOT_P20')} Mobile Safari/537.36",
    f"{ANDROID.format('10; CUBOT/1 Build/QP1A')} Mobile Safari/537.36",
    f"{ANDROID.format('5.1; Cosmos Build/LMY47I')} Mobile Safari/537.36",
    f"{ANDROID.format('4.4.2; ForwardRuby Build/KOT49H')} Mobile Safari/537.36",
    f"{ANDROID.format('9; Eluga I8 Build/PPR1.180610.011; wv')} Mobile Safari/537.36 Instagram 340",
    # Apps in which people open links, and a television.
    f"{IPHONE}Mobile/15E148 [FBAN/FBIOS;FBAV/470.0;FBDV/iPhone14,5;FBMD/iPhone;FBLC/en_US;FBOP/80]",
    f"{IPHONE}Mobile/15E148 [Pinterest/iOS]",
    f"{IPHONE}Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN",
    f"{IPHONE}Mobile/15E148 [LinkedInApp]/9.29",
    (
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/94.0.4606.128 Safari/537.36 WebAppManager"
    ),
]
CRAWLERS = [
    "",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
        "+https://openai.com/gptbot)"
    ),
    f"{CHROME.replace('Chrome', 'HeadlessChrome')}",
    f"{CHROME} Chrome-Lighthouse",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0",
    # Monitors and programs.
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    f"{CHROME} StatusCake",
    f"{CHROME} NewRelicSynthetics/4.1",
    "check_http/v2.3.3 (monitoring-plugins 2.3.3)",
    *("kube-probe/1.27", "ELB-HealthChecker/2.0", "Datadog/Synthetics", "Blackbox Exporter/0.24.0"),
    *("curl/8.5.0", "Wget/1.21.4", "python-requests/2.31.0", "Go-http-client/2.0", "Java/17.0.2"),
    *("okhttp/4.12.0", "axios/1.6.2", "undici", "ApacheBench/2.3", "wrk"),
    # Nobody has reported these.
    "MyCompanyBot/1.0 (+https://example.com)",
    "Mozilla/5.0 (compatible; Foobot/1.0)",
    "Mozilla/5.0 (compatible; foo-Spider/1.0)",
    "CompanyMonitor/1.0",
]


@pytest.mark.parametrize("user_agent", VISITORS)
def test_a_visitor_is_none(user_agent: str) -> None:
    assert not is_crawler(user_agent.encode())


@pytest.mark.parametrize("user_agent", CRAWLERS)
def test_a_crawler_is_one(user_agent: str) -> None:
    assert is_crawler(user_agent.encode())


def test_every_example_of_the_package_is_one_as_far_as_it_is_read() -> None:
    # A list of 2,123 examples at the time of writing; what follows MOST_READ is not looked at.
    examples = [each for pattern in CRAWLER_USER_AGENTS_DATA for each in pattern["instances"]]
    assert len(examples) > 2_000
    assert [each for each in examples if not is_crawler(each[:MOST_READ].encode())] == []


def test_bytes_of_any_kind_are_looked_at() -> None:
    assert is_crawler(bytes(range(256)).replace(b"(", b""))
    assert not is_crawler(CHROME.encode() + b"\xff\xfe")


def test_only_so_many_answers_are_remembered() -> None:
    assert is_crawler.cache_info().maxsize == 4_096
