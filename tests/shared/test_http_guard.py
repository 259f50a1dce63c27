"""What may be called: URLs at registration, addresses at every dial."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.http import (
    OPERATOR_POLICY,
    HttpClient,
    HttpFailure,
    OutboundPolicy,
    RefusedAddress,
    check_headers,
    check_url,
)

PUBLIC = OutboundPolicy()
INTRANET = OutboundPolicy((ip_network("10.20.0.0/16"), ip_network("fd12::/16")), http=True, ports=None)

HOSTILE = """
http://example.com/ ftp://example.com/ //example.com/ example.com https:///path https://
https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/ https://0x7f.1/ https://017700000001/
https://0/ https://0.0.0.0/ https://127.0.0.1./ https://①②⑦.0.0.1/ https://１２７.0.0.1/ https://%31%32%37.0.0.1/
https://[::1]/ https://[::]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/ https://[::127.0.0.1]/
https://[fe80::1%25lo]/ https://[fe80::1%lo]/ https://[fd00:ec2::254]/ https://[64:ff9b::a9fe:a9fe]/
https://[2002:7f00:1::]/ https://[v1.x]/ https://169.254.169.254/latest/ https://8.8.8.8/ https://[2606:4700::1111]/
https://localhost/ https://db/ https://db.internal/ https://printer.local/ https://x.localhost/ https://nas.lan/
https://user@example.com/ https://user:pw@example.com/ https://:pw@example.com/ https://example.com@evil.com/
https://example.com/#x https://example.com# https://example.com:22/ https://example.com:0/ https://example.com:99999/
https://example.com:x/ https://example.com\\@evil.com/ https://exa_mple.com/ https://-example.com/ https://a..com/
https://example.com%00.evil.com/ https://example.com%2f@evil.com/ https://.com/ https://ex{am}ple.com/
https://\u200bexample.com/ https://example.com/<x> gopher://example.com/ javascript:alert(1) https:example.com
""".split()  # noqa: SIM905 - Sixty URLs are easier to read without their quotes.
SPACED = [
    "",
    " https://example.com/",
    "https://exam ple.com/",
    "https://example.com/\r\nX: y",
    "https://e\tx.com/",
]
LONG = [f"https://example.com/{'a' * 2048}", f"https://{'a' * 64}.com/", f"https://{'a.' * 130}com/"]


@pytest.mark.parametrize("url", HOSTILE + SPACED + LONG)
def test_a_hostile_url_is_refused_at_registration(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url, PUBLIC, "endpoint.url")
    assert refused.value.fields[0].field == "endpoint.url"
    assert refused.value.fields[0].message


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://EXAMPLE.com.:443/a%20b?q=%2F", "https://example.com/a%20b?q=/"),
        ("https://hooks.example.com:8443/x", "https://hooks.example.com:8443/x"),
        ("https://五里铺.example/街道", "https://xn--ykqp34gk3t.example/%E8%A1%97%E9%81%93"),
    ],
)
def test_a_good_url_is_kept_in_its_normal_form(url: str, normal: str) -> None:
    found = check_url(url, PUBLIC)
    assert found.startswith("https://")
    if "五" not in url:
        assert found == normal
    assert check_url(found, PUBLIC) == found


@pytest.mark.parametrize(
    "url",
    [
        "http://oa:8080/hook",
        "http://10.20.3.4/hook",
        "https://[fd12::1]:9443/hook",
        "https://street.internal/hook",
    ],
)
def test_a_deployment_may_open_its_own_networks(url: str) -> None:
    assert check_url(url, INTRANET) == url


@pytest.mark.parametrize(
    "url", ["http://10.21.3.4/", "http://8.8.8.8/", "http://169.254.169.254/", "ftp://oa/"]
)
def test_what_lies_outside_its_networks_stays_closed(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, INTRANET)


@pytest.mark.parametrize(
    "address",
    """
    1.1.1.1 8.8.8.8 114.114.114.114 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 223.255.255.255
    198.17.255.255 198.20.0.0 192.0.1.0 2606:4700:4700::1111 2400:3200::1 ::ffff:8.8.8.8
    """.split(),  # noqa: SIM905
)
def test_a_public_address_may_be_called(address: str) -> None:
    PUBLIC.vet(address)


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255
    198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1
    ::7f00:1 ::8.8.8.8 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::808:808
    64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
    2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%lo fec0::1 ff02::1
    2606:4700::1%eth0 nonsense 127.1 1.2.3.4.5
    """.split(),  # noqa: SIM905
)
def test_an_address_that_is_not_public_may_not_be_called(address: str) -> None:
    with pytest.raises(RefusedAddress):
        PUBLIC.vet(address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
    ],
)
def test_no_deployment_can_open_what_hands_out_a_machines_keys(address: str) -> None:
    with pytest.raises(RefusedAddress):
        OPERATOR_POLICY.vet(address)


def test_an_operators_own_addresses_may_be_private() -> None:
    for address in ("127.0.0.1", "10.0.0.1", "fd00::1", "8.8.8.8"):
        OPERATOR_POLICY.vet(address)


def test_an_address_within_an_address_must_be_allowed_too() -> None:
    translated = OutboundPolicy((ip_network("64:ff9b::/96"),))
    translated.vet("64:ff9b::808:808")
    with pytest.raises(RefusedAddress):
        translated.vet("64:ff9b::a00:1")
    OutboundPolicy((ip_network("10.0.0.0/8"),)).vet("::ffff:10.0.0.1")
    tunnels = OutboundPolicy((ip_network("2001::/32"), ip_network("2002::/16")))
    tunnels.vet("2002:808:808::")
    tunnels.vet("2001:0:808:808::f7f7:f7f7")
    for address in ("2002:a00:1::", "2001:0:808:808::f5ff:fffe", "2001:0:a00:1::f7f7:f7f7"):
        with pytest.raises(RefusedAddress):
            tunnels.vet(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_every_wrapping(address: object) -> None:
    def allowed(text: str) -> bool:
        try:
            PUBLIC.vet(text)
        except RefusedAddress:
            return False
        return True

    assert allowed(f"::ffff:{address}") is allowed(str(address))
    assert not allowed(f"::{address}")
    assert not allowed(f"64:ff9b::{address}")


@given(st.text(max_size=60), st.sampled_from(["https://", "https://example.com/", "", "https://["]))
def test_no_text_makes_the_check_fail_otherwise_than_by_refusing(text: str, start: str) -> None:
    try:
        normal = check_url(start + text, PUBLIC)
    except Invalid:
        return
    assert normal.isascii()
    assert normal.startswith("https://")


@pytest.mark.parametrize(
    "url",
    """
    https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/ https://017700000001/ https://0/
    https://127.0.0.1./ https://①②⑦.0.0.1/ https://１２７.0.0.1/ https://%31%32%37.0.0.1/ https://[::1]/
    https://[::]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/ https://[::127.0.0.1]/ https://[fe80::1%lo]/
    https://[64:ff9b::a9fe:a9fe]/ https://[2002:7f00:1::]/ https://169.254.169.254/ https://localhost/ https://db/
    """.split(),  # noqa: SIM905
)
async def test_even_a_url_that_slipped_through_the_check_reaches_no_inner_address(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything_is_inside(host: str, family: int) -> list[tuple[int, str]]:
        return [(2, "127.0.0.1")]

    monkeypatch.setattr("shared.http.client.check_url", lambda url, policy: url)
    async with HttpClient(OutboundPolicy(), lookup=everything_is_inside) as client:
        with pytest.raises(HttpFailure) as refused:
            await client.post(url, b"{}", {}, timeout_s=2)
    assert refused.value.error_class in {"refused_address", "protocol"}


def test_headers_of_an_outsiders_own_are_let_through() -> None:
    check_headers({"Authorization": "Bearer abc", "X-Office": "GZ-01"})


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("Host", "evil", "set by the sender"),
        ("webhook-signature", "v1,x", "set by the sender"),
        ("CE-Type", "x", "set by the sender"),
        ("X-Forwarded-For", "10.0.0.1", "set by the sender"),
        ("Transfer-Encoding", "chunked", "set by the sender"),
        ("X Y", "x", "is not a header name"),
        ("", "x", "is not a header name"),
        ("X-Office", "a\r\nHost: evil", "printable ASCII"),
        ("X-Office", "街道", "printable ASCII"),
        ("X-Office", "a" * 2001, "printable ASCII"),
    ],
)
def test_a_header_that_is_not_theirs_to_set_is_refused(name: str, value: str, fault: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_headers({name: value})
    assert fault in refused.value.fields[0].message
