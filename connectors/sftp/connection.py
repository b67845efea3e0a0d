"""One SSH connection: to a vetted address, with modern algorithms only, and the host's key compared before anything
about us is said.

Why not paramiko's `SSHClient`: it reads `~/.ssh`, asks agents, falls back to prompts, and its policies are about keys
that are not known. The transport below it does none of that. Its timeouts are per read: the total is the caller's.
"""

from __future__ import annotations

import hmac
import logging
import re
import socket
from typing import TYPE_CHECKING

from common.errors import SourceError
from connectors.findings import PassingTrouble, Place, source_error
from connectors.sftp.credentials import SftpLogin
from connectors.sftp.model import Sftp, fingerprint_of
from connectors.source_model import Limits
from connectors.vetting import UnsafeAddressError, reach

if TYPE_CHECKING:
    from paramiko import SFTPClient, Transport

_KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
_METHODS = {"publickey", "password", "keyboard-interactive", "hostbased", "gssapi-with-mic"}


def dial(sftp: Sftp, limits: Limits, place: Place) -> socket.socket:
    """A connection to the very address that was vetted. Raises `SourceError` (`UnsafeAddress`), or `PassingTrouble`."""
    try:
        addresses = reach([], (), sftp.allowed_networks).resolve(sftp.host, sftp.port)
    except UnsafeAddressError as unsafe:
        raise source_error("UnsafeAddress", place, detail=str(unsafe)) from None
    except OSError:
        raise PassingTrouble("SourceUnavailable", detail="name not found") from None
    detail = "no address"
    for address in addresses:
        try:
            return socket.create_connection((address, sftp.port), limits.connect_seconds)
        except TimeoutError:
            detail = "connect timeout"
        except OSError as error:
            detail = (error.strerror or type(error).__name__).lower()
    raise PassingTrouble("SourceUnavailable", detail=detail)


def greet(connection: socket.socket, sftp: Sftp, limits: Limits, place: Place) -> Transport:
    """Agree on algorithms and let the server prove its key. Nothing about us has been sent when this returns.

    Raises `SourceError` (`HostKeyDiffers`, `SshTooOld`), or `PassingTrouble`.
    """
    from paramiko import SSHException, Transport
    from paramiko.ssh_exception import IncompatiblePeer

    _keep_out_of_logs()
    transport = Transport(connection)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = limits.read_seconds
    options = transport.get_security_options()
    options.kex = tuple(name for name in _KEX if name in options.kex)
    options.ciphers, options.digests = _CIPHERS, _MACS
    options.key_types, options.compression = sftp.signatures, ("none",)
    try:
        transport.start_client(timeout=limits.read_seconds)
        check_host_key(transport, sftp, place)
    except IncompatiblePeer as old:
        transport.close()
        raise source_error("SshTooOld", place, detail=_lacking(str(old))) from None
    except (SSHException, EOFError, OSError) as error:
        transport.close()
        raise PassingTrouble("SourceUnavailable", detail=f"no SSH greeting, {type(error).__name__}") from None
    except SourceError:
        transport.close()
        raise
    return transport


def check_host_key(transport: Transport, sftp: Sftp, place: Place) -> None:
    """Compare the key that the server has just proved to hold with the pinned one. Raises `SourceError`."""
    key = transport.get_remote_server_key()
    seen = fingerprint_of(key.asbytes())
    if not hmac.compare_digest(seen, sftp.fingerprint):
        raise source_error("HostKeyDiffers", place, seen=f"{key.get_name()} {seen}", pinned=sftp.fingerprint)


def log_in(transport: Transport, login: SftpLogin, place: Place) -> None:
    """Prove who we are, once: a second try with the same proof would only lock the account.

    Raises `SourceError` (`LoginRefused`).
    """
    from paramiko import AuthenticationException, BadAuthenticationType, SSHException

    proof = "key" if login.key else "password"
    try:
        if login.key:
            further = transport.auth_publickey(login.username, login.key)
        else:
            further = transport.auth_password(login.username, login.password or "", fallback=False)
    except BadAuthenticationType as refused:
        detail = f"no {proof} taken, but " + (", ".join(sorted(_METHODS & set(refused.allowed_types))) or "nothing")
        raise source_error("LoginRefused", place, detail=detail) from None
    except AuthenticationException as refused:
        detail = "no answer" if "timeout" in str(refused) else f"{proof} refused"
        raise source_error(
            "LoginRefused", place, detail=detail if transport.is_active() else "connection closed"
        ) from None
    except (SSHException, EOFError, OSError):
        raise source_error("LoginRefused", place, detail="connection closed") from None
    if further:
        raise source_error("LoginRefused", place, detail="a further proof is asked for")


def open_client(transport: Transport, limits: Limits) -> SFTPClient:
    """The file service of a connection; silence longer than `read_seconds` ends a question."""
    from paramiko import SFTPClient

    channel = transport.open_session(timeout=limits.read_seconds)
    channel.settimeout(limits.read_seconds)
    channel.invoke_subsystem("sftp")
    return SFTPClient(channel)


def _lacking(text: str) -> str:
    found = re.search(r"no acceptable ([a-z ]{1,30})", text)
    return f"no acceptable {found[1].strip()}" if found else "algorithms"


def _keep_out_of_logs() -> None:
    """paramiko logs names of files and users, and stack traces; our findings suffice."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
