"""Sending a webhook: the name is looked up once, judged, and exactly that address is connected to; no detours."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from firstcontact.services.announce import Sent
from firstcontact.services.webhook_address import is_public

CONNECT_SECONDS = 5
WHOLE_SECONDS = 15
"""However slowly the other side answers, a try ends after this."""


class HttpSender:
    """Sends webhooks. Implements `services.announce.Sender`."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes, *, private_hosts: Collection[str]) -> Sent:
        try:
            return asyncio.run(asyncio.wait_for(_send(url, headers, body, private_hosts), WHOLE_SECONDS))
        except TimeoutError:
            return Sent(None, "no answer in time")


async def _send(url: str, headers: Mapping[str, str], body: bytes, private_hosts: Collection[str]) -> Sent:
    import httpx

    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await _address(host, port, anywhere=host in private_hosts)
    if isinstance(address, Sent):
        return address
    # The address that was judged is the one that is connected to: a name that answers differently the second time
    # leads nowhere else. The certificate is still held to the name.
    named = httpx.URL(url)
    # Proxies of the surroundings are left aside: they would look the name up again.
    timeout = httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS)
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=timeout) as client:
        request = client.build_request(
            "POST",
            named.copy_with(host=address),
            headers={**headers, "Host": named.netloc.decode()},
            content=body,
            extensions={"sni_hostname": host},
        )
        try:
            answer = await client.send(request, stream=True)
        except httpx.TimeoutException:
            return Sent(None, "no answer in time")
        except httpx.HTTPError as error:
            return Sent(None, type(error).__name__)
        # Nobody needs what it says, however long it is.
        await answer.aclose()
    if 200 <= answer.status_code < 300:
        return Sent(answer.status_code, None)
    return Sent(answer.status_code, "a redirect" if 300 <= answer.status_code < 400 else "refused")


async def _address(host: str, port: int, *, anywhere: bool) -> str | Sent:
    """The one address to connect to; what leads into a network leads nowhere, even among others that do not."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Sent(None, "the name is not known")
    addresses = [str(one[4][0]) for one in found]
    if not addresses:
        return Sent(None, "the name is not known")
    if not anywhere and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        return Sent(None, "an address inside a network")
    return addresses[0]
