"""Where outgoing webhooks may go: to public addresses, and to hosts inside the network that somebody named."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause

URL_UNFIT = ErrorKind(
    "FC9701",
    "Webhooks cannot go to this address",
    EXIT_INPUT,
    "An address begins with https://, has no user name and no fragment, and does not lead into the service's own "
    "network. Hosts inside it are named in the setting `webhooks`; those may also be reached without TLS.",
)


def check_url(url: str, private_hosts: Collection[str]) -> None:
    """See that webhooks may go to an address, as far as can be told before it is looked up.

    Raises:
        FirstcontactError: They may not (FC9701).
    """
    saw = _unfit(url, private_hosts)
    if saw is not None:
        fault = URL_UNFIT.fault(
            where="url", saw=saw, allowed="https://host/path outside the service's network", cure="correct it"
        )
        raise FirstcontactError([fault])


def _unfit(url: str, private_hosts: Collection[str]) -> Sentence | None:
    if not url.isascii() or any(one.isspace() or not one.isprintable() for one in url) or "\\" in url:
        return clause("characters that no address has")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return clause("no address")
    if not host or parts.scheme not in {"https", "http"} or port == 0:
        return clause("no address of the web")
    if parts.username is not None or parts.password is not None or parts.fragment:
        return clause("a user name or a fragment")
    if host in private_hosts:
        return None
    if parts.scheme != "https":
        return clause("an address without TLS")
    host = host.removesuffix(".")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        # Numbers in their older forms (127.1, 0x7f000001), which resolvers still take for addresses.
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return clause("an address in an older form")
        return clause("a name inside this machine") if host == "localhost" or host.endswith(".localhost") else None
    return None if is_public(literal) else clause("an address inside a network")


_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address lies outside every private network, its older forms and detours looked through.

    >>> [is_public(ipaddress.ip_address(one)) for one in ("9.9.9.9", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64 or int(address) >> 32 == 0:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:  # no longer given out, still routed inside some networks
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
