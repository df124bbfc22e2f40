"""Payloads that are kept are patient data: sealed with Fernet (AES-128-CBC with HMAC-SHA256, github.com/fyrd/spec; the extra
``encryption``), under keys from a file that the store's administrator need not be able to read.

The file holds one key a line; the first seals, all open: put a new key on top to rotate.
"""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigurationError


class Seal:
    """Seals and opens. Raises ConfigurationError if the file, a key in it, or the library is missing."""

    def __init__(self, key_file: Path) -> None:
        try:
            from cryptography.fernet import Fernet, InvalidToken, MultiFernet
        except ImportError as error:
            raise ConfigurationError(
                "[audit] payload_key_file needs the extra «encryption»: pip install 'pop-gateway[encryption]'"
            ) from error
        try:
            keys = key_file.read_text(encoding="ascii").split()
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except OSError as error:
            raise ConfigurationError(f"[audit] payload_key_file cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigurationError(
                "[audit] payload_key_file holds no usable key: a line is 32 random bytes in URL-safe base64"
            ) from error
        self._wrong: type[Exception] = InvalidToken

    def close(self, content: bytes) -> bytes:
        """Seal."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """Open; None if it was sealed with a key that is not in the file."""
        try:
            return self._fernet.decrypt(sealed)
        except self._wrong:
            return None
